"""Training end to end on a past in memory: what was learned, what was not and why, and the same model twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from predictor import artifact
from predictor.artifact import Manifest
from predictor.catalogue import Signal
from predictor.entities import KINDS, Kind
from predictor.model import Model
from predictor.panel import Panel
from tests.trainer.pasts import CATALOGUE, HORIZONS, ISSUES, REACH, START, STEP, Past, panel, ramps
from trainer import history
from trainer.calibrate import NEVER_LATER
from trainer.candidates import CANDIDATES, SEATS, CandidateName
from trainer.dataset import Dataset
from trainer.fit import NO_EPISODE, UNSEEN, fit
from trainer.history import HistoryError, Stretch
from trainer.idle import NEVER_MOVED
from trainer.selection import CONTEST_SEATS, LATER_ORIGINS
from trainer.settings import TrainSettings
from trainer.train import train

STEPS = 1_000
NOW = START + STEPS * STEP


def settings(directory: Path, **changes: object) -> TrainSettings:
    """Settings of a training run; nobody listens at the address, the past is in memory."""
    given = {"prometheus_url": "http://127.0.0.1:9", "model_dir": directory, "step": STEP, "horizons": HORIZONS}
    given["estimator"] = "random_forest"
    return TrainSettings.model_validate({**given, **changes})


def trained(past: Past, directory: Path, steps: int = STEPS, **changes: object) -> Manifest:
    """Train on the first steps of a past."""
    when = Stretch(START, START + (steps - 1) * STEP, STEP)
    return train(past, CATALOGUE, when, settings(directory, **changes), NOW)


def risen(kind: Kind, seed: int = 0, steps: int = STEPS) -> Panel:
    """Three entities whose signal rises before each issue."""
    strain, active = ramps(steps, 3, every=100, seed=seed)
    return panel(kind, strain, {ISSUES[kind]: active})


def past_of_all(seed: int = 0) -> Past:
    """Every kind; nodes are never exhausted."""
    return Past({kind: risen(kind, seed + i) for i, kind in enumerate(KINDS)})


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
    assert (manifest.false_alarms_per_entity_day, manifest.false_alarms_price) == (0.02, 1.5)
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


def test_an_issue_that_is_there_all_the_time_is_said_to_be_beside_one_that_is_learned(tmp_path: Path) -> None:
    strain, failed = ramps(STEPS, 3, every=100)
    full = np.ones_like(failed)
    manifest = trained(
        Past({"node": panel("node", strain, {"node_failure": failed, "resource_exhaustion": full})}), tmp_path
    )
    assert set(manifest.thresholds["node"]) == {"node_failure/5m", "node_failure/15m"}
    said = {name: why for name, why in manifest.untrained.items() if name.startswith("node/")}
    assert said == {f"node/resource_exhaustion/{h}": UNSEEN for h in ("5m", "15m")}


def test_of_a_kind_without_any_issue_it_is_learned_what_is_usual(tmp_path: Path) -> None:
    calm = panel("node", 0.3 + 0.1 * QUIET, {})
    manifest = trained(Past({"pod": risen("pod"), "node": calm}), tmp_path)
    assert set(manifest.thresholds) == set(manifest.scores) == {"pod"}
    assert manifest.estimator == "pod random_forest"
    found, _ = artifact.load(tmp_path, {})
    assert found.probabilities(calm).probability.shape[0] == 0
    assert np.median(found.probabilities(calm).anomaly) < 0.7
    values = calm.values.copy()
    values[:, -1] = 0.95  # no node has ever been like that
    assert (found.probabilities(replace(calm, values=values)).anomaly[-1] > 0.99).all()


@pytest.fixture(scope="module")
def pods_only(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return trained(Past({"pod": risen("pod")}), tmp_path_factory.mktemp("pods"))


def test_the_same_seed_gives_the_same_file_and_another_seed_another(pods_only: Manifest, tmp_path: Path) -> None:
    past = Past({"pod": risen("pod")})
    assert trained(past, tmp_path / "same").files == pods_only.files
    assert trained(past, tmp_path / "other", seed=1).files != pods_only.files


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

    def noted(dataset: Dataset, candidate: CandidateName, signals: Sequence[Signal], seed: int, seats: int) -> object:
        asked.append(seats)
        return fit(dataset, candidate, signals, seed, seats)

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


def only_early(kind: Kind, share: float = 0.4) -> Panel:
    """An issue that stops coming after a share of the time."""
    one = risen(kind)
    cut = round(share * STEPS)
    values, active = one.values.copy(), one.active.copy()
    values[:, cut:], active[:, cut:] = 0.2, False
    return Panel(kind, one.times, one.entities, one.signals, values, one.issues, active)


def test_an_issue_that_stopped_coming_is_learned_and_calibrated_all_the_same(tmp_path: Path) -> None:
    manifest = trained(Past({"pod": only_early("pod")}), tmp_path)
    assert set(manifest.thresholds["pod"]) == {"pod_failure/5m", "pod_failure/15m"}


def test_an_issue_that_came_in_one_part_of_history_only_is_named_and_not_given(tmp_path: Path) -> None:
    both, early = ramps(STEPS, 3, every=100)[1], only_early("node", 0.09).active[0]
    strain = risen("node").values[0]
    past = Past({"node": panel("node", strain, {"node_failure": both, "resource_exhaustion": early})})
    manifest = trained(past, tmp_path)
    missing = {f"node/resource_exhaustion/{h}": NEVER_LATER for h in ("5m", "15m")}
    assert {name: why for name, why in manifest.untrained.items() if name.startswith("node/")} == missing
    assert set(manifest.thresholds["node"]) == {"node_failure/5m", "node_failure/15m"}
    assert {o.issue for o in artifact.load(tmp_path, {})[0].kinds["node"].outcomes} == {"node_failure"}


def test_a_kind_whose_issue_came_in_one_part_only_says_so_too(tmp_path: Path) -> None:
    manifest = trained(Past({"pod": risen("pod"), "node": only_early("node", 0.09)}), tmp_path)
    assert set(manifest.thresholds) == {"pod"}
    assert manifest.untrained["node/node_failure/5m"] == NEVER_LATER
    assert manifest.untrained["service/service_disruption/15m"] == "no entity of this kind in this history"


def test_dull_signals_beside_a_good_one_do_not_crash(tmp_path: Path) -> None:
    active = risen("pod").active[0]
    past = Past(
        {
            "pod": risen("pod"),
            "node": panel("node", np.full((STEPS, 3), 0.5), {"node_failure": active}),
            "service": panel("service", np.full((STEPS, 3), np.nan), {"service_disruption": active}),
        }
    )
    with capture_logs() as lines:
        manifest = trained(past, tmp_path)
    assert set(manifest.thresholds) == {"pod", "node"}
    assert manifest.untrained == {
        **{f"service/service_disruption/{h}": UNSEEN for h in ("5m", "15m")},
        **{f"node/resource_exhaustion/{h}": NO_EPISODE for h in ("5m", "15m")},
    }
    assert manifest.scores["node"]["trained_without"] == {"node_strain": NEVER_MOVED}
    assert manifest.scores["pod"]["trained_without"] == {}
    said = [line for line in lines if line["event"] == "trained without signals"]
    assert [(line["kind"], line["signals"], line["why"]) for line in said] == [("node", "node_strain", NEVER_MOVED)]
    found = artifact.load(tmp_path, {})[0].probabilities(past.panels["node"])
    assert ((found.probability >= 0) & (found.probability <= 1)).all()


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


def silent(kind: Kind) -> Panel:
    """An issue that comes and goes where no signal ever has a sample."""
    one = risen(kind)
    return replace(one, values=np.full_like(one.values, np.nan))


QUIET = np.random.default_rng(0).random((STEPS, 2))
HOPELESS: dict[str, tuple[Past, int, str]] = {
    "no series": (Past({}), STEPS, "Prometheus has no series of the catalogue between "),
    "no issue": (Past({"pod": panel("pod", QUIET, {})}), STEPS, "pod/pod_failure: no episode in this history"),
    "an issue early only": (
        Past({"pod": only_early("pod", 0.09)}),
        STEPS,
        "no issue came in more than one part of history",
    ),
    "an hour": (past_of_all(), 60, "59m of history are too short to fit on one part and judge on a later one"),
    "a window": (past_of_all(), REACH, "of history are too short"),
    "one step": (past_of_all(), 1, "of history are too short"),
    "always present": (
        Past({"pod": panel("pod", QUIET, {"pod_failure": np.ones((STEPS, 2), dtype=np.bool_)})}),
        STEPS,
        "pod/pod_failure: never seen to begin",
    ),
    "no sample": (
        Past({"node": panel("node", QUIET, {}), "pod": silent("pod")}),
        STEPS,
        "pod/pod_failure: never seen to begin",
    ),
}


@pytest.mark.parametrize(("past", "steps", "words"), HOPELESS.values(), ids=HOPELESS)
def test_history_without_anything_to_learn_is_one_line_and_writes_nothing(
    tmp_path: Path, past: Past, steps: int, words: str
) -> None:
    with pytest.raises(HistoryError) as refused:
        trained(past, tmp_path / "model", steps)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "model").exists()


def test_a_model_directory_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(artifact.ArtifactError, match="cannot write the model to") as refused:
        trained(Past({"pod": risen("pod")}), tmp_path / "file" / "model")
    assert "\n" not in str(refused.value)
