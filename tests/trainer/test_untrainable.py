"""What cannot be learned: each issue, kind and signal left out has its reason, and nothing crashes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from predictor import artifact
from predictor.entities import Kind
from predictor.panel import Panel
from tests.trainer.pasts import REACH, Past, panel, ramps
from tests.trainer.training import STEPS, past_of_all, risen, trained
from trainer.calibrate import NEVER_LATER
from trainer.fit import NO_EPISODE, UNSEEN
from trainer.history import HistoryError
from trainer.idle import NEVER_MOVED

QUIET = np.random.default_rng(0).random((STEPS, 2))


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


def silent(kind: Kind) -> Panel:
    """An issue that comes and goes where no signal ever has a sample."""
    one = risen(kind)
    return replace(one, values=np.full_like(one.values, np.nan))


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
