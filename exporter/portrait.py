"""Portrait: one entity's probabilities, the signals behind them and what to do."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from exporter.api import BadRequest, NotFound, Row, found, rows_of
from exporter.charts import SignalChart, Spark, ahead, signal_chart
from exporter.listing import PREDICTED, PRESENT, QUIET, horizons_of, spark_of, state_of
from exporter.pages import Pages
from exporter.remediation import Step, steps
from exporter.snapshot import Forecast
from exporter.tick import Published
from predictor.catalogue import Signal
from predictor.entities import Entity, Kind, name_of, namespace_of
from predictor.issues import Outcome
from predictor.reasons import Explanation, Reading, Reason, all_readings, all_reasons

BARS: Final = 6
"""Contributions of a probability that are shown singly; the others are added up."""


@dataclass(frozen=True)
class Push:
    """One bar: what a signal, or several together, add to a score. width: its share of the longest bar."""

    words: str
    amount: float
    width: float


@dataclass(frozen=True)
class Telling:
    """One issue of the entity. told: its probabilities, the shortest horizon first.

    pushes: what raised and lowered the score of the horizon named `of`, what did most first.
    """

    told: tuple[Row, ...]
    spark: Spark
    state: str
    of: str
    pushes: tuple[Push, ...]
    steps: tuple[Step, ...]

    @property
    def issue(self) -> str:
        """The issue it is about."""
        return self.told[0].issue


def portrait(request: Request, pages: Pages, published: Published) -> Response:
    """The entity's page, also when it is not published singly; 404 when it is not there."""
    try:
        forecast, position = found(published, request.path_params["kind"], request.path_params["entity"])
    except (BadRequest, NotFound) as error:
        return pages.trouble(request, 404, str(error))
    entity = forecast.entities[position]
    anomaly = float(forecast.anomaly[position])
    signals = _signals(published, forecast.kind, entity)
    return pages.page(
        request,
        "entity.html",
        kind=forecast.kind,
        namespace=namespace_of(forecast.kind, entity),
        name=name_of(entity),
        shown=bool(forecast.published[position]),
        tellings=_tellings(published, forecast, position),
        unlearned=_unlearned(forecast, position),
        anomaly=None if math.isnan(anomaly) else anomaly,
        charts=signals.charts,
        flat=signals.flat,
        silent=signals.silent,
        traces=published.traces,
    )


def _tellings(published: Published, forecast: Forecast, position: int) -> list[Telling]:
    """What is said about each issue, what is present or predicted first."""
    entity = forecast.entities[position]
    explanations = all_reasons(published.served.model, published.snapshot.panels[forecast.kind], entity)
    order = horizons_of(published)
    grouped: dict[str, list[Row]] = {}
    for row in rows_of(published.snapshot, forecast, position):
        grouped.setdefault(row.issue, []).append(row)
    tellings = []
    for several in grouped.values():
        told = tuple(sorted(several, key=lambda row: order.index(row.horizon)))
        tellings.append(_telling(published, forecast, entity, told, explanations))
    return sorted(tellings, key=lambda one: (-_urgency(one.state), -one.told[0].probability))


def _telling(
    published: Published,
    forecast: Forecast,
    entity: Entity,
    told: tuple[Row, ...],
    explanations: Mapping[Outcome, Explanation],
) -> Telling:
    """What is said about one issue; explained is the shortest horizon within which it is predicted."""
    outcomes = {(str(o.issue), o.horizon): o for o in forecast.outcomes}
    main = next((row for row in told if state_of(row) != QUIET), told[0])
    outcome = outcomes[main.issue, main.horizon]
    explanation = explanations.get(outcome)
    leading = [r.reading.signal.name for r in explanation.reasons if r.contribution > 0] if explanation else []
    state = state_of(main)
    nodes = published.snapshot.nodes
    return Telling(
        told,
        spark_of(published, told, outcomes),
        state,
        main.horizon,
        _pushes(explanation),
        steps(forecast.kind, entity, outcome.issue, leading, state == PRESENT, nodes) if state != QUIET else (),
    )


def _urgency(state: str) -> int:
    return {PRESENT: 2, PREDICTED: 1}.get(state, 0)


def _pushes(explanation: Explanation | None) -> tuple[Push, ...]:
    """The bars of a score: the BARS largest, then all others in two."""
    if explanation is None:
        return ()
    ranked = sorted((one for one in explanation.reasons if one.contribution), key=lambda one: -abs(one.contribution))
    single = [(one.reading.words, one.contribution) for one in ranked[:BARS]]
    for word, some in (("raise", _of_sign(ranked[BARS:], 1)), ("lower", _of_sign(ranked[BARS:], -1))):
        if some:
            count = f"{len(some)} other signals" if len(some) > 1 else "one other signal"
            single.append((f"{count} that {word}{'s' if len(some) == 1 else ''} it", sum(o.contribution for o in some)))
    longest = max((abs(amount) for _, amount in single), default=1.0)
    return tuple(Push(said, amount, abs(amount) / longest) for said, amount in single)


def _of_sign(reasons: Sequence[Reason], sign: int) -> list[Reason]:
    return [one for one in reasons if one.contribution * sign > 0]


def _unlearned(forecast: Forecast, position: int) -> list[tuple[str, bool]]:
    """The issues the model says nothing about, with whether each is present."""
    known = {outcome.issue for outcome in forecast.outcomes}
    return [
        (issue, bool(forecast.active[i, position])) for i, issue in enumerate(forecast.issues) if issue not in known
    ]


@dataclass(frozen=True)
class Signals:
    """An entity's signals: drawn what is unusual first, in words those that stood still, by name those without data."""

    charts: list[SignalChart]
    flat: list[str]
    silent: list[str]


def _signals(published: Published, kind: Kind, entity: Entity) -> Signals:
    panel = published.snapshot.panels[kind]
    values = panel.values[:, :, panel.entities.index(entity)]
    readings = _readings(published, kind, entity)
    there = [i for i in range(len(readings)) if not np.isnan(values[i]).all()]
    still = [i for i in there if np.nanmin(values[i]) == np.nanmax(values[i]) and not _unusual(readings[i])]
    drawn = sorted(set(there) - set(still), key=lambda i: (not _unusual(readings[i]), _seconds(readings[i]), i))
    future, times = ahead(readings[i] for i in drawn), panel.times.tolist()
    return Signals(
        [signal_chart(readings[i], times, values[i].tolist(), future) for i in drawn],
        [readings[i].words for i in still],
        [one.signal.description for i, one in enumerate(readings) if i not in there],
    )


def _readings(published: Published, kind: Kind, entity: Entity) -> Sequence[Reading]:
    model, panel = published.served.model, published.snapshot.panels[kind]
    learned = model.kinds.get(kind)
    if learned is not None:
        return all_readings(learned, panel, entity, model.step_seconds)
    column = panel.entities.index(entity)
    return [_bare(one, float(panel.values[i, -1, column])) for i, one in enumerate(model.catalogue.signals_of(kind))]


def _bare(signal: Signal, value: float) -> Reading:
    """What is known of a signal without a model of its kind."""
    return Reading(signal, value, math.nan, math.nan, math.nan, math.nan)


def _seconds(reading: Reading) -> float:
    return math.inf if math.isnan(reading.seconds_to_limit) else reading.seconds_to_limit


def _unusual(reading: Reading) -> bool:
    """Whether the signal is outside its usual range, or at its limit."""
    limit = reading.signal.limit
    full = limit is not None and reading.value >= limit
    return full or not (reading.usual_low <= reading.value <= reading.usual_high or _unknown(reading))


def _unknown(reading: Reading) -> bool:
    return math.isnan(reading.value + reading.usual_low + reading.usual_high)
