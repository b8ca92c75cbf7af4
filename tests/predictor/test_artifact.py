"""Artifact: what was saved comes back, and anything else is refused with one line before it is unpickled."""

from __future__ import annotations

import json
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from predictor import artifact
from predictor.artifact import ArtifactError, Manifest
from tests.predictor.models import tiny_model

MODEL = tiny_model(kinds=("node",))


def saved(directory: Path) -> Manifest:
    return artifact.save(
        MODEL,
        directory,
        references={},
        trained_at=1_700_000_000.0,
        training_range=(1_699_000_000.0, 1_700_000_000.0),
        estimator="random_forest",
        untrained={"pod/pod_failure/15m": "no episode in this history"},
        scores={},
    )


def edited(directory: Path, change: Callable[[dict[str, Any]], None]) -> None:
    path = directory / artifact.MANIFEST
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def test_a_saved_model_comes_back_with_this_clusters_variables(tmp_path: Path) -> None:
    manifest = saved(tmp_path)
    model, read = artifact.load(tmp_path, {"rate": "4m"})
    assert read == manifest
    assert model.catalogue.variables["rate"] == "4m"
    assert model.kinds["node"].outcomes == MODEL.kinds["node"].outcomes
    assert artifact.describe(manifest) == "random_forest on 11.6 days at 30s, horizons 15m, 1h"


def test_thresholds_are_those_of_the_manifest(tmp_path: Path) -> None:
    saved(tmp_path)
    first = MODEL.kinds["node"].outcomes[0]
    edited(tmp_path, lambda d: d["thresholds"]["node"].update({f"{first.issue}/{first.horizon}": 0.123}))
    model, manifest = artifact.load(tmp_path, {})
    assert model.kinds["node"].thresholds == (0.123, *MODEL.kinds["node"].thresholds[1:])
    assert manifest.thresholds["node"][f"{first.issue}/{first.horizon}"] == 0.123


def test_on_a_full_disk_the_old_model_stays_and_nothing_is_left_over(tmp_path: Path) -> None:
    """The limit on the size of files stands in for the disk: a write ends in the middle all the same."""
    before = saved(tmp_path)
    files = sorted(tmp_path.iterdir())
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, unlimited[1]))
    try:
        with pytest.raises(ArtifactError, match="cannot write the model to"):
            saved(tmp_path)
        with pytest.raises(ArtifactError, match="cannot write the model to"):
            artifact.write_manifest(before, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    assert sorted(tmp_path.iterdir()) == files
    assert artifact.load(tmp_path, {})[1] == before


def test_the_same_model_has_the_same_digest(tmp_path: Path) -> None:
    assert saved(tmp_path / "a").files == saved(tmp_path / "b").files


def test_a_missing_model_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"no model in .* \(manifest.json is missing\); run kip-trainer train"):
        artifact.load(tmp_path, {})


def test_a_truncated_manifest_is_named(tmp_path: Path) -> None:
    saved(tmp_path)
    path = tmp_path / artifact.MANIFEST
    path.write_text(path.read_text()[:200])
    with pytest.raises(ArtifactError, match=r"manifest\.json is cut short or not JSON"):
        artifact.load(tmp_path, {})


def test_a_changed_model_file_is_never_unpickled(tmp_path: Path) -> None:
    saved(tmp_path)
    (tmp_path / artifact.MODEL).write_bytes(b"cos\nsystem\n(S'false'\ntR.")
    with pytest.raises(ArtifactError, match=r"model\.joblib is not the file its manifest names"):
        artifact.load(tmp_path, {})


CHANGES: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "schema": (lambda d: d.update(schema_version=9), "has schema version 9, this release reads 2"),
    "scikit-learn": (lambda d: d["versions"].update({"scikit-learn": "0.1"}), "trained with scikit-learn 0.1, here is"),
    "python": (lambda d: d["versions"].update(python="2.7.1"), "trained with python 2.7.1, here is"),
    "fingerprint": (lambda d: d.update(fingerprint="0" * 16), "was trained with other signals or features"),
    "step": (lambda d: d.update(step_seconds=60.0), "was trained with other signals or features"),
    "field": (lambda d: d.pop("estimator"), "is damaged at estimator: Field required"),
    "no threshold": (lambda d: d["thresholds"]["node"].popitem(), "has no threshold for "),
    "threshold": (lambda d: d["thresholds"].update(node={"x": 1.5}), "is damaged at thresholds.node.x: Input should"),
    "catalogue": (lambda d: d["catalogue"]["signals"][0].update(promql="up =="), "has invalid PromQL"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_foreign_or_damaged_manifest_is_refused_with_one_line(tmp_path: Path, name: str) -> None:
    saved(tmp_path)
    change, message = CHANGES[name]
    edited(tmp_path, change)
    with pytest.raises(ArtifactError) as refused:
        artifact.load(tmp_path, {})
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)
