"""The geometry and the words of the page's drawings."""

from __future__ import annotations

import math

import pytest

from exporter.charts import AHEAD_SECONDS, HEIGHT, SPARK_HEIGHT, SPARK_WIDTH, WIDTH, ahead, path, signal_chart, spark
from exporter.pages import percent
from predictor.catalogue import Signal
from predictor.reasons import Reading

NAN = math.nan
MEMORY = Signal(
    name="pod_memory",
    kind="pod",
    source="cadvisor",
    unit="ratio",
    limit=1,
    description="memory in use",
    promql="m",
    phrase="memory {} of its limit",
)
REQUESTS = MEMORY.model_copy(update={"unit": "requests per second", "limit": None})


def reading(value: float, per_minute: float = NAN, seconds: float = NAN, signal: Signal = MEMORY) -> Reading:
    return Reading(signal, value, per_minute, seconds, 0.2, 0.4)


def test_a_path_is_broken_where_a_sample_is_missing() -> None:
    assert path([(0, 1), (1, 2), (2, NAN), (3, 4), (4, 5)]) == "M0.0 1.0L1.0 2.0M3.0 4.0L4.0 5.0"
    assert path([(0, NAN)]) == ""


def test_a_sample_between_two_gaps_is_a_dot() -> None:
    chart = signal_chart(reading(0.5), [0, 30, 60, 90, 120], [0.5, NAN, 0.5, NAN, 0.5], 0.0)
    assert len(chart.dots) == 3
    assert "2 gaps without samples" in chart.words


def test_a_spark_ends_at_the_right_edge_and_a_short_past_begins_later() -> None:
    drawn = spark([60, 90], [("15m", 0.5, (0.0, 1.0))], reach_seconds=60.0)
    middle = SPARK_WIDTH / 2
    assert drawn.lines == (f"M{middle:.1f} {SPARK_HEIGHT - 3:.1f}L{SPARK_WIDTH - 3:.1f} 3.0",)
    assert drawn.ends == ((SPARK_WIDTH - 3, 3.0),)
    assert drawn.threshold == SPARK_HEIGHT / 2
    assert drawn.words == "within 15m: now 100.0 % over 30 s, between 0.0 % and 100.0 %"


def test_a_spark_of_what_is_not_published_is_nothing() -> None:
    assert spark([60, 90], [("15m", 0.5, ())], 60.0).lines == ()


def test_the_forecast_reaches_the_limit_where_the_reading_says() -> None:
    # At 0.5 now and at its limit in 600 s; the chart spans 1800 s of past and 600 s of future.
    chart = signal_chart(reading(0.5, 0.05, 600.0), [0, 1800], [0.5, 0.5], ahead_seconds=600.0)
    now = 3 + 0.75 * (WIDTH - 6)
    assert chart.now == now
    assert chart.forecast == f"M{now:.1f} {HEIGHT / 2:.1f}L{WIDTH - 3:.1f} 3.0"
    assert chart.limit == 3.0
    assert chart.band is not None
    assert list(chart.band) == pytest.approx([3 + 0.6 * (HEIGHT - 6), 0.2 * (HEIGHT - 6)])
    assert (chart.bottom, chart.top) == ("0 %", "100 %")
    assert chart.words.endswith("along a straight line at the limit in about 10 min.")


def test_a_forecast_beyond_the_chart_is_cut_on_its_way() -> None:
    chart = signal_chart(reading(0.5, 0.05, 1200.0), [0, 1800], [0.5, 0.5], ahead_seconds=600.0)
    assert chart.forecast.endswith(f"L{WIDTH - 3:.1f} {3 + 0.25 * (HEIGHT - 6):.1f}")


def test_without_a_limit_there_is_neither_line_nor_forecast() -> None:
    chart = signal_chart(reading(10.0, 1.0, signal=REQUESTS), [0, 30], [9.5, 10.0], 0.0)
    assert (chart.limit, chart.forecast) == (None, "")


def test_a_constant_signal_and_one_of_infinity_can_be_drawn() -> None:
    bare = Reading(REQUESTS, 0.0, NAN, NAN, NAN, NAN)
    assert signal_chart(bare, [0, 30], [0.0, 0.0], 0.0).band is None
    assert "nan" not in signal_chart(bare, [0, 30], [7.0, 7.0], 0.0).line
    assert signal_chart(bare, [0, 30], [NAN, NAN], 0.0).words == "No sample in the window."


def test_all_charts_look_as_far_ahead_as_the_last_limit_but_not_beyond_the_window() -> None:
    assert ahead([]) == 0.0
    assert ahead([reading(0.5), reading(0.5, 0.1, 100.0), reading(0.5, 0.1, 200.0)]) == pytest.approx(220.0)
    assert ahead([reading(0.5, 0.1, 7200.0)]) == AHEAD_SECONDS


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0.0 %"), (0.0001, "< 0.1 %"), (0.8412, "84.1 %"), (0.9999, "> 99.9 %"), (1.0, "100.0 %")],
)
def test_what_is_not_quite_all_or_nothing_does_not_look_so(share: float, text: str) -> None:
    assert percent(share) == text
