"""Ladders: a threshold keeps its distance from false alarms and from lost onsets, and keeps to the budget."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.trainer.test_thresholds import PRICE, through
from trainer.ladders import Ladder
from trainer.thresholds import Budget, allowed


def test_a_ladder_has_a_figure_for_each_of_its_levels() -> None:
    with pytest.raises(ValueError, match="as many levels as figures"):
        Ladder((0.1, 0.2), (1,), (0.0, 0.0), 1, 1.0, 0.5)
    with pytest.raises(ValueError, match="at least one"):
        Ladder((), (), (), 1, 1.0, 0.5)


def ladder_of(*rungs: tuple[float, int, float]) -> Ladder:
    """A ladder of these levels, onsets foretold and false alarms, of a thousand entity-days."""
    at, foretold, false = zip(*rungs, strict=True)
    return Ladder(at, foretold, false, max(foretold), 1_000.0, 0.95)


BUDGET = Budget(0.02, PRICE)
SLOPE = [(0.2, 60, 9.0), (0.3, 60, 7.0), (0.4, 60, 5.0), (0.5, 60, 3.0), (0.55, 60, 0.0)]


def test_next_to_a_slope_of_false_alarms_a_threshold_keeps_its_distance() -> None:
    flat = [(at, 60, 0.0) for at in (0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)]
    of = ladder_of(*SLOPE, *flat)
    assert through(of, BUDGET) == 0.55
    kept = [of.threshold(BUDGET, spread) for spread in (0.0, 0.25, 0.5)]
    assert kept == sorted(kept)
    assert 0.65 < kept[-1] < 0.9
    assert of.tried(kept[-1]).foretold == of.tried(0.55).foretold == 60


def test_it_keeps_its_distance_from_onsets_as_well() -> None:
    lost = [(0.6, 60, 0.0), (0.7, 58, 0.0), (0.8, 20, 0.0), (0.95, 0, 0.0)]
    kept = [(at, 60, 0.0) for at in (0.6, 0.7, 0.8, 0.95)]
    assert ladder_of(*SLOPE, *lost).threshold(BUDGET) < 0.6 < ladder_of(*SLOPE, *kept).threshold(BUDGET)


def test_between_two_rungs_a_threshold_does_what_the_upper_one_does() -> None:
    of = ladder_of((0.1, 9, 200.0), (0.3, 8, 0.0), (0.9, 8, 0.0), (0.95, 0, 0.0))
    at = of.threshold(BUDGET, spread=1.0)
    assert 0.3 < at < 0.9
    assert of.tried(at) == of.tried(0.9)
    assert of.tried(0.99) == of.tried(0.95)


def test_where_no_level_keeps_to_the_budget_it_is_the_highest() -> None:
    assert ladder_of((0.25, 5, 40.0), (0.5, 5, 35.0)).threshold(BUDGET) == 0.5


def test_no_level_beyond_the_budget_is_chosen_though_lower_ones_keep_to_it() -> None:
    split = [(0.3, 60, 90.0), (0.5, 60, 60.0), (0.55, 60, 27.0), (0.6, 60, 27.0), (0.65, 60, 29.0), (0.7, 60, 27.0)]
    of = ladder_of(*split, (0.75, 20, 26.0), (0.8, 0, 26.0))
    for spread in (0.0, 0.25, 0.5):
        assert (of.tried(of.threshold(Budget(0.02, 3.0), spread)).false_alarms_per_entity_day or 0.0) <= 0.028


def test_above_all_that_the_model_can_say_nothing_is_worth_anything() -> None:
    rungs = ((0.25, 60, 9.0), (0.5, 60, 3.0), (0.6, 60, 0.0), (0.7, 60, 0.0))
    more = ladder_of(*rungs)
    assert replace(more, highest_probability=0.7).threshold(BUDGET) < more.threshold(BUDGET) == 0.7


def test_rungs_next_to_each_other_have_no_middle() -> None:
    of = ladder_of((0.2, 60, 90.0), (0.2537030221377041, 60, 40.0), (0.2537030221377042, 60, 0.0), (0.95, 0, 0.0))
    assert of.tried(of.threshold(BUDGET, spread=0.0)).false_alarms_per_entity_day == 0.0


@example([(0.0, 1, 29.0), (1.0, 1, 29.0)], 0.0, 0.0)
@given(
    st.lists(st.tuples(st.floats(0.0, 1.0), st.integers(0, 50), st.floats(0, 50)), min_size=1, max_size=30),
    st.floats(0.0, 2.0),
    st.floats(0.0, 5.0),
)
def test_every_ladder_has_a_threshold_within_its_levels_and_budget(
    drawn: list[tuple[float, int, float]], spread: float, price: float
) -> None:
    at = sorted({level for level, _, _ in drawn})
    foretold = sorted((n for _, n, _ in drawn), reverse=True)[: len(at)]
    false = sorted((n for *_, n in drawn), reverse=True)[: len(at)]
    of = ladder_of(*zip(at, foretold, false, strict=True))
    found = of.threshold(Budget(0.02, price), spread)
    assert at[0] <= found <= at[-1]
    rate = of.tried(found).false_alarms_per_entity_day
    assert rate is not None
    assert found == at[-1] or rate * 1_000.0 <= allowed(1_000.0, 0.02) + 1e-9
