"""Judge: from probabilities and what really happened to lead times and false alarms."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

DIP_SECONDS: Final = 300.0
"""Moments above the threshold that lie no further apart are one alarm; Prometheus' keep_firing_for does the same."""

WANTED_SECONDS: Final = 120.0
"""A prediction less than this ahead helps nobody; trainer/events.py counts the same."""

OF_A_LEAK: Final = ("resource_exhaustion", "pod_failure")


@dataclass(frozen=True)
class Alarm:
    """One uninterrupted time at or above a threshold: first and last moment in Unix seconds, and what began it."""

    start: float
    end: float
    issue: str
    horizon: str


@dataclass(frozen=True)
class Foretold:
    """What was predicted of one event: the alarm that led to it, and its lead in seconds; None for no such alarm.

    early: the alarm had begun before the trouble did, so that it cannot have seen it.
    """

    event_at: float
    alarm: Alarm | None
    early: bool = False

    @property
    def lead_seconds(self) -> float | None:
        """From the alarm's begin to the event; None also for an alarm that began before the trouble."""
        return None if self.alarm is None or self.early else self.event_at - self.alarm.start

    @property
    def in_time(self) -> bool:
        """Whether the lead was long enough to do something."""
        return self.lead_seconds is not None and self.lead_seconds >= WANTED_SECONDS


def alarms(rows: pd.DataFrame, pod: str, issues: Collection[str]) -> list[Alarm]:
    """The alarms of a pod about any of the issues at any horizon, in time order.

    rows: time, pod, issue, horizon, probability, threshold, active. While an issue is active its probability is 1 by
    definition, so those rows say nothing.
    """
    above = rows["probability"] >= rows["threshold"]
    mine = rows[above & ~rows["active"] & (rows["pod"] == pod) & rows["issue"].isin(list(issues))]
    found: list[Alarm] = []
    for time, issue, horizon in mine.sort_values("time")[["time", "issue", "horizon"]].itertuples(index=False):
        if found and time - found[-1].end <= DIP_SECONDS:
            last = found[-1]
            found[-1] = Alarm(last.start, time, last.issue, last.horizon)
        else:
            found.append(Alarm(time, time, issue, horizon))
    return found


def agreement(live: pd.DataFrame, replayed: pd.DataFrame) -> float:
    """The share of live probabilities that are the replay's of the newest step published by then, or of the one before.

    Both have the columns of `alarms`. A tick takes a moment, so a scrape may still see the step before; to the last
    digit, because both come from one code. NaN without live rows.
    """
    key = ["pod", "issue", "horizon"]
    ordered = replayed.sort_values("time")[["time", *key, "probability"]]
    ordered["before"] = ordered.groupby(key)["probability"].shift()
    live = live.sort_values("time").rename(columns={"probability": "seen"})
    both = pd.merge_asof(live[["time", *key, "seen"]], ordered, on="time", by=key)
    return float(((both["seen"] == both["probability"]) | (both["seen"] == both["before"])).mean())


def foretold(rows: pd.DataFrame, pod: str, issues: Collection[str], event_at: float, trouble_at: float) -> Foretold:
    """The last alarm before the event, if it lasted until DIP_SECONDS before it.

    trouble_at: when the pod's trouble began; an alarm that was there already is none about it.
    """
    before = alarms(rows[rows["time"] <= event_at], pod, issues)
    if not before or event_at - before[-1].end > DIP_SECONDS:
        return Foretold(event_at, None)
    return Foretold(event_at, before[-1], early=before[-1].start < trouble_at)


@dataclass(frozen=True)
class Nearest:
    """The probability that came nearest to its threshold, or furthest above it."""

    issue: str
    horizon: str
    probability: float
    threshold: float


def nearest(rows: pd.DataFrame, pod: str, issues: Collection[str], start: float, end: float) -> Nearest | None:
    """What came nearest to an alarm of a pod within a time; None where nothing was published."""
    here = rows["time"].between(start, end) & ~rows["active"] & (rows["pod"] == pod) & rows["issue"].isin(list(issues))
    mine = rows[here]
    if mine.empty:
        return None
    best = mine.iloc[int((mine["probability"] / mine["threshold"]).argmax())]
    return Nearest(best["issue"], best["horizon"], float(best["probability"]), float(best["threshold"]))


def false_alarms(rows: pd.DataFrame, pod: str, until: float) -> list[Alarm]:
    """Alarms about any issue that began before a moment until which nothing was wrong with the pod."""
    issues: Sequence[str] = sorted(set(rows["issue"]))
    return [alarm for alarm in alarms(rows, pod, issues) if alarm.start < until]
