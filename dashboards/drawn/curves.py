"""Panels over time: lines or stacked bars with an axis for each unit and a legend, and bars of states."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from dashboards.drawn import formats
from dashboards.drawn.answers import Answers, Json, Series, Span
from dashboards.drawn.fields import COLOURS, INK, Look, look, series_name
from dashboards.drawn.sheet import FAINT, POINTS, Box, Sheet
from predictor.panel import FloatArray

PALETTE: Final = (
    "#7eb26d", "#eab839", "#6ed0e0", "#ef843c", "#e24d42", "#1f78c1", "#ba43a9", "#705da0",
    "#508642", "#cca300", "#447ebc", "#c15c17", "#890f02", "#0a437c", "#6d1f62", "#584477",
)  # fmt: skip
"""Grafana's classic palette, which our boards ask for."""

LEGEND_SHARE: Final = 0.45
"""Of a panel's height at most; beyond that Grafana scrolls, and we say how many are left out."""

_ROW: Final = 17
_SIZE: Final = 11.5
_BEFORE, _GAP = 18, 26
"""Pixels before a name, for its line, and between columns of a legend."""


@dataclass(frozen=True)
class Line:
    """One series of a panel on the grid of the chosen time; values: (steps,), NaN where there is none."""

    name: str
    look: Look
    colour: str
    values: FloatArray

    @property
    def last(self) -> float:
        """The last value that there is."""
        return float(self.values[np.isfinite(self.values)][-1])

    @property
    def highest(self) -> float:
        """The highest value that there is."""
        return float(np.nanmax(self.values))


def lines(panel: Json, answers: Answers) -> list[Line]:
    """Every series of a panel with its name, look and colour, in the order of the answers."""
    found: list[Line] = []
    for target, result in zip(panel["targets"], answers.targets[panel["id"]], strict=True):
        for one in result:
            values = _on_grid(one, answers.span)
            if np.isfinite(values).any():
                name = series_name(target["legendFormat"], one["metric"])
                found.append(Line(name, look(panel, name), PALETTE[len(found) % len(PALETTE)], values))
    return found


def draw_lines(sheet: Sheet, panel: Json, inside: Box, found: Sequence[Line], answers: Answers, marks: Json) -> None:
    """Lines or stacked bars, the moments that the board marks, and the legend below. marks: name -> colour."""
    draw, is_stacked = _plain, panel["fieldConfig"]["defaults"]["custom"].get("drawStyle") == "bars"
    if is_stacked:
        draw = _stacked
    by_unit = {one.look.unit: [other for other in found if other.look.unit == one.look.unit] for one in found}
    scales = [_scale(its, is_stacked) for its in by_unit.values()]
    widths = [max(sheet.measure(one, 10.5) for one in scale.texts) + 8 for scale in scales]
    legend = _legend_height(sheet, inside, found)
    room = inside.inset(max(40, widths[0]), 4, 6 + sum(widths[1:]), 24 + legend)
    for number, (its, scale) in enumerate(zip(by_unit.values(), scales, strict=True)):
        axes = sheet.axes(room)
        draw(axes, its, answers.span)
        axes.set_ylim(scale.low, scale.high)
        axes.set_yticks(scale.ticks, scale.texts)
        _time_axis(axes, answers.span, room.width, written=number == 0)
        if number == 0:
            _mark(axes, answers, marks)
        else:
            axes.grid(visible=False)
            axes.yaxis.tick_right()
            axes.tick_params(axis="y", pad=3 + sum(widths[1:number]) * POINTS)
    _legend(sheet, Box(inside.x, inside.bottom - legend, inside.width, legend), found)


def _mark(axes: Axes, answers: Answers, marks: Json) -> None:
    for name, moments in answers.marks.items():
        for moment in set(moments):
            if moment >= answers.span.start:
                axes.axvline(moment, color=COLOURS[marks[name]], lw=0.8, ls=(0, (3, 2)), alpha=0.8, zorder=1)


def draw_states(sheet: Sheet, panel: Json, inside: Box, found: Sequence[Line], answers: Answers) -> None:
    """A row for each series whose colour and word are those of its value."""
    shown = found[: panel["options"]["perPage"]]
    widest = max(sheet.measure(one.name, _SIZE) for one in shown)
    room = inside.inset(min(widest, inside.width * 0.36) + 14, 2, 8, 24)
    axes = sheet.axes(room)
    axes.grid(visible=False, axis="y")
    _time_axis(axes, answers.span, room.width)
    axes.set(ylim=(len(shown), 0), yticks=[])
    if len(shown) < len(found):
        sheet.text(room.x - 8, inside.bottom - 8, f"and {len(found) - len(shown)} more", _SIZE, FAINT, "right")
    times, height = _times(answers.span), room.height / len(shown)
    for row, one in enumerate(shown):
        name = sheet.fitted(one.name, room.x - inside.x - 10, _SIZE)
        sheet.text(room.x - 8, room.y + (row + 0.5) * height, name, _SIZE, across="right")
        for first, last in _runs(one.values):
            value, start = float(one.values[first]), float(times[first])
            end = min(float(times[last]) + answers.span.step, answers.span.end)
            axes.broken_barh([(start, end - start)], (row + 0.1, 0.8), color=one.look.colour(value), alpha=0.85)
            word = one.look.text(value)
            if sheet.measure(word, 11) + 8 < (end - start) / answers.span.seconds * room.width and height >= 14:
                axes.text(start, row + 0.5, f" {word}", fontsize=8, va="center_baseline", color=INK)


def _on_grid(series: Series, span: Span) -> FloatArray:
    values = np.full(span.seconds // span.step + 1, np.nan)
    for at, value in series.get("values", []):
        values[round((float(at) - span.start) / span.step)] = float(value)
    return values


def _times(span: Span) -> FloatArray:
    return span.start + np.arange(span.seconds // span.step + 1, dtype=np.float64) * span.step


def _runs(values: FloatArray) -> list[tuple[int, int]]:
    """(first, last) step of every run of one value."""
    runs: list[tuple[int, int]] = []
    for step, value in enumerate(values):
        if math.isnan(value):
            continue
        if runs and runs[-1][1] == step - 1 and values[step - 1] == value:
            runs[-1] = (runs[-1][0], step)
        else:
            runs.append((step, step))
    return runs


def _plain(axes: Axes, found: Sequence[Line], span: Span) -> None:
    """Lines with gaps."""
    times = _times(span)
    for one in found:
        style = (0, (4, 2.5)) if one.look.is_dashed else "-"
        axes.plot(times, one.values, color=one.colour, lw=1.2, ls=style)
        alone = [first for first, last in _runs(np.where(np.isfinite(one.values), 1.0, np.nan)) if first == last]
        axes.plot(times[alone], one.values[alone], ".", color=one.colour, ms=3)
        if len(found) <= 4 and one.look.least == 0 and not one.look.is_dashed:
            axes.fill_between(times, one.values, color=one.colour, alpha=0.08, lw=0)


def _stacked(axes: Axes, found: Sequence[Line], span: Span) -> None:
    """Bars on top of each other."""
    below = np.zeros(span.seconds // span.step + 1)
    for one in found:
        height = np.nan_to_num(one.values)
        axes.bar(_times(span), height, span.step, below, color=one.colour, alpha=0.75, lw=0)
        below = below + height


@dataclass(frozen=True)
class _Scale:
    """An axis of values: its ends, its ticks and what stands at them."""

    low: float
    high: float
    ticks: Sequence[float]
    texts: Sequence[str]


def _scale(found: Sequence[Line], is_stacked: bool) -> _Scale:
    wanted = found[0].look
    whole = np.array([one.values for one in found])
    top = float(np.nansum(whole, axis=0).max()) if is_stacked else float(np.nanmax(whole))
    low = float(np.nanmin(whole)) if wanted.least is None else wanted.least
    high = top if wanted.most is None else wanted.most
    if high <= low:
        low, high = (0.0, 1.0) if high == 0 else (min(0.0, low), max(0.0, high) * 1.2)
    by = formats.divisor(max(abs(low), abs(high)), wanted.unit)
    ticks = np.asarray(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]).tick_values(low / by, high / by)) * by
    edge = (high - low) * 0.04
    bottom, end = low if wanted.least is not None else low - edge, high + edge
    inside = [float(one) for one in ticks if bottom <= one <= end]
    return _Scale(bottom, end, inside, [formats.tick(round(one, 12), wanted.unit) for one in inside])


def _time_axis(axes: Axes, span: Span, width: float, written: bool = True) -> None:
    """Ticks on round times, in UTC."""
    steps = (60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800)
    step = next((one for one in steps if span.seconds / one <= max(2, width / 75)), steps[-1])
    # The first tick keeps away from what stands at the foot of the axis of values.
    first = math.ceil((span.start + 24 / width * span.seconds) / step) * step
    ticks = list(range(first, int(span.end) + 1, step)) if written else []
    shape = "%H:%M" if step < 86_400 else "%d %b"
    axes.set_xlim(span.start, span.end)
    axes.set_xticks(ticks, [datetime.fromtimestamp(one, UTC).strftime(shape) for one in ticks])


def _columns(sheet: Sheet, box: Box, found: Sequence[Line]) -> int:
    """How many times the longest name with its two numbers fits beside itself."""
    longest = max(sheet.measure(one.name, _SIZE) for one in found)
    return min(len(found), max(1, int(box.width // (_BEFORE + longest + 2 * _number(sheet, found) + _GAP))))


def _number(sheet: Sheet, found: Sequence[Line]) -> float:
    """The width of a column of numbers."""
    texts = [one.look.text(value) for one in found for value in (one.last, one.highest)]
    return max(30.0, *(sheet.measure(text, _SIZE) for text in texts)) + 16


def _legend_height(sheet: Sheet, inside: Box, found: Sequence[Line]) -> float:
    rows = math.ceil(len(found) / _columns(sheet, inside, found)) + 1
    return min(rows, int(inside.height * LEGEND_SHARE // _ROW)) * _ROW


def _highest(found: Sequence[Line]) -> list[Line]:
    """The highest first, as nobody can scroll a picture; of several units, which cannot be compared, as they came."""
    one_unit = len({one.look.unit for one in found}) == 1
    return sorted(found, key=lambda one: -one.last) if one_unit else list(found)


def _legend(sheet: Sheet, box: Box, found: Sequence[Line]) -> None:
    """Name, last and highest value of each, in as many columns as there is room for."""
    rows = round(box.height / _ROW) - 1
    columns = min(_columns(sheet, box, found), math.ceil(len(found) / rows))
    room = columns * rows
    shown = found if len(found) <= room else _highest(found)[: room - 1]
    width, number = box.width / columns, _number(sheet, found)
    for column in range(columns):
        left, right = box.x + column * width, box.x + (column + 1) * width - (_GAP if columns > 1 else 8)
        sheet.text(left + _BEFORE, box.y + 8, "Name", 10.5, FAINT)
        sheet.text(right - number, box.y + 8, "Last", 10.5, FAINT, "right")
        sheet.text(right, box.y + 8, "Max", 10.5, FAINT, "right")
        for row, one in enumerate(shown[column * rows : (column + 1) * rows]):
            y = box.y + (row + 1.5) * _ROW
            sheet.line((left, left + 12), (y, y), one.colour, 3, "--" if one.look.is_dashed else "-")
            sheet.text(left + _BEFORE, y, sheet.fitted(one.name, right - left - _BEFORE - 2 * number, _SIZE), _SIZE)
            sheet.text(right - number, y, one.look.text(one.last), _SIZE, across="right")
            sheet.text(right, y, one.look.text(one.highest), _SIZE, across="right")
    if len(shown) < len(found):
        more = f"and {len(found) - len(shown)} more"
        sheet.text(box.x + (columns - 1) * width + _BEFORE, box.bottom - _ROW / 2, more, _SIZE, FAINT)
