"""What Grafana would ask for a board, asked of a real Prometheus, and what is wrong with the answers."""

from __future__ import annotations

import json
import math
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from dashboards.board import Board, Tile
from dashboards.query import Query
from dashboards.variables import ALL, Variable
from tests.deploy import shipped

Series = dict[str, Any]
"""One series of a result: `metric` with the labels, and `value` or `values`."""

INTERVALS: Final = {"__rate_interval": "1m", "__interval": "1m", "__range": "15m"}
"""What Grafana makes of the chosen time and of the data source's scrape interval of 15 s."""

OPTIONAL: Final = frozenset({"cluster"})
"""Columns of labels that no series need have."""


@dataclass(frozen=True)
class Scene:
    """A Prometheus with something to show: an entity at `at` was predicted to have an issue, which came before `until`.

    at, until: Unix seconds. chosen: variable -> the value that a user would choose to see that entity.
    """

    url: str
    at: float
    until: float
    chosen: Mapping[str, str]

    def instant(self, promql: str) -> list[Series]:
        """The series at the moment of the prediction. Raises AssertionError with Prometheus' word on a bad query."""
        return list(self._get("query", {"query": promql, "time": f"{self.at:.3f}"})["result"])

    def over_time(self, promql: str) -> list[Series]:
        """The series from a few minutes before the prediction until the issue was there."""
        span = {"start": f"{self.at - 300:.3f}", "end": f"{self.until:.3f}", "step": "15s"}
        return list(self._get("query_range", {"query": promql} | span)["result"])

    def values(self, variable: Variable, known: Mapping[str, str]) -> list[str]:
        """The values that Grafana would offer for a variable."""
        query = shipped.filled(variable.query, known)
        if found := re.fullmatch(r"label_values\((.+), (\w+)\)", query):
            span = {"start": f"{self.at - 300:.3f}", "end": f"{self.until:.3f}"}
            return list(self._get(f"label/{found[2]}/values", {"match[]": found[1]} | span))
        found = re.fullmatch(r"query_result\((.+)\)", query)
        assert found, query
        texts = ["{" + ",".join(f'{k}="{v}"' for k, v in one["metric"].items()) + "}" for one in self.instant(found[1])]
        return [one[1] for text in texts if (one := re.search(variable.regex.strip("/"), text))]

    def _get(self, path: str, parameters: Mapping[str, str]) -> Any:
        try:
            with urllib.request.urlopen(
                f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}", timeout=30
            ) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{error.read().decode()}: {parameters}") from error


def findings(board: Board, scene: Scene) -> Iterator[str]:
    """One line for each variable, target or annotation of a board that the scene does not answer as the board needs."""
    known = dict(INTERVALS)
    for variable in board.variables:
        offered = scene.values(variable, known)
        known[variable.name] = ALL if variable.has_all else scene.chosen[variable.name]
        if not offered and not variable.empty_because:
            yield f"variable {variable.name} has no values"
        if not variable.has_all and scene.chosen[variable.name] not in offered:
            yield f"variable {variable.name} does not offer {scene.chosen[variable.name]}"
    for mark in board.marks:
        query = Query(mark.expression, f"{mark.title} {mark.text}", "range", mark.empty_because)
        yield from (f"annotation {mark.name}: {one}" for one in _answer(query, known, scene))
    for tile in board.tiles():
        yield from (f"panel {tile.title}: {one}" for one in _panel(tile, known, scene))


def _panel(tile: Tile, known: Mapping[str, str], scene: Scene) -> Iterator[str]:
    labels: set[str] = set()
    for query in tile.queries:
        yield from _answer(query, known, scene)
        labels |= _labels(_result(query, known, scene))
    columns = _label_columns(tile)
    if labels and columns - labels:
        yield f"no series has the column {', '.join(sorted(columns - labels))}"


def _answer(query: Query, known: Mapping[str, str], scene: Scene) -> Iterator[str]:
    result = _result(query, known, scene)
    if not result:
        if not query.empty_because:
            yield f"no data from {query.expression}"
        return
    numbers = [float(value) for one in result for _, value in one.get("values", [one.get("value")])]
    if not any(math.isfinite(number) for number in numbers):
        yield f"nothing but NaN from {query.expression}"
    unnamed = set(re.findall(r"{{(\w+)}}", query.legend)) - _labels(result)
    if unnamed:
        yield f"no series has the legend's {', '.join(sorted(unnamed))}"


def _result(query: Query, known: Mapping[str, str], scene: Scene) -> list[Series]:
    promql = shipped.filled(query.expression, known)
    return scene.over_time(promql) if query.shape == "range" else scene.instant(promql)


def _labels(result: list[Series]) -> set[str]:
    return {label for one in result for label in one["metric"]}


def _label_columns(tile: Tile) -> set[str]:
    """The columns of a table that are labels of its series; none where a tile is no table."""
    columns: set[str] = set()
    for one in tile.look.build().transformations or []:
        if one.id_val == "organize" and isinstance(one.options, dict):
            columns.update(one.options["indexByName"])
    return {name for name in columns if not name.startswith("Value")} - OPTIONAL
