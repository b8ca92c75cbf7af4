"""Panels of this moment: large numbers, bars and tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from dashboards.drawn.answers import Answers, Json
from dashboards.drawn.curves import Line
from dashboards.drawn.fields import Look, look, series_name, table
from dashboards.drawn.sheet import EMPTY, FAINT, GRID, Box, Sheet

Number = tuple[str, float]
"""(name of a series, its last value)."""

_ROW: Final = 26
_SIZE: Final = 12.0
_NARROWEST: Final = 90
"""Pixels that a large number needs; of more series than there is room for, the first are shown."""


def numbers(panel: Json, answers: Answers) -> list[Number]:
    """The last value of every series of a panel that has one."""
    found: list[Number] = []
    for target, result in zip(panel["targets"], answers.targets[panel["id"]], strict=True):
        for one in result:
            values = [float(value) for _, value in one.get("values", [one.get("value")])]
            finite = [value for value in values if np.isfinite(value)]
            if finite:
                found.append((series_name(target["legendFormat"], one["metric"]), finite[-1]))
    return found


def draw_stat(sheet: Sheet, panel: Json, inside: Box, found: Sequence[Number], behind: Sequence[Line]) -> None:
    """One large number for each series, in the colour of its threshold, with its course below where it is asked for."""
    shown = found[: max(1, int(inside.width // _NARROWEST))]
    width = inside.width / len(shown)
    for column, (name, value) in enumerate(shown):
        one = look(panel, name)
        cell = Box(inside.x + column * width, inside.y, width, inside.height)
        if panel["options"]["graphMode"] == "area" and column < len(behind):
            _sparkline(sheet, cell, behind[column], one.colour(value))
        text = one.text(value)
        size = min(46.0, cell.height * 0.5)
        size = min(size, size * (cell.width - 8) / max(1.0, sheet.measure(text, size, bold=True)))
        middle = cell.y + cell.height * (0.32 if panel["options"]["graphMode"] == "area" else 0.47)
        sheet.text(cell.x + cell.width / 2, middle, text, size, one.colour(value), "center", bold=True)
        if len(found) > 1:
            sheet.text(cell.x + cell.width / 2, cell.bottom - 10, sheet.fitted(name, width - 8), _SIZE, FAINT, "center")


def _sparkline(sheet: Sheet, cell: Box, line: Line, colour: str) -> None:
    axes = sheet.axes(cell.inset(0, cell.height * 0.58, 0, 0))
    axes.set(xticks=[], yticks=[])
    steps = np.arange(len(line.values))
    axes.fill_between(steps, line.values, color=colour, alpha=0.15, lw=0)
    axes.plot(steps, line.values, color=colour, lw=1)
    axes.set_xlim(0, len(steps) - 1)
    axes.set_ylim(min(0.0, float(np.nanmin(line.values))), max(1e-9, float(np.nanmax(line.values))) * 1.1)


def draw_bars(sheet: Sheet, panel: Json, inside: Box, found: Sequence[Number]) -> None:
    """A bar for each series: its name, the share of a full bar, its value."""
    shown = list(found)[: max(1, int(inside.height // 20))]
    names = min(inside.width * 0.62, max(sheet.measure(name, _SIZE) for name, _ in shown) + 10)
    values = max(sheet.measure(look(panel, name).text(value), _SIZE) for name, value in shown) + 14
    height = min(44.0, inside.height / len(shown))
    full = Box(inside.x + names, 0, inside.width - names - values, max(10.0, height - 12))
    for row, (name, value) in enumerate(shown):
        one, middle = look(panel, name), inside.y + (row + 0.5) * height
        most = one.most if one.most is not None else max(value for _, value in found)
        least = one.least or 0.0
        share = min(1.0, max(0.0, (value - least) / (most - least))) if most > least else 0.0
        top = middle - full.height / 2
        colour = one.colour(value) if one.thresholds[-1][1] != "text" else "#7b8794"
        sheet.box(Box(full.x, top, full.width, full.height), EMPTY)
        sheet.box(Box(full.x, top, full.width * share, full.height), colour)
        sheet.text(full.x - 8, middle, sheet.fitted(name, names - 8, _SIZE), _SIZE, across="right")
        sheet.text(full.right + 8, middle, one.text(value), _SIZE, bold=True)


def draw_table(sheet: Sheet, panel: Json, inside: Box, answers: Answers) -> None:
    """Headings and as many rows as there is room for."""
    headings, rows = table(panel, answers.targets[panel["id"]])
    room = int(inside.height // _ROW) - 1
    shown = rows if len(rows) <= room else rows[: room - 1]
    looks = [look(panel, heading) for heading in headings]
    texts = [[_cell(cell, one, answers) for cell, one in zip(row, looks, strict=True)] for row in shown]
    widths = _widths(sheet, headings, texts, [one.is_gauge for one in looks], inside.width)
    for number, (heading, one, width) in enumerate(zip(headings, looks, widths, strict=True)):
        left = inside.x + sum(widths[:number])
        sheet.text(left, inside.y + _ROW / 2, sheet.fitted(heading, width - 10, _SIZE, bold=True), _SIZE, bold=True)
        for row, cells in enumerate(shown):
            box = Box(left, inside.y + (row + 1) * _ROW, width - 10, _ROW)
            _draw_cell(sheet, box, cells[number], texts[row][number], one)
    for row in range(len(shown) + 1):
        y = inside.y + (row + 1) * _ROW
        sheet.line((inside.x, inside.right), (y, y), GRID)
    if len(shown) < len(rows):
        more = f"and {len(rows) - len(shown)} more rows"
        sheet.text(inside.x, inside.y + (len(shown) + 1.5) * _ROW, more, _SIZE, FAINT)


def _draw_cell(sheet: Sheet, box: Box, value: str | float, text: str, its: Look) -> None:
    middle = box.y + box.height / 2
    if not its.is_gauge or isinstance(value, str) or not np.isfinite(value):
        sheet.text(box.x, middle, sheet.fitted(text, box.width, _SIZE), _SIZE)
        return
    bar = Box(box.x, middle - 6, box.width - 68, 12)
    sheet.box(bar, EMPTY)
    sheet.box(Box(bar.x, bar.y, bar.width * min(1.0, max(0.0, value)), bar.height), its.colour(value))
    sheet.text(bar.right + 8, middle, text, _SIZE)


def _cell(value: str | float, its: Look, answers: Answers) -> str:
    return value if isinstance(value, str) else its.text(value, answers.span.end)


def _widths(
    sheet: Sheet, headings: Sequence[str], texts: Sequence[Sequence[str]], gauges: Sequence[bool], whole: float
) -> list[float]:
    """What each column needs; the widest give what is lacking, and gauges get most of what is left."""
    needed = [
        max(sheet.measure(heading, _SIZE, bold=True), *(sheet.measure(row[at], _SIZE) for row in texts), 30.0) + 18
        + (140 if gauges[at] else 0)
        for at, heading in enumerate(headings)
    ]  # fmt: skip
    spare = whole - sum(needed)
    while spare < -1:
        # The widest gives until it is no wider than the next.
        widest = needed.index(max(needed))
        needed[widest] -= min(-spare, max(5.0, needed[widest] * 0.02))
        spare = whole - sum(needed)
    takers = [0.5 if not any(gauges) else (3.0 if gauge else 0.5) for gauge in gauges]
    return [one + spare * taker / sum(takers) for one, taker in zip(needed, takers, strict=True)]
