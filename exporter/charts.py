"""Charts: the geometry and the words of the page's small drawings; the templates turn them into SVG.

Everything a drawing shows is said in `words` too, for those who cannot see it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from predictor.phrases import span, value_text
from predictor.reasons import Reading

Point = tuple[float, float]

SPARK_WIDTH: Final = 120.0
SPARK_HEIGHT: Final = 30.0
WIDTH: Final = 340.0
HEIGHT: Final = 96.0
_PAD: Final = 3.0
"""Room for the width of a stroke at the edge."""

AHEAD_SECONDS: Final = 1800.0
"""As far ahead as the window looks back: a straight line is worth no more."""


@dataclass(frozen=True)
class Spark:
    """Probabilities over the last ticks, one line for each horizon, the shortest first.

    lines: SVG path data. ends: where each line is now. threshold: the height of the shortest horizon's threshold.
    """

    lines: tuple[str, ...]
    ends: tuple[Point, ...]
    threshold: float
    words: str


@dataclass(frozen=True)
class SignalChart:
    """One signal over the window, and where it leads.

    line, forecast: SVG path data, the forecast empty where the limit is not near. band: top and height of the usual
    range. limit: its height. now: the place of the last step; right of it is what has not happened yet.
    """

    name: str
    title: str
    line: str
    dots: tuple[Point, ...]
    band: tuple[float, float] | None
    limit: float | None
    forecast: str
    now: float
    top: str
    bottom: str
    words: str
    says: str


def spark(times: Sequence[float], several: Sequence[tuple[str, float, Sequence[float]]], reach_seconds: float) -> Spark:
    """The lines of an entity's issue. several: horizon, threshold and probabilities at the times, shortest first."""
    end = times[-1] if times else 0.0

    def place(time: float, value: float) -> Point:
        across = 1.0 + (time - end) / reach_seconds
        return _PAD + across * (SPARK_WIDTH - 2 * _PAD), SPARK_HEIGHT - _PAD - value * (SPARK_HEIGHT - 2 * _PAD)

    told = [(h, t, v) for h, t, v in several if v]
    return Spark(
        tuple(path([place(t, v) for t, v in zip(times, values, strict=True)]) for _, _, values in told),
        tuple(place(end, values[-1]) for _, _, values in told if not math.isnan(values[-1])),
        round(place(end, told[0][1])[1], 1) if told else 0.0,
        "; ".join(_course(horizon, times, values) for horizon, _, values in told),
    )


def signal_chart(
    reading: Reading, times: Sequence[float], values: Sequence[float], ahead_seconds: float
) -> SignalChart:
    """The drawing of one signal of one entity.

    values: one for each of the times, NaN where no sample came. ahead_seconds: how much of the future every chart of
    the page shows.
    """
    signal, limit = reading.signal, reading.signal.limit
    forecast = _forecast(reading, times[-1], ahead_seconds)
    low, high = _range([*values, reading.usual_low, reading.usual_high, *(v for _, v in forecast)], limit)
    start, end = times[0], times[-1] + ahead_seconds

    def across(time: float) -> float:
        return _PAD + (time - start) / max(1.0, end - start) * (WIDTH - 2 * _PAD)

    def up(value: float) -> float:
        return HEIGHT - _PAD - (value - low) / (high - low) * (HEIGHT - 2 * _PAD)

    points = [(across(t), up(v)) for t, v in zip(times, values, strict=True)]
    usual = not math.isnan(reading.usual_low) and not math.isnan(reading.usual_high)
    return SignalChart(
        signal.name,
        signal.description,
        path(points),
        _alone(points),
        (round(up(reading.usual_high), 1), round(up(reading.usual_low) - up(reading.usual_high), 1)) if usual else None,
        round(up(limit), 1) if limit is not None else None,
        path([(across(t), up(v)) for t, v in forecast]),
        round(across(times[-1]), 1),
        value_text(high, signal.unit),
        value_text(low, signal.unit),
        _told(reading, times, values),
        reading.words,
    )


def ahead(readings: Iterable[Reading]) -> float:
    """Seconds of the future to show: until the limit that comes last within half an hour, none when none comes."""
    soon = [one.seconds_to_limit for one in readings if one.seconds_to_limit > 0]
    return min(AHEAD_SECONDS, max(soon) * 1.1) if soon else 0.0


def path(points: Sequence[Point]) -> str:
    """SVG path data through the points; the line is broken where one is missing."""
    parts, drawing = [], False
    for x, y in points:
        if math.isnan(y):
            drawing = False
            continue
        parts.append(f"{'L' if drawing else 'M'}{x:.1f} {y:.1f}")
        drawing = True
    return "".join(parts)


def _alone(points: Sequence[Point]) -> tuple[Point, ...]:
    """Points without a neighbour, of which a line would show nothing."""
    gone = [True, *(math.isnan(y) for _, y in points), True]
    return tuple(
        (round(x, 1), round(y, 1))
        for i, (x, y) in enumerate(points, start=1)
        if not gone[i] and gone[i - 1] and gone[i + 1]
    )


def _forecast(reading: Reading, now: float, ahead_seconds: float) -> list[tuple[float, float]]:
    """The ends of the straight line to the limit, cut where the chart ends; empty where the limit is not near."""
    seconds, limit = reading.seconds_to_limit, reading.signal.limit
    if limit is None or not seconds > 0 or math.isnan(reading.value):
        return []
    length = min(seconds, ahead_seconds)
    return [(now, reading.value), (now + length, reading.value + (limit - reading.value) * length / seconds)]


def _range(numbers: Sequence[float], limit: float | None) -> tuple[float, float]:
    """The lowest and highest value to show: from zero unless all lie far above it; never empty."""
    known = [v for v in numbers if math.isfinite(v)] + ([] if limit is None else [limit])
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    if 0 <= low < 0.7 * high:
        low = 0.0
    return (low, high) if high > low else (low, low + (abs(low) or 1.0))


def _course(horizon: str, times: Sequence[float], values: Sequence[float]) -> str:
    known = [(t, v) for t, v in zip(times, values, strict=True) if not math.isnan(v)]
    if not known:
        return f"within {horizon}: nothing said"
    numbers = [v for _, v in known]
    over = f" over {span(known[-1][0] - known[0][0])}" if len(known) > 1 else ""
    return (
        f"within {horizon}: now {_percent(values[-1])}{over}, between {_percent(min(numbers))} and "
        f"{_percent(max(numbers))}"
    )


def _told(reading: Reading, times: Sequence[float], values: Sequence[float]) -> str:
    """What the chart shows, for those who cannot see it."""
    unit = reading.signal.unit
    known = [v for v in values if not math.isnan(v)]
    if not known:
        return "No sample in the window."
    parts = [f"Over {span(times[-1] - times[0])} from {value_text(known[0], unit)} to {value_text(known[-1], unit)}"]
    parts.append(f"between {value_text(min(known), unit)} and {value_text(max(known), unit)}")
    if not math.isnan(reading.usual_low):
        parts.append(f"usual is {value_text(reading.usual_low, unit)} to {value_text(reading.usual_high, unit)}")
    if reading.signal.limit is not None:
        parts.append(f"the limit is {value_text(reading.signal.limit, unit)}")
    if gaps := sum(1 for a, b in pairwise([*map(math.isnan, values)]) if b and not a):
        parts.append(f"{gaps} gap{'s' if gaps > 1 else ''} without samples")
    if reading.seconds_to_limit > 0:
        parts.append(f"along a straight line at the limit in about {span(reading.seconds_to_limit)}")
    return "; ".join(parts) + "."


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %" if not math.isnan(share) else "unknown"
