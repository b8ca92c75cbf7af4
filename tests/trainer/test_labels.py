"""Labels of one pod, drawn by hand: what came, which rows count, and which are free of an episode and its wake.

One character per minute: `.` quiet, `#` the issue is present, `_` the pod is away. The horizons are 5 and 15 minutes.
"""

from __future__ import annotations

import numpy as np
import pytest

from predictor.panel import BoolArray
from tests.trainer.pasts import CATALOGUE, HORIZONS, STEP, panel
from trainer.labels import Labels, labels, outcomes_of


def labelled(line: str, other: str = "") -> Labels:
    """The labels of a pod beside one that is always there."""
    lines = (line, other or "." * len(line))
    marks = np.array([list(each) for each in lines]).T
    past = panel("pod", np.where(marks == "_", np.nan, 0.2), {"pod_failure": marks == "#"})
    return labels(past, outcomes_of(CATALOGUE, "pod", HORIZONS), STEP)


def drawn(of: BoolArray, outcome: int = 0, entity: int = 0) -> str:
    """One entity of (outcomes, steps, entities) as text."""
    return "".join("x" if on else "." for on in of[outcome, :, entity])


@pytest.mark.parametrize(
    ("line", "settled"),
    [
        pytest.param("....##" + "." * 18, "xxxx.." + "." * 15 + "xxx", id="neither the episode nor 15 minutes after"),
        pytest.param("....#..#" + "." * 17, "xxxx...." + "." * 15 + "xx", id="two minutes of pause are of the episode"),
        pytest.param("#....#" + "." * 17, "." * 21 + "xx", id="a relapse makes the wake begin again"),
        pytest.param("." * 8, "x" * 8, id="nothing began"),
        pytest.param("..##" + "_" * 16 + "..", "xx.." + "." * 15 + "xxx", id="also of a pod that is away"),
    ],
)
def test_settled_is_what_no_episode_or_wake_covers(line: str, settled: str) -> None:
    found = labelled(line)
    assert [drawn(found.settled, outcome) for outcome in (0, 1)] == [settled] * 2
    assert drawn(found.settled, entity=1) == "x" * len(line)


def test_rows_of_the_wake_count_all_the_same_and_are_not_during() -> None:
    found = labelled("....##" + "." * 14)
    assert drawn(found.counts) == "xxxx..xxxxxxxxx....."
    assert drawn(found.during) == "....xx.............."
    assert drawn(found.came) == "xxxxx" + "." * 15
    assert found.ahead[0, :6, 0].tolist() == [4, 3, 2, 1, 1, 0]


def test_rows_of_a_pod_that_left_count_only_where_its_horizon_was_seen_or_the_issue_came() -> None:
    # The pod of the first line leaves after ten minutes; two minutes of a horizon may be unseen, as in a scrape gap.
    found = labelled("." * 10 + "_" * 20)
    assert drawn(found.counts, outcome=0) == "x" * 7 + "." * 23
    assert drawn(found.counts, outcome=1) == "." * 30
    assert drawn(found.counts, outcome=1, entity=1) == "x" * 15 + "." * 15
    came = labelled("." * 8 + "##" + "_" * 20)
    assert drawn(came.counts, outcome=1) == "x" * 8 + "." * 22


def test_chosen_rows_keep_all_that_is_said_of_them() -> None:
    found = labelled("....##" + "." * 18)
    step, entity = np.array([3, 5, 7, 21]), np.array([0, 0, 0, 0])
    rows = found.rows(step, entity)
    assert rows.settled[0].tolist() == [True, False, False, True]
    assert rows.during[0].tolist() == [False, True, False, False]
    assert rows.ahead[0].tolist() == [1, 0, 0, 0]
    assert rows.counts[0].tolist() == [True, False, True, False]
