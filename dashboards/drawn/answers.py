"""What Grafana would ask for the JSON of a dashboard, and what a Prometheus answers."""

from __future__ import annotations

import json
import math
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

Json = dict[str, Any]
"""A dashboard, or a part of one, as its file has it."""

Series = dict[str, Any]
"""One series of a result: `metric` with the labels, and `value` or `values`."""

SCRAPE_SECONDS: Final = 15
"""timeInterval of the shipped data source: Grafana asks for no finer steps."""

MOST_POINTS: Final = 1000
"""About one for each pixel of a wide panel's width, which is where Grafana stops as well."""

TIMEOUT_SECONDS: Final = 30.0
"""Grafana's own for a data source."""


class PrometheusRefused(Exception):
    """One line with the expression and Prometheus' word on it, or with why it did not answer."""


@dataclass(frozen=True)
class Span:
    """The chosen time: `seconds` that end at `end`, in Unix seconds, looked at every `step` seconds."""

    end: float
    seconds: int
    step: int

    @property
    def start(self) -> float:
        """Its first moment, in Unix seconds."""
        return self.end - self.seconds

    def intervals(self) -> dict[str, str]:
        """Grafana's variables that follow from it."""
        rate = max(self.step + SCRAPE_SECONDS, 4 * SCRAPE_SECONDS)
        return {"__interval": f"{self.step}s", "__rate_interval": f"{rate}s", "__range": f"{self.seconds}s"}


def until(end: float, seconds: int) -> Span:
    """The time before `end`, on the grid that Grafana would choose."""
    step = max(1, math.ceil(seconds / MOST_POINTS / SCRAPE_SECONDS)) * SCRAPE_SECONDS
    return Span(end // step * step, seconds, step)


class Source(Protocol):
    """Who answers."""

    def labels(self, label: str, series: str, span: Span) -> list[str]:
        """The values of a label on the series that match."""

    def instant(self, promql: str, at: float) -> list[Series]:
        """The series at one moment."""

    def over_time(self, promql: str, span: Span) -> list[Series]:
        """The series at each step."""


@dataclass(frozen=True)
class Prometheus:
    """A Prometheus by its URL. Every method raises PrometheusRefused."""

    url: str

    def labels(self, label: str, series: str, span: Span) -> list[str]:
        """As Source says."""
        found = self._ask(f"label/{label}/values", {"match[]": series, "start": span.start, "end": span.end})
        return [str(one) for one in found]

    def instant(self, promql: str, at: float) -> list[Series]:
        """As Source says."""
        return list(self._ask("query", {"query": promql, "time": at})["result"])

    def over_time(self, promql: str, span: Span) -> list[Series]:
        """As Source says."""
        asked = {"query": promql, "start": span.start, "end": span.end, "step": span.step}
        return list(self._ask("query_range", asked)["result"])

    def _ask(self, path: str, parameters: Mapping[str, object]) -> Any:
        url = f"{self.url.rstrip('/')}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            said = error.read().decode(errors="replace").strip()
            raise PrometheusRefused(f"{self.url} answers {error.code} to {parameters}: {said}") from error
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise PrometheusRefused(f"{self.url} does not answer as a Prometheus does: {error}") from error


@dataclass(frozen=True)
class Answers:
    """Everything that one dashboard shows.

    chosen: variable -> value, with All for all. targets: id of a panel -> the result of each of its targets, in their
    order. marks: annotation -> its moments, Unix seconds, one for each mark.
    """

    span: Span
    chosen: Mapping[str, str]
    targets: Mapping[int, Sequence[Sequence[Series]]]
    marks: Mapping[str, Sequence[float]]


def answered(board: Json, source: Source, span: Span, wanted: Mapping[str, str]) -> Answers:
    """Ask everything. wanted: variable -> value, where it shall not be the one that Grafana opens with."""
    chosen, known = _chosen(board, source, span, wanted)
    targets = {
        panel["id"]: [_answer(target, source, span, known) for target in panel["targets"]]
        for panel in board["panels"]
        if "targets" in panel
    }
    marks = {one["name"]: _moments(one["expr"], source, span, known) for one in board["annotations"]["list"]}
    return Answers(span, chosen, targets, marks)


def filled(template: str, values: Mapping[str, str]) -> str:
    """The text with $name and ${name} replaced. Raises KeyError for a variable without a value."""
    return re.sub(r"\$\{?(\w+)\}?", lambda found: values[found[1]], template)


def offered(variable: Json, source: Source, span: Span, known: Mapping[str, str]) -> list[str]:
    """The values of a variable's list, sorted. Raises ValueError for a query in neither of the two forms we write."""
    query = filled(variable["query"]["query"], known)
    if found := re.fullmatch(r"label_values\((.+), (\w+)\)", query):
        return sorted(source.labels(found[2], found[1], span))
    if not (found := re.fullmatch(r"query_result\((.+)\)", query)):
        raise ValueError(f"{query} is neither label_values(SERIES, LABEL) nor query_result(EXPRESSION)")
    result = source.instant(found[1], span.end)
    texts = ["{" + ",".join(f'{k}="{v}"' for k, v in one["metric"].items()) + "}" for one in result]
    picked = [re.search(variable["regex"].strip("/"), text) for text in texts]
    return sorted({one[1] for one in picked if one})


def _chosen(
    board: Json, source: Source, span: Span, wanted: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """(variable -> value as a reader sees it, variable -> what stands in queries)."""
    chosen: dict[str, str] = {}
    known = span.intervals()
    for variable in board["templating"]["list"]:
        if variable["type"] != "query":
            continue
        name, has_all = variable["name"], variable["includeAll"]
        if has_all and name not in wanted:
            chosen[name], known[name] = "All", variable["allValue"]
            continue
        value = wanted.get(name) or next(iter(offered(variable, source, span, known)), "")
        chosen[name], known[name] = value, _escaped(value) if has_all else value
    return chosen, known


def _escaped(value: str) -> str:
    """As Grafana writes a value that may stand in a pattern."""
    return re.sub(r"([\\.^$|?*+()\[\]{}])", r"\\\\\1", value)


def _answer(target: Json, source: Source, span: Span, known: Mapping[str, str]) -> list[Series]:
    promql = filled(target["expr"], known)
    return source.instant(promql, span.end) if target["instant"] else source.over_time(promql, span)


def _moments(template: str, source: Source, span: Span, known: Mapping[str, str]) -> list[float]:
    """Where an annotation's result has a point; its step is at least a minute, as its JSON says."""
    step = max(60, span.step)
    coarse = Span(span.end // step * step, span.seconds, step)
    result = source.over_time(filled(template, {**known, "__interval": f"{step}s"}), coarse)
    return sorted(float(at) for one in result for at, _ in one["values"])
