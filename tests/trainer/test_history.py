"""History: spans on the grid, honest splits, and chunks that leave nothing out and read nothing twice as a row."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from predictor import catalogue
from predictor.catalogue import Catalogue
from predictor.panel import BoolArray, Panel
from predictor.reader import PrometheusUnavailable
from predictor.series import Reading
from tests.trainer.pasts import CATALOGUE, REACH, START, STEP, Past, panel
from trainer import history
from trainer.history import HistoryError, Stretch, chunk_count, chunks, read_ahead, stretch, trimmed


def span(steps: int, first: int = 0) -> Stretch:
    """So many steps."""
    return Stretch(START + first * STEP, START + (first + steps - 1) * STEP, STEP)


def noise(steps: int, empty: slice = slice(0, 0)) -> Past:
    """One pod, which is away for a while."""
    strain = np.random.default_rng(0).random((steps, 1))
    strain[empty] = np.nan
    return Past({"pod": panel("pod", strain, {})})


def crowd(steps: int) -> Past:
    """Pods that come and go, with issues even when they have no samples, and nodes."""
    random = np.random.default_rng(1)
    strain = random.random((steps, 5))
    for pod, (first, end) in enumerate([(0, steps), (0, 70), (60, 90), (85, steps), (steps, steps)]):
        strain[:first, pod] = strain[end:, pod] = np.nan
    issues: dict[str, BoolArray] = {rule.issue: random.random((steps, 5)) < 0.02 for rule in CATALOGUE.rules_of("pod")}
    return Past({"pod": panel("pod", strain, issues), "node": panel("node", random.random((steps, 2)), {})})


@given(st.integers(0, 10**9), st.integers(0, 10**6), st.sampled_from([1.0, 7.0, 30.0, 300.0]))
def test_a_stretch_holds_exactly_the_grid_points_from_start_to_end(start: int, seconds: int, step: float) -> None:
    end = start + seconds
    points = [t for t in (start // step * step, start // step * step + step) if start <= t <= end]
    if not points:
        with pytest.raises(HistoryError, match="is before --start"):
            stretch(start, end, step)
        return
    found = stretch(start, end, step)
    assert found.start == points[0]
    assert found.end % step == 0
    assert found.end <= end < found.end + step
    assert found.steps == len(np.arange(found.start, found.end + step / 2, step))


def test_an_end_before_the_start_is_one_line_in_words_of_the_flags() -> None:
    with pytest.raises(HistoryError) as refused:
        stretch(1_700_000_000.0, 1_600_000_000.0, 30.0)
    assert str(refused.value) == "--end 2020-09-13T12:26:40Z is before --start 2023-11-14T22:13:20Z"


@pytest.mark.parametrize("chunk_steps", [1, 7, 50, 99, 100, 101, 1_000])
@pytest.mark.parametrize("ahead", [0, 15])
def test_chunks_hold_every_step_once_with_its_window_and_its_horizon(
    monkeypatch: pytest.MonkeyPatch, chunk_steps: int, ahead: int
) -> None:
    monkeypatch.setattr(history, "CHUNK_STEPS", chunk_steps)
    past, when = crowd(300), span(100, first=50)
    rows: list[float] = []
    for chunk, reading in chunks(past, CATALOGUE, when, ahead):
        own = np.arange(chunk.start, chunk.end + STEP / 2, STEP)
        rows += own.tolist()
        times = reading.panels["pod"].times
        assert times[0] == chunk.start - (REACH - 1) * STEP
        assert times[-1] == min(chunk.end + ahead * STEP, when.end)
        at_once = crowd(300).read(CATALOGUE, times[0], times[-1], STEP)
        for kind, whole in at_once.panels.items():
            same(reading.panels[kind], whole)
    np.testing.assert_array_equal(rows, np.arange(when.start, when.end + STEP / 2, STEP))
    assert chunk_count(when) == len(rows[::chunk_steps])


def test_no_moment_is_asked_for_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "CHUNK_STEPS", 50)
    past, when = noise(300), span(120, first=50)
    for _ in chunks(past, CATALOGUE, when, 15):
        pass
    asked = [t for first, last in past.asked for t in np.arange(first, last + STEP / 2, STEP)]
    np.testing.assert_array_equal(asked, np.arange(when.start - (REACH - 1) * STEP, when.end + STEP / 2, STEP))


def test_reading_ahead_gives_the_same_chunks_and_errors_in_their_place() -> None:
    when = span(3_000)
    read = list(chunks(crowd(3_000), CATALOGUE, when))
    for mine, its in zip(read_ahead(chunks(crowd(3_000), CATALOGUE, when)), read, strict=True):
        assert mine[0] == its[0]
        same(mine[1].panels["pod"], its[1].panels["pod"])

    def breaks() -> Iterator[tuple[Stretch, Reading]]:
        yield read[0]
        raise PrometheusUnavailable("gone")

    ahead = read_ahead(breaks())
    assert next(ahead) == read[0]
    with pytest.raises(PrometheusUnavailable, match="gone"):
        next(ahead)


def test_one_chunk_and_no_more_is_read_ahead() -> None:
    past = noise(5_000)
    ahead = read_ahead(chunks(past, CATALOGUE, span(5_000)))
    next(ahead)
    next(ahead)
    end = time.monotonic() + 10.0
    while len(past.asked) < 3 and time.monotonic() < end:
        time.sleep(0.01)
    time.sleep(0.2)
    assert len(past.asked) == 3
    ahead.close()
    time.sleep(0.2)
    assert len(past.asked) == 3


def test_who_stops_early_does_not_wait_for_what_is_being_read() -> None:
    read = list(chunks(crowd(3_000), CATALOGUE, span(3_000)))
    answered = threading.Event()

    def hangs() -> Iterator[tuple[Stretch, Reading]]:
        yield read[0]
        answered.wait(60.0)
        yield read[1]

    ahead = read_ahead(hangs())
    next(ahead)
    began = time.monotonic()
    ahead.close()
    assert time.monotonic() - began < 5.0
    answered.set()


def same(one: Panel, other: Panel) -> None:
    assert (one.kind, one.entities, one.signals, one.issues) == (
        other.kind,
        other.entities,
        other.signals,
        other.issues,
    )
    for mine, its in ((one.times, other.times), (one.values, other.values), (one.active, other.active)):
        np.testing.assert_array_equal(mine, its)


def test_chunks_without_any_series_are_empty_panels() -> None:
    past = noise(3_000, empty=slice(900, 2_500))
    sizes = [len(reading.panels["pod"].entities) for _, reading in chunks(past, CATALOGUE, span(3_000))]
    assert sizes == [1, 0, 1]


def test_history_begins_where_prometheus_has_something() -> None:
    past = noise(20_000, empty=slice(0, 15_000))
    found = trimmed(past, CATALOGUE, span(20_000))
    first = round((found.start - START) / STEP)
    once, again = history.PROBES
    assert 15_000 - 2 * (20_000 // once // again) <= first <= 15_000
    assert (found.end, found.step_seconds) == (span(20_000).end, STEP)
    assert (found.start - START) % STEP == 0
    assert len(past.asked) == 2


def test_a_coarse_look_asks_nothing_that_prometheus_answers_finely(monkeypatch: pytest.MonkeyPatch) -> None:
    past, asked = noise(700), list[Catalogue]()
    read = past.read

    def watched(of: Catalogue, start: float, end: float, step_seconds: float) -> Reading:
        asked.append(of)
        return read(CATALOGUE, start, end, step_seconds)

    monkeypatch.setattr(past, "read", watched)
    whole = catalogue.default()
    trimmed(past, whole, span(700))
    subqueries = {"pod_memory_of_highest", "service_latency_of_highest"}
    for of in asked:
        assert not of.rules
        assert {s.name for s in whole.signals} - {s.name for s in of.signals} == subqueries
    assert asked


def test_history_that_has_something_from_the_start_stays_whole() -> None:
    assert trimmed(noise(700), CATALOGUE, span(700)) == span(700)
    assert trimmed(noise(1), CATALOGUE, span(1)) == span(1)


def test_a_history_without_any_series_is_one_line_that_says_where_to_look() -> None:
    with pytest.raises(HistoryError) as refused:
        trimmed(Past({}), CATALOGUE, span(700))
    message = str(refused.value)
    assert message.startswith("Prometheus has no series of the catalogue between 2026-11-18T")
    assert "check its targets" in message
    assert "\n" not in message
