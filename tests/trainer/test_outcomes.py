"""Outcomes by hand and by brute force. `#` the issue is present, `.` it is not, `?` the entity is not there."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from predictor.panel import BoolArray
from trainer.outcomes import merged, outcome_rows, wake

timelines = st.integers(1, 30).flatmap(
    lambda steps: st.lists(st.text(".#", min_size=steps, max_size=steps), min_size=1, max_size=3)
)


def active(*lines: str) -> BoolArray:
    """(steps, entities)."""
    return np.array([[mark == "#" for mark in line] for line in lines]).T


def drawn(mask: BoolArray) -> list[str]:
    """Back to text, one line per entity."""
    return ["".join("#" if on else "." for on in column) for column in mask.T]


def present(*lines: str) -> BoolArray:
    """(steps, entities)."""
    return np.array([[mark != "?" for mark in line] for line in lines]).T


def rows(line: str, horizon: int, gap: int = 2, other: str = "?") -> tuple[str, str]:
    """What came of every row of one entity, and which rows count; another is there throughout, or as it is."""
    lines = (line, line if other == "?" else other * len(line))
    came, counts = outcome_rows(active(*lines), present(*lines), horizon, gap)
    return drawn(came)[0], drawn(counts)[0]


@pytest.mark.parametrize(
    ("line", "filled"),
    [
        pytest.param("#..#", "####", id="a pause of two steps is filled"),
        pytest.param("#...#", "#...#", id="a pause of three is not"),
        pytest.param("#.#..#", "######", id="each pause is measured by itself"),
        pytest.param("#..", "#..", id="nothing is filled behind the last"),
        pytest.param("..#", "..#", id="nothing is filled before the first"),
        pytest.param("###", "###", id="an episode without a pause"),
        pytest.param("...", "...", id="nothing at all"),
        pytest.param("#", "#", id="one step"),
    ],
)
def test_pauses_are_filled(line: str, filled: str) -> None:
    assert drawn(merged(active(line), 2)) == [filled]


def test_entities_are_merged_by_themselves() -> None:
    assert drawn(merged(active("#....", "..#..", "#..#."), 2)) == ["#....", "..#..", "####."]


def test_without_a_gap_nothing_is_filled_and_the_given_activity_stays_as_it_was() -> None:
    given_activity = active("#.#")
    assert drawn(merged(given_activity, 0)) == ["#.#"]
    merged(given_activity, 5)
    assert drawn(given_activity) == ["#.#"]


@given(timelines, st.integers(0, 5))
def test_merging_fills_exactly_the_short_pauses_and_twice_is_once(lines: list[str], gap: int) -> None:
    before = active(*lines)
    after = merged(before, gap)
    for entity in range(before.shape[1]):
        on = np.nonzero(before[:, entity])[0].tolist()
        between = {i for a, b in pairwise(on) if b - a - 1 <= gap for i in range(a, b)}
        assert set(np.nonzero(after[:, entity])[0].tolist()) == between | set(on)
    np.testing.assert_array_equal(merged(after, gap), after)


@pytest.mark.parametrize(
    ("line", "after"),
    [
        pytest.param("#.....", ".###..", id="three steps after the last active one"),
        pytest.param(".##....", "...###.", id="of an episode only what comes behind it"),
        pytest.param("#..#....", ".##.###.", id="a relapse ends one wake and begins another"),
        pytest.param("#.", ".#", id="the record ends within it"),
        pytest.param("....", "....", id="nothing began"),
        pytest.param("#", ".", id="one step"),
    ],
)
def test_a_wake_of_fifteen_minutes_follows_an_episode(line: str, after: str) -> None:
    assert drawn(wake(active(line), step_seconds=300.0)) == [after]


def test_entities_have_wakes_of_their_own() -> None:
    assert drawn(wake(active("#....", ".....", "..#.."), step_seconds=450.0)) == [".##..", ".....", "...##"]


@pytest.mark.parametrize(
    ("line", "came", "counts"),
    [
        pytest.param("......#", "...###.", "####...", id="the last horizon is not over yet"),
        pytest.param("...#...", "###....", "###....", id="the row one horizon before, not the one earlier"),
        pytest.param("....#...", ".###....", "####....", id="a row further away than the horizon"),
        pytest.param("..##......", "###.......", "##..###...", id="rows inside an episode do not count"),
        pytest.param("#.......", "........", ".####...", id="there from the start"),
        pytest.param("....", "....", "#...", id="nothing came"),
        pytest.param("...", "...", "...", id="a record as short as the horizon"),
        pytest.param("##########", "#########.", "..........", id="always present"),
    ],
)
def test_outcome_rows_by_hand_with_a_horizon_of_three(line: str, came: str, counts: str) -> None:
    assert rows(line, 3) == (came, counts)


@pytest.mark.parametrize(
    ("line", "counts"),
    [
        pytest.param("..??......", "#######...", id="two unknown steps are a scrape gap"),
        pytest.param("...???....", "##.####...", id="no row whose three coming steps are all unknown"),
        pytest.param("..????????", "#.........", id="nothing with three unknown steps ahead"),
        pytest.param("??????????", "..........", id="nothing known at all"),
    ],
)
def test_an_outage_is_no_sign_of_health(line: str, counts: str) -> None:
    assert rows(line, 3)[1] == counts


def test_a_row_before_an_outage_and_an_issue_is_counted_only_if_its_horizon_is_known() -> None:
    came, counts = rows("..???#....", 6)
    assert came[:2] == "##"
    assert counts[:2] == ".."


@pytest.mark.parametrize(
    ("line", "counts"),
    [
        pytest.param("......??????", "####........", id="away before the horizon of its last rows ended"),
        pytest.param("..#.??????", "##........", id="rows that an issue came after say so all the same"),
        pytest.param("..??........", "########....", id="a name that came back"),
    ],
)
def test_of_an_entity_that_went_away_only_what_is_known_counts(line: str, counts: str) -> None:
    assert rows(line, 4, gap=2, other=".")[1] == counts


@pytest.mark.parametrize(
    ("line", "came", "counts"),
    [
        pytest.param("??....??????", "............", "##########..", id="whose success ends it"),
        pytest.param("?........???", "............", "##########..", id="of four horizons"),
        pytest.param("?.........??", "............", "#########...", id="of more than four"),
        pytest.param("....????????", "............", "###.........", id="that was there as the record began"),
        pytest.param("??..#???????", "..##........", "####.#####..", id="that failed"),
    ],
)
def test_of_a_short_life_all_is_known_once_it_is_over(line: str, came: str, counts: str) -> None:
    assert rows(line, 2, gap=1, other=".") == (came, counts)


@pytest.mark.parametrize(
    ("other", "last"),
    [
        pytest.param("................", "##", id="seen to begin"),
        pytest.param("..????..........", "..", id="there when an outage ends, and perhaps long before"),
    ],
)
def test_a_life_is_short_only_if_its_beginning_was_seen(other: str, last: str) -> None:
    lines = ("??????....??????", other)
    _, counts = outcome_rows(active(*lines), present(*lines), 3, 1)
    assert drawn(counts)[0][8:10] == last


@given(timelines, st.integers(1, 12), st.integers(0, 3), st.data())
def test_outcomes_and_counts_equal_brute_force(lines: list[str], horizon: int, gap: int, data: st.DataObject) -> None:
    on = active(*lines)
    steps, entities = on.shape
    flat = data.draw(st.lists(st.booleans(), min_size=steps * entities, max_size=steps * entities))
    there = np.array(flat, dtype=np.bool_).reshape(on.shape)
    known = np.asarray(there.any(axis=1))
    came, counts = outcome_rows(on, there, horizon, gap)
    lives = [np.flatnonzero((there | on)[:, entity]).tolist() for entity in range(entities)]
    whole_record = np.asarray((there | on).any(axis=1))
    short = [
        bool(life)
        and life[0] > 0
        and bool(whole_record[life[0] - 1])
        and life[-1] + gap < steps - 1
        and life[-1] - life[0] + 1 <= 4 * horizon
        for life in lives
    ]
    for i in range(steps):
        ahead = slice(i + 1, i + 1 + horizon)
        whole = i + horizon < steps and int((~known[ahead]).sum()) <= gap
        for entity in range(entities):
            at = min(i + max(0, horizon - gap), steps - 1)
            stays = there[at:, entity].any() or on[at:, entity].any() or short[entity]
            assert came[i, entity] == on[ahead, entity].any()
            assert counts[i, entity] == (whole and not on[i, entity] and (came[i, entity] or stays))


@given(timelines, st.integers(1, 12))
def test_no_row_inside_an_episode_counts_and_longer_horizons_hold_shorter_ones(lines: list[str], horizon: int) -> None:
    episodes = merged(active(*lines), 2)
    there = np.ones(episodes.shape, dtype=np.bool_)
    came, counts = outcome_rows(episodes, there, horizon, 2)
    longer, counts_longer = outcome_rows(episodes, there, horizon + 3, 2)
    assert not (counts & episodes).any()
    assert not (came & ~longer).any()
    assert not (counts_longer & ~counts).any()


def test_a_record_without_a_step_has_no_rows() -> None:
    nothing = np.zeros((0, 2), dtype=np.bool_)
    came, counts = outcome_rows(nothing, nothing, 3, 1)
    assert came.shape == counts.shape == (0, 2)
