"""What the holdout benchmark counts: a fault foretold, missed or never begun, and a look-alike mistaken for one."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks.holdout import coincident, told
from benchmarks.holdout.__main__ import seeds_of
from benchmarks.holdout.published import Key, Published, load
from benchmarks.holdout.trial import judged

STEP = 30.0
START = 1_000_000_020.0
STEPS = 400
KEY: Key = ("pod", "pod_failure", "15m")
LATER: Key = ("pod", "pod_failure", "1h")


def published(alarms: dict[int, tuple[int, int]], onsets: dict[int, int], horizon: float = 900.0) -> Published:
    """Three pods over 200 minutes: alarmed from one step to another, and with the issue for ten steps."""
    probability = np.full((STEPS, 3), 0.1)
    active = np.zeros((STEPS, 3), dtype=np.bool_)
    for entity, (first, last) in alarms.items():
        probability[first:last, entity] = 0.9
    for entity, onset in onsets.items():
        active[onset : onset + 10, entity] = True
    names = tuple(("shop", f"cart-{i}") for i in range(3))
    times = START + STEP * np.arange(STEPS, dtype=np.float64)
    return Published(times, names, probability, active, 0.5, "pod_failure", horizon, STEP)


def fault(pod: int, first: int, last: int) -> dict[str, Any]:
    """A fault planned on a pod from one step to another."""
    return {
        "type": "memory_leak", "kind": "pod", "issue": "pod_failure", "shape": "linear", "ramp_seconds": 3000.0,
        "predictable": True, "start": START + first * STEP, "end": START + last * STEP, "onset": START + last * STEP,
        "entity": {"namespace": "shop", "pod": f"cart-{pod}"},
    }  # fmt: skip


def lookalike(kind: str, name: str, first: int, last: int) -> dict[str, Any]:
    """A look-alike of a pod, of a service or of a namespace."""
    entity = {"namespace": name} if kind == "namespace" else {"namespace": "shop", kind: name}
    return {
        "type": "rollout",
        "kind": kind,
        "entity": entity,
        "start": START + first * STEP,
        "end": START + last * STEP,
    }


def test_faults_are_foretold_by_the_earliest_alert_of_any_horizon_and_those_that_never_began_are_not_counted() -> None:
    near = published({0: (180, 200)}, {0: 200, 1: 200})
    far = published({0: (160, 200)}, {0: 200, 1: 200}, 3600.0)
    truth = {"faults": [fault(0, 100, 200), fault(1, 100, 200), fault(2, 100, 200)]}
    found = told.faults(truth, judged({KEY: near, LATER: far}, {KEY: near, LATER: far}))
    # Within 1h an alert waits for four minutes, eight steps, before it fires.
    assert [(one.lead_seconds, one.onset) for one in found] == [(32 * STEP, START + 200 * STEP), (None, found[0].onset)]
    assert told.recall(found) == 0.5
    assert told.leads_minutes(found, (0.5,)) == [16.0]
    assert np.isnan(told.recall([]))


def test_onsets_before_a_fault_or_long_after_it_are_not_its_own() -> None:
    one = published({}, {0: 90, 1: 230})
    truth = {"faults": [fault(0, 100, 200), fault(1, 100, 200)]}
    assert told.faults(truth, judged({KEY: one}, {KEY: one})) == []


def test_faults_of_days_before_the_predictions_are_none_that_left() -> None:
    one = published({}, {0: 200})
    truth = {"faults": [fault(0, 100, 200), fault(1, -400, -300), fault(2, -40, -10)]}
    judgeable = told.judgeable(truth, judged({KEY: one}, {KEY: one}))
    assert judgeable == [truth["faults"][0], truth["faults"][2]]


@pytest.mark.parametrize("text", ["", "1,x", "1,,2", "1,2,1"])
def test_seeds_are_a_list_of_different_numbers(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        seeds_of(text)
    assert seeds_of("5,3") == (5, 3)


@pytest.mark.parametrize(
    ("kind", "name", "first", "last", "mistaken"),
    [
        pytest.param("pod", "cart-0", 90, 150, [1], id="its own false alarm"),
        pytest.param("pod", "cart-1", 90, 150, [0], id="another pod's"),
        pytest.param("service", "cart", 90, 150, [1], id="a pod of its workload"),
        pytest.param("service", "car", 90, 150, [0], id="a workload whose name only begins alike"),
        pytest.param("namespace", "shop", 90, 150, [1], id="a pod in its namespace"),
        pytest.param("namespace", "data", 90, 150, [0], id="another namespace"),
        pytest.param("pod", "cart-0", 50, 95, [1], id="in the five minutes after it"),
        pytest.param("pod", "cart-0", 50, 80, [0], id="later than that"),
        pytest.param("pod", "cart-0", 300, 500, [], id="not over when the record ends"),
    ],
)
def test_a_look_alike_is_mistaken_when_a_false_alarm_begins_while_it_lasts(
    kind: str, name: str, first: int, last: int, mistaken: list[int]
) -> None:
    one = published({0: (100, 110)}, {})
    found = told.lookalikes({"lookalikes": [lookalike(kind, name, first, last)]}, judged({KEY: one}, {KEY: one}))
    assert [len(m.alarms) for m in found] == mistaken


def on_node(name: str, first: int, last: int) -> dict[str, Any]:
    """A disk that fills, planned on a node from one step to another."""
    return fault(0, first, last) | {"type": "disk_filling", "kind": "node", "entity": {"node": name}}


@pytest.mark.parametrize(
    ("other", "beside"),
    [
        pytest.param(fault(0, 90, 110), ["memory_leak"], id="of the pod itself"),
        pytest.param(fault(1, 90, 110), [], id="of another pod"),
        pytest.param(on_node("worker-01", 90, 110), ["disk_filling"], id="of its node"),
        pytest.param(on_node("worker-02", 90, 110), [], id="of another node"),
        pytest.param(on_node("worker-01", 101, 110), [], id="that began later"),
        pytest.param(on_node("worker-01", 10, 81), ["disk_filling"], id="over for less than ten minutes"),
        pytest.param(on_node("worker-01", 10, 79), [], id="over for longer"),
        pytest.param(on_node("worker-01", 90, 110) | {"onset": None}, [], id="whose issue never began"),
    ],
)
def test_a_false_alarm_in_a_look_alike_may_stand_beside_a_real_fault(other: dict[str, Any], beside: list[str]) -> None:
    one = published({0: (98, 110)}, {})
    truth = {"lookalikes": [lookalike("pod", "cart-0", 90, 150)], "faults": [other]}
    (mistaken,) = told.lookalikes(truth, judged({KEY: one}, {KEY: one}))
    (alarm,) = mistaken.alarms
    assert (alarm.kind, alarm.entity, alarm.began) == ("pod", ("shop", "cart-0"), START + 100 * STEP)
    assert coincident.faults_beside(truth, alarm, "worker-01") == beside


def test_pods_are_charged_to_the_look_alike_of_their_node_apart() -> None:
    one = published({0: (98, 110), 1: (98, 110)}, {})
    drained = {"type": "planned_drain", "kind": "node", "entity": {"node": "worker-01"}}
    spans = [(90, 120), (95, 99)]  # two of one node at a time count an alarm once
    twice = [drained | {"start": START + first * STEP, "end": START + last * STEP} for first, last in spans]
    truth = {"lookalikes": twice, "faults": []}
    found = judged({KEY: one}, {KEY: one})
    assert [m.alarms for m in told.lookalikes(truth, found)] == [(), ()]
    nodes = {"cart-0": "worker-01", "cart-1": "worker-02"}
    charged = coincident.of_pods(truth, found, lambda alarm: nodes[alarm.entity[1]])
    assert [(kind, alarm.entity[1]) for kind, alarm in charged] == [("planned_drain", "cart-0")]


def test_without_a_source_onsets_are_those_that_the_full_replay_saw() -> None:
    whole = published({0: (180, 200)}, {0: 200})
    blind = published({0: (180, 200)}, {})
    truth = {"faults": [fault(0, 100, 200)]}
    assert [one.lead_seconds for one in told.faults(truth, judged({KEY: blind}, {KEY: whole}))] == [18 * STEP]
    assert told.faults(truth, judged({KEY: blind}, {KEY: blind})) == []


def test_a_replay_file_is_read_onto_the_grid_with_gaps_where_nothing_was_published(tmp_path: Path) -> None:
    rows = [
        {"time": START + i * STEP, "kind": "node", "namespace": "", "name": name, "issue": "node_failure",
         "horizon": "15m", "probability": 0.25 * i, "threshold": 0.5, "active": i == 2}
        for i, name in [(0, "b"), (2, "b"), (1, "a")]
    ]  # fmt: skip
    pd.DataFrame(rows).to_parquet(tmp_path / "replay.parquet")
    found = load(tmp_path / "replay.parquet", STEP)
    (one,) = found.values()
    assert list(found) == [("node", "node_failure", "15m")]
    assert one.entities == (("", "a"), ("", "b"))
    assert one.horizon_seconds == 900.0
    np.testing.assert_array_equal(one.probability, [[np.nan, 0.0], [0.25, np.nan], [np.nan, 0.5]])
    assert one.active.tolist() == [[False, False], [False, False], [False, True]]
