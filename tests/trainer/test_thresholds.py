"""Thresholds: the lowest candidate whose false alarms keep within the budget, judged as `events` judges alerts.

One character per minute and entity, the tenths of the probability: `9` is 0.9. Letters are rows before an issue: `a` is
0.1, `i` is 0.9. The horizon is 10 minutes.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.events import judged
from trainer.thresholds import CANDIDATES, false_alarms, threshold

STEP = 60.0
HORIZON = 10
LOWEST, HIGHEST = CANDIDATES[0], CANDIDATES[-1]
ISSUES = "abcdefghi"


def chosen(*lines: str, budget: float = 0.001) -> float:
    """The threshold for these entities; `-` is a row that does not count."""
    flat = [(mark, i, e) for e, line in enumerate(lines) for i, mark in enumerate(line)]
    tenths = [ISSUES.index(m) + 1 if m in ISSUES else int(m.replace("-", "9")) for m, _, _ in flat]
    return threshold(
        np.array(tenths) / 10,
        np.array([m in ISSUES for m, _, _ in flat], dtype=np.bool_),
        np.array([m != "-" for m, _, _ in flat], dtype=np.bool_),
        np.array([i for _, i, _ in flat], dtype=np.int64),
        np.array([e for _, _, e in flat], dtype=np.int64),
        HORIZON,
        STEP,
        budget,
    )


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(["0000000000"], LOWEST, id="nothing ever fires"),
        pytest.param(["0000900000"], LOWEST, id="one false alarm is always allowed"),
        pytest.param(["0005000000000900000"], 0.51, id="of two the lower is shut out"),
        pytest.param(["0005000000", "0000900000"], 0.51, id="entities have alerts of their own"),
        pytest.param(["0505050505", "0000900000"], 0.51, id="a dip of less than five minutes is the same alert"),
        pytest.param(["00hhhhhhhhhh", "0005000000", "0006000000"], 0.51, id="a right alert costs nothing"),
        pytest.param(["0-0-0-0-", "0000500000"], LOWEST, id="rows that do not count cost nothing"),
        pytest.param(["9000000"] * 3, 0.91, id="three false alarms at 0.9"),
    ],
)
def test_the_lowest_candidate_within_the_budget_is_chosen(lines: list[str], expected: float) -> None:
    assert chosen(*lines) == pytest.approx(expected)


def test_a_larger_budget_never_gives_a_higher_threshold() -> None:
    lines = [f"000{tenth}000000" for tenth in range(1, 10)] * 3
    found = [chosen(*lines, budget=budget) for budget in (0.001, 10.0, 50.0, 100.0, 1_000.0)]
    assert found == sorted(found, reverse=True)
    assert found[0] > found[-1] == LOWEST


def test_without_rows_that_count_the_lowest_candidate_is_chosen() -> None:
    assert chosen("----") == LOWEST
    assert chosen("") == LOWEST


def test_when_no_candidate_keeps_the_budget_the_highest_is_chosen() -> None:
    sure = np.ones(3)
    rows = np.arange(3, dtype=np.int64)
    never = np.zeros(3, dtype=np.bool_)
    assert threshold(sure, never, ~never, rows * 100, rows, HORIZON, STEP, 0.001) == HIGHEST


def test_an_alert_that_never_ends_is_a_false_alarm_though_an_issue_comes_one_day() -> None:
    assert chosen("6" * 30 + "ffffffffff", "0007000000") == pytest.approx(0.61)


def test_the_order_of_the_rows_does_not_matter() -> None:
    random = np.random.default_rng(5)
    probability = random.random(300)
    came = random.random(300) < 0.1
    step, entity = np.arange(300, dtype=np.int64) % 100, np.arange(300, dtype=np.int64) // 100
    counts = random.random(300) < 0.9
    order = random.permutation(300)
    in_order = threshold(probability, came, counts, step, entity, HORIZON, STEP, 20.0)
    assert in_order == threshold(
        probability[order], came[order], counts[order], step[order], entity[order], HORIZON, STEP, 20.0
    )


rows = st.lists(st.tuples(st.integers(0, 2), st.floats(0, 1), st.booleans(), st.booleans()), min_size=1, max_size=120)


@given(rows, st.floats(0.01, 500.0))
def test_the_budget_is_kept_on_the_rows_given_and_no_lower_candidate_keeps_it(
    drawn: list[tuple[int, float, bool, bool]], budget: float
) -> None:
    drawn = sorted(drawn, key=lambda row: row[0])
    entity = np.array([row[0] for row in drawn], dtype=np.int64)
    step = np.arange(len(drawn), dtype=np.int64)
    probability = np.array([row[1] for row in drawn])
    came, counts = (np.array([row[i] for row in drawn], dtype=np.bool_) for i in (2, 3))
    found = threshold(probability, came, counts, step, entity, HORIZON, STEP, budget)

    def alarms(candidate: float) -> int:
        return false_alarms(probability[counts] >= candidate, came[counts], step[counts], entity[counts], HORIZON, 5)

    allowed = max(1.0, budget * counts.sum() * STEP / 86400)
    assert found == HIGHEST or alarms(found) <= allowed
    assert all(alarms(lower) > allowed for lower in CANDIDATES if lower < found)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("....!!!....###............", id="before an onset"),
        pytest.param("....!!!...................", id="before nothing"),
        pytest.param("....!..........#..........", id="one step too early"),
        pytest.param("....!.........#...........", id="just early enough"),
        pytest.param("...." + "!" * 20 + "#...............", id="two horizons long"),
        pytest.param("...." + "!" * 21 + "#...............", id="longer than two horizons"),
        pytest.param("....!.....!..###...........", id="a dip that is held"),
        pytest.param("....!......!..............", id="two alerts for nothing"),
        pytest.param("....!!!##!!...............", id="on after the recovery"),
        pytest.param("..!!##...!!##.............", id="one before each of two"),
        pytest.param("....!.........!!..###...........", id="wrong first, then right"),
    ],
)
def test_simple_alerts_are_false_alarms_exactly_when_events_says_so(line: str) -> None:
    """`!` at 0.7, `.` at 0.1, `#` the issue is present."""
    marks = np.array(list(line))
    active = marks == "#"
    probability = np.where(marks == "!", 0.7, 0.1)
    events = judged(
        probability[:, None],
        active[:, None],
        np.ones((len(line), 1), dtype=np.bool_),
        threshold=0.5,
        horizon_seconds=HORIZON * STEP,
        step_seconds=STEP,
    )
    came = np.array([active[i + 1 : i + 1 + HORIZON].any() for i in range(len(line))])
    counts = ~active & (np.arange(len(line)) < len(line) - HORIZON)
    steps = np.arange(len(line), dtype=np.int64)
    above = probability[counts] >= 0.5
    entity = np.zeros(int(counts.sum()), dtype=np.int64)
    assert false_alarms(above, came[counts], steps[counts], entity, HORIZON, 5) == events.figures.false_alarms
