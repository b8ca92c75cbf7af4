"""When which episode begins: drawn from the seed for training, arranged around an anchor for viewers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from numpy.random import Generator

from emitter.arrangement import Arrangement
from emitter.cluster import Cluster
from emitter.episodes import Plan
from emitter.randomness import generator

ScenarioName = Literal["train", "quiet", "demo"]
DAY_SECONDS: Final = 86_400.0
QUIET_BEFORE_SECONDS: Final = 5_400.0
"""The demo's background ends this long before its anchor."""

FAULTS_PER_DAY: Final = {
    "memory_leak": ("pods", 0.6),
    "cpu_saturation": ("pods", 0.5),
    "volume_filling": ("pods", 0.5),
    "crash_loop": ("pods", 0.35),
    "error_latency_storm": ("pods", 0.5),
    "pod_packet_loss": ("pods", 0.12),
    "disk_filling": ("nodes", 3.8),
    "node_not_ready": ("nodes", 4.4),
    "packet_loss": ("nodes", 3.8),
}
"""Mean per day and pod or node: frequent, so that a few days teach what months would."""

LOOKALIKES_PER_DAY: Final = {
    "cache_warmup": ("pods", 0.25),
    "gc_sawtooth": ("pods", 0.15),
    "batch_job": ("pods", 0.2),
    "rollout": ("pods", 0.15),
    "traffic_peak": ("pods", 0.2),
    "log_growth": ("nodes", 1.5),
    "planned_drain": ("nodes", 0.5),
}


@dataclass
class Stream:
    """An endless sequence of random plans of one type; reading it is all that moves it."""

    type: str
    rng: Generator
    mean_gap_seconds: float
    next_start: float
    number: int = 0

    def due(self, now: float) -> Iterator[Plan]:
        """Plans that start at or before now."""
        while self.next_start <= now:
            self.number += 1
            yield Plan(
                id=f"{self.type}-{self.number}",
                type=self.type,
                start=now,
                ramp_seconds=600.0 * 12.0 ** float(self.rng.random()),  # 10 min to 2 h, evenly in its logarithm
                hold_seconds=float(self.rng.uniform(300, 900)),
                severity=float(self.rng.random()),
            )
            self.next_start += float(self.rng.exponential(self.mean_gap_seconds))


@dataclass(frozen=True)
class Scenario:
    """What the simulation asks at every step."""

    name: ScenarioName
    streams: tuple[Stream, ...]
    arranged: Callable[[float], list[Plan]]
    streams_until: float
    """Random faults that would not be over by then do not begin."""
    faults: frozenset[str]

    def plans(self, now: float) -> list[Plan]:
        """The plans that begin at this step, in a fixed order."""
        drawn = [p for s in self.streams for p in s.due(now)]
        return [p for p in drawn if self._fits(p)] + self.arranged(now)

    def _fits(self, plan: Plan) -> bool:
        if plan.type not in self.faults:
            return True
        return plan.start + plan.ramp_seconds + plan.hold_seconds + 600.0 <= self.streams_until


def build(
    name: ScenarioName, cluster: Cluster, seed: int, start: float, anchor: float, step_seconds: float
) -> Scenario:
    """The scenario of that name. anchor matters to `demo` only."""
    share = {"train": 1.0, "quiet": 0.0, "demo": 0.25}[name]
    rates = dict(LOOKALIKES_PER_DAY) | ({k: (u, r * share) for k, (u, r) in FAULTS_PER_DAY.items()} if share else {})
    size = {"pods": float(sum(w.replicas for w in cluster.workloads)), "nodes": float(len(cluster.nodes))}
    streams = tuple(_stream(name, kind, rates, size, seed, start) for kind in rates)
    arrangement = Arrangement(cluster, anchor, step_seconds) if name == "demo" else None
    return Scenario(
        name=name,
        streams=streams,
        arranged=arrangement.due if arrangement else _nothing,
        streams_until=anchor - QUIET_BEFORE_SECONDS if arrangement else float("inf"),
        faults=frozenset(FAULTS_PER_DAY),
    )


def _stream(
    name: str, kind: str, rates: Mapping[str, tuple[str, float]], size: Mapping[str, float], seed: int, start: float
) -> Stream:
    unit, rate = rates[kind]
    rng = generator(seed, name, kind)
    gap = DAY_SECONDS / (rate * size[unit])
    return Stream(kind, rng, gap, start + 900.0 + float(rng.exponential(gap)))


def _nothing(now: float) -> list[Plan]:
    del now
    return []
