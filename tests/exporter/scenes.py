"""Records of pods, drawn as lines of marks, that the live judge follows and the trainer judges whole.

One character per step: `.` quiet, `?` at 0.6, `!` at 0.9, `#` a pod failure, `*` an exhausted resource, `%` a pod
failure without any sample, `_` away. A step is a minute where nothing else is said.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from math import floor
from typing import Final

import numpy as np
from hypothesis import strategies as st

from exporter.judge import Judge
from exporter.verdicts import VERDICTS, Tally
from predictor.entities import Entity, Kind
from predictor.issues import Outcome
from predictor.model import Prediction
from predictor.panel import BoolArray, FloatArray, Panel
from predictor.waits import AWAY_SECONDS, pending_seconds
from trainer.events import Alert, Events, judged

ISSUES: Final = ("pod_failure", "resource_exhaustion")
EPOCH: Final = 1000  # steps before the first one
WINDOW: Final = 30
LEVELS: Final = {".": 0.1, "?": 0.6, "!": 0.9, "#": 0.9, "*": 0.9, "%": np.nan, "_": np.nan}


@dataclass
class Ledger:
    """Adds up what the judge tells."""

    counts: Counter[tuple[Outcome, str]] = field(default_factory=Counter)
    leads: dict[Outcome, list[float]] = field(default_factory=dict)
    seconds: Counter[Outcome] = field(default_factory=Counter)

    def judged(self, kind: Kind, outcome: Outcome, tally: Tally) -> None:
        """Add it."""
        assert kind == "pod"
        assert tuple(tally.counts) == VERDICTS
        self.counts.update({(outcome, verdict): number for verdict, number in tally.counts.items()})
        self.leads.setdefault(outcome, []).extend(tally.leads_seconds)
        self.seconds[outcome] += round(tally.entity_seconds)

    def of(self, outcome: Outcome) -> dict[str, int]:
        """What was counted of one outcome, without zeros."""
        return {verdict: self.counts[outcome, verdict] for verdict in VERDICTS if self.counts[outcome, verdict]}


@dataclass(frozen=True)
class Scene:
    """A record of pods, one line of marks for each, and what is judged of it."""

    lines: tuple[str, ...]
    outcomes: tuple[Outcome, ...] = (Outcome("pod_failure", 600.0),)
    thresholds: tuple[float, ...] = (0.5,)
    step_seconds: float = 60.0

    @cached_property
    def marks(self) -> np.ndarray:
        """(steps, entities)."""
        return np.array([list(line) for line in self.lines]).T

    @cached_property
    def active(self) -> BoolArray:
        """(issues, steps, entities)."""
        return np.stack([np.isin(self.marks, ["#", "%"]), self.marks == "*"])

    @cached_property
    def present(self) -> BoolArray:
        """(steps, entities)."""
        return np.asarray(~np.isin(self.marks, ["%", "_"]))

    @cached_property
    def probability(self) -> FloatArray:
        """(outcomes, steps, entities), 1 while the issue is active."""
        levels = np.vectorize(LEVELS.__getitem__, otypes=[float])(self.marks)
        rows = [np.where(self.active[ISSUES.index(o.issue)], 1.0, levels) for o in self.outcomes]
        return np.asarray(np.stack(rows), dtype=np.float64)

    def followed(self, ticks: str = "", ledger: Ledger | None = None, judge: Judge | None = None) -> Ledger:
        """What the judge tells, tick by tick; where `ticks` has a space, the tick is missed."""
        found = ledger or Ledger()
        judge = judge or Judge(found)
        for step in range(len(self.marks)):
            if ticks[step : step + 1] != " ":
                panel, prediction = self.tick(step)
                judge.watch({"pod": panel}, [prediction], self.step_seconds)
        return found

    def tick(self, step: int) -> tuple[Panel, Prediction]:
        """The window that ends with that step, of the pods that have anything in it, and what is predicted then."""
        part = slice(max(0, step + 1 - WINDOW), step + 1)
        present, active = self.present[part], self.active[:, part]
        here = present.any(axis=0) | active.any(axis=(0, 1))
        pods: tuple[Entity, ...] = tuple(("shop", f"web-{i}") for i in np.nonzero(here)[0])
        times = np.asarray((EPOCH + np.arange(part.start, part.stop)) * self.step_seconds, dtype=np.float64)
        values = np.where(present[:, here], 1.0, np.nan)[None]
        panel = Panel("pod", times, pods, ("pod_memory",), values, ISSUES, active[:, :, here])
        probability = self.probability[:, step : step + 1, here]
        return panel, Prediction(
            "pod",
            times[-1:],
            pods,
            self.outcomes,
            self.thresholds,
            probability,
            ISSUES,
            panel.active[:, -1:],
            panel.present[-1:],
            np.full((1, len(pods)), np.nan),
        )

    def trained(self, number: int) -> Events:
        """What the trainer says of the whole record and one outcome."""
        outcome = self.outcomes[number]
        return judged(
            self.probability[number],
            self.active[ISSUES.index(outcome.issue)],
            self.present,
            threshold=self.thresholds[number],
            horizon_seconds=outcome.horizon_seconds,
            pending_seconds=pending_seconds(outcome.issue, outcome.horizon_seconds),
            step_seconds=self.step_seconds,
        )

    def forgotten(self, number: int, alert: Alert) -> bool:
        """Whether the pod is away when the alert's four horizons end, having left before it could be called false.

        The judge gives it up then. The trainer looks at the rest of the record, and if the pod ever comes back it was a
        false alarm after all.
        """
        horizon = self.outcomes[number].horizon_seconds / self.step_seconds
        end = alert.begin + floor(4 * horizon + 1e-9) + 1
        issue = ISSUES.index(self.outcomes[number].issue)
        there = (self.present | self.active[issue])[: end + 1, alert.entity]
        fired = self.probability[number, : min(alert.last, end) + 1, alert.entity] >= self.thresholds[number]
        left = int(np.nonzero(there)[0][-1]) + 1
        last = int(np.nonzero(fired)[0][-1])
        if there[end] or left - last > horizon or left - alert.begin > 4 * horizon:
            return False
        return not self.seen_to_come(issue, alert.entity, left, 4 * horizon)

    def seen_to_come(self, issue: int, entity: int, left: int, steps: float) -> bool:
        """Whether a pod that has left came less than so many steps before its last one, and somebody was there then."""
        there = self.present | self.active[issue]
        came = left - 1
        away = 0
        for step in range(left - 1, -1, -1):
            away = 0 if there[step, entity] else away + 1
            if away > AWAY_SECONDS / self.step_seconds:
                break
            if there[step, entity]:
                came = step
        return came > 0 and bool(there[came - 1].any()) and left - 1 - came < steps


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """Pods that come and go, get into trouble and are predicted, and then stay quiet or away until all is decided."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    horizons = draw(st.lists(st.sampled_from([300.0, 600.0, 900.0, 1800.0]), min_size=2, max_size=2, unique=True))
    step_seconds, steps = draw(st.sampled_from([60.0, 90.0])), draw(st.integers(1, 150))
    decided = round(4 * max(horizons) / step_seconds) + 12
    # Lengths at which something tips: leads and waits, the hold, the wake, the horizons and four of them.
    lengths = np.array([1, 2, 3, 4, 5, 6, 7, 10, 11, 15, 16, *(round(4 * h / step_seconds) for h in horizons)])
    lines = []
    for _ in range(draw(st.integers(1, 50))):
        marks = random.choice(list("....?!!!!###*%__"), 40).tolist()
        runs = random.choice(lengths, 40) + random.choice([0, 0, 1], 40)
        rest = random.choice([".", "_"])
        told = "".join(mark * length for mark, length in zip(marks, runs.tolist(), strict=True))
        lines.append(told[:steps].ljust(steps, rest) + rest * decided)
    outcomes = (*(Outcome("pod_failure", h) for h in horizons), Outcome("resource_exhaustion", horizons[0]))
    return Scene(tuple(lines), outcomes, (0.5, 0.75, 0.75), step_seconds)
