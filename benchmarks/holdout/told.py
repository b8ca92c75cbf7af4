"""Told: for each fault of truth.json whether it was foretold, for each look-alike whether it was mistaken for one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from benchmarks.holdout.published import Key, Name, Published
from trainer.events import Events

SETTLE_SECONDS: Final = 600.0
"""A fault's issue may begin this long after the fault has ended by plan: rules wait, the kubelet backs off."""

AFTER_SECONDS: Final = 300.0
"""So long after a look-alike an alarm is still its own: windows hold what they saw."""

Judged = Mapping[Key, tuple[Published, Events]]


@dataclass(frozen=True)
class Told:
    """A fault whose issue began. lead_seconds: of the earliest alert in time over all horizons, None without one."""

    type: str
    kind: str
    issue: str
    shape: str
    ramp_seconds: float
    predictable: bool
    onset: float
    lead_seconds: float | None


@dataclass(frozen=True)
class FalseAlarm:
    """A false alarm. began: Unix seconds."""

    kind: str
    issue: str
    horizon: str
    entity: Name
    began: float


@dataclass(frozen=True)
class Mistaken:
    """A look-alike, and the false alarms that began on its entity while it lasted or in the 5 minutes after."""

    type: str
    alarms: tuple[FalseAlarm, ...]


def faults(truth: Mapping[str, Any], judged: Judged) -> list[Told]:
    """Every fault whose issue began while predictions were published."""
    found = []
    for fault in truth["faults"]:
        entity = name_of(fault["kind"], fault["entity"])
        own = [pair for (kind, issue, _), pair in judged.items() if (kind, issue) == (fault["kind"], fault["issue"])]
        onsets = [_first(published, events, entity, fault) for published, events in own]
        known = [one for one in onsets if one is not None]
        if known:
            leads = [lead for _, lead in known if lead is not None]
            told = Told(
                fault["type"],
                fault["kind"],
                fault["issue"],
                fault["shape"],
                fault["ramp_seconds"],
                fault["predictable"],
                min(onset for onset, _ in known),
                max(leads, default=None),
            )
            found.append(told)
    return found


def judgeable(truth: Mapping[str, Any], judged: Judged) -> list[Mapping[str, Any]]:
    """The faults that were not over before the predictions began: a history's first days may be for training."""
    first = min(published.times[0] for published, _ in judged.values())
    return [fault for fault in truth["faults"] if fault["end"] + SETTLE_SECONDS >= first]


def lookalikes(truth: Mapping[str, Any], judged: Judged) -> list[Mistaken]:
    """Every look-alike that lies inside the time of the predictions."""
    first = min(published.times[0] for published, _ in judged.values())
    last = max(published.times[-1] for published, _ in judged.values())
    alarms = false_alarms(judged)
    return [
        Mistaken(one["type"], tuple(alarm for alarm in alarms if _belongs(alarm, one)))
        for one in truth["lookalikes"]
        if one["start"] >= first and one["end"] <= last
    ]


def false_alarms(judged: Judged) -> list[FalseAlarm]:
    """All of every outcome."""
    return [
        FalseAlarm(*key, published.entities[alert.entity], float(published.times[alert.begin]))
        for key, (published, events) in judged.items()
        for alert in events.alerts
        if alert.verdict == "false_alarm"
    ]


def recall(told: Iterable[Told]) -> float:
    """The share that was foretold; NaN of nothing."""
    seen = [one.lead_seconds is not None for one in told]
    return float(np.mean(seen)) if seen else float("nan")


def leads_minutes(told: Iterable[Told], quantiles: Sequence[float]) -> list[float]:
    """Quantiles of the lead times of those foretold; NaN without any."""
    leads = [one.lead_seconds / 60 for one in told if one.lead_seconds is not None]
    return [float(np.quantile(leads, q)) if leads else float("nan") for q in quantiles]


def _first(
    published: Published, events: Events, entity: Name, fault: Mapping[str, Any]
) -> tuple[float, float | None] | None:
    """Onset and lead of the first episode on the fault's entity while it lasted; None without one."""
    if entity not in published.entities:
        return None
    position = published.entities.index(entity)
    for episode in events.episodes:
        onset = float(published.times[episode.onset])
        if episode.entity == position and fault["start"] < onset <= fault["end"] + SETTLE_SECONDS:
            return onset, episode.lead_seconds
    return None


def _belongs(alarm: FalseAlarm, lookalike: Mapping[str, Any]) -> bool:
    during = lookalike["start"] <= alarm.began <= lookalike["end"] + AFTER_SECONDS
    return during and _touches(alarm.kind, alarm.entity, lookalike)


def _touches(kind: str, name: Name, lookalike: Mapping[str, Any]) -> bool:
    """Whether the look-alike acts on the entity: itself, of a workload one of its pods, of a namespace all in it."""
    own = name_of(lookalike["kind"], lookalike["entity"])
    if lookalike["kind"] == "namespace":
        return kind != "node" and name[0] == own[0]
    if kind == lookalike["kind"]:
        return name == own
    return lookalike["kind"] == "service" and kind == "pod" and name[0] == own[0] and name[1].startswith(f"{own[1]}-")


def name_of(kind: str, entity: Mapping[str, str]) -> Name:
    """Namespace and name of an entity of truth.json; a namespace by itself has no name."""
    if kind == "namespace":
        return entity["namespace"], ""
    return ("", entity["node"]) if kind == "node" else (entity["namespace"], entity[kind])
