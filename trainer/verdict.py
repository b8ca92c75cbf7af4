"""Verdict: all outcomes of one horizon in a handful of figures and one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trainer.judged import JudgedOutcome


@dataclass(frozen=True)
class HorizonVerdict:
    """The event figures of one horizon over all issues and kinds; None where nothing speaks for a figure.

    false_alarms_per_entity_day: those of all issues together, per day and entity.
    """

    horizon: str
    episodes: int
    recalled: int
    recall: float | None
    alerts: int
    false_alarms: int
    precision: float | None
    lead_median_seconds: float | None
    lead_p10_seconds: float | None
    entity_days: float
    false_alarms_per_entity_day: float | None
    sentence: str


def verdicts(outcomes: Sequence[JudgedOutcome]) -> tuple[HorizonVerdict, ...]:
    """One verdict per horizon, the nearest first."""
    horizons = sorted({(o.outcome.horizon_seconds, o.outcome.horizon) for o in outcomes})
    return tuple(_verdict(name, [o for o in outcomes if o.outcome.horizon_seconds == h]) for h, name in horizons)


def duration(seconds: float) -> str:
    """A lead time as people say it: "45 s", "12 min", "1 h 40 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def _verdict(horizon: str, outcomes: Sequence[JudgedOutcome]) -> HorizonVerdict:
    figures = [o.events.figures for o in outcomes]
    episodes, recalled, alerts, false_alarms = (
        sum(getattr(f, name) for f in figures) for name in ("episodes", "recalled", "alerts", "false_alarms")
    )
    leads = [lead for f in figures for lead in f.leads_seconds]
    # An entity's day counts once, however many issues it is watched for.
    by_kind: dict[str, float] = {}
    for outcome in outcomes:
        by_kind[outcome.kind] = max(by_kind.get(outcome.kind, 0.0), outcome.events.figures.entity_days)
    entity_days = sum(by_kind.values())
    rate = false_alarms / entity_days if entity_days else None
    median, p10 = (float(np.quantile(leads, q)) if leads else None for q in (0.5, 0.1))
    return HorizonVerdict(
        horizon=horizon,
        episodes=episodes,
        recalled=recalled,
        recall=recalled / episodes if episodes else None,
        alerts=alerts,
        false_alarms=false_alarms,
        precision=1 - false_alarms / alerts if alerts else None,
        lead_median_seconds=median,
        lead_p10_seconds=p10,
        entity_days=entity_days,
        false_alarms_per_entity_day=rate,
        sentence=f"{recalled_sentence(episodes, recalled, median)} {alerts_sentence(alerts, false_alarms, rate)}",
    )


def recalled_sentence(episodes: int, recalled: int, median_seconds: float | None) -> str:
    """How many episodes were announced, and how early; median_seconds is None when none was."""
    if not episodes:
        return "No issue began, so nothing says whether one would have been foreseen."
    one = episodes == 1
    if median_seconds is None:
        who = "The one issue that began was not" if one else f"None of the {episodes} issues that began was"
        return f"{who} announced in time."
    verb = "was" if recalled == 1 else "were"
    who = "The one issue that began was" if one else f"{recalled} of the {episodes} issues that began {verb}"
    when = duration(median_seconds) if recalled == 1 else f"half of them at least {duration(median_seconds)}"
    return f"{who} announced in time, {when} before."


def alerts_sentence(alerts: int, false_alarms: int, rate: float | None) -> str:
    """How many alerts were false; rate: false alarms per entity and day."""
    if not alerts:
        return "There was no alert."
    if alerts == 1:
        return f"The one alert was {'a false alarm' if false_alarms else 'right'}."
    if not false_alarms or rate is None:
        return f"None of the {alerts} alerts was a false alarm."
    verb = "was a false alarm" if false_alarms == 1 else "were false alarms"
    return f"{false_alarms} of the {alerts} alerts {verb}, {rate:.2g} per entity and day."
