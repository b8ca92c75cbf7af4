"""Harmless episodes that look like the beginning of a fault."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from emitter import headroom
from emitter.cluster import BATCH_JOB
from emitter.controllers import begin_rollout, finished
from emitter.episodes import Episode, healthy_nodes, name_node, name_pod, name_workload, steady_pods
from emitter.headroom import HOT, ROOM
from emitter.lifecycle import complete, create, delete
from emitter.state import PENDING, RUNNING, IntArray
from emitter.world import World

SAWTOOTH_SECONDS: Final = 900.0
"""A garbage collector's or a log rotation's period."""

SETTLING_SECONDS: Final = 300.0
"""How fast a peak gives way to what else its replicas have to do."""

TEETH: Final = 2
"""At least: one alone would be a leak that somebody stopped."""


class Lookalike(Episode):
    """An episode that leads to no issue and lasts ramp plus hold."""

    issue = None
    predictable = False

    def begin(self, world: World) -> None:
        {"pod": name_pod, "node": name_node, "workload": name_workload}[self.kind](self, world)
        self.end = self.plan.start + self.ramp_seconds + self.plan.hold_seconds

    def room_bytes(self, world: World, top_ratio: float) -> float:
        """Memory between the pod's rest and a part of its limit."""
        spec = world.cluster.workloads[int(world.pods.workload[self.target])]
        rest = spec.resident_ratio * float(world.pods.memory_need[self.target])
        return max(0.0, (top_ratio - 1.1 * rest) * spec.memory_limit)


@dataclass
class CacheWarmup(Lookalike):
    """Memory rises as in a leak and levels off below 95 % of the limit."""

    type, kind = "cache_warmup", "pod"

    @classmethod
    def candidates(cls, world: World) -> list[int]:
        return [int(s) for s in np.flatnonzero(steady_pods(world, ("Deployment", "StatefulSet")))]

    def apply(self, world: World) -> None:
        top = self.room_bytes(world, 0.74 + 0.1 * self.plan.severity)
        world.pressures.memory_bytes[self.target] += top * (1.0 - math.exp(-3.0 * self.progress(world.now)))


@dataclass
class GarbageSawtooth(CacheWarmup):
    """A garbage collector lets memory grow and collects late, again and again."""

    type = "gc_sawtooth"

    def begin(self, world: World) -> None:
        super().begin(world)
        self.end = max(self.end, self.plan.start + TEETH * SAWTOOTH_SECONDS)

    def apply(self, world: World) -> None:
        part = (world.now - self.plan.start) % SAWTOOTH_SECONDS / SAWTOOTH_SECONDS
        top = self.room_bytes(world, 0.72 + 0.1 * self.plan.severity)
        world.pressures.memory_bytes[self.target] += top * part


@dataclass
class BatchJob(Lookalike):
    """A job uses nearly all the CPU it may, and finishes."""

    type, kind = "batch_job", "workload"
    job: ClassVar[str] = BATCH_JOB

    @classmethod
    def candidates(cls, world: World) -> list[int]:
        return [i for i, w in enumerate(world.cluster.workloads) if w.name == cls.job]

    def begin(self, world: World) -> None:
        super().begin(world)
        identity = world.pods.identity[create(world, self.target)]
        assert identity is not None, "just created"
        identity.arranged = True
        self.entity = {"namespace": identity.namespace, "pod": identity.name}
        self.uid = identity.uid

    def apply(self, world: World) -> None:
        slot = world.slot_by_uid.get(self.uid)
        if slot is not None:
            world.pods.busy_ratio[slot] = 0.1
            world.pressures.cpu_cores[slot] += 0.45 * float(world.pods.cpu_limit[slot])

    def finish(self, world: World) -> None:
        slot = world.slot_by_uid.get(self.uid)
        if slot is not None and world.pods.phase[slot] == RUNNING:
            complete(world, slot)
        elif slot is not None and not finished(world, slot):
            delete(world, slot)


@dataclass
class HealthyRollout(Lookalike):
    """New pods replace old ones, one by one, and stay well."""

    type, kind = "rollout", "workload"

    @classmethod
    def candidates(cls, world: World) -> list[int]:
        rolling = {r.workload for r in world.rollouts}
        return [i for i, w in enumerate(world.cluster.workloads) if w.kind == "Deployment" and i not in rolling]

    def begin(self, world: World) -> None:
        super().begin(world)
        begin_rollout(world, self.target)

    def apply(self, world: World) -> None:
        """The rollout itself is the controllers' work."""


@dataclass
class TrafficPeak(Lookalike):
    """More visitors than usual, within capacity: once replicas are hot, who comes on top is turned away."""

    type, kind = "traffic_peak", "workload"
    surplus: float = 0.0
    others: float | None = None
    """What the workload needs without the surplus, in CPU limits of a replica; a mean over some minutes."""

    @classmethod
    def candidates(cls, world: World) -> list[int]:
        cool = headroom.needed(world)[0] < ROOM
        return [i for i, w in enumerate(world.cluster.workloads) if w.http and cool[i]]

    def apply(self, world: World) -> None:
        part = (world.now - self.plan.start) / (self.end - self.plan.start)
        wanted = (0.2 + 0.15 * self.plan.severity) * math.sin(math.pi * min(max(part, 0.0), 1.0))
        self.surplus = min(wanted, self.room(world))
        world.pressures.traffic_factor[self.target] *= 1.0 + self.surplus

    def room(self, world: World) -> float:
        """The surplus that makes the replicas hot. The day goes on: what is room now may be gone at the peak."""
        needed, serving = (of[self.target] for of in headroom.needed(world))
        if not serving:  # nobody to ask how much they need, and none to carry more
            return 0.0
        others = float(needed * serving) / (1.0 + self.surplus)
        if self.others is not None:  # visitors do not follow the noise of a step
            others = self.others + (others - self.others) * min(1.0, world.step_seconds / SETTLING_SECONDS)
        self.others = others
        return max(0.0, HOT * float(serving) / max(others, 1e-9) - 1.0)


@dataclass
class LogGrowth(Lookalike):
    """Logs grow on a node's disk until they are rotated, well below its limit."""

    type, kind = "log_growth", "node"

    @classmethod
    def candidates(cls, world: World) -> list[int]:
        return healthy_nodes(world)

    def apply(self, world: World) -> None:
        part = (world.now - self.plan.start) % (2 * SAWTOOTH_SECONDS) / (2 * SAWTOOTH_SECONDS)
        height = (0.2 + 0.1 * self.plan.severity) * world.cluster.nodes[self.target].root_bytes
        world.pressures.disk_bytes[self.target] += height * part


@dataclass
class PlannedDrain(Lookalike):
    """A node is cordoned and emptied for maintenance, then opened again."""

    type, kind = "planned_drain", "node"

    @classmethod
    def candidates(cls, world: World) -> list[int]:
        fine = healthy_nodes(world)
        return fine if len(fine) > max(1, len(world.cluster.nodes) // 2) and world.nodes.member.all() else []

    def apply(self, world: World) -> None:
        world.nodes.cordoned[self.target] = True
        move_one(world, movable(world, self.target))

    def finish(self, world: World) -> None:
        world.nodes.cordoned[self.target] = False


def movable(world: World, node: int, kinds: tuple[str, ...] = ("Deployment",)) -> IntArray:
    """Slots of the node's pods that their controllers replace elsewhere, and no episode holds on to."""
    pods = world.pods
    replaced = np.array([w.kind in kinds for w in world.cluster.workloads])[pods.workload]
    free = np.array([p is not None and not p.arranged and p.uid not in world.faulty for p in pods.identity])
    return np.flatnonzero((pods.node == node) & (pods.phase == RUNNING) & replaced & free)


def move_one(world: World, slots: IntArray) -> None:
    """Delete the first for its controller to replace: a disruption budget of one, so none while any pod is starting."""
    pods = world.pods
    starting = ((pods.phase == PENDING) | ((pods.phase == RUNNING) & ~pods.ready)).any()
    if len(slots) and not starting:
        delete(world, int(slots[0]))


LOOKALIKES: Final[Mapping[str, type[Episode]]] = {
    kind.type: kind
    for kind in (CacheWarmup, GarbageSawtooth, BatchJob, HealthyRollout, TrafficPeak, LogGrowth, PlannedDrain)
}
