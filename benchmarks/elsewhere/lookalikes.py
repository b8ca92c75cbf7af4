"""What only looks like trouble. None of these leads to an issue on anything."""

from typing import Final

import numpy as np

from benchmarks.elsewhere.events import Event, NodeEvent, Timing, deployments, seats, services
from benchmarks.elsewhere.habits import CORES, FULLNESS, HEAP, MEMORY_LIMITED, VOLUME
from benchmarks.elsewhere.lifecycle import Replacement
from benchmarks.elsewhere.pods import OVERSHOOT
from benchmarks.elsewhere.state import SEAT_WORKLOAD, Ended
from benchmarks.elsewhere.workloads import WORKLOADS, IntArray
from benchmarks.elsewhere.world import World

REBOOT_STEPS: Final = 2
"""A virtual machine is back before the controller's grace of 40 to 50 s ends, so its node stays Ready."""


class CacheWarmup(Event):
    """A cache fills up to 84 to 90 % of the limit, stays there for hours, and is given back."""

    type, kind = "cache_warmup", "pod"
    ramp_range, hold_range = (1200.0, 9000.0), (3600.0, 14400.0)

    @classmethod
    def candidates(cls, world: World) -> list[int]:
        return seats(world, lambda seat: bool(MEMORY_LIMITED[seat] and not HEAP[seat] and FULLNESS[seat] < 0.8))

    def act(self, world: World) -> None:
        usual = FULLNESS[self.index]
        pull = (self.timing.between(0.84, 0.90) - usual) / (OVERSHOOT - usual)
        world.levers.memory_pull[self.index] = pull * self.timing.subsiding(world.now)


class NightlyBackup(Event):
    """Between midnight and five, a database reads its volume and sends it away: CPU, disk and network."""

    type, kind = "nightly_backup", "pod"
    ramp_range, hold_range = (60.0, 600.0), (1500.0, 4200.0)

    @classmethod
    def candidates(cls, world: World) -> list[int]:
        return seats(world, lambda seat: VOLUME[seat] > 0) if world.now % 86400 < 5 * 3600 else []

    def act(self, world: World) -> None:
        severity, levers = self.timing.subsiding(world.now), world.levers
        levers.cpu_cores[self.index] = 0.4 * CORES[self.index] * severity
        levers.traffic_bytes[self.index] = self.timing.between(3e6, 12e6) * severity
        levers.volume_pull[self.index] = self.timing.between(0.1, 0.4) * severity
        levers.node_io[world.pods.node[self.index]] += self.timing.between(0.3, 0.7) * severity


class Rollout(Event):
    """A good release: every pod is replaced, one after another."""

    type, kind = "rollout", "service"
    ramp_range, hold_range = (0.0, 0.0), (900.0, 1200.0)

    @classmethod
    def candidates(cls, world: World) -> list[int]:
        return deployments(world)

    def begin(self, world: World) -> None:
        world.life.revisions[self.index] += 1
        world.replace(world.life.seats(self.index))


class Scaling(Event):
    """One or two pods more for an hour or more, then as before."""

    type, kind = "scaling", "service"
    ramp_range, hold_range = (0.0, 0.0), (2400.0, 10800.0)

    def __init__(self, index: int, timing: Timing) -> None:
        super().__init__(index, timing)
        self._added: list[int] = []

    @classmethod
    def candidates(cls, world: World) -> list[int]:
        return deployments(world)

    def begin(self, world: World) -> None:
        for _ in range(1 if self.timing.strength < 0.5 else 2):
            seat = world.life.free_seat(self.index)
            if seat is not None:
                world.life.admit(seat, world.now)
                self._added.append(seat)

    def finish(self, world: World) -> None:
        for seat in self._added:
            world.life.dismiss(seat)


class TrafficPeak(Event):
    """Up to twice the traffic, but never more than the pods can carry."""

    type, kind = "traffic_peak", "service"
    ramp_range, hold_range = (600.0, 7200.0), (1200.0, 4800.0)
    _extra = 0.0

    @classmethod
    def candidates(cls, world: World) -> list[int]:
        return [number for number in services(world) if world.headroom(number) > 1.25]

    def act(self, world: World) -> None:
        # The day goes on meanwhile: what is room at the start may be gone at the peak.
        room = world.headroom(self.index) * (1.0 + self._extra) - 1.0
        wanted = self.timing.between(0.25, 1.0) * self.timing.subsiding(world.now)
        self._extra = min(wanted, max(0.0, room))
        world.levers.traffic[self.index] = self._extra


class LogRotation(NodeEvent):
    """Logs fill a node's disk by some per cent and are cut, again and again."""

    type = "log_rotation"
    ramp_range, hold_range = (0.0, 0.0), (7200.0, 21600.0)
    spreads = False

    def act(self, world: World) -> None:
        period = self.timing.between(1500, 5400)
        height = 0.04 + 0.08 * (1 - self.timing.strength)
        world.levers.disk_extra[self.index] = height * ((world.now - self.timing.start) / period % 1.0)


class ExporterDown(NodeEvent):
    """The node's exporter or its kubelet is not scraped for some minutes, and nothing else happens."""

    type = "exporter_down"
    ramp_range, hold_range = (0.0, 0.0), (180.0, 720.0)
    spreads = False

    def act(self, world: World) -> None:
        levers = world.levers
        missing = levers.no_exporter if self.timing.strength < 0.6 else levers.no_kubelet
        missing[self.index] = 1.0


class NodeReboot(NodeEvent):
    """A node is cordoned, its Deployments' pods move away without an outage, and it boots quickly."""

    type = "node_reboot"
    ramp_range, hold_range = (0.0, 0.0), (2100.0, 2700.0)

    def __init__(self, index: int, timing: Timing) -> None:
        super().__init__(index, timing)
        self._drains: list[Replacement] = []
        self._away: list[int] = []
        self._down_steps = 0

    @classmethod
    def candidates(cls, world: World) -> list[int]:
        quiet = [node for node in super().candidates(world) if np.all(world.pods.load[_pinned(world, node)] < 0.4)]
        return quiet if not world.machines.cordoned.any() else []

    def begin(self, world: World) -> None:
        world.machines.cordoned[self.index] = True
        here = np.flatnonzero(world.pods.present & (world.pods.node == self.index))
        for number in deployments(world):
            moving = here[SEAT_WORKLOAD[here] == number]
            if len(moving):
                self._drains.append(world.replace(moving))

    def act(self, world: World) -> None:
        if self._down_steps > REBOOT_STEPS or not all(drain.done for drain in self._drains):
            return
        if self._down_steps == 0:
            self._go_down(world)
        if self._down_steps < REBOOT_STEPS:
            world.levers.no_exporter[self.index] = world.levers.no_kubelet[self.index] = 1.0
        else:
            self._come_up(world)
        self._down_steps += 1

    def finish(self, world: World) -> None:
        world.machines.cordoned[self.index] = False

    def _go_down(self, world: World) -> None:
        """Pods go, but for daemons, which only restart; the kernel counts from zero."""
        for seat in np.flatnonzero(world.pods.present & (world.pods.node == self.index)):
            controller = WORKLOADS[SEAT_WORKLOAD[seat]].controller
            if controller == "DaemonSet":
                world.life.kill(int(seat), Ended.COMPLETED, world.now)
            elif world.pods.running[seat]:
                world.life.dismiss(int(seat))
                self._away += [int(seat)] if controller == "StatefulSet" else []
        for counter in world.machines.counters.values():
            counter[self.index] = 0.0
        world.machines.relist[self.index] = 0.0

    def _come_up(self, world: World) -> None:
        """Volumes bind pods to their node: those come back, by the same names."""
        for seat in self._away:
            world.life.admit(seat, world.now)
        world.machines.cordoned[self.index] = False


LOOKALIKES: Final[tuple[type[Event], ...]] = (
    CacheWarmup,
    NightlyBackup,
    Rollout,
    Scaling,
    TrafficPeak,
    LogRotation,
    NodeReboot,
    ExporterDown,
)


def _pinned(world: World, node: int) -> IntArray:
    """The seats of all pods whose service loses a replica when the node boots."""
    here = world.pods.present & (world.pods.node == node) & (VOLUME > 0)
    pinned: IntArray = np.flatnonzero(world.pods.present & np.isin(SEAT_WORKLOAD, SEAT_WORKLOAD[here]))
    return pinned
