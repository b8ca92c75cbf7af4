"""Fields: how the JSON of a panel wants one series or column to look, and tables made of answers."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from string import ascii_uppercase
from typing import Any, Final

from dashboards.drawn import formats
from dashboards.drawn.answers import Json, Series

INK: Final = "#1f2933"
COLOURS: Final = {
    "text": INK,
    "green": "#56a64b",
    "yellow": "#f2cc0c",
    "orange": "#ff780a",
    "red": "#e02f44",
    "blue": "#3274d9",
    "purple": "#a352cc",
}
"""The colours that our boards name, as Grafana's light theme has them."""


@dataclass(frozen=True)
class Look:
    """One series or column. mappings: number -> (word, name of a colour)."""

    unit: str = "none"
    least: float | None = None
    most: float | None = None
    thresholds: Sequence[tuple[float, str]] = ()
    mappings: Mapping[float, tuple[str, str]] = field(default_factory=dict)
    is_dashed: bool = False
    is_gauge: bool = False

    def text(self, value: float, now: float = math.nan) -> str:
        """What stands for the number."""
        if value in self.mappings:
            return self.mappings[value][0]
        return formats.text(value, self.unit, now)

    def colour(self, value: float) -> str:
        """The colour of the number: of its word, or of the highest threshold that it reaches."""
        if value in self.mappings:
            return COLOURS[self.mappings[value][1]]
        reached = [name for start, name in self.thresholds if value >= start]
        return COLOURS[reached[-1] if reached else "text"]


def look(panel: Json, name: str) -> Look:
    """The panel's own choices with its overrides for the series or column of this name on top."""
    chosen: Json = dict(panel["fieldConfig"]["defaults"])
    for override in panel["fieldConfig"]["overrides"]:
        if _matches(override["matcher"], name):
            chosen |= {one["id"]: one["value"] for one in override["properties"]}
    return Look(
        unit=chosen.get("unit", "none"),
        least=chosen.get("min"),
        most=chosen.get("max"),
        thresholds=[
            (-math.inf if one["value"] is None else one["value"], one["color"])
            for one in chosen.get("thresholds", {}).get("steps", [])
        ],
        mappings={
            float(value): (said["text"], said["color"])
            for one in chosen.get("mappings", [])
            for value, said in one["options"].items()
        },
        is_dashed="custom.lineStyle" in chosen,
        is_gauge=chosen.get("custom.cellOptions", {}).get("type") == "gauge",
    )


def series_name(legend: str, labels: Mapping[str, str]) -> str:
    """The legend's template filled with a series' labels; an absent label leaves nothing."""
    if legend == "__auto":
        return ", ".join(f"{name}={value}" for name, value in labels.items())
    return re.sub(r"{{(\w+)}}", lambda found: labels.get(found[1], ""), legend)


def table(panel: Json, results: Sequence[Sequence[Series]]) -> tuple[list[str], list[list[str | float]]]:
    """(headings, rows) of instant results after the panel's transformations; NaN and "" where there is nothing.

    Rows of several results are one where their labels agree, which is what Grafana's merge does with ours.
    """
    merged: dict[frozenset[tuple[str, str]], dict[str, str | float]] = {}
    for ref, result in zip(ascii_uppercase, results, strict=False):
        number = "Value" if len(results) == 1 else f"Value #{ref}"
        for one in result:
            labels = {name: value for name, value in one["metric"].items() if name != "__name__"}
            merged.setdefault(frozenset(labels.items()), dict(labels))[number] = float(one["value"][1])
    options: dict[str, Any] = {one["id"]: one["options"] for one in panel["transformations"]}
    shown = set(options["filterFieldsByName"]["include"]["names"]) & {name for row in merged.values() for name in row}
    order: Mapping[str, int] = options["organize"]["indexByName"]
    columns = sorted(shown, key=lambda name: order[name])
    headings = [options["organize"]["renameByName"].get(name, name) for name in columns]
    rows = [
        [row.get(name, math.nan if name.startswith("Value") else "") for name in columns] for row in merged.values()
    ]
    for wanted in panel["options"].get("sortBy", []):
        if wanted["displayName"] in headings:
            at = headings.index(wanted["displayName"])
            rows.sort(key=lambda row: _comparable(row[at]), reverse=wanted["desc"])
    return headings, rows


def _comparable(value: str | float) -> tuple[float, str]:
    """Numbers by size, those that are missing below all; text by its letters."""
    if isinstance(value, str):
        return 0.0, value
    return (-math.inf if math.isnan(value) else value), ""


def _matches(matcher: Json, name: str) -> bool:
    if matcher["id"] == "byName":
        return bool(matcher["options"] == name)
    if matcher["id"] == "byRegexp":
        return re.search(matcher["options"].strip("/"), name) is not None
    raise ValueError(f"no board of ours matches fields {matcher['id']}")
