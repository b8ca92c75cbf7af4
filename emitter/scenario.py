"""When which episode begins: drawn from the seed for training, arranged around an anchor for viewers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from numpy.random import Generator

from emitter.arrangement import Arrangement
from emitter.cluster import Cluster, ScenarioName
from emitter.episodes import Plan
from emitter.randomness import generator
from emitter.rates import ABRUPT_PER_DAY, FAULTS_PER_DAY, LOOKALIKES_PER_DAY
from emitter.shapes import HOLDOUT_SHAPES, TRAINING_SHAPES

DAY_SECONDS: Final = 86_400.0
QUIET_BEFORE_SECONDS: Final = 5_400.0
"""The demo's background ends this long before its anchor."""

DEMO_SHARE: Final = 8.0
"""The demo's background has this many times the natural faults and look-alikes: viewers have five minutes."""


@dataclass(frozen=True)
class Draws:
    """What a scenario draws its episodes from. ramps, harmless: shortest and longest of a fault and of a look-alike, in
    seconds, evenly in the logarithm.
    """

    ramps: tuple[float, float]
    harmless: tuple[float, float]
    shapes: tuple[str, ...]


DRAWS: Final[Mapping[ScenarioName, Draws]] = {
    "train": Draws((600.0, 6 * 3600.0), (300.0, 6 * 3600.0), TRAINING_SHAPES),
    "quiet": Draws((600.0, 6 * 3600.0), (300.0, 6 * 3600.0), TRAINING_SHAPES),
    "demo": Draws((600.0, 2 * 3600.0), (600.0, 2 * 3600.0), ("linear",)),
    "holdout": Draws((300.0, 12 * 3600.0), (300.0, 12 * 3600.0), HOLDOUT_SHAPES),
}
"""`holdout` has shapes and speeds that `train` never draws, and other workloads (see cluster)."""


SCHEDULED: Final = frozenset({"cron_job"})
"""Types that come at fixed times of the day, and not by chance."""

PERIODS: Final = (900.0, 1800.0, 3600.0, *(3600.0 * hours for hours in (2, 3, 4, 6, 8, 12)))
"""What a crontab's line for every day can say, shorter than a day, in seconds."""


@dataclass
class Stream:
    """An endless sequence of random plans of one type; reading it is all that moves it."""

    type: str
    rng: Generator
    mean_gap_seconds: float
    draws: Draws
    next_start: float
    scheduled: bool = False
    """The gap is always the same."""

    number: int = 0

    def due(self, now: float) -> Iterator[Plan]:
        """Plans that start at or before now."""
        shortest, longest = self.draws.harmless if self.type in LOOKALIKES_PER_DAY else self.draws.ramps
        while self.next_start <= now:
            self.number += 1
            yield Plan(
                id=f"{self.type}-{self.number}",
                type=self.type,
                start=now,
                ramp_seconds=shortest * (longest / shortest) ** float(self.rng.random()),
                hold_seconds=float(self.rng.uniform(300, 900)),
                severity=float(self.rng.random()),
                shape=self.draws.shapes[int(self.rng.random() * len(self.draws.shapes))],
            )
            gap = self.mean_gap_seconds
            self.next_start += gap if self.scheduled else float(self.rng.exponential(gap))


@dataclass(frozen=True)
class Scenario:
    """What the simulation asks at every step."""

    name: ScenarioName
    streams: tuple[Stream, ...]
    arranged: Callable[[float], list[Plan]]
    streams_until: float
    """Random faults that would not be over by then do not begin."""
    faults: frozenset[str]
    without: frozenset[str] = frozenset()
    """Types that never come."""

    def plans(self, now: float) -> list[Plan]:
        """The plans that begin at this step, in a fixed order."""
        drawn = [p for s in self.streams for p in s.due(now)]
        wanted = [p for p in drawn if self._fits(p)] + self.arranged(now)
        return [p for p in wanted if p.type not in self.without]

    def _fits(self, plan: Plan) -> bool:
        if plan.type not in self.faults:
            return True
        return plan.start + plan.ramp_seconds + plan.hold_seconds + 600.0 <= self.streams_until


def _period(seconds: float) -> float:
    """The nearest that a crontab can say, in seconds; from a day on whole days."""
    if seconds > 1.5 * PERIODS[-1]:
        return max(1.0, round(seconds / DAY_SECONDS)) * DAY_SECONDS
    return min(PERIODS, key=lambda one: abs(math.log(one / seconds)))


def build(
    name: ScenarioName,
    cluster: Cluster,
    seed: int,
    start: float,
    anchor: float,
    step_seconds: float,
    factor: float,
    without: tuple[str, ...] = (),
) -> Scenario:
    """The scenario of that name. anchor matters to `demo` only; factor multiplies every rate, types in `without` are 0.

    Every type draws for itself, so that leaving one out does not move the others.
    """
    faults = FAULTS_PER_DAY | ABRUPT_PER_DAY
    rates = LOOKALIKES_PER_DAY if name == "quiet" else LOOKALIKES_PER_DAY | faults
    often = factor * (DEMO_SHARE if name == "demo" else 1.0)
    size = {"pods": float(sum(w.replicas for w in cluster.workloads)), "nodes": float(len(cluster.nodes))}
    streams = []
    for kind, (unit, rate) in rates.items():
        rng = generator(seed, name, kind)
        gap = DAY_SECONDS / (rate * often * size[unit])
        scheduled = kind in SCHEDULED
        gap = _period(gap) if scheduled else gap
        first = start + 900.0 + (rng.random() * gap if scheduled else float(rng.exponential(gap)))
        first = math.ceil(first / PERIODS[0]) * PERIODS[0] if scheduled else first
        streams.append(Stream(kind, rng, gap, DRAWS[name], first, scheduled))
    arrangement = Arrangement(cluster, anchor, step_seconds) if name == "demo" else None
    return Scenario(
        name=name,
        streams=tuple(streams),
        arranged=arrangement.due if arrangement else _nothing,
        streams_until=anchor - QUIET_BEFORE_SECONDS if arrangement else float("inf"),
        faults=frozenset(faults),
        without=frozenset(without),
    )


def _nothing(now: float) -> list[Plan]:
    del now
    return []
