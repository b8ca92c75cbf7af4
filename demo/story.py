"""The story of a run: what was predicted, which alert told whom, what then really began, and how long before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

WAKE_SECONDS: Final = 900.0
"""The rules are quiet for so long after an issue: nothing is predicted, and what comes back needed no prediction."""

FORGET_SECONDS: Final = 600.0
"""A prediction that has been quiet for ten minutes is over; what begins later was not predicted by it."""


class Key(NamedTuple):
    """One issue of one entity."""

    kind: str
    namespace: str
    name: str
    issue: str

    def __str__(self) -> str:
        place = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.issue.replace('_', ' ')} of {self.kind} {place}"


@dataclass(frozen=True)
class Event:
    """Something a viewer should hear of. at: Unix seconds. what: predicted, notified, resolved, began or over."""

    at: float
    what: str
    key: Key
    detail: str


@dataclass
class Case:
    """What is known of one issue of one entity; times are Unix seconds, None while it has not happened."""

    probability: dict[str, float] = field(default_factory=dict)
    predicted_at: float | None = None
    above_at: float | None = None
    notified_at: float | None = None
    began_at: float | None = None
    active: bool = False
    quiet_until: float = float("-inf")

    @property
    def lead_seconds(self) -> float | None:
        """Onset minus the first alert of the episode."""
        if self.began_at is None or self.predicted_at is None or self.predicted_at >= self.began_at:
            return None
        return self.began_at - self.predicted_at

    @property
    def foretold(self) -> bool:
        """Predicted before it began, and a person was told of the prediction."""
        return self.lead_seconds is not None and self.notified_at is not None


class Story:
    """Grows with every look at the exporter and the sink, and says what is new.

    foretold and unforeseen: what began while we looked. last_number: that of the last notification heard.
    """

    def __init__(self) -> None:
        self.cases: dict[Key, Case] = {}
        self.foretold: dict[Key, Case] = {}
        self.unforeseen: list[Key] = []
        self.last_number = 0
        self._first_look = True

    def look(self, at: float, predictions: Iterable[Mapping[str, Any]]) -> list[Event]:
        """Take in one tick's predictions. at: the moment they speak of."""
        by_key: dict[Key, list[Mapping[str, Any]]] = {}
        for row in predictions:
            by_key.setdefault(Key(row["kind"], row["namespace"], row["name"], row["issue"]), []).append(row)
        events = []
        for key in sorted(set(by_key) | set(self.cases)):
            events += self._update(at, key, by_key.get(key, []))
        self._first_look = False
        return events

    def hear(self, notifications: Sequence[Mapping[str, Any]]) -> list[Event]:
        """Take in notifications of the sink, oldest first; those that were heard before say nothing new."""
        events = []
        for notification in notifications:
            if notification["number"] <= self.last_number:
                continue
            self.last_number = notification["number"]
            at = float(notification["received_at"])
            alerts = notification.get("alerts", [])
            events += [self._told(at, key, one) for one in alerts if (key := key_of(one.get("labels", {})))]
        return events

    def _update(self, at: float, key: Key, rows: list[Mapping[str, Any]]) -> list[Event]:
        case = self.cases.setdefault(key, Case())
        active = any(row["active"] for row in rows)
        case.probability = {str(row["horizon"]): float(row["probability"]) for row in rows}
        above = [row for row in rows if not row["active"] and row["probability"] >= row["threshold"]]
        events = []
        if active and not case.active:
            case.active, case.began_at = True, at
            if not self._first_look:
                events.append(self._began(at, key, case))
        elif case.active and not active:
            self.cases[key] = Case(probability=case.probability, quiet_until=at + WAKE_SECONDS)
            events.append(Event(at, "over", key, "recovered"))
        elif above and at >= case.quiet_until:
            if case.predicted_at is None:
                case.predicted_at = at
                events.append(Event(at, "predicted", key, _odds(above)))
            case.above_at = at
        elif case.above_at is not None and at - case.above_at > FORGET_SECONDS:
            self.cases[key] = Case(probability=case.probability)
        return events

    def _began(self, at: float, key: Key, case: Case) -> Event:
        if at < case.quiet_until:
            return Event(at, "began", key, "again, so soon that no prediction was due")
        lead = case.lead_seconds
        if lead is None:
            self.unforeseen.append(key)
            return Event(at, "began", key, "not predicted")
        self.foretold[key] = case
        return Event(at, "began", key, f"{minutes(lead)} after it was predicted")

    def _told(self, at: float, key: Key, alert: Mapping[str, Any]) -> Event:
        labels, notes = alert.get("labels", {}), alert.get("annotations", {})
        what = "notified" if alert.get("status") == "firing" else "resolved"
        if what == "notified" and labels.get("state") == "predicted":
            case = self.cases.setdefault(key, Case())
            case.notified_at = case.notified_at or at
        return Event(
            at, what, key, f"{labels.get('alertname', '?')} ({labels.get('severity', '?')}): {notes.get('summary', '')}"
        )


def key_of(labels: Mapping[str, str]) -> Key | None:
    """The issue and entity that an alert speaks of; None for alerts about the exporter itself."""
    kind, issue = labels.get("kind", ""), labels.get("issue", "")
    name = labels.get(kind, "")
    return Key(kind, labels.get("namespace", "") if kind != "node" else "", name, issue) if name and issue else None


def minutes(seconds: float) -> str:
    """240 -> "4:00 min"."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d} min"


def _odds(above: list[Mapping[str, Any]]) -> str:
    """The nearer horizon first: its probability is never higher. Then what raised it most, if that is told."""
    ordered = sorted(above, key=lambda r: r["probability"])
    odds = ", ".join(f"{r['probability']:.0%} within {r['horizon']}" for r in ordered)
    reasons = ordered[0].get("reasons")
    return f"{odds}; {reasons[0]}" if reasons else odds
