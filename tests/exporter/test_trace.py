"""What the last ticks said, kept for the lines on the page."""

from __future__ import annotations

import math

import numpy as np
import pytest

from exporter.snapshot import Forecast, Snapshot
from exporter.trace import SHOWN_TICKS, Traces
from predictor.issues import Outcome
from tests.exporter.conftest import START, STEP, Bench
from tests.exporter.fake_prometheus import always
from tests.exporter.models import POD_MEMORY, fitted_model, saved

NEAR = Outcome("pod_failure", 900.0)
FAR = Outcome("pod_failure", 3600.0)


def snapshot(time: float, **probabilities: float) -> Snapshot:
    """Pods of these names and probabilities within 15m, half as much again within 1h; below 0.1 not published."""
    near = np.array(list(probabilities.values()))
    forecast = Forecast(
        "pod",
        tuple(("shop", name) for name in probabilities),
        (NEAR, FAR),
        (0.5, 0.5),
        np.stack([near, 1.5 * near]),
        (),
        np.zeros((0, len(near)), dtype=np.bool_),
        np.full(len(near), np.nan),
        near >= 0.1,
    )
    return Snapshot(time, (forecast,), {}, 0, {})


def test_it_begins_empty_and_knows_nobody() -> None:
    assert [len(Traces().times), len(Traces().of("pod", ("shop", "a"), NEAR))] == [0, 0]


def test_a_tick_adds_one_probability_of_each_outcome() -> None:
    traces = Traces().followed_by(snapshot(30, a=0.25, b=0.5)).followed_by(snapshot(60, a=0.5, b=0.25))
    assert list(traces.times) == [30, 60]
    assert traces.of("pod", ("shop", "a"), NEAR) == (0.25, 0.5)
    assert traces.of("pod", ("shop", "b"), FAR) == (0.75, 0.375)
    assert traces.of("node", ("a",), NEAR) == ()
    assert traces.of("pod", ("shop", "a"), Outcome("network_issue", 900.0)) == ()


def test_who_comes_later_has_no_past() -> None:
    traces = Traces().followed_by(snapshot(30, b=0.5)).followed_by(snapshot(60, a=0.25, b=0.5))
    first, second = traces.of("pod", ("shop", "a"), NEAR)
    assert math.isnan(first)
    assert second == 0.25


def test_who_leaves_or_falls_below_the_floor_is_dropped_with_the_past() -> None:
    before = Traces().followed_by(snapshot(30, a=0.25, b=0.5, c=0.5))
    traces = before.followed_by(snapshot(60, a=0.0625, b=0.5))
    assert traces.of("pod", ("shop", "a"), NEAR) == ()
    assert traces.of("pod", ("shop", "c"), NEAR) == ()
    again = traces.followed_by(snapshot(90, a=0.25, b=0.5)).of("pod", ("shop", "a"), NEAR)
    assert [math.isnan(value) for value in again] == [True, True, False]
    assert before.of("pod", ("shop", "c"), NEAR) == (0.5,)  # what a page reads meanwhile does not change


def test_memory_is_bounded_by_the_ticks_kept_and_what_is_published() -> None:
    traces = Traces()
    for tick in range(3 * SHOWN_TICKS):
        assert traces.whole == (tick >= SHOWN_TICKS)
        traces = traces.followed_by(snapshot(30.0 * tick, **{f"p{tick}": 0.5, "a": 0.25, "quiet": 0.01}))
    assert len(traces.times) == SHOWN_TICKS
    assert traces.times[-1] == 30.0 * (3 * SHOWN_TICKS - 1)
    assert traces.of("pod", ("shop", "a"), NEAR) == (0.25,) * SHOWN_TICKS
    assert traces.kinds["pod"].probability.shape == (2, 2, SHOWN_TICKS)
    assert traces.kinds["pod"].probability.nbytes == 2 * 2 * SHOWN_TICKS * 4
    assert list(traces.kinds["pod"].position) == [("shop", "p179"), ("shop", "a")]


def test_the_exporter_keeps_what_its_ticks_said_and_forgets_it_with_the_model(bench: Bench) -> None:
    bench.fake.table[POD_MEMORY] = [({"namespace": "shop", "pod": "web-1"}, lambda t: 0.25 if t <= START else 0.5)]
    bench.warm()
    bench.step()
    published = bench.live.published
    assert published is not None
    assert published.traces.times == (START, START + STEP)
    assert published.traces.of("pod", ("shop", "web-1"), NEAR) == (0.25, 0.5)
    saved(fitted_model(STEP), bench.model_dir)
    assert bench.client.post("/-/reload").status_code == 200
    assert bench.live.published is not None
    assert bench.live.published.traces.times == (START + STEP,)


def test_a_failed_tick_leaves_no_point(bench: Bench) -> None:
    bench.fake.table[POD_MEMORY] = [({"namespace": "shop", "pod": "web-1"}, always(0.25))]
    bench.warm()
    bench.fake.misbehave = lambda _: (503, "text/plain", b"")
    bench.step()
    bench.fake.misbehave = None
    bench.step()
    assert bench.live.published is not None
    assert bench.live.published.traces.times == (START, START + 2 * STEP)


@pytest.mark.parametrize("ticks", [1, 2, SHOWN_TICKS, SHOWN_TICKS + 1])
def test_every_line_is_as_long_as_the_times(ticks: int) -> None:
    traces = Traces()
    for tick in range(ticks):
        traces = traces.followed_by(snapshot(30.0 * tick, a=0.5))
    assert len(traces.of("pod", ("shop", "a"), FAR)) == len(traces.times) == min(ticks, SHOWN_TICKS)
