"""Listing: what is at risk as lines of a table, chosen and sorted by the query string of the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from exporter.api import BadRequest, Filter, Row, rows
from exporter.charts import Spark, spark
from exporter.tick import Published
from exporter.trace import SHOWN_TICKS, Traces
from predictor.entities import KINDS, Entity
from predictor.issues import Outcome

SHOWN: Final = 50
"""Lines; more than a screen or two nobody reads, and the API has the rest."""

PRESENT: Final = "present now"
PREDICTED: Final = "predicted"
QUIET: Final = "quiet"
STATES: Final = (PRESENT, PREDICTED, QUIET)

ORDERS: Final = {"asc": False, "desc": True}
_SORTS: Final = ("entity", "issue", "state", "probability")


@dataclass(frozen=True)
class Line:
    """One issue of one entity, with all its horizons, the shortest first."""

    rows: tuple[Row, ...]
    spark: Spark

    @property
    def first(self) -> Row:
        """The row of the shortest horizon: entity and issue are the same in all."""
        return self.rows[0]

    @property
    def state(self) -> str:
        """Whether the issue is present, predicted within any horizon, or neither."""
        return max((state_of(row) for row in self.rows), key=lambda one: -STATES.index(one))

    @property
    def reasons(self) -> tuple[str, ...]:
        """In words, those of the shortest horizon that has any."""
        return next((row.reasons for row in self.rows if row.reasons), ())

    def within(self, horizon: str) -> Row | None:
        """The row of a horizon, None where the model has none."""
        return next((row for row in self.rows if row.horizon == horizon), None)


@dataclass(frozen=True)
class View:
    """Which lines are asked for, and in which order."""

    chosen: Filter
    sort: str = "probability"
    descending: bool = True

    @staticmethod
    def of(query: Mapping[str, str], horizons: tuple[str, ...]) -> View:
        """The view that a query string asks for. Raises BadRequest for what it does not know."""
        rest = {name: value for name, value in query.items() if name not in ("sort", "order")}
        sort = query.get("sort", "") or "probability"
        if sort not in (*_SORTS, *horizons):
            raise BadRequest(f"unknown sort {sort[:80]!r}; there are {', '.join((*_SORTS, *horizons))}")
        order = query.get("order", "") or ("asc" if sort in ("entity", "issue", "state") else "desc")
        if order not in ORDERS:
            raise BadRequest(f"unknown order {order[:80]!r}; there are asc, desc")
        return View(Filter.of(rest), sort, ORDERS[order])

    def link(self, sort: str) -> str:
        """The query string that sorts by that column, the other way round when it is sorted by it already."""
        turned = not self.descending if sort == self.sort else sort not in ("entity", "issue", "state")
        return "?" + urlencode([*self.filters, ("sort", sort), ("order", "desc" if turned else "asc")])

    @property
    def filters(self) -> list[tuple[str, str]]:
        """The filters that are set, as parameters of the query string."""
        texts = {"kind": self.chosen.kind, "namespace": self.chosen.namespace, "issue": self.chosen.issue}
        lowest = {"min_probability": f"{self.chosen.min_probability:g}"} if self.chosen.min_probability else {}
        return [(name, text.encode("utf-8", "replace").decode()) for name, text in {**texts, **lowest}.items() if text]


@dataclass(frozen=True)
class Listing:
    """The lines shown, of how many, and what the form offers."""

    lines: tuple[Line, ...]
    found: int
    horizons: tuple[str, ...]
    kinds: tuple[str, ...]
    namespaces: tuple[str, ...]
    issues: tuple[str, ...]
    states: Mapping[str, int]
    """How many of all lines that pass the filter are in each state."""


def listed(published: Published, view: View) -> Listing:
    """The lines that the view asks for, the first SHOWN of them with their sparks."""
    snapshot = published.snapshot
    every = rows(snapshot)
    grouped: dict[tuple[str, str, str, str], list[Row]] = {}
    for row in every:
        if view.chosen.lets(row):
            grouped.setdefault((row.kind, row.namespace, row.name, row.issue), []).append(row)
    order = {horizon: i for i, horizon in enumerate(horizons_of(published))}
    bare = [Line(tuple(sorted(some, key=lambda one: order[one.horizon])), _NONE) for some in grouped.values()]
    bare.sort(key=lambda line: (line.first.kind, line.first.namespace, line.first.name, line.first.issue))
    bare.sort(key=_key(view.sort), reverse=view.descending)
    outcomes = {(str(o.issue), o.horizon): o for one in snapshot.forecasts for o in one.outcomes}
    lines = [replace(line, spark=spark_of(published, line.rows, outcomes)) for line in bare[:SHOWN]]
    return Listing(
        tuple(lines),
        len(bare),
        tuple(order),
        tuple(kind for kind in KINDS if snapshot.forecast(kind)),
        tuple(sorted({row.namespace for row in every if row.namespace})),
        tuple(sorted({row.issue for row in every})),
        {state: sum(1 for line in bare if line.state == state) for state in STATES},
    )


def horizons_of(published: Published) -> tuple[str, ...]:
    """The model's horizons, the shortest first."""
    model = published.served.model
    texts = {o.horizon_seconds: o.horizon for kind in model.kinds.values() for o in kind.outcomes}
    return tuple(texts[seconds] for seconds in sorted(texts))


def state_of(row: Row) -> str:
    """What a probability comes to."""
    if row.active:
        return PRESENT
    return PREDICTED if row.probability >= row.threshold else QUIET


def spark_of(published: Published, several: tuple[Row, ...], outcomes: Mapping[tuple[str, str], Outcome]) -> Spark:
    """The lines of an entity's issue over the last ticks. several: its rows, the shortest horizon first."""
    traces: Traces = published.traces
    first = several[0]
    entity: Entity = (first.name,) if first.kind == "node" else (first.namespace, first.name)
    told = [
        (row.horizon, row.threshold, traces.of(row.kind, entity, outcomes[row.issue, row.horizon])) for row in several
    ]
    return spark(traces.times, told, (SHOWN_TICKS - 1) * published.served.model.step_seconds)


_NONE: Final = Spark((), (), 0.0, "")


def _key(sort: str) -> Callable[[Line], tuple[float, ...] | tuple[str, ...]]:
    if sort == "entity":
        return lambda line: (line.first.kind, line.first.namespace, line.first.name)
    if sort == "issue":
        return lambda line: (line.first.issue,)
    if sort == "state":
        return lambda line: (float(STATES.index(line.state)),)
    if sort == "probability":
        return lambda line: (max(row.probability for row in line.rows), *(row.probability for row in line.rows))
    return lambda line: (row.probability if (row := line.within(sort)) else -1.0,)
