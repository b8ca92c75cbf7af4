"""Thresholds chosen again: what the ladder of a trained model gives, and nothing else moves."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from predictor import artifact
from predictor.artifact import MANIFEST, ArtifactError, Manifest
from predictor.tried import tried
from tests.trainer.training import past_of_all, risen, trained
from trainer import ladders
from trainer.cli import main
from trainer.rechosen import rechosen

BUDGETS = ((0.02, 0.0), (2.0, 5.0), (50.0, 0.5))


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("original") / "model"
    trained(past_of_all(), directory)
    return directory


@pytest.fixture
def directory(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "model"))


def manifest_of(directory: Path) -> Manifest:
    return artifact.load(directory, {})[1]


@pytest.mark.parametrize(("rate", "price"), BUDGETS)
def test_they_are_those_that_training_with_that_budget_would_have_chosen(
    rate: float, price: float, original: Path, directory: Path, tmp_path: Path
) -> None:
    rechosen(directory, rate, price)
    trained(past_of_all(), tmp_path / "anew", false_alarms_per_entity_day=rate, false_alarms_price=price)
    found, anew = manifest_of(directory), manifest_of(tmp_path / "anew")
    assert found.model_copy(update={"files": {}}) == anew.model_copy(update={"files": {}})
    again, first = (artifact.load(one, {})[0] for one in (directory, tmp_path / "anew"))
    assert {k: one.thresholds for k, one in again.kinds.items()} == {k: m.thresholds for k, m in first.kinds.items()}
    assert found.files == manifest_of(original).files, "nothing else was written"


def test_what_was_told_of_rates_holds_for_thresholds_chosen_again(tmp_path: Path) -> None:
    for name, rate in (("first", 0.02), ("anew", 50.0)):
        trained(past_of_all(), tmp_path / name, false_alarms_per_entity_day=rate, issues_factor=4.0)
    again, anew = rechosen(tmp_path / "first", 50.0, None), manifest_of(tmp_path / "anew")
    assert again.issues_factor == 4.0
    assert manifest_of(tmp_path / "first").model_copy(update={"files": {}}) == anew.model_copy(update={"files": {}})


def test_probabilities_and_references_stay(original: Path, directory: Path) -> None:
    rechosen(directory, 50.0, 0.0)
    before, after = (artifact.load(one, {})[0].probabilities(risen("pod")) for one in (original, directory))
    assert (before.probability == after.probability)[~(before.probability != before.probability)].all()
    assert before.thresholds != after.thresholds
    assert artifact.load_references(directory, manifest_of(directory)).keys() == {"node", "pod", "service"}


def test_what_is_not_given_stays_as_the_model_has_it(directory: Path) -> None:
    rechosen(directory, 2.0, 5.0)
    assert rechosen(directory, None, 3.0).false_alarms_per_entity_day == 2.0
    assert rechosen(directory, 0.5, None).false_alarms_price == 3.0
    once = manifest_of(directory)
    rechosen(directory, None, None)
    assert manifest_of(directory) == once


def test_a_higher_price_never_foretells_more_nor_cries_wolf_more_often(directory: Path) -> None:
    seen = [
        (one.foretold, one.false_alarms_per_entity_day or 0.0)
        for price in (0.0, 1.0, 5.0, 1000.0)
        for one in [tried(rechosen(directory, 50.0, price), "pod")["pod_failure/15m"]]
    ]
    assert seen == sorted(seen, reverse=True)


def test_a_training_that_ends_meanwhile_is_not_undone(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    anew = manifest_of(directory).model_copy(update={"trained_at": 7.0})
    kept = ladders.read(directory, manifest_of(directory))

    def read(directory: Path, manifest: Manifest) -> ladders.Ladders:
        artifact.write_manifest(anew, directory)
        return kept

    monkeypatch.setattr("trainer.rechosen.ladders.read", read)
    with pytest.raises(ArtifactError, match="was written anew meanwhile"):
        rechosen(directory, 1.0, 1.0)
    assert manifest_of(directory) == anew


def test_a_model_without_ladders_is_refused_and_left_alone(directory: Path) -> None:
    path = directory / MANIFEST
    document = json.loads(path.read_text())
    del document["files"][ladders.FILE]
    path.write_text(json.dumps(document))
    with pytest.raises(ArtifactError, match="train it again with kip-trainer train"):
        rechosen(directory, 1.0, 1.0)
    assert json.loads(path.read_text()) == document


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "is damaged at : Invalid JSON"),
        ('{"pod": {"pod_failure/15m": {"levels": []}}}', "is damaged at pod.pod_failure/15m.foretold: Field required"),
        ("{}", "lacks node_failure/5m of nodes, which the model predicts"),
    ],
)
def test_damaged_ladders_are_refused_in_one_line(text: str, says: str, original: Path, directory: Path) -> None:
    (directory / ladders.FILE).write_text(text)
    manifest = manifest_of(original)
    files = {**manifest.files, ladders.FILE: hashlib.sha256(text.encode()).hexdigest()}
    artifact.write_manifest(manifest.model_copy(update={"files": files}), directory)
    with pytest.raises(ArtifactError) as raised:
        rechosen(directory, 1.0, 1.0)
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)


def test_the_command_says_what_it_came_to(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["thresholds", "--model.dir", str(directory), "--false-alarms.price", "7", "--log.format", "console"])
    assert exit_.value.code == 0
    said = capsys.readouterr()
    assert "thresholds written" in said.err
    assert "each must foretell 7 issues more" in said.out
    assert manifest_of(directory).false_alarms_price == 7.0
