"""Thresholds: within the budget of false alarms, and of these the one that is worth most.

One character per minute and entity: `0` … `9` are tenths of the level, a letter is one of a row before an issue (`a` is
0.1, `i` is 0.9). The horizon is 10 minutes.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from predictor.panel import BoolArray, FloatArray
from predictor.waits import pending_seconds, pending_steps
from trainer.events import judged
from trainer.ladders import Ladder, ladder
from trainer.outcomes import steps_ahead, wake
from trainer.thresholds import GRID, Budget, Watch, allowed, levels, within_budget

STEP = 60.0
HORIZON = 10
LOWEST, HIGHEST = 0.25, 0.95
PRICE = 1.5
ISSUES = "abcdefghi"


def watched(*lines: str) -> tuple[Watch, FloatArray]:
    """The watch and the levels of these entities."""
    flat = [(mark, i, e) for e, line in enumerate(lines) for i, mark in enumerate(line)]
    level = np.array([ISSUES.index(m) + 1 if m in ISSUES else int(m) for m, _, _ in flat]) / 10
    ahead = np.zeros(len(flat), dtype=np.int64)
    for place, (mark, i, e) in enumerate(flat):
        if mark in ISSUES:
            rest = lines[e][i:]
            ahead[place] = next((k for k, m in enumerate(rest) if m not in ISSUES), len(rest))
    step, entity = (np.array([row[k] for row in flat], dtype=np.int64) for k in (1, 2))
    return Watch(ahead, step, entity, np.ones(len(level)), HORIZON, STEP, 0), level


def climbed(watch: Watch, level: FloatArray) -> Ladder:
    """What alerts from each level on come to."""
    return ladder(watch, level, LOWEST, HIGHEST, HIGHEST)


def chosen(*lines: str, budget: float = 0.001, price: float = PRICE) -> float:
    """The lowest level that the threshold for these entities lets through, where scores are what they were."""
    watch, level = watched(*lines)
    return through(climbed(watch, level), Budget(budget, price))


def through(of: Ladder, budget: Budget) -> float:
    """The rung at or next above the threshold of scores that never move."""
    at = of.threshold(budget, spread=0.0)
    return next(one for one in of.levels if one >= at)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(["0000000000"], LOWEST, id="nothing ever fires"),
        pytest.param(["0000900000"], LOWEST, id="one false alarm is always allowed"),
        pytest.param(["0005000000000900000"], 0.9, id="of two the lower is shut out"),
        pytest.param(["0005000000", "0000900000"], 0.9, id="entities have alerts of their own"),
        pytest.param(["0505050505", "0000900000"], 0.9, id="a dip of less than five minutes is the same alert"),
        pytest.param(["00hhhhhhhhhh", "0005000000", "0006000000"], 0.8, id="no lower than the right alert needs"),
        pytest.param(["00dddhhhhhhh", "0005000000"], 0.8, id="the alert in time that came first need not"),
        pytest.param(["00hhhhhhhhhh", "00dddddddddd", "0005000000", "0006000000"], 0.8, id="the budget comes first"),
        pytest.param(["9000000"] * 3, HIGHEST, id="three false alarms at 0.9"),
    ],
)
def test_the_lowest_level_within_the_budget_is_chosen(lines: list[str], expected: float) -> None:
    assert chosen(*lines) == pytest.approx(expected)


def test_a_larger_budget_never_gives_a_higher_threshold() -> None:
    lines = [f"000{tenth}000000" for tenth in range(1, 10)] * 3
    found = [chosen(*lines, budget=budget) for budget in (0.001, 10.0, 50.0, 100.0, 1_000.0)]
    assert found == sorted(found, reverse=True)
    assert found[0] > found[-1] == LOWEST


def test_an_alert_that_never_ends_is_a_false_alarm_though_an_issue_comes_one_day() -> None:
    assert chosen("6" * 50 + "ffffffffff", "0007000000") == pytest.approx(0.7)


def test_what_does_not_last_for_a_minute_is_no_alert_within_a_quarter_of_an_hour() -> None:
    watch, level = watched("0909099000", "0000990000")
    longer = replace(watch, horizon_steps=15, pending_steps=1)
    assert watch.false_alarms(level >= 0.85) == 2
    assert longer.false_alarms(level >= 0.85) == 2, "each has two steps in a row"
    assert replace(longer, step=2 * watch.step).false_alarms(level >= 0.85) == 0, "no two meet"
    ahead = np.where(watch.step == 5, 3, 0)
    assert replace(longer, ahead=ahead).recall(level >= 0.85) == 0.5


def test_recall_counts_onsets_announced_two_minutes_ahead() -> None:
    watch, level = watched("0ccciiii00", "0iccccccc0", "0000000iii")
    assert watch.recall(level >= 0.85) == 1.0
    watch, level = watched("0ccccccci0", "0iccccccc0", "0000000000")
    assert watch.recall(level >= 0.85) == 0.5
    assert np.isnan(watched("0000")[0].recall(np.ones(4, dtype=np.bool_)))


@given(st.lists(st.floats(0, 1), max_size=400))
def test_levels_rise_from_the_lowest_to_the_highest_and_are_not_too_many(drawn: list[float]) -> None:
    found = levels(np.array(drawn), LOWEST, HIGHEST)
    assert (np.diff(found) > 0).all()
    assert found[0] == LOWEST
    assert found[-1] == HIGHEST
    assert len(found) <= GRID + 2
    assert set(found.tolist()) <= {LOWEST, HIGHEST, *drawn}


@pytest.mark.parametrize("count", range(10))
def test_a_few_rows_are_judged_without_a_crash(count: int) -> None:
    never, steps = np.zeros(count, dtype=np.int64), np.arange(count, dtype=np.int64)
    watch = Watch(never, steps, never, np.ones(count), 120, 30.0, 8)  # an alert within 1h needs nine rows
    assert watch.false_alarms(np.ones(count, dtype=np.bool_)) == (count == 9)


rows = st.lists(st.tuples(st.integers(0, 2), st.floats(0, 1), st.integers(0, 10)), min_size=1, max_size=120)


@given(rows, st.floats(0.01, 500.0))
def test_the_budget_is_kept_on_the_rows_given_or_the_highest_is_chosen(
    drawn: list[tuple[int, float, int]], budget: float
) -> None:
    drawn = sorted(drawn, key=lambda row: row[0])
    ahead, entity = (np.array([row[k] for row in drawn], dtype=np.int64) for k in (2, 0))
    level = np.array([row[1] for row in drawn])
    watch = Watch(ahead, np.arange(len(drawn), dtype=np.int64), entity, np.ones(len(drawn)), HORIZON, STEP, 0)
    found = climbed(watch, level).threshold(Budget(budget))
    assert found == HIGHEST or watch.false_alarms(level >= found) <= allowed(watch.entity_days, budget)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("....!!!....###............", id="before an onset"),
        pytest.param("....!!!...................", id="before nothing"),
        pytest.param("....!..........#..........", id="early, not false"),
        pytest.param("....!" + "." * 39 + "#..........", id="four horizons early"),
        pytest.param("....!" + "." * 40 + "#..........", id="too early by one step"),
        pytest.param("....!.........#...........", id="just early enough"),
        pytest.param("...." + "!" * 40 + "#...............", id="four horizons long"),
        pytest.param("...." + "!" * 41 + "#...............", id="longer than four horizons"),
        pytest.param("....!.....!..###...........", id="a dip that is held"),
        pytest.param("....!......!..............", id="two alerts for nothing"),
        pytest.param("....!!!##!!...............", id="on in the wake"),
        pytest.param("..!!##" + "!" * 16 + "............", id="on after the wake"),
        pytest.param("..!!!" + "." * 5 + "!" + "." * 5 + "!!!" + "." * 20, id="dips of five minutes in one alert"),
        pytest.param("..!!!" + "." * 6 + "!!!" + "." * 6 + "!" + "." * 20, id="dips of six between several"),
        pytest.param("..!..!..!!.!!!..!.!" + "." * 20, id="what hardly lasts"),
        pytest.param("..!!##...!!##.............", id="a relapse in the wake"),
        pytest.param("..!!##" + "." * 15 + "!!##............", id="one before each of two"),
        pytest.param("....!.........!!..###...........", id="wrong first, then right"),
    ],
)
@pytest.mark.parametrize("horizon", [HORIZON, 15, 60])
def test_simple_alerts_are_false_alarms_exactly_when_events_says_so(line: str, horizon: int) -> None:
    """`!` at 0.7, `.` at 0.1, `#` the issue is present; in longer horizons an alert has to last."""
    line += "." * (5 * horizon - 5 * HORIZON)
    pending = pending_seconds("pod_failure", horizon * STEP)
    marks = np.array(list(line))
    active = marks == "#"
    probability = np.where(marks == "!", 0.7, 0.1)
    events = judged(
        probability[:, None],
        active[:, None],
        np.ones((len(line), 1), dtype=np.bool_),
        threshold=0.5,
        horizon_seconds=horizon * STEP,
        pending_seconds=pending,
        step_seconds=STEP,
    )
    distance = steps_ahead(active[:, None])[:, 0]
    after = wake(active[:, None], STEP)[:, 0]
    counts = ~active & ~after & (np.arange(len(line)) < len(line) - horizon)
    ahead = np.where(distance <= horizon, distance, 0)[counts].astype(np.int64)
    steps = np.arange(len(line), dtype=np.int64)[counts]
    watch = Watch(
        ahead,
        steps,
        np.zeros(len(steps), dtype=np.int64),
        np.ones(len(steps)),
        horizon,
        STEP,
        pending_steps(pending, STEP),
    )
    assert watch.false_alarms(probability[counts] >= 0.5) == events.figures.false_alarms


def test_no_level_within_the_budget_is_worth_more_than_the_one_chosen() -> None:
    random = np.random.default_rng(4)
    for _ in range(30):
        lines = [
            "".join(str(tenth) for tenth in random.integers(0, 9, 60)) + ISSUES[int(random.integers(2, 9))] * 10
            for _ in range(6)
        ]
        watch, level = watched(*lines)
        found = through(climbed(watch, level), Budget(200.0, PRICE))
        cheapest = within_budget(watch, level, 200.0, LOWEST, HIGHEST)
        assert watch.false_alarms(level >= cheapest) <= allowed(watch.entity_days, 200.0)
        grid = levels(level, LOWEST, HIGHEST)
        worth = {at: _worth(watch, level >= at) for at in grid.tolist() if at >= cheapest}
        assert worth[found] == max(worth.values())
        assert found == min(at for at, one in worth.items() if one == worth[found])


def _worth(watch: Watch, above: BoolArray) -> tuple[float, float]:
    false = watch.false_alarms(above)
    return watch.recalled(above) - PRICE * max(0.0, false - 1.0), -false


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(["00hhhhhhhhhh"] * 3 + ["0005000"] * 3, 0.8, id="what costs no onset is spared"),
        pytest.param(["00hhhhhhhhhh", "00ffffffffff"] + ["0006000"] * 4, 0.8, id="one onset is not worth three alarms"),
        pytest.param(["00hhhhhhhhhh"] + ["00ffffffffff"] * 4 + ["0006000"] * 3, LOWEST, id="four are worth two"),
        pytest.param(["00hhhhhhhhhh"] + ["00ffffffffff"] * 3 + ["0006000"] * 3, 0.8, id="three just are not"),
        pytest.param(["00ffffffffff", "0006000"], LOWEST, id="the first alarm costs nothing"),
    ],
)
def test_room_in_the_budget_is_not_spent_on_alarms_that_foretell_little(lines: list[str], expected: float) -> None:
    assert chosen(*lines, budget=1_000.0) == pytest.approx(expected)


def test_at_no_price_the_budget_is_spent_on_every_onset_it_can_buy() -> None:
    lines = ["00hhhhhhhhhh", "00ffffffffff"] + ["0006000"] * 4
    assert chosen(*lines, budget=1_000.0) == pytest.approx(0.8)
    assert chosen(*lines, budget=1_000.0, price=0.0) == LOWEST
    assert chosen(*lines, budget=0.001, price=0.0) == pytest.approx(0.8), "no further than the budget goes"


def test_rows_that_stand_for_several_count_as_often() -> None:
    lines = ["0005000000", "00000000ii"]
    watch, level = watched(*lines)
    heavy = replace(watch, weight=np.full(len(level), 8.0))
    assert heavy.false_alarms(level >= 0.5) == 8 * watch.false_alarms(level >= 0.5) == 8
    assert heavy.entity_days == 8 * watch.entity_days
    assert heavy.recall(level >= 0.5) == watch.recall(level >= 0.5)


@pytest.mark.parametrize(
    ("days", "alarms"),
    [(0.0, 1), (16.0, 1), (40.0, 2), (120.0, 5), (3_000.0, 73), (300_000.0, 6_128)],
)
def test_a_short_history_may_show_a_false_alarm_more_than_its_budget(days: float, alarms: int) -> None:
    """Of the figures 95 % of histories at the budget's rate stay below, which nears the budget as history grows."""
    assert allowed(days, 0.02) == alarms
