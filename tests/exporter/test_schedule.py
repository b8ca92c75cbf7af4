"""Ticks come on the grid, when its samples have arrived."""

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.schedule import Schedule, first_tick
from predictor.reader import last_grid_point


@pytest.mark.parametrize(("now", "expected"), [(1000.0, 1010.05), (1010.0, 1010.05), (1010.06, 1040.05)])
def test_the_first_tick_is_the_next_one_on_the_grid(now: float, expected: float) -> None:
    assert first_tick(now, step_seconds=30.0, delay_seconds=20.0) == pytest.approx(expected)


@given(st.floats(1.7e9, 1.9e9), st.sampled_from([1.0, 15.0, 30.0, 60.0]), st.sampled_from([0.0, 0.1, 2.5, 10.0, 45.0]))
def test_every_tick_sees_another_grid_point(now: float, step: float, delay: float) -> None:
    first = first_tick(now, step, delay)
    assert now < first <= now + step + 1e-3
    seen = [last_grid_point(first + i * step, step, delay) for i in range(5)]
    assert seen == [seen[0] + i * step for i in range(5)]


def test_a_tick_that_is_late_makes_the_next_ones_skip_and_never_overlap() -> None:
    started, go_on, skipped = threading.Event(), threading.Event(), threading.Event()
    running: list[int] = []
    overlaps: list[int] = []

    def tick() -> None:
        running.append(1)
        overlaps.append(len(running))
        started.set()
        go_on.wait(30)
        running.pop()

    schedule = Schedule(tick, skipped.set)
    schedule.start(time.time(), step_seconds=1.0, delay_seconds=0.0)
    try:
        assert started.wait(30)
        assert skipped.wait(30)
        go_on.set()
    finally:
        schedule.stop()
    assert set(overlaps) == {1}


def test_another_step_replaces_the_schedule_while_it_runs() -> None:
    ticked = threading.Event()
    schedule = Schedule(ticked.set, lambda: None)
    try:
        schedule.start(time.time(), step_seconds=86400.0, delay_seconds=0.0)
        schedule.start(time.time(), step_seconds=1.0, delay_seconds=0.0)
        assert ticked.wait(30)
    finally:
        schedule.stop()


def test_a_schedule_that_never_began_can_be_stopped() -> None:
    Schedule(lambda: None, lambda: None).stop()
