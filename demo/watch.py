"""Watch: one look at everything that runs, over the same HTTP interfaces a user has."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from demo.loopback import fetch
from demo.story import Event, Key, Story, key_of


@dataclass(frozen=True)
class Lookalike:
    """Something harmless that looks like trouble: what, where, and whether anything is predicted for it."""

    what: str
    where: str
    alerted: bool


@dataclass
class Watch:
    """Polls the exporter, Prometheus, the sink and the pretend cluster, and tells the story of what it sees.

    firing: the alerts about predictions that fire now. seen_lookalikes: all so far by what and where, True where an
    alert about that very entity fired meanwhile.
    """

    urls: Mapping[str, str]
    story: Story = field(default_factory=Story)
    firing: dict[Key, str] = field(default_factory=dict)
    lookalikes: list[Lookalike] = field(default_factory=list)
    seen_lookalikes: dict[tuple[str, str], bool] = field(default_factory=dict)
    tick_at: float = 0.0

    def look(self) -> list[Event]:
        """What is new since the last look, oldest first; a server that does not answer right now is asked again."""
        events: list[Event] = []
        answer = fetch(f"{self.urls['exporter']}/api/v1/predictions")
        if answer is not None:
            at = _unix(answer["data"]["time"])
            if at > self.tick_at:
                self.tick_at = at
                events += self.story.look(at, answer["data"]["predictions"])
        notifications = fetch(f"{self.urls['sink']}/notifications?after={self.story.last_number}")
        if notifications is not None:
            events += self.story.hear(notifications)
        self._look_at_alerts()
        self._look_at_lookalikes()
        return events

    def _look_at_alerts(self) -> None:
        answer = fetch(f"{self.urls['prometheus']}/api/v1/alerts")
        if answer is None:
            return
        self.firing = {
            key: alert["labels"]["alertname"]
            for alert in answer["data"]["alerts"]
            if alert["state"] == "firing" and alert["labels"].get("state") == "predicted"
            if (key := key_of(alert["labels"]))
        }

    def _look_at_lookalikes(self) -> None:
        truth = fetch(f"{self.urls['emitter']}/truth.json")
        if truth is None:
            return
        now = time.time()
        self.lookalikes = [
            Lookalike(one["type"].replace("_", " "), where, any(_of(one, where, key) for key in self.firing))
            for one in truth["lookalikes"]
            if _unix(one["start"]) <= now <= _unix(one["end"] or now)
            if (where := "/".join(str(part) for part in one["entity"].values()))
        ]
        for one in self.lookalikes:
            key = (one.what, one.where)
            self.seen_lookalikes[key] = one.alerted or self.seen_lookalikes.get(key, False)


def _of(lookalike: Mapping[str, Any], where: str, key: Key) -> bool:
    """Whether an alert is about the entity of a look-alike, or about something in its namespace."""
    return key.namespace == where if lookalike.get("kind") == "namespace" else where.endswith(key.name)


def _unix(moment: float | str) -> float:
    return float(moment) if isinstance(moment, int | float) else datetime.fromisoformat(moment).timestamp()
