"""Numbers in Grafana's units: the text that it would show, to three significant digits."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from grafana_foundation_sdk.models import units

Scale = Sequence[tuple[float, str]]
"""(from which value on, which is also what it is divided by, suffix), smallest first."""

_THOUSANDS: Final = ("", " K", " Mil", " Bil", " Tri")
_BINARY: Final = ("", "Ki", "Mi", "Gi", "Ti", "Pi")


def _powers(base: float, suffixes: Sequence[str]) -> Scale:
    return [(base**i, suffix) for i, suffix in enumerate(suffixes)]


_SCALES: Final[Mapping[str, Scale]] = {
    units.NoUnit: [(1, "")],
    units.PercentUnit: [(0.01, "%")],
    units.Short: _powers(1000, _THOUSANDS),
    units.RequestsPerSecond: _powers(1000, [f"{one} req/s" for one in _THOUSANDS]),
    units.BytesIEC: _powers(1024, [f" {one}B" for one in _BINARY]),
    units.BytesPerSecondIEC: _powers(1024, [f" {one}B/s" for one in _BINARY]),
    units.Seconds: [
        (1e-6, " µs"),
        (1e-3, " ms"),
        (1, " s"),
        (60, " mins"),
        (3600, " hours"),
        (86_400, " days"),
        (604_800, " weeks"),
        (31_536_000, " years"),
    ],
}
"""Source: the value formats of Grafana's packages/grafana-data/src/valueFormats."""

_AGES: Final = (
    (45 * 60, 60, "a minute ago", "minutes"),
    (22 * 3600, 3600, "an hour ago", "hours"),
    (36 * 3600, 86_400, "a day ago", "days"),
)

KNOWN: Final = frozenset({*_SCALES, units.DateTimeFromNow})
"""The units that `text` can write."""


def text(value: float, unit: str, now: float = math.nan) -> str:
    """The number in its unit. now: Unix seconds, for the unit that counts from it. Raises KeyError if not KNOWN."""
    if not math.isfinite(value):
        return "–" if math.isnan(value) else ("∞" if value > 0 else "-∞")
    if unit == units.DateTimeFromNow:
        return _ago(now - value / 1000)  # such values are milliseconds
    by, suffix = _step(value, unit)
    return f"{_rounded(value / by)}{suffix}"


def tick(value: float, unit: str) -> str:
    """The same for an axis, without zeros at the end."""
    by, suffix = _step(value, unit)
    return f"{round(value / by, 6):g}{suffix}"


def divisor(value: float, unit: str) -> float:
    """What a number of this size is divided by before it is written, so that ticks fall on round numbers of it."""
    return _step(value, unit)[0]


def _step(value: float, unit: str) -> tuple[float, str]:
    scale = _SCALES[unit]
    if value == 0:
        return next((one for one in scale if one[0] == 1), scale[0])
    return next((one for one in reversed(scale) if abs(value) >= one[0]), scale[0])


def _rounded(value: float) -> str:
    """Three significant digits, and no zeros behind the point of a whole number."""
    if value == round(value):
        return f"{value:.0f}"
    decimals = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:.{decimals}f}"


def _ago(seconds: float) -> str:
    """As moment.js says it, which Grafana uses."""
    if seconds < 45:
        return "a few seconds ago"
    for limit, by, one, many in _AGES:
        if seconds < limit:
            count = round(seconds / by)
            return one if count <= 1 else f"{count} {many} ago"
    return f"{round(seconds / 86_400)} days ago"
