"""Faults of pods, volumes and services: causes only; outages, kills and back-offs follow from the physics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from emitter.controllers import down, finished, revise, roll_back
from emitter.episodes import Episode, name_pod, name_workload, steady_pods
from emitter.lifecycle import create, delete, end_container
from emitter.physics import LATENCY_SHAPE
from emitter.state import RUNNING
from emitter.traffic import DEPENDENCY_AT_REST
from emitter.world import World

DEPENDENCY_AT_WORST: Final = 1.2
ERROR: Final = 2
"""Index of "Error" among the reasons a container ended for."""


@dataclass
class MemoryLeak(Episode):
    """A container never frees memory until the kernel kills it."""

    type, kind, issue = "memory_leak", "pod", "pod_failure"
    leading_signals: ClassVar[tuple[str, ...]] = (
        "container_memory_working_set_bytes",
        "container_memory_rss",
        "container_memory_failcnt",
    )
    gap_bytes: float = 0.0

    @classmethod
    def candidates(cls, world: World) -> list[int]:
        return [int(s) for s in np.flatnonzero(steady_pods(world, ("Deployment", "StatefulSet")))]

    def begin(self, world: World) -> None:
        name_pod(self, world)
        pods, slot = world.pods, self.target
        limit = float(pods.memory_limit[slot])
        transient = world.cluster.workloads[int(pods.workload[slot])].transient_ratio * limit
        self.gap_bytes = limit - float(pods.working_set_bytes[slot])
        self.expect(1.0 - transient / self.gap_bytes)

    def apply(self, world: World) -> None:
        now, before = self.progress(world.now), self.progress(world.now - world.step_seconds)
        # One byte at least: what is leaked stays while a fault that grows by steps stands still.
        world.pressures.leaking[self.target] += max(1.0, self.gap_bytes * (now - before))


@dataclass
class CpuSaturation(Episode):
    """A hot loop wants more CPU than the limit gives: throttling, then latency."""

    type, kind, issue = "cpu_saturation", "pod", "resource_exhaustion"
    leading_signals: ClassVar[tuple[str, ...]] = (
        "container_cpu_usage_seconds_total",
        "container_cpu_cfs_throttled_periods_total",
        "container_cpu_cfs_throttled_seconds_total",
    )

    @classmethod
    def candidates(cls, world: World) -> list[int]:
        limited = ~np.isnan(world.pods.cpu_limit)
        return [int(s) for s in np.flatnonzero(steady_pods(world, ("Deployment", "StatefulSet")) & limited)]

    def begin(self, world: World) -> None:
        name_pod(self, world)
        rest = float(world.pods.cpu_rate[self.target] / world.pods.cpu_limit[self.target])
        self.expect(min(1.0, max(0.05, (1.02 - rest) / self._peak())), delay_seconds=300.0)

    def apply(self, world: World) -> None:
        limit = float(world.pods.cpu_limit[self.target])
        world.pressures.cpu_cores[self.target] += limit * self._peak() * self.pressing(world.now)

    def _peak(self) -> float:
        return 0.95 + 0.45 * self.plan.severity


@dataclass
class VolumeFilling(Episode):
    """A claim fills up until its pod can hardly write."""

    type, kind, issue = "volume_filling", "volume", "resource_exhaustion"
    leading_signals: ClassVar[tuple[str, ...]] = (
        "kubelet_volume_stats_used_bytes",
        "kubelet_volume_stats_available_bytes",
    )
    gap_bytes: float = 0.0

    @classmethod
    def candidates(cls, world: World) -> list[int]:
        steady = steady_pods(world, ("StatefulSet",))
        return [k for k in range(len(world.volumes.uids)) if (s := pod_of_volume(world, k)) is not None and steady[s]]

    @classmethod
    def node_of(cls, world: World, target: int) -> int | None:
        slot = pod_of_volume(world, target)
        return None if slot is None else int(world.pods.node[slot])

    def begin(self, world: World) -> None:
        slot = pod_of_volume(world, self.target)
        identity = world.pods.identity[slot] if slot is not None else None
        assert identity is not None, "only mounted volumes fill"
        self.entity, self.uid = {"namespace": identity.namespace, "pod": identity.name}, identity.uid
        capacity, used = world.volumes.capacity_bytes[self.target], world.volumes.used_bytes[self.target]
        self.gap_bytes = float(capacity * (0.985 + 0.015 * self.plan.severity) - used)
        self.expect(float(0.97 * capacity - used) / self.gap_bytes)

    def apply(self, world: World) -> None:
        world.pressures.volume_bytes[self.target] += self.gap_bytes * self.level(world.now)


def pod_of_volume(world: World, volume: int) -> int | None:
    """The slot of the pod that mounts a volume, None while there is none."""
    workload, ordinal = world.volumes.workload[volume], world.volumes.ordinal[volume]
    for slot in np.flatnonzero((world.pods.workload == workload) & (world.pods.phase == RUNNING)):
        identity = world.pods.identity[slot]
        if identity is not None and identity.ordinal == ordinal:
            return int(slot)
    return None


@dataclass
class CrashLoop(Episode):
    """A bad rollout: its pods answer worse and worse, then crash again and again."""

    type, kind, issue = "crash_loop", "workload", "pod_failure"
    leading_signals: ClassVar[tuple[str, ...]] = (
        "http_requests_total",
        "http_request_duration_seconds_bucket",
        "kube_pod_status_ready",
    )
    uids: tuple[str, ...] = ()

    @classmethod
    def candidates(cls, world: World) -> list[int]:
        rolling = {r.workload for r in world.rollouts}
        return [
            i
            for i, w in enumerate(world.cluster.workloads)
            if w.kind == "Deployment" and w.http and w.replicas > 0 and i not in rolling
        ]

    def begin(self, world: World) -> None:
        revise(world, self.target)
        slots = [create(world, self.target, bad=True) for _ in range(self._pods(world))]
        made = [p for s in slots if (p := world.pods.identity[s]) is not None]
        for identity in made:
            identity.arranged = True
        self.uids = tuple(p.uid for p in made)
        self.entity = {"namespace": made[0].namespace, "pod": made[0].name}
        self.expect(1.0)

    def apply(self, world: World) -> None:
        level = self.level(world.now)
        for slot in self._slots(world):
            world.pressures.error_ratio[slot] += 0.25 * level**2
            world.pressures.latency_factor[slot] *= 1.0 + 2.5 * level
            draw, failing = float(world.weather.random()), max(0.0, level - 0.6)
            if level < 1.0:
                world.pressures.unready[slot] += float(draw < failing)
            elif world.pods.phase[slot] == RUNNING and draw < 0.6 and not down(world, slot):
                end_container(world, slot, ERROR, 1)

    def pods(self) -> tuple[str, ...]:
        return self.uids

    def finish(self, world: World) -> None:
        roll_back(world, self.target)
        for slot in self._slots(world):
            delete(world, slot)

    def gone(self, world: World) -> bool:
        return not self._slots(world)

    def _slots(self, world: World) -> list[int]:
        slots = [world.slot_by_uid[u] for u in self.uids if u in world.slot_by_uid]
        return [s for s in slots if not finished(world, s)]

    def _pods(self, world: World) -> int:
        return max(1, world.cluster.workloads[self.target].replicas // 3)


@dataclass
class Storm(Episode):
    """What a service calls runs out of capacity: latency rises with its utilisation, then requests fail."""

    type, kind, issue = "error_latency_storm", "workload", "service_disruption"
    leading_signals: ClassVar[tuple[str, ...]] = (
        "http_request_duration_seconds_bucket",
        "http_requests_in_flight",
        "http_requests_total",
    )

    @classmethod
    def candidates(cls, world: World) -> list[int]:
        served = world.services.endpoints > 0
        return [i for i, w in enumerate(world.cluster.workloads) if w.http and served[i]]

    def begin(self, world: World) -> None:
        name_workload(self, world)
        base = world.cluster.workloads[self.target].latency_seconds
        slow = 1.0 - base * LATENCY_SHAPE * (1.0 - DEPENDENCY_AT_REST) * 1.15
        span, failing = DEPENDENCY_AT_WORST - DEPENDENCY_AT_REST, 0.962
        rules = [((slow - DEPENDENCY_AT_REST) / span, 300.0), ((failing - DEPENDENCY_AT_REST) / span, 120.0)]
        self.expect(*min(rules, key=lambda rule: self.elapsed(rule[0]) * self.plan.ramp_seconds + rule[1]))

    def apply(self, world: World) -> None:
        span = DEPENDENCY_AT_WORST - DEPENDENCY_AT_REST
        world.pressures.dependency[self.target] += span * self.pressing(world.now)
