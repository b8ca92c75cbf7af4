"""Detection: how soon a probability said that an injected fault had begun, and how often for nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score

from predictor.panel import BoolArray, FloatArray

STEP_SECONDS: Final = 30.0
FAULT_SECONDS: Final = 180.0
IN_TIME_SECONDS: Final = 120.0
JITTER_SECONDS: Final = 90.0
"""Clocks of injector and recorder differ by that much: an alert so little early counts as at once."""

WAKE_SECONDS: Final = 360.0
"""After a fault its wake is in every window; alerts there are judged neither right nor false."""

PAUSE_SECONDS: Final = 300.0
"""An alert that dips for less is still the same alert (keep_firing_for of our rules)."""

ISSUES: Final = {
    "cpu_contention": "resource_exhaustion",
    "cpu_consumed": "resource_exhaustion",
    "network_delay": "network_issue",
    "return": "service_disruption",
    "exception": "service_disruption",
}
ENTRY: Final = "frontend"
"""Where requests come in: faults in code are seen there, whichever pod they are in."""


@dataclass(frozen=True)
class Faults:
    """What was injected on a day, and the spans in which nothing is to be judged.

    table: one row per fault with pod, type, start (Unix s). masked: (start, end) pairs.
    """

    table: pd.DataFrame
    masked: tuple[tuple[float, float], ...]

    def of(self, name: str) -> list[tuple[str, float]]:
        """Entity and start of every fault of a type."""
        some = self.table[self.table.type == name]
        code = ISSUES[name] == "service_disruption"
        pairs = zip(some.pod.astype(str), some.start.astype(float), strict=True)
        return [(ENTRY if code else pod, start) for pod, start in pairs]

    def quiet(self, time: FloatArray) -> BoolArray:
        """(rows,): no fault is on anywhere, nor its wake, and the span is not masked."""
        spans = [(s - JITTER_SECONDS, s + FAULT_SECONDS + WAKE_SECONDS) for s in self.table.start.astype(float)]
        excused = np.zeros(len(time), dtype=np.bool_)
        for start, end in (*spans, *self.masked):
            excused |= (time >= start) & (time <= end)
        return ~excused


@dataclass(frozen=True)
class Detection:
    """The figures of one type of fault. delays: seconds for each fault, infinite where no alert came while it was on.

    false_alarms: alerts of the type's issue that were on in quiet times. elsewhere: alerts that began on an entity
    without the fault while one was on somewhere. average_precision: rows of the type's faults against quiet rows.
    """

    name: str
    delays: tuple[float, ...]
    false_alarms: int
    elsewhere: int
    quiet_days: float
    average_precision: float

    @property
    def in_time(self) -> int:
        """How many were detected within two minutes."""
        return sum(d <= IN_TIME_SECONDS for d in self.delays)

    @property
    def line(self) -> str:
        """A row of the table."""
        seen = [d for d in self.delays if d <= IN_TIME_SECONDS]
        median, worst = (f"{f(seen):.0f} s" if seen else "-" for f in (np.median, np.max))
        rate = self.false_alarms / self.quiet_days if self.quiet_days else float("nan")
        return (
            f"| {self.name} | {len(self.delays)} | {self.in_time} | {median} | {worst} | {rate:.2f} "
            f"({self.false_alarms} in {self.quiet_days:.1f}) | {self.elsewhere} | {self.average_precision:.2f} |"
        )


HEAD: Final = (
    "| fault | n | within 2 min | median delay | worst | false alarms a quiet entity-day | elsewhere | PR-AUC |\n"
    "|---|---|---|---|---|---|---|---|"
)


def judged(rows: pd.DataFrame, faults: Faults) -> list[Detection]:
    """The figures of every type of fault whose issue the rows of a replay hold."""
    found = []
    for name, issue in ISSUES.items():
        own = rows[rows.issue == issue].sort_values(["name", "time"])
        if len(own) and faults.of(name):
            found.append(_of_type(own, faults, name))
    return found


def alerts(one: pd.DataFrame) -> FloatArray:
    """When an entity's probability came over its threshold, from below and not out of an active issue.

    one: the rows of one entity in time order. The wake of the fault before is no detection of the next.
    """
    above = (one.probability >= one.threshold).to_numpy() | one.active.to_numpy()
    before = np.concatenate([[False], above[:-1]])
    return np.asarray(one.time.to_numpy()[above & ~before & ~one.active.to_numpy()])


def _of_type(own: pd.DataFrame, faults: Faults, name: str) -> Detection:
    begun = {str(entity): alerts(one) for entity, one in own.groupby("name")}
    delays = [_delay(begun.get(entity, np.zeros(0)), start) for entity, start in faults.of(name)]
    time = own.time.to_numpy()
    quiet = faults.quiet(time)
    of_issue = [fault for other, issue in ISSUES.items() if issue == ISSUES[name] for fault in faults.of(other)]
    came = _during(own, faults.of(name))
    counts = came | quiet
    return Detection(
        name,
        tuple(delays),
        sum(_runs(one) for _, one in own[quiet & _firing(own)].groupby("name")),
        sum(_elsewhere(entity, moments, of_issue, faults) for entity, moments in begun.items()),
        float(quiet.sum()) * STEP_SECONDS / 86_400.0,
        float(average_precision_score(came[counts], own.probability.to_numpy()[counts])),
    )


def _delay(begun: FloatArray, start: float) -> float:
    during = begun[(begun >= start - JITTER_SECONDS) & (begun <= start + FAULT_SECONDS)]
    return max(0.0, float(during[0]) - start) if len(during) else float("inf")


def _firing(own: pd.DataFrame) -> BoolArray:
    return np.asarray((own.probability >= own.threshold).to_numpy())


def _runs(firing: pd.DataFrame) -> int:
    return 1 + int((np.diff(firing.time.to_numpy()) > PAUSE_SECONDS).sum())


def _elsewhere(entity: str, begun: FloatArray, of_issue: list[tuple[str, float]], faults: Faults) -> int:
    """How many alerts of an entity began outside quiet and masked times, and not in a fault of its own or its wake."""
    spans = [(s - JITTER_SECONDS, s + FAULT_SECONDS + WAKE_SECONDS) for name, s in of_issue if name == entity]
    own = np.zeros(len(begun), dtype=np.bool_)
    for start, end in (*spans, *faults.masked):
        own |= (begun >= start) & (begun <= end)
    return int((~own & ~faults.quiet(begun)).sum())


def _during(own: pd.DataFrame, some: list[tuple[str, float]]) -> BoolArray:
    came = np.zeros(len(own), dtype=np.bool_)
    name, time = own.name.to_numpy(), own.time.to_numpy()
    for entity, start in some:
        came |= (name == entity) & (time >= start) & (time < start + FAULT_SECONDS)
    return came
