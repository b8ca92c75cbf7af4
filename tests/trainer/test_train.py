"""Training end to end on a past in memory: what was learned, what was not and why, and the same model twice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from predictor import artifact
from predictor.artifact import Manifest
from predictor.catalogue import Signal
from predictor.entities import KINDS
from predictor.model import Model
from predictor.panel import BoolArray, Panel
from tests.trainer.pasts import CATALOGUE, HORIZONS, ISSUES, START, STEP, Past
from tests.trainer.training import NOW, STEPS, past_of_all, risen, settings, trained
from trainer import history
from trainer.candidates import CANDIDATES, SEATS, CandidateName
from trainer.dataset import Dataset
from trainer.fit import NO_EPISODE, fit
from trainer.history import Stretch
from trainer.selection import CONTEST_SEATS, LATER_ORIGINS
from trainer.train import train


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("trained") / "new" / "model"


@pytest.fixture(scope="module")
def manifest(directory: Path) -> Manifest:
    return trained(past_of_all(), directory)


@pytest.fixture(scope="module")
def model(directory: Path, manifest: Manifest) -> Model:
    return artifact.load(directory, {})[0]


def test_before_an_issue_the_probability_is_higher_than_elsewhere_on_a_past_that_is_new(model: Model) -> None:
    for i, kind in enumerate(KINDS):
        found = model.probabilities(risen(kind, 50 + i))
        active = found.active[found.issues.index(ISSUES[kind])]
        for row, outcome in enumerate(found.outcomes):
            ahead = round(outcome.horizon_seconds / STEP)
            before = np.zeros_like(active)
            for back in range(1, ahead + 1):
                before[:-back] |= active[back:]
            before &= ~active
            elsewhere = ~before & ~active
            assert np.median(found.probability[row][before]) > 0.5
            assert np.median(found.probability[row][elsewhere]) < 0.1
            assert (found.probability[row][active] == 1.0).all()


def test_probabilities_lie_within_0_and_1_and_grow_with_the_horizon(model: Model) -> None:
    for kind in KINDS:
        soon, later = model.probabilities(risen(kind, 60)).probability
        assert ((soon >= 0) & (soon <= 1) & (later <= 1)).all()
        assert (later >= soon).all()


def test_the_manifest_says_what_was_done(manifest: Manifest, directory: Path) -> None:
    assert manifest.training_start == START
    assert manifest.training_end == START + (STEPS - 1) * STEP
    assert manifest.trained_at == NOW
    assert manifest.horizons_seconds == HORIZONS
    assert (manifest.false_alarms_per_entity_day, manifest.false_alarms_price) == (0.02, 1.0)
    assert set(manifest.thresholds) == set(KINDS)
    for kind, thresholds in manifest.thresholds.items():
        assert set(thresholds) == {f"{ISSUES[kind]}/5m", f"{ISSUES[kind]}/15m"}
        assert all(0.05 <= t <= 0.95 for t in thresholds.values())
    assert artifact.load(directory, {})[1] == manifest
    names = ["ladders.json", "manifest.json", "model.joblib", "references.joblib"]
    assert sorted(path.name for path in directory.iterdir()) == names


def test_an_issue_without_any_episode_is_named_and_not_given(manifest: Manifest, model: Model) -> None:
    assert manifest.untrained == {f"node/resource_exhaustion/{h}": NO_EPISODE for h in ("5m", "15m")}
    assert {o.issue for o in model.kinds["node"].outcomes} == {"node_failure"}


@pytest.fixture(scope="module")
def pods_only(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return trained(Past({"pod": risen("pod")}), tmp_path_factory.mktemp("pods"))


def test_the_same_seed_gives_the_same_file_and_another_seed_another(pods_only: Manifest, tmp_path: Path) -> None:
    past = Past({"pod": risen("pod")})
    assert trained(past, tmp_path / "same").files == pods_only.files
    assert trained(past, tmp_path / "other", seed=1).files != pods_only.files


def test_where_issues_will_be_rarer_the_base_rates_are_and_what_a_history_teaches_is_the_same(
    pods_only: Manifest, tmp_path: Path
) -> None:
    told = trained(Past({"pod": risen("pod")}), tmp_path, issues_factor=4.0)
    assert (pods_only.issues_factor, told.issues_factor) == (1.0, 4.0)
    before, after = (m.scores["pod"]["calibration_base_rate"] for m in (pods_only, told))
    assert before.keys() == after.keys() != set()
    for name, rate in after.items():
        assert before[name] / 4 < rate < before[name], "never by more than the factor, as only quiet counts more"
    assert (told.scores["pod"]["fitted_rows"], told.false_alarms_per_entity_day) == (
        pods_only.scores["pod"]["fitted_rows"],
        pods_only.false_alarms_per_entity_day,
    )
    assert told.files["references.joblib"] == pods_only.files["references.joblib"]


def test_how_history_is_cut_into_chunks_does_not_change_the_file(
    pods_only: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "CHUNK_STEPS", 333)
    assert trained(Past({"pod": risen("pod")}), tmp_path).files == pods_only.files


def test_history_is_read_once_however_often_it_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "CHUNK_STEPS", 250)
    past = Past({"pod": risen("pod")})
    trained(past, tmp_path)
    first_look, *chunks = past.asked
    assert first_look == (START, START + (STEPS - 1) * STEP)
    assert len(chunks) == STEPS / 250


def test_all_candidates_compete_unless_one_is_forced(tmp_path: Path) -> None:
    manifest = trained(Past({"pod": risen("pod")}), tmp_path, estimator="auto")
    shown = manifest.scores["pod"]["candidates"]
    assert set(shown) == set(CANDIDATES)
    ranks = {name: one["recall"] + 0.5 * one["average_precision"] for name, one in shown.items()}
    assert manifest.estimator == f"pod {max(ranks, key=lambda name: ranks[name])}"
    assert min(ranks.values()) > 0.5


def test_candidates_compete_with_small_committees_and_the_chosen_one_is_judged_with_a_whole_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def noted(
        dataset: Dataset,
        candidate: CandidateName,
        signals: Sequence[Signal],
        seed: int,
        seats: int,
        known: BoolArray | None = None,
    ) -> object:
        asked.append(seats)
        return fit(dataset, candidate, signals, seed, seats, known)

    monkeypatch.setattr("trainer.scored.fit", noted)
    trained(Past({"pod": risen("pod")}), tmp_path, estimator="auto")
    competing = len(CANDIDATES) * LATER_ORIGINS
    assert asked[:competing] == [CONTEST_SEATS] * competing
    assert len(asked) > competing
    assert set(asked[competing:]) == {SEATS}


@pytest.mark.parametrize("name", CANDIDATES)
def test_every_candidate_can_be_forced_and_predicts(tmp_path: Path, name: str) -> None:
    manifest = trained(Past({"pod": risen("pod")}), tmp_path, estimator=name)
    assert manifest.estimator == f"pod {name}"
    found = artifact.load(tmp_path, {})[0].probabilities(risen("pod", 50))
    soon = found.probability[0]
    before = np.zeros_like(found.active[0])
    for back in (1, 2, 3):
        before[:-back] |= found.active[0][back:]
    before &= ~found.active[0]
    assert np.median(soon[before]) > 0.5
    assert np.median(soon[~before & ~found.active[0]]) < 0.1


def test_an_outage_of_everything_is_survived(tmp_path: Path) -> None:
    one = risen("pod")
    values, active = one.values.copy(), one.active.copy()
    values[:, 500:560], active[:, 500:560] = np.nan, False
    past = Past({"pod": Panel("pod", one.times, one.entities, one.signals, values, one.issues, active)})
    assert set(trained(past, tmp_path).thresholds) == {"pod"}


def test_a_server_younger_than_the_span_is_trained_on_what_it_has(tmp_path: Path) -> None:
    when = Stretch(START - 20_000 * STEP, START + (STEPS - 1) * STEP, STEP)
    manifest = train(Past({"pod": risen("pod")}), CATALOGUE, when, settings(tmp_path), NOW)
    assert START - 100 * STEP <= manifest.training_start <= START
    assert set(manifest.thresholds) == {"pod"}


def test_a_model_directory_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(artifact.ArtifactError, match="cannot write the model to") as refused:
        trained(Past({"pod": risen("pod")}), tmp_path / "file" / "model")
    assert "\n" not in str(refused.value)
