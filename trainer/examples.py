"""Examples: which episodes were announced or missed, and who cried wolf, as lines for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from predictor.entities import Kind
from trainer.judged import JudgedOutcome
from trainer.verdict import duration


def when(seconds: float) -> str:
    """A moment in UTC, to the minute."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")


def _by_episode(outcomes: Sequence[JudgedOutcome]) -> dict[tuple[float, str, Kind, str], list[tuple[float, str]]]:
    """Onset, issue, kind and entity of every episode -> lead and horizon of each outcome that announced it."""
    found: dict[tuple[float, str, Kind, str], list[tuple[float, str]]] = {}
    for one in outcomes:
        for episode in one.events.episodes:
            key = (float(one.times[episode.onset]), one.issue, one.kind, "/".join(one.entities[episode.entity]))
            leads = found.setdefault(key, [])
            if episode.lead_seconds is not None:
                leads.append((episode.lead_seconds, one.outcome.horizon))
    return found


def missed(outcomes: Sequence[JudgedOutcome]) -> list[dict[str, str]]:
    """Newest first: episodes that no horizon announced in time."""
    found = sorted((key for key, leads in _by_episode(outcomes).items() if not leads), reverse=True)
    return [{"onset": when(k[0]), "issue": k[1], "kind": k[2], "entity": k[3]} for k in found]


def announced(outcomes: Sequence[JudgedOutcome]) -> list[dict[str, str]]:
    """Longest lead first: every announced episode once, with the horizon that was the first to say so."""
    first = [(*max(leads), *key) for key, leads in _by_episode(outcomes).items() if leads]
    first.sort(key=lambda item: (-item[0], *item[1:]))
    return [
        {
            "lead": duration(lead),
            "horizon": horizon,
            "onset": when(onset),
            "issue": issue,
            "kind": kind,
            "entity": name,
        }
        for lead, horizon, onset, issue, kind, name in first
    ]


def noisy(outcomes: Sequence[JudgedOutcome]) -> list[dict[str, Any]]:
    """Most false alarms first."""
    count = Counter(
        (one.title, one.kind, "/".join(one.entities[alert.entity]))
        for one in outcomes
        for alert in one.events.alerts
        if alert.verdict == "false_alarm"
    )
    ranked = sorted(count.items(), key=lambda item: (-item[1], item[0]))
    return [{"issue": k[0], "kind": k[1], "entity": k[2], "false_alarms": n} for k, n in ranked]


def unjudged(outcomes: Sequence[JudgedOutcome]) -> list[tuple[str, str]]:
    """What of an outcome could not be judged, and why, in words; one line per outcome and reason."""
    names = {
        "recall": "recall",
        "precision": "precision",
        "lead_median_seconds": "median lead time",
        "lead_p10_seconds": "p10 of lead times",
        "false_alarms_per_entity_day": "false alarms per entity-day",
        "pr_auc": "PR area",
        "brier_skill": "Brier skill",
        "ece": "ECE",
    }
    lines = []
    for one in outcomes:
        by_reason: dict[str, list[str]] = {}
        for figure, reason in one.intervals.reasons.items():
            by_reason.setdefault(reason, []).append(names[figure])
        for reason, figures in by_reason.items():
            lines.append((f"{one.kind}: {one.title}", f"no interval for {', '.join(figures)}: {reason}"))
    return lines
