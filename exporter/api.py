"""API: the snapshot as JSON, in the shape of Prometheus' own API."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final
from weakref import WeakKeyDictionary

from commandline.times import rfc3339
from exporter import remediation
from exporter.snapshot import Forecast, Snapshot
from exporter.tick import Published
from predictor.entities import KINDS, LABELS, Entity, Kind, name_of, namespace_of
from predictor.issues import Outcome
from predictor.panel import FloatArray, Panel
from predictor.reasons import Explanation, Reason, all_reasons

FILTERS: Final = ("kind", "namespace", "issue", "min_probability")


class BadRequest(ValueError):
    """One line that says which part of a request is wrong."""


class NotFound(LookupError):
    """One line that says what is not there."""


@dataclass(frozen=True)
class Row:
    """One published probability."""

    kind: Kind
    namespace: str
    name: str
    issue: str
    horizon: str
    probability: float
    active: bool
    threshold: float
    reasons: tuple[str, ...] = ()
    """In words, the top signals of a probability that reaches its threshold."""


@dataclass(frozen=True)
class Filter:
    """Which rows are asked for; empty means all."""

    kind: str = ""
    namespace: str = ""
    issue: str = ""
    min_probability: float = 0.0

    @staticmethod
    def of(query: Mapping[str, str]) -> Filter:
        """The filter of a query string. Raises BadRequest for an unknown name, kind or number."""
        unknown = sorted(set(query) - set(FILTERS))
        if unknown:
            raise BadRequest(f"unknown parameter {unknown[0]!r}; there are {', '.join(FILTERS)}")
        _checked_kind(query.get("kind", "") or KINDS[0])
        text = query.get("min_probability", "0")
        try:
            lowest = float(text)
        except ValueError as error:
            raise BadRequest(f"min_probability is not a number: {text[:80]!r}") from error
        if not 0.0 <= lowest <= 1.0:
            raise BadRequest(f"min_probability is not between 0 and 1: {text[:80]!r}")
        return Filter(query.get("kind", ""), query.get("namespace", ""), query.get("issue", ""), lowest)

    def lets(self, row: Row) -> bool:
        """Whether the row is asked for."""
        return (
            self.kind in ("", row.kind)
            and self.namespace in ("", row.namespace)
            and self.issue in ("", row.issue)
            and row.probability >= self.min_probability
        )


_ROWS: Final[WeakKeyDictionary[Snapshot, tuple[Row, ...]]] = WeakKeyDictionary()


def rows(snapshot: Snapshot) -> tuple[Row, ...]:
    """The probabilities that /metrics shows, kind by kind, entity by entity; made once, however many look at them."""
    if snapshot not in _ROWS:
        _ROWS[snapshot] = tuple(
            row
            for forecast in snapshot.forecasts
            for i in forecast.published.nonzero()[0].tolist()
            for row in rows_of(snapshot, forecast, i)
        )
    return _ROWS[snapshot]


def predictions(published: Published, chosen: Filter) -> dict[str, Any]:
    """All published probabilities that pass the filter, highest first."""
    passing = [row for row in rows(published.snapshot) if chosen.lets(row)]
    passing.sort(key=lambda row: -row.probability)
    return {**_heading(published), "predictions": [asdict(row) for row in passing]}


def entity(published: Published, kind_text: str, path: str, runbooks: str = "") -> dict[str, Any]:
    """Everything about one entity, also when it is not published singly: probabilities and the window behind them.

    path: the name of a node, namespace/name of a pod or service. runbooks: the URL they are served under, if any.
    Raises BadRequest or NotFound.
    """
    forecast, position = found(published, kind_text, path)
    kind, labels = forecast.kind, forecast.entities[position]
    explained = all_reasons(published.served.model, published.snapshot.panels[kind], labels)
    return {
        **_heading(published),
        "kind": kind,
        "namespace": namespace_of(kind, labels),
        "name": name_of(labels),
        "published": bool(forecast.published[position]),
        "active": {issue: bool(forecast.active[i, position]) for i, issue in enumerate(forecast.issues)},
        "predictions": [asdict(row) for row in rows_of(published.snapshot, forecast, position)],
        "anomaly_score": _or_null(forecast.anomaly)[position],
        "explanations": _explanations(explained),
        "remediation": _remediation(published.snapshot, forecast, position, explained, runbooks),
        "window": _window(published, published.snapshot.panels[kind], labels),
    }


def found(published: Published, kind_text: str, path: str) -> tuple[Forecast, int]:
    """The forecast of the entity's kind, and where in it the entity stands.

    path: the name of a node, namespace/name of a pod or service. Raises BadRequest or NotFound.
    """
    kind = _checked_kind(kind_text)
    labels: Entity = tuple(path.split("/", len(LABELS[kind]) - 1))
    forecast = published.snapshot.forecast(kind)
    position = forecast.position.get(labels) if forecast else None
    if forecast is None or position is None:
        raise NotFound(f"no {kind} {path[:300]!r} at {rfc3339(published.snapshot.time)}")
    return forecast, position


def _heading(published: Published) -> dict[str, Any]:
    manifest = published.served.manifest
    return {
        "time": published.snapshot.time,
        "model": {
            "fingerprint": manifest.fingerprint,
            "estimator": manifest.estimator,
            "trained_at": manifest.trained_at,
            "step_seconds": manifest.step_seconds,
        },
    }


def rows_of(snapshot: Snapshot, forecast: Forecast, position: int) -> Iterator[Row]:
    """The probabilities of one entity, published or not."""
    labels = forecast.entities[position]
    active = dict(zip(forecast.issues, forecast.active[:, position].tolist(), strict=True))
    for i, outcome in enumerate(forecast.outcomes):
        probability = float(forecast.probability[i, position])
        if not math.isnan(probability):
            yield Row(
                forecast.kind,
                namespace_of(forecast.kind, labels),
                name_of(labels),
                outcome.issue,
                outcome.horizon,
                probability,
                active[outcome.issue],
                float(forecast.thresholds[i]),
                tuple(one.reading.words for one in snapshot.reasons.get((forecast.kind, labels, outcome), ())),
            )


def _explanations(found: Mapping[Outcome, Explanation]) -> list[dict[str, Any]]:
    """For each outcome what raised and lowered its score; `base` and all contributions add up to `output`."""
    return [
        {
            "issue": outcome.issue,
            "horizon": outcome.horizon,
            "base": one.base,
            "output": one.base + sum(reason.contribution for reason in one.reasons),
            "signals": [reason_of(reason) for reason in one.reasons if reason.contribution],
        }
        for outcome, one in found.items()
    ]


def _remediation(
    snapshot: Snapshot, forecast: Forecast, position: int, explained: Mapping[Outcome, Explanation], runbooks: str
) -> list[dict[str, Any]]:
    """What to do about each issue that is present or reaches a threshold, else about the most probable one.

    With the nearest horizon that reaches it; null where the issue is present.
    """
    kind, labels = forecast.kind, forecast.entities[position]
    present = [issue for i, issue in enumerate(forecast.issues) if forecast.active[i, position]]
    chosen: dict[str, Outcome | None] = dict.fromkeys(present)
    odds = [
        (outcome, float(forecast.probability[i, position]), forecast.thresholds[i])
        for i, outcome in sorted(enumerate(forecast.outcomes), key=lambda one: one[1].horizon_seconds)
        if not math.isnan(forecast.probability[i, position])
    ]
    for outcome, probability, threshold in odds:
        if probability >= threshold:
            chosen.setdefault(outcome.issue, outcome)
    if not chosen and odds:
        likeliest = max(odds, key=lambda one: one[1])[0]
        chosen[likeliest.issue] = likeliest
    found = []
    for issue, near in chosen.items():
        behind = [explained[one] for one in ([near] if near else explained) if one in explained and one.issue == issue]
        reasons = behind[0].reasons if behind else ()
        leading = [one.reading.signal.name for one in reasons if one.contribution > 0]
        several = remediation.steps(kind, labels, issue, leading, near is None, snapshot.nodes)
        found.append(
            {
                "issue": issue,
                "horizon": near.horizon if near else None,
                "steps": [{"do": step.do, "command": step.command} for step in several],
                "runbook": remediation.runbook(issue, active=near is None),
                "runbook_url": f"{runbooks}/{remediation.alert(issue, active=near is None)}" if runbooks else None,
            }
        )
    return found


def reason_of(reason: Reason) -> dict[str, Any]:
    """One signal behind a score, null where there is no number."""
    reading, signal = reason.reading, reason.reading.signal
    numbers = {
        "value": reading.value,
        "per_minute": reading.per_minute,
        "seconds_to_limit": reading.seconds_to_limit,
        "usual_low": reading.usual_low,
        "usual_high": reading.usual_high,
    }
    return {
        "signal": signal.name,
        "words": reading.words,
        "unit": signal.unit,
        **{name: None if math.isnan(number) else number for name, number in numbers.items()},
        "limit": signal.limit,
        "contribution": reason.contribution,
        "share": reason.share,
        "direction": "raises" if reason.contribution > 0 else "lowers",
    }


def _window(published: Published, panel: Panel, labels: Entity) -> dict[str, Any]:
    """The entity's signals over the window; a value is null where no sample came."""
    column = panel.entities.index(labels)
    signals = published.served.model.catalogue.signals_of(panel.kind)
    return {
        "times": panel.times.tolist(),
        "signals": [
            {"name": one.name, "unit": one.unit, "values": _or_null(panel.values[i, :, column])}
            for i, one in enumerate(signals)
        ],
        "active": {issue: panel.active[i, :, column].tolist() for i, issue in enumerate(panel.issues)},
    }


def _or_null(values: FloatArray) -> list[float | None]:
    return [None if math.isnan(value) else value for value in values.tolist()]


def _checked_kind(text: str) -> Kind:
    for kind in KINDS:
        if text == kind:
            return kind
    raise BadRequest(f"unknown kind {text[:80]!r}; there are {', '.join(KINDS)}")
