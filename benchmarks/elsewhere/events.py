"""What faults and look-alikes have in common: a target, a time, a severity, and levers they pull."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from benchmarks.elsewhere.ramps import RAMPS
from benchmarks.elsewhere.state import SEAT_WORKLOAD
from benchmarks.elsewhere.workloads import INDEX, NODES, WORKLOADS, callers
from benchmarks.elsewhere.world import World

SUBSIDES_SECONDS: Final = 600.0
"""A look-alike goes as gently as it came: nothing broke."""


@dataclass(frozen=True)
class Timing:
    """When an event starts, how long it grows and then stays, and how; strength (0 to 1) is its own luck."""

    start: float
    ramp_seconds: float
    hold_seconds: float
    shape: str
    strength: float

    @property
    def end(self) -> float:
        """When its cause is removed."""
        return self.start + self.ramp_seconds + self.hold_seconds

    def severity(self, now: float) -> float:
        """0 before the start, 1 after the ramp."""
        if now < self.start:
            return 0.0
        if now >= self.start + self.ramp_seconds:
            return 1.0
        return RAMPS[self.shape]((now - self.start) / self.ramp_seconds)

    def subsiding(self, now: float) -> float:
        """The severity, going back to 0 in the last minutes before the end."""
        return self.severity(now) * float(np.clip((self.end - now) / SUBSIDES_SECONDS, 0, 1))

    def between(self, low: float, high: float) -> float:
        """The number that the event's luck gives in a range."""
        return low + (high - low) * self.strength


class Event(ABC):
    """One thing that happens to one pod, node or service; index is its seat, node or workload.

    ramp_range, hold_range: seconds between which the director draws. spreads: do others feel it?
    """

    type: ClassVar[str]
    kind: ClassVar[str]
    ramp_range: ClassVar[tuple[float, float]]
    hold_range: ClassVar[tuple[float, float]]
    spreads: ClassVar[bool] = True

    def __init__(self, index: int, timing: Timing) -> None:
        self.index, self.timing = index, timing

    @classmethod
    @abstractmethod
    def candidates(cls, world: World) -> list[int]:
        """What it could happen to now."""

    @property
    def claim(self) -> str:
        """What no other event may touch meanwhile: the workload or the node."""
        if self.kind == "node":
            return f"node {NODES[self.index].name}"
        return f"workload {WORKLOADS[self.workload].name}"

    def shadow(self, world: World) -> frozenset[str]:
        """The workloads that feel it too: where look-alikes would not stay harmless."""
        if not self.spreads:
            return frozenset()
        if self.kind == "node":
            affected = frozenset(SEAT_WORKLOAD[world.pods.present & (world.pods.node == self.index)].tolist())
            return frozenset(f"workload {WORKLOADS[i].name}" for i in affected.union(*map(callers, affected)))
        return frozenset(f"workload {WORKLOADS[i].name}" for i in callers(self.workload))

    @property
    def workload(self) -> int:
        """The workload of a pod or a service."""
        return int(SEAT_WORKLOAD[self.index]) if self.kind == "pod" else self.index

    def begin(self, world: World) -> None:  # noqa: B027  # most only pull levers
        """What it does once, at its start."""

    def act(self, world: World) -> None:  # noqa: B027  # some are over at once
        """What it does at every step."""

    def finish(self, world: World) -> None:  # noqa: B027  # levers let go by themselves
        """What it does once, at its end."""


class NodeEvent(Event):
    """An event of a whole machine."""

    kind = "node"

    @classmethod
    def candidates(cls, world: World) -> list[int]:
        """Every node in use."""
        return [int(node) for node in np.flatnonzero(world.machines.ready & ~world.machines.cordoned)]


def seats(world: World, wanted: Callable[[int], bool]) -> list[int]:
    """The seats with a ready pod that are wanted; never those of a cron job, whose pods are gone in minutes."""
    lasting = world.pods.ready & (INDEX["cleanup"] != SEAT_WORKLOAD)
    return [int(seat) for seat in np.flatnonzero(lasting) if wanted(int(seat))]


def services(world: World) -> list[int]:
    """The workloads with a Service that has an endpoint."""
    return [number for number in _answering(world) if WORKLOADS[number].serves]


def deployments(world: World) -> list[int]:
    """The workloads that can be rolled out and scaled."""
    return [number for number in _answering(world) if WORKLOADS[number].controller == "Deployment"]


def _answering(world: World) -> list[int]:
    answering: list[int] = np.unique(SEAT_WORKLOAD[world.pods.ready]).tolist()
    return answering
