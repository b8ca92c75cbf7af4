"""Report: the judged experiment as Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from benchmarks.kernel.answers import Recording
from benchmarks.kernel.judge import OF_A_LEAK, WANTED_SECONDS, Alarm, Foretold, Nearest, false_alarms, foretold, nearest
from predictor.entities import Issue

ISSUE_OF: Final[Mapping[str, Issue]] = {"cpu": "resource_exhaustion", "network": "network_issue"}

LEAK_COLUMNS: Final = (
    "leak",
    "limit",
    "killed after",
    "alarm about",
    "before the kill",
    "before 95 % of the limit",
    "nearest until 2 min ahead",
)
TROUBLE_COLUMNS: Final = ("trouble", "issue began after", "alarm about", "before the issue", "nearest")


@dataclass(frozen=True)
class Judged:
    """Lines to print, leads of the leaks by pod, and how many leaks there were and were foretold in time."""

    lines: tuple[str, ...]
    leads: Mapping[str, float | None]
    leaks: int
    in_time: int

    @property
    def passed(self) -> bool:
        """Whether every leak ended in a real kill that was foretold in time."""
        return 0 < self.leaks == self.in_time


def judged(recording: Recording, events: Mapping[str, Any], rows: pd.DataFrame) -> Judged:
    """Judge one set of predictions. Raises NoAnswer."""
    kills = {one["pod"]: one["at"] for one in reversed(events["ends"]) if one["reason"] == "OOMKilled"}
    by_role: dict[str, list[Mapping[str, Any]]] = {}
    for pod in events["pods"]:
        by_role.setdefault(pod["role"], []).append(pod)
    verdicts = {
        pod["name"]: foretold(rows, pod["name"], OF_A_LEAK, kills[pod["name"]], pod["change_at"])
        for pod in by_role["leak"]
        if pod["name"] in kills
    }
    lines = [_row(*LEAK_COLUMNS), "|" + "---|" * len(LEAK_COLUMNS)]
    lines += [_leak(recording, pod, verdicts.get(pod["name"]), rows) for pod in by_role["leak"]]
    lines += ["", _row(*TROUBLE_COLUMNS), "|" + "---|" * len(TROUBLE_COLUMNS)]
    lines += [_trouble(recording, pod, rows) for role in ("cpu", "network") for pod in by_role[role]]
    lines += ["", *_false(events, by_role, rows)]
    in_time = sum(one.in_time for one in verdicts.values())
    leaks = len(by_role["leak"])
    lines += ["", f"{in_time} of {leaks} OOM kills foretold at least {WANTED_SECONDS / 60:.0f} min ahead"]
    leads = {name: verdict.lead_seconds for name, verdict in verdicts.items()}
    return Judged(tuple(lines), leads, leaks, in_time)


def _leak(recording: Recording, pod: Mapping[str, Any], verdict: Foretold | None, rows: pd.DataFrame) -> str:
    limit = f"{pod['limit_bytes'] >> 20} MiB"
    if verdict is None:
        return _row(pod["name"], limit, "not killed", "", "", "", "")
    onset = recording.onset("resource_exhaustion", pod["name"], pod["change_at"])
    lead, alarm = verdict.lead_seconds, verdict.alarm
    to_onset = None if lead is None or alarm is None or onset is None else onset - alarm.start
    after = verdict.event_at - pod["change_at"]
    near = _near(nearest(rows, pod["name"], OF_A_LEAK, pod["change_at"], verdict.event_at - WANTED_SECONDS))
    return _row(pod["name"], limit, _clock(after), _about(verdict), _clock(lead), _clock(to_onset), near)


def _trouble(recording: Recording, pod: Mapping[str, Any], rows: pd.DataFrame) -> str:
    issue = ISSUE_OF[pod["role"]]
    onset = recording.onset(issue, pod["name"], pod["change_at"])
    if onset is None:
        return _row(f"{pod['name']} ({issue})", "never", "", "", "")
    verdict = foretold(rows, pod["name"], (issue,), onset, pod["change_at"])
    after = onset - pod["change_at"]
    near = _near(nearest(rows, pod["name"], (issue,), pod["change_at"], onset))
    return _row(f"{pod['name']} ({issue})", _clock(after), _about(verdict), _clock(verdict.lead_seconds), near)


def _false(events: Mapping[str, Any], by_role: Mapping[str, list[Mapping[str, Any]]], rows: pd.DataFrame) -> list[str]:
    """False alarms of the pods that never had trouble, and of the others before theirs began."""
    first = max(float(rows["time"].min()), events["started_at"]) if len(rows) else events["ended_at"]
    lines = ["| quiet pod | watched | false alarms |", "|---|---|---|"]
    for pod in (one for group in by_role.values() for one in group):
        until = events["ended_at"] if pod["role"] == "control" else pod["change_at"]
        wrong = false_alarms(rows, pod["name"], until)
        what = (
            f"{pod['name']} ({pod['kind']})" if pod["role"] == "control" else f"{pod['name']} before its {pod['role']}"
        )
        lines.append(_row(what, _clock(max(0.0, until - first)), _listed(wrong, first)))
    return lines


def _listed(wrong: list[Alarm], first: float) -> str:
    if not wrong:
        return "0"
    each = (f"{one.issue} {one.horizon} {_clock(one.start - first)} to {_clock(one.end - first)}" for one in wrong)
    return f"{len(wrong)}: {'; '.join(each)}"


def _about(verdict: Foretold) -> str:
    if verdict.alarm is None:
        return "no alarm"
    about = f"{verdict.alarm.issue} {verdict.alarm.horizon}"
    return f"{about}, but since before the trouble" if verdict.early else about


def _near(near: Nearest | None) -> str:
    """A probability and the threshold it was to reach."""
    return "-" if near is None else f"{near.issue} {near.horizon} {near.probability:.2f} of {near.threshold:.2f}"


def _clock(seconds: float | None) -> str:
    """Minutes and seconds; a dash for None."""
    if seconds is None:
        return "-"
    sign = "-" if seconds < 0 else ""
    minutes, rest = divmod(round(abs(seconds)), 60)
    return f"{sign}{minutes}:{rest:02d}"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
