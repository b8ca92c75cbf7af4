"""Selection: candidates are watched on rows outside of wakes, where every one of them says something."""

from __future__ import annotations

import numpy as np
import pytest

from predictor.entities import Issue
from predictor.issues import Outcome
from trainer.scored import Scored
from trainer.selection import figures, watch_of

STEP = 60.0
OUTCOME = Outcome("pod_failure", 600.0)


def scored(marks: str, *levels: str) -> Scored:
    """One pod and outcome. marks: `#` the issue, `w` its wake, `_` does not count. levels: tenths of each, `?` NaN."""
    flat = np.array(list(marks))
    onsets = np.nonzero(flat == "#")[0]
    after = [min((o - i for o in onsets if i < o <= i + 10), default=0) for i in range(len(flat))]
    numbers = [[np.nan if tenth == "?" else int(tenth) / 10 for tenth in level] for level in levels]
    steps = np.arange(len(flat), dtype=np.int64)
    return Scored(
        scores=np.array(numbers)[:, None],
        ahead=np.array([after], dtype=np.int64),
        counts=((flat != "#") & (flat != "_"))[None],
        settled=((flat != "#") & (flat != "w"))[None],
        step=steps,
        entity=np.zeros(len(flat), dtype=np.int64),
        origin=np.zeros(len(flat), dtype=np.int64),
        weight=np.ones(len(flat)),
    )


def test_rows_of_a_wake_and_rows_that_a_candidate_is_silent_about_are_not_watched() -> None:
    rows, watch = watch_of(scored(".._.##ww..", "1234567891", "1?11111111"), 0, OUTCOME, STEP)
    assert np.nonzero(rows)[0].tolist() == [0, 3, 8, 9]
    assert watch.step.tolist() == [0, 3, 8, 9]
    assert watch.ahead.tolist() == [4, 1, 0, 0]
    assert (watch.horizon_steps, watch.step_seconds) == (10, STEP)


@pytest.mark.parametrize(("issue", "steps"), [("pod_failure", 2), ("service_disruption", 4)])
def test_an_alert_waits_as_long_as_its_rule_does(issue: Issue, steps: int) -> None:
    _, watch = watch_of(scored("......", "123456"), 0, Outcome(issue, 900.0), 30.0)
    assert watch.pending_steps == steps


def test_what_is_said_in_a_wake_costs_no_candidate_anything() -> None:
    """Two would be one false alarm too many; one is always allowed."""
    marks = "." * 8 + "##" + "w" * 15 + "." * 20
    calm = "0008880088" + "0" * 15 + "0" * 20
    in_the_wake = "0008880088" + "900900009009009" + "0" * 20
    found = figures(scored(marks, calm, in_the_wake), ("random_forest", "extra_trees"), (OUTCOME,), STEP, 0.001)
    assert found["random_forest"] == found["extra_trees"]
    assert found["extra_trees"].recall == pytest.approx(1.0)
