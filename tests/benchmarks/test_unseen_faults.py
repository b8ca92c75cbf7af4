"""Unseen faults: rows are those of the fault's entity, quiet ones are quiet, and both measures are judged alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks.unseen_faults import AFTER_SECONDS, QUIET_SHARE, STEP_SECONDS, Said, figure, judged

STEPS = 1_000
TIMES = STEP_SECONDS * np.arange(STEPS, dtype=np.float64)
PODS = (("shop", "a"), ("shop", "b"))
ONSET = 500 * STEP_SECONDS
END = ONSET + 600.0


def fault(**other: Any) -> dict[str, Any]:
    """A leak of the first pod, ten minutes of which are seen before its onset."""
    entity = {"namespace": "shop", "pod": "a"}
    times = {"start": ONSET - 1200.0, "onset": ONSET, "end": END}
    return {"type": "memory_leak", "kind": "pod", "entity": entity, **times, **other}


def said(score_of_fault: float, probability_of_fault: float) -> Said:
    """Low values that rise by nothing but the fault, where each measure takes the value given."""
    usual = np.linspace(0.0, 0.5, STEPS * len(PODS)).reshape(STEPS, len(PODS))
    score, probability = usual.copy(), usual[::-1].copy()
    during = (TIMES >= ONSET - 600.0) & (TIMES < END)
    score[during, 0], probability[during, 0] = score_of_fault, probability_of_fault
    active = np.zeros((STEPS, len(PODS)), dtype=np.bool_)
    active[(TIMES >= ONSET) & (TIMES < END), 0] = True
    return Said(TIMES, PODS, score, probability, active)


def cells(line: str) -> list[str]:
    """Of a table's line."""
    return [one.strip() for one in line.strip("|").split("|")]


def test_a_score_that_stands_out_detects_and_a_probability_that_does_not_says_so() -> None:
    before, meanwhile = judged({"pod": said(0.9, 0.2)}, [fault()], "memory_leak")
    assert cells(before) == ["memory_leak", "pod", "last 10 min before", "1.000", "1 of 1", cells(before)[5], "0 of 1"]
    assert float(cells(before)[5]) < 0.5
    assert cells(meanwhile)[2:5] == ["while it is there", "1.000", "1 of 1"]


def test_a_fault_of_another_entity_is_no_evidence() -> None:
    other = fault(entity={"namespace": "shop", "pod": "b"})
    before, _ = judged({"pod": said(0.9, 0.9)}, [other, fault()], "memory_leak")
    assert cells(before)[4] == "1 of 2"
    gone = fault(entity={"namespace": "shop", "pod": "left"})
    before, _ = judged({"pod": said(0.9, 0.9)}, [gone, fault()], "memory_leak")
    assert cells(before)[4] == "1 of 1", "nobody can be asked about an entity without rows"


def test_a_faults_own_ramp_and_wake_are_not_called_quiet() -> None:
    """Else the level would be set by what is to be detected."""
    one = said(0.2, 0.2)
    wake = (TIMES >= END) & (TIMES < END + AFTER_SECONDS)
    one.score[wake, 0] = 0.95
    one.score[(TIMES >= ONSET - 600.0) & (TIMES < ONSET), 0] = 0.9
    before, _ = judged({"pod": one}, [fault()], "memory_leak")
    assert cells(before)[3:5] == ["1.000", "1 of 1"]


def test_the_level_is_what_one_in_a_hundred_quiet_rows_passes() -> None:
    measure = np.arange(1_000.0)[:, None]
    quiet = np.ones((1_000, 1), dtype=np.bool_)
    rows = [measure == 980.0, measure == 995.0, np.zeros_like(quiet)]
    one = figure(measure, rows, quiet)
    assert (one.detected, one.faults) == (1, 3)
    assert QUIET_SHARE == 0.01
    assert one.auc == pytest.approx((980.5 + 995.5) / 2 / 1_000)
    assert np.isnan(figure(measure, [], quiet).auc)


@pytest.mark.parametrize(
    ("faults", "kinds", "text"),
    [([], True, "no such fault"), ([fault(onset=None)], True, "no such fault"), ([fault()], False, "no score")],
)
def test_what_cannot_be_judged_is_said(faults: list[dict[str, Any]], kinds: bool, text: str) -> None:
    (line,) = judged({"pod": said(0.9, 0.9)} if kinds else {}, faults, "memory_leak")
    assert text in line
