"""Listing: what is at risk as lines of a table, chosen and sorted by the query string of the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from heapq import nlargest, nsmallest
from typing import Final
from urllib.parse import urlencode
from weakref import WeakKeyDictionary

from exporter.api import BadRequest, Filter, Row, rows
from exporter.charts import Spark, spark
from exporter.snapshot import Snapshot
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
_WORTH: Final = {PREDICTED: 2.0, PRESENT: 1.0, QUIET: 0.0}
"""Who looks ahead wants to see first what can still be averted."""

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

    @cached_property
    def state(self) -> str:
        """Whether the issue is present, predicted within any horizon, or neither."""
        return max((state_of(row) for row in self.rows), key=lambda one: -STATES.index(one))

    @cached_property
    def probabilities(self) -> tuple[float, ...]:
        """The highest of all horizons, then each one's: what lines are usually sorted by."""
        each = tuple(row.probability for row in self.rows)
        return (max(each), *each)

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
    state: str = ""
    sort: str = "probability"
    descending: bool = True

    @staticmethod
    def of(query: Mapping[str, str], horizons: tuple[str, ...]) -> View:
        """The view that a query string asks for. Raises BadRequest for what it does not know."""
        rest = {name: value for name, value in query.items() if name not in ("state", "sort", "order")}
        state = query.get("state", "")
        if state and state not in STATES:
            raise BadRequest(f"unknown state {state[:80]!r}; there are {', '.join(STATES)}")
        sort = query.get("sort", "") or "probability"
        if sort not in (*_SORTS, *horizons):
            raise BadRequest(f"unknown sort {sort[:80]!r}; there are {', '.join((*_SORTS, *horizons))}")
        order = query.get("order", "") or ("asc" if sort in ("entity", "issue", "state") else "desc")
        if order not in ORDERS:
            raise BadRequest(f"unknown order {order[:80]!r}; there are asc, desc")
        return View(Filter.of(rest), state, sort, ORDERS[order])

    def link(self, sort: str) -> str:
        """The query string that sorts by that column, the other way round when it is sorted by it already."""
        turned = not self.descending if sort == self.sort else sort not in ("entity", "issue", "state")
        return "?" + urlencode([*self.filters, ("sort", sort), ("order", "desc" if turned else "asc")])

    def only(self, state: str) -> str:
        """The query string that keeps to that state, or to none where it does so already."""
        others = [(name, text) for name, text in self.filters if name != "state"]
        chosen = [] if state == self.state else [("state", state)]
        return "?" + urlencode([*others, *chosen, ("sort", self.sort), ("order", "desc" if self.descending else "asc")])

    @property
    def filters(self) -> list[tuple[str, str]]:
        """The filters that are set, as parameters of the query string."""
        chosen = self.chosen
        texts = {"kind": chosen.kind, "namespace": chosen.namespace, "issue": chosen.issue, "state": self.state}
        lowest = {"min_probability": f"{chosen.min_probability:g}"} if chosen.min_probability else {}
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
    """How many lines there are of each state, whichever of them is asked for."""


@dataclass(frozen=True)
class _Table:
    """Every line of a snapshot by entity and issue, without sparks, and what can be chosen from."""

    lines: tuple[Line, ...]
    namespaces: tuple[str, ...]
    issues: tuple[str, ...]


_TABLES: Final[WeakKeyDictionary[Snapshot, _Table]] = WeakKeyDictionary()


def listed(published: Published, view: View) -> Listing:
    """The lines that the view asks for, the first SHOWN of them with their sparks."""
    snapshot = published.snapshot
    table = _table(snapshot)
    every = list(_passing(table.lines, view.chosen))
    passing = [line for line in every if view.state in ("", line.state)]
    first = (nlargest if view.descending else nsmallest)(SHOWN, passing, key=_key(view.sort))  # equals stay in order
    outcomes = {(str(o.issue), o.horizon): o for one in snapshot.forecasts for o in one.outcomes}
    states = Counter(line.state for line in every)
    return Listing(
        tuple(replace(line, spark=spark_of(published, line.rows, outcomes)) for line in first),
        len(passing),
        horizons_of(published),
        tuple(kind for kind in KINDS if snapshot.forecast(kind)),
        table.namespaces,
        table.issues,
        {state: states[state] for state in STATES},
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


def _table(snapshot: Snapshot) -> _Table:
    """Made once, however many look at the snapshot and however often their pages renew themselves."""
    if snapshot not in _TABLES:
        every = rows(snapshot)
        grouped: dict[tuple[str, str, str, str], list[Row]] = {}
        for row in every:
            grouped.setdefault((row.kind, row.namespace, row.name, row.issue), []).append(row)
        seconds = {o.horizon: o.horizon_seconds for one in snapshot.forecasts for o in one.outcomes}
        _TABLES[snapshot] = _Table(
            tuple(
                Line(tuple(sorted(some, key=lambda row: seconds[row.horizon])), _NONE)
                for _, some in sorted(grouped.items())
            ),
            tuple(sorted({row.namespace for row in every if row.namespace})),
            tuple(sorted({row.issue for row in every})),
        )
    return _TABLES[snapshot]


def _passing(lines: tuple[Line, ...], chosen: Filter) -> Iterator[Line]:
    """The lines with those of their rows that are asked for: the lowest probability may leave out a horizon."""
    for line in lines:
        some = tuple(row for row in line.rows if chosen.lets(row))
        if some:
            yield line if len(some) == len(line.rows) else replace(line, rows=some)


def _key(sort: str) -> Callable[[Line], tuple[float, ...] | tuple[str, ...]]:
    if sort == "entity":
        return lambda line: (line.first.kind, line.first.namespace, line.first.name)
    if sort == "issue":
        return lambda line: (line.first.issue,)
    if sort == "state":
        return lambda line: (float(STATES.index(line.state)),)
    if sort == "probability":
        # What is present has a probability of 1: in an outage it would push all that is predicted off the page.
        return lambda line: (_WORTH[line.state], *line.probabilities)
    return lambda line: (row.probability if (row := line.within(sort)) else -1.0,)
