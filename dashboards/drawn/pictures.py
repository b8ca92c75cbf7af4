"""Pictures: each committed dashboard on a sheet, its panels where their gridPos says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from dashboards import files
from dashboards.drawn.answers import Answers, Json, Source, Span, answered
from dashboards.drawn.curves import draw_lines, draw_states, lines
from dashboards.drawn.fields import COLOURS, INK
from dashboards.drawn.figures import draw_bars, draw_stat, draw_table, numbers
from dashboards.drawn.sheet import EDGE, FAINT, Box, Sheet
from dashboards.selectors import IDENTITY

WIDTH: Final = 1600
FOOT: Final = "Drawn from this dashboard's JSON and a Prometheus' answers, without Grafana; Grafana's own look differs."
FOLDER: Final = Path(__file__).resolve().parents[2] / "docs" / "img"
"""Where grafana/README.md shows them from."""

_GAP, _UNIT, _MARGIN, _HEAD, _TAIL = 8, 30, 16, 78, 34
"""Pixels. The first two are GRID_CELL_VMARGIN and GRID_CELL_HEIGHT of Grafana's grid."""

_FORETOLD: Final = (
    f"topk(1, max by (issue, kind, {IDENTITY}) (count_over_time(entity:kip_issue_probability:predicted[{{0}}s])) "
    f"and on (issue, kind, {IDENTITY}) entity:kip_issue_active:max)"
)
_BUSIEST: Final = f"topk(1, sum by (kind, {IDENTITY}) (count_over_time(kip_issue_contribution[{{0}}s])))"


def write(source: Source, span: Span, wanted: Mapping[str, str], folder: Path = FOLDER) -> Iterator[Path]:
    """Draw every committed dashboard into the folder; the paths of the pictures, one after the other.

    wanted: variable -> value. Without a choice of entity it is one worth seeing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    opened = wanted if "entity" in wanted else {**worth_seeing(source, span), **wanted}
    for name, board in committed().items():
        answers = answered(board, source, span, opened if "entity" in variables(board) else wanted)
        yield picture(board, answers).save(folder / f"dashboard-{name}.png")


def committed() -> dict[str, Json]:
    """Name of the file -> what Grafana would load from it."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(files.FOLDER.glob("*.json"))}


def variables(board: Json) -> set[str]:
    """The names of what one can choose at its head."""
    return {one["name"] for one in board["templating"]["list"] if one["type"] == "query"}


def worth_seeing(source: Source, span: Span) -> dict[str, str]:
    """Variables that choose an entity; none where nothing was predicted.

    Of those whose issue was predicted and is present now it is the one with the longest prediction, so that every panel
    has something to show; where there is none such, the one about which most was said.
    """
    for query in (_FORETOLD, _BUSIEST):
        for one in source.instant(query.format(span.seconds), span.end):
            labels = one["metric"]
            chosen = {"kind": labels["kind"], "entity": labels[labels["kind"]]}
            return chosen | ({"namespace": labels["namespace"]} if labels["kind"] != "node" else {})
    return {}


def picture(board: Json, answers: Answers) -> Sheet:
    """The whole dashboard on one sheet."""
    rows = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in board["panels"])
    sheet = Sheet(WIDTH, _HEAD + rows * (_UNIT + _GAP) + _TAIL)
    marks = {one["name"]: one["iconColor"] for one in board["annotations"]["list"]}
    _head(sheet, board, answers, marks)
    why = reasons(board["uid"])
    for panel in board["panels"]:
        box = placed(panel["gridPos"])
        if panel["type"] == "row":
            sheet.text(box.x + 2, box.y + box.height / 2, panel["title"], 15, bold=True)
        else:
            _panel(sheet, panel, box, answers, marks, why.get(panel["title"], ""))
    sheet.text(WIDTH / 2, sheet.height - _TAIL / 2, FOOT, 12.5, FAINT, "center")
    return sheet


def placed(grid: Mapping[str, int]) -> Box:
    """Where a panel's gridPos lies on the sheet, by Grafana's own rule."""
    column = (WIDTH - 2 * _MARGIN - 23 * _GAP) / 24
    x, y = _MARGIN + grid["x"] * (column + _GAP), _HEAD + grid["y"] * (_UNIT + _GAP)
    return Box(x, y, grid["w"] * column + (grid["w"] - 1) * _GAP, grid["h"] * _UNIT + (grid["h"] - 1) * _GAP)


def reasons(uid: str) -> dict[str, str]:
    """Title of a panel -> why it may have no data, as the code of the board says."""
    tiles = [tile for board in files.boards() if board.uid == uid for tile in board.tiles()]
    return {
        tile.title: "; ".join({query.empty_because: "" for query in tile.queries if query.empty_because})
        for tile in tiles
    }


def _head(sheet: Sheet, board: Json, answers: Answers, marks: Mapping[str, str]) -> None:
    end = datetime.fromtimestamp(answers.span.end, UTC)
    sheet.text(_MARGIN, 26, board["title"], 21, bold=True)
    when = f"{answers.span.seconds / 60:.0f} minutes until {end:%Y-%m-%d %H:%M} UTC, every {answers.span.step} s"
    sheet.text(WIDTH - _MARGIN, 26, when, 13, FAINT, "right")
    left = float(_MARGIN)
    for variable in board["templating"]["list"]:
        if variable["name"] not in answers.chosen:
            continue
        label, value = variable["label"], answers.chosen[variable["name"]] or "none"
        width = sheet.measure(f"{label}  {value}", 13) + 26
        sheet.box(Box(left, 46, width, 24), "white", EDGE)
        sheet.text(left + 9, 58, label, 13, FAINT)
        sheet.text(left + 17 + sheet.measure(label, 13), 58, value, 13)
        left += width + 8
    right = float(WIDTH - _MARGIN)
    for name in reversed(list(marks)):
        count = sum(moment >= answers.span.start for moment in answers.marks[name])
        text = f"{name.lower()}: {count}" if count else f"{name.lower()}: none"
        sheet.text(right, 58, text, 12.5, INK, "right")
        right -= sheet.measure(text, 12.5) + 8
        sheet.line((right - 4, right - 4), (50, 66), COLOURS[marks[name]], 2, "--")
        right -= 26


def _panel(sheet: Sheet, panel: Json, box: Box, answers: Answers, marks: Mapping[str, str], why: str) -> None:
    sheet.box(box, "white", EDGE)
    sheet.text(box.x + 12, box.y + 18, sheet.fitted(panel["title"], box.width - 24, 13, bold=True), 13, bold=True)
    inside = box.inset(12, 34, 12, 10)
    if not any(answers.targets[panel["id"]]):
        _empty(sheet, inside, why)
        return
    kind = panel["type"]
    if kind == "table":
        draw_table(sheet, panel, inside, answers)
        return
    found, values = lines(panel, answers), numbers(panel, answers)
    if not values:
        _empty(sheet, inside, why or "nothing but NaN")
    elif kind == "timeseries":
        draw_lines(sheet, panel, inside, found, answers, dict(marks))
    elif kind == "state-timeline":
        draw_states(sheet, panel, inside, found, answers)
    elif kind == "stat":
        draw_stat(sheet, panel, inside, values, found)
    elif kind == "bargauge":
        draw_bars(sheet, panel, inside, values)
    else:
        raise ValueError(f"no picture of panels of type {kind}")


def _empty(sheet: Sheet, inside: Box, why: str) -> None:
    said = ["no data", *sheet.wrapped(why, inside.width - 20)] if why else ["no data"]
    middle = inside.y + inside.height / 2 - 9 * (len(said) - 1)
    for row, text in enumerate(said):
        sheet.text(inside.x + inside.width / 2, middle + 18 * row, text, 14 if row == 0 else 12, FAINT, "center")
