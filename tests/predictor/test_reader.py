"""The reader over a real socket: whole reads, in however many chunks, and what becomes of samples."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from predictor import reader
from predictor.reader import (
    PrometheusReader,
    PrometheusRefused,
    last_grid_point,
    on_this_machine,
)
from tests.exporter.fake_prometheus import FakePrometheus, Value, always
from tests.exporter.models import CATALOGUE, NODE_CPU, POD_FAILED, POD_MEMORY, QUERIES
from tests.predictor.reads import END, START, STEP, WEB, read


def test_a_prometheus_below_a_path_is_asked_there(fake: FakePrometheus) -> None:
    fake.url += "/base/"
    assert read(fake).panels["pod"].entities == (("shop", "web-1"),)


def test_every_query_is_asked_once_for_the_whole_span(fake: FakePrometheus) -> None:
    read(fake)
    assert len(fake.asked) == QUERIES
    assert {(start, end) for _, start, end in fake.asked} == {(START, END)}


def test_one_step_can_be_read(fake: FakePrometheus) -> None:
    panel = PrometheusReader(fake.url, 5.0).read(CATALOGUE, START, START, STEP).panels["pod"]
    np.testing.assert_array_equal(panel.times, [START])
    np.testing.assert_array_equal(panel.values[0], [[0.5]])


def now_and_then(period: float) -> Value:
    """A sample at some moments, whose value is the moment."""
    return lambda t: t / 7 if t // STEP % period else None


def late(moment: float) -> float | None:
    """A sample in the last steps only."""
    return 1.0 if moment > START + 6 * STEP else None


@pytest.mark.parametrize("points", [3, 9, 10, 11])
def test_a_read_in_chunks_equals_one_read(fake: FakePrometheus, monkeypatch: pytest.MonkeyPatch, points: int) -> None:
    fake.table[POD_MEMORY] = [(WEB, now_and_then(3)), (WEB | {"pod": "late"}, late)]
    fake.table[NODE_CPU] = [({"node": "n1"}, now_and_then(2))]
    fake.table[POD_FAILED] = [(WEB, now_and_then(4))]
    whole = read(fake)
    fake.asked.clear()
    monkeypatch.setattr(reader, "MAX_POINTS", points)
    parts = read(fake)
    assert len(fake.asked) == QUERIES * math.ceil(10 / points)
    assert parts.dropped == whole.dropped
    for kind, panel in whole.panels.items():
        assert parts.panels[kind].entities == panel.entities
        np.testing.assert_array_equal(parts.panels[kind].times, panel.times)
        np.testing.assert_array_equal(parts.panels[kind].values, panel.values)
        np.testing.assert_array_equal(parts.panels[kind].active, panel.active)


def test_infinite_and_absurd_samples_are_missing(fake: FakePrometheus) -> None:
    texts = ["NaN", "+Inf", "-Inf", "1e30", "-1e30", "0", "-0", "1e-300", "9e15", "0.1"]
    fake.table = {POD_MEMORY: [(WEB, lambda t: texts[round((t - START) / STEP)])]}
    nan = math.nan
    values = read(fake).panels["pod"].values[0, :, 0]
    np.testing.assert_array_equal(values, [nan, nan, nan, nan, nan, 0, 0, 0, 9e15, 0.1])


def test_series_without_labels_are_dropped_and_counted_and_long_names_come_through(fake: FakePrometheus) -> None:
    names = ["größe-😀", "p" * 253, "p" * 5_000]
    usable: list[Mapping[str, str]] = [{"namespace": "shop", "pod": name} for name in names]
    unusable: list[Mapping[str, str]] = [{"pod": "web-1"}, {}, {"namespace": "", "pod": ""}]
    fake.table[POD_MEMORY] = [(labels, always(1)) for labels in usable + unusable]
    found = read(fake)
    assert found.dropped == 3
    assert found.panels["pod"].entities == tuple(sorted(("shop", name) for name in names))


def test_a_prometheus_without_any_series_gives_an_empty_reading(fake: FakePrometheus) -> None:
    fake.table = {}
    found = read(fake)
    assert found.empty
    assert [len(panel.times) for panel in found.panels.values()] == [10, 10, 10]


def test_a_read_after_a_failed_one_is_whole(fake: FakePrometheus) -> None:
    one = PrometheusReader(fake.url, 5.0)
    fake.misbehave = lambda _: (503, "text/plain", b"")
    with pytest.raises(PrometheusRefused):
        one.read(CATALOGUE, START, END, STEP)
    fake.misbehave = None
    assert json.dumps(one.read(CATALOGUE, START, END, STEP).panels["pod"].values[0, :, 0].tolist()) == json.dumps(
        [0.5] * 10
    )


@given(st.integers(1_000_000_000, 4_000_000_000), st.sampled_from([1.0, 7.0, 30.0, 60.0]), st.floats(0, 120))
def test_the_last_grid_point_is_a_multiple_whose_delay_is_over(now: int, step: float, delay: float) -> None:
    point = last_grid_point(now, step, delay)
    assert point % step == 0
    assert point <= now - delay < point + step


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:9090", True),
        ("http://localhost:9090/base", True),
        ("http://[::1]:9090", True),
        ("http://prometheus:9090", False),
        ("https://10.0.0.1", False),
        ("http://localhost.example", False),
    ],
)
def test_only_answers_that_travel_are_packed(url: str, here: bool) -> None:
    assert on_this_machine(url) is here
    assert PrometheusReader(url, 5.0)._client.headers == ({"Accept-Encoding": "identity"} if here else None)


def test_an_answer_of_this_machine_is_asked_for_unpacked(fake: FakePrometheus) -> None:
    read(fake)
    assert set(fake.accepted) == {"identity"}
