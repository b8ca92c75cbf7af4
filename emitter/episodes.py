"""What faults and look-alikes have in common: a target, a ramp, a shape, an end."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.random import Generator

from emitter.shapes import SHAPES
from emitter.state import RUNNING, BoolArray
from emitter.world import World

Place = tuple[str, int]
"""What an episode occupies: ("pod", slot), ("node", index), ("volume", index) or ("workload", index)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """An episode before it begins."""

    id: str
    type: str
    start: float
    ramp_seconds: float
    hold_seconds: float
    """From the onset to the recovery."""
    severity: float
    """0 to 1 inside the range that the type gives it."""
    shape: str = "linear"
    target: int | None = None
    """Index of the target; None leaves the choice to the type."""
    onset_at: float | None = None
    """Wanted expected onset; the ramp is stretched to meet it."""
    avoided_node: int | None = None
    """Node whose pods are no targets, because something else is arranged there."""


@dataclass
class Episode(ABC):
    """One arranged change, from its start to its end."""

    plan: Plan
    target: int
    entity: dict[str, str] = field(default_factory=dict)
    uid: str = ""
    expected_onset: float | None = None
    onset: float | None = None
    end: float = 0.0
    latest_onset: float = 0.0
    """When the ramp has ended: where a curve is flat near the top, the issue may begin long after it was expected."""
    over: bool = False
    ramp_seconds: float = 0.0

    type: ClassVar[str]
    kind: ClassVar[str]
    issue: ClassVar[str | None] = None
    predictable: ClassVar[bool] = True
    leading_signals: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        self.ramp_seconds = self.plan.ramp_seconds

    @classmethod
    @abstractmethod
    def candidates(cls, world: World) -> list[int]:
        """Indices this type may act on now."""

    @classmethod
    def node_of(cls, world: World, target: int) -> int | None:
        """The node a target lives on, None where that has no meaning."""
        return int(world.pods.node[target]) if cls.kind == "pod" else None

    def pods(self) -> tuple[str, ...]:
        """The uids of the pods it acts on."""
        return (self.uid,) if self.uid else ()

    def place(self) -> Place:
        """What the episode occupies, so that no other acts on it."""
        return (self.kind, self.target)

    @abstractmethod
    def begin(self, world: World) -> None:
        """Fix what depends on the state at the start: sizes, expected onset, end."""

    @abstractmethod
    def apply(self, world: World) -> None:
        """Add this step's pressure."""

    def finish(self, world: World) -> None:  # noqa: B027  # most leave nothing behind
        """Undo what does not vanish with the pressure."""

    def progress(self, now: float) -> float:
        """Shape of the elapsed part of the ramp; grows beyond 1 where the shape does."""
        return SHAPES[self.plan.shape].progress((now - self.plan.start) / self.ramp_seconds)

    def level(self, now: float) -> float:
        """Progress, at most 1."""
        return min(1.0, self.progress(now))

    def pressing(self, now: float) -> float:
        """The level, less while an intermittent fault pauses."""
        return self.level(now) * SHAPES[self.plan.shape].holding((now - self.plan.start) / self.ramp_seconds)

    def elapsed(self, severity: float) -> float:
        """The part of the ramp after which this severity is reached."""
        return SHAPES[self.plan.shape].reached(severity)

    def expect(self, severity: float, delay_seconds: float = 0.0) -> None:
        """The issue begins when this severity is reached, plus the rule's own waiting time."""
        part = self.elapsed(severity)
        if self.plan.onset_at is not None:
            self.ramp_seconds = (self.plan.onset_at - self.plan.start - delay_seconds) / part
        self.expected_onset = self.plan.start + part * self.ramp_seconds + delay_seconds
        self.end = self.expected_onset + self.plan.hold_seconds
        self.latest_onset = self.plan.start + self.ramp_seconds + delay_seconds

    @property
    def ends_at(self) -> float:
        """Its end, or later while it waits for an issue that must come."""
        awaited = not self.over and self.predictable and self.issue is not None and self.onset is None
        return max(self.end, self.latest_onset + self.plan.hold_seconds) if awaited else self.end

    def gone(self, world: World) -> bool:
        """Whether the target no longer exists."""
        return self.kind == "pod" and self.uid not in world.slot_by_uid


def name_pod(episode: Episode, world: World) -> None:
    """Fill in entity and uid of the pod in slot `target`."""
    identity = world.pods.identity[episode.target]
    assert identity is not None, "episodes begin on existing pods"
    episode.entity = {"namespace": identity.namespace, "pod": identity.name}
    episode.uid = identity.uid


def name_workload(episode: Episode, world: World) -> None:
    """Fill in the entity of the service in front of workload `target`."""
    spec = world.cluster.workloads[episode.target]
    episode.entity = {"namespace": spec.namespace, "service": spec.name}


def name_node(episode: Episode, world: World) -> None:
    """Fill in the entity of node `target`."""
    episode.entity = {"node": world.cluster.nodes[episode.target].name}


def steady_pods(world: World, kinds: tuple[str, ...], settled_seconds: float = 300.0) -> BoolArray:
    """(slots,) running, ready, settled pods of the given kinds of workload that no episode arranged."""
    pods = world.pods
    wanted = np.array([w.kind in kinds for w in world.cluster.workloads])[pods.workload]
    free = np.array([p is not None and not p.arranged for p in pods.identity])
    settled = world.now - pods.started_at >= min(settled_seconds, world.now - world.start)
    staying = ~world.nodes.cordoned[pods.node]  # who is about to be moved would take the episode's end with it
    return np.asarray(wanted & free & settled & staying & pods.ready & (pods.phase == RUNNING))


def healthy_nodes(world: World) -> list[int]:
    """Nodes that are ready, open and without pressure."""
    nodes = world.nodes
    fine = nodes.up & (nodes.ready == 0) & ~nodes.cordoned & ~nodes.disk_pressure & ~nodes.memory_pressure
    return [int(n) for n in np.flatnonzero(fine)]


def choose(
    kind: type[Episode], world: World, rng: Generator, busy: frozenset[Place], avoided_node: int | None = None
) -> int | None:
    """A free target of this type, or None; draws one number whatever there is to choose from."""
    draw = float(rng.random())
    free = [
        c
        for c in kind.candidates(world)
        if (kind.kind, c) not in busy and (avoided_node is None or kind.node_of(world, c) != avoided_node)
    ]
    return free[int(draw * len(free))] if free else None
