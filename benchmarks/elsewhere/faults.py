"""What goes wrong. Every class says its type, the issue it leads to, whom it can hit and which levers it pulls."""

from typing import ClassVar, Final

import numpy as np

from benchmarks.elsewhere.events import Event, NodeEvent, seats, services
from benchmarks.elsewhere.habits import CORES, CPU_LIMITED, MEMORY_LIMITED, VOLUME
from benchmarks.elsewhere.state import SEAT_WORKLOAD
from benchmarks.elsewhere.workloads import WORKLOADS
from benchmarks.elsewhere.world import World

CRASH_AFTER_SECONDS: Final = 75.0
"""How long a bad release runs before it crashes."""


class Fault(Event):
    """An event that leads to an issue."""

    issue: ClassVar[str]
    ramp_range = (480.0, 21600.0)
    hold_range = (600.0, 1800.0)


class MemoryLeak(Fault):
    """A leak to the OOM killer; the restarted container leaks faster, so kubelet's back-off grows."""

    type, kind, issue = "memory_leak", "pod", "pod_failure"

    @classmethod
    def candidates(cls, world: World) -> list[int]:
        return seats(world, lambda seat: bool(MEMORY_LIMITED[seat]))

    def act(self, world: World) -> None:
        severity = self.timing.severity(world.now)
        if world.pods.restarts[self.index] and world.pods.started[self.index] > self.timing.start:
            severity = min(1.0, (world.now - world.pods.started[self.index]) / self.timing.between(120, 400))
        world.levers.memory_pull[self.index] = severity

    def finish(self, world: World) -> None:
        if WORKLOADS[self.workload].controller == "Deployment":
            world.replace(np.array([self.index]))
        else:
            world.life.admit(self.index, world.now)


class CpuRunaway(Fault):
    """Threads that spin until the limit throttles more than every second period."""

    type, kind, issue = "cpu_runaway", "pod", "resource_exhaustion"

    @classmethod
    def candidates(cls, world: World) -> list[int]:
        return seats(world, lambda seat: bool(CPU_LIMITED[seat]))

    def act(self, world: World) -> None:
        world.levers.cpu_pull[self.index] = self.timing.severity(world.now) * self.timing.between(0.75, 1.0)


class VolumeFilling(Fault):
    """A volume that fills up to its last per cent."""

    type, kind, issue = "volume_filling", "pod", "resource_exhaustion"

    @classmethod
    def candidates(cls, world: World) -> list[int]:
        return seats(world, lambda seat: VOLUME[seat] > 0)

    def act(self, world: World) -> None:
        world.levers.volume_pull[self.index] = self.timing.severity(world.now)
        world.levers.node_io[world.pods.node[self.index]] += self.timing.between(0.0, 0.12)


class NodeDiskFilling(NodeEvent, Fault):
    """Something writes until the kubelet reports DiskPressure."""

    type, issue = "node_disk_filling", "resource_exhaustion"
    spreads = False

    def act(self, world: World) -> None:
        world.levers.disk_pull[self.index] = self.timing.severity(world.now)
        world.levers.node_io[self.index] += self.timing.between(0.02, 0.25)


class NodeMemoryStarvation(NodeEvent, Fault):
    """A process outside of all pods takes the memory, until the kubelet's heartbeats stop."""

    type, issue = "node_memory_starvation", "node_failure"

    def act(self, world: World) -> None:
        world.levers.node_memory_pull[self.index] = self.timing.severity(world.now)


class NodePacketDrops(NodeEvent, Fault):
    """A bad cable or full queue: packets get lost, or only segments have to be sent again."""

    type, issue = "node_packet_drops", "network_issue"

    def act(self, world: World) -> None:
        severity = self.timing.severity(world.now)
        if self.timing.strength < 0.35:
            world.levers.node_retransmit[self.index] = severity * (0.07 + 0.15 * self.timing.strength)
        else:
            world.levers.node_drop[self.index] = severity * self.timing.between(0.012, 0.022)


class PodPacketDrops(Fault):
    """One pod's interface loses packets."""

    type, kind, issue = "pod_packet_drops", "pod", "network_issue"

    @classmethod
    def candidates(cls, world: World) -> list[int]:
        return seats(world, lambda _: True)

    def act(self, world: World) -> None:
        world.levers.pod_drop[self.index] = self.timing.severity(world.now) * self.timing.between(0.012, 0.028)


class SlowDependency(Fault):
    """Something outside of the cluster gets slow, or fails: so does the service that calls it."""

    type, kind, issue = "slow_dependency", "service", "service_disruption"

    @classmethod
    def candidates(cls, world: World) -> list[int]:
        return services(world)

    def act(self, world: World) -> None:
        severity = self.timing.severity(world.now)
        if self.timing.strength < 0.4:
            world.levers.errors[self.index] = severity * (0.065 + 0.25 * self.timing.strength)
        else:
            world.levers.delay[self.index] = severity * self.timing.between(0.32, 0.7)


class BadRelease(Fault):
    """A rollout whose first pod fails its readiness more and more often, then crash-loops; the old pods stay."""

    type, kind, issue = "bad_release", "pod", "pod_failure"

    @classmethod
    def candidates(cls, world: World) -> list[int]:
        return seats(world, lambda seat: WORKLOADS[SEAT_WORKLOAD[seat]].controller == "Deployment")

    def begin(self, world: World) -> None:
        world.life.revisions[self.workload] += 1
        seat = world.life.free_seat(self.workload)
        if seat is None:
            raise NoRoom(f"no free seat for a release of {WORKLOADS[self.workload].name}")
        world.life.admit(seat, world.now)
        self.index = seat

    def act(self, world: World) -> None:
        severity = self.timing.severity(world.now)
        world.levers.unready[self.index] = 0.9 * severity
        world.levers.pod_errors[self.index] = 0.08 * severity
        world.levers.cpu_cores[self.index] = 0.4 * CORES[self.index] * severity
        if severity == 1.0:
            world.levers.crash_seconds[self.index] = CRASH_AFTER_SECONDS

    def finish(self, world: World) -> None:
        world.life.dismiss(self.index)
        world.life.revisions[self.workload] -= 1


class NoRoom(Exception):
    """A workload has no free seat; the director starts events only where there is one."""


FAULTS: Final[tuple[type[Fault], ...]] = (
    MemoryLeak,
    CpuRunaway,
    VolumeFilling,
    NodeDiskFilling,
    NodeMemoryStarvation,
    NodePacketDrops,
    PodPacketDrops,
    SlowDependency,
    BadRelease,
)
