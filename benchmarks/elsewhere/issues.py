"""Which issues are really there: this cluster's own idea of each, applied to its own state.

What the limits are is agreed with the catalogue that is judged here (memory above 95 %, losses above 1 %, …). How long
something must last is not: ratios are those of the last five minutes, all else is that of the step, while the
catalogue's rules look back two minutes, or ask for five of a slow service. So the same trouble may begin minutes
earlier here than there, and a short one only here.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from benchmarks.elsewhere.habits import CPU_LIMITED, MEMORY, MEMORY_LIMITED, VOLUME
from benchmarks.elsewhere.machines import DISK_PRESSURE_RATIO, MEMORY_PRESSURE_RATIO
from benchmarks.elsewhere.pods import volume_bytes
from benchmarks.elsewhere.state import BUCKETS, DIRECTIONS, SEAT_WORKLOAD, Ended, Phase, Waiting
from benchmarks.elsewhere.workloads import NODES, WORKLOADS, BoolArray, FloatArray
from benchmarks.elsewhere.world import World

WINDOW_STEPS: Final = 10
ONE_SECOND: Final = BUCKETS.index(1.0)

MEMORY_RATIO: Final = 0.95
THROTTLED_RATIO: Final = 0.5
VOLUME_RATIO: Final = 0.97
THIN_RATIO: Final = 0.03
LOSS_RATIO: Final = 0.01
RETRANSMIT_RATIO: Final = 0.05
ERROR_RATIO: Final = 0.05
SLOW_RATIO: Final = 0.01
"""More than one request in a hundred above one second is a p99 above one second."""

SERVING: Final = np.array([workload.serves for workload in WORKLOADS])


@dataclass(frozen=True)
class Episode:
    """An issue of one entity from its first step to the first without it."""

    issue: str
    kind: str
    entity: dict[str, str]
    start: float
    end: float


class Windows:
    """Increases of counters over the last five minutes. A counter that fell has started anew at zero."""

    def __init__(self) -> None:
        self._last: dict[str, FloatArray] = {}
        self._steps: dict[str, FloatArray] = {}
        self._at = 0

    def next(self) -> None:
        """The next step begins."""
        self._at = (self._at + 1) % WINDOW_STEPS

    def increase(self, name: str, counter: FloatArray) -> FloatArray:
        """The counter's increase; the shape of the counter."""
        if name not in self._last:
            self._last[name] = counter.copy()
            self._steps[name] = np.zeros((WINDOW_STEPS, *counter.shape))
        last = self._last[name]
        self._steps[name][self._at] = np.where(counter >= last, counter - last, counter)
        last[...] = counter
        total: FloatArray = self._steps[name].sum(axis=0)
        return total

    def forget(self, name: str, rows: BoolArray) -> None:
        """These rows belong to somebody new."""
        if name in self._steps:
            self._steps[name][:, rows] = 0.0


class Watch:
    """What is wrong in the cluster now, and all that was. present: (kind, issue) -> flags."""

    def __init__(self, world: World) -> None:
        self._world, self._windows = world, Windows()
        self._generation = world.pods.generation.copy()
        self.present: dict[tuple[str, str], BoolArray] = {}
        self.episodes: list[Episode] = []
        self._open: dict[tuple[str, str, int], tuple[dict[str, str], float]] = {}

    def update(self) -> None:
        """Judge the step."""
        now = self._world.now
        self._windows.next()
        self._forget_replaced()
        network = self._losses()
        present = {
            ("pod", "pod_failure"): self._pod_failure(),
            ("pod", "resource_exhaustion"): self._pod_exhaustion() & self._world.pods.present,
            ("pod", "network_issue"): network[0] & self._world.pods.present,
            ("node", "node_failure"): ~self._world.machines.ready,
            ("node", "resource_exhaustion"): self._node_exhaustion(),
            ("node", "network_issue"): network[1],
            ("service", "service_disruption"): self._disruption() & SERVING,
        }
        for key, flags in present.items():
            self._note(key, flags, now)
        self.present = present

    def troubled(self, kind: str, index: int) -> bool:
        """Does it have any issue now?"""
        return any(flags[index] for (of, _), flags in self.present.items() if of == kind)

    def close(self, now: float) -> list[Episode]:
        """All episodes, those that are still open ended now."""
        for (kind, issue, _), (whom, start) in self._open.items():
            self.episodes.append(Episode(issue, kind, whom, start, now))
        self._open.clear()
        return sorted(self.episodes, key=lambda one: one.start)

    def _note(self, key: tuple[str, str], flags: BoolArray, now: float) -> None:
        kind, issue = key
        for index in np.flatnonzero(flags != self.present.get(key, np.zeros_like(flags))):
            if flags[index]:
                self._open[kind, issue, int(index)] = (entity(self._world, kind, int(index)), now)
            else:
                whom, start = self._open.pop((kind, issue, int(index)))
                self.episodes.append(Episode(issue, kind, whom, start, now))

    def _forget_replaced(self) -> None:
        pods = self._world.pods
        replaced = pods.generation != self._generation
        if replaced.any():
            for name in ("restarts", "periods", "throttled", "pod packets", "pod losses"):
                self._windows.forget(name, replaced)
            self._generation = pods.generation.copy()

    def _pod_failure(self) -> BoolArray:
        pods = self._world.pods
        restarted = self._windows.increase("restarts", pods.restarts.astype(np.float64)) > 0
        crashed = restarted & (pods.ended != Ended.COMPLETED)
        failed: BoolArray = crashed | (pods.waiting == Waiting.BACK_OFF) | (pods.phase == Phase.FAILED)
        return failed & pods.present

    def _pod_exhaustion(self) -> BoolArray:
        pods = self._world.pods
        periods = self._windows.increase("periods", pods.counters["container_cpu_cfs_periods_total"])
        throttled = self._windows.increase("throttled", pods.counters["container_cpu_cfs_throttled_periods_total"])
        memory = MEMORY_LIMITED & (pods.working_set > MEMORY_RATIO * MEMORY)
        volume = (VOLUME > 0) & (volume_bytes(pods, self._world.levers) > VOLUME_RATIO * VOLUME)
        exhausted: BoolArray = memory | volume | (CPU_LIMITED & (throttled > THROTTLED_RATIO * periods))
        return exhausted

    def _node_exhaustion(self) -> BoolArray:
        machines = self._world.machines
        pressed = (machines.available_ratio < MEMORY_PRESSURE_RATIO) | (1 - machines.disk_ratio < DISK_PRESSURE_RATIO)
        thin: BoolArray = (machines.available_ratio < THIN_RATIO) | (1 - machines.disk_ratio < THIN_RATIO)
        return pressed | thin

    def _losses(self) -> tuple[BoolArray, BoolArray]:
        """Of pods, of nodes."""
        pods, nodes = self._world.pods.counters, self._world.machines.counters
        pod = self._exceeds(
            ("pod losses", _summed(pods, "container_network_{}_{}_total", ("errors", "packets_dropped"))),
            ("pod packets", _summed(pods, "container_network_{}_{}_total", ("packets",))),
            LOSS_RATIO,
        )
        node = self._exceeds(
            ("node losses", _summed(nodes, "node_network_{}_{}_total", ("errs", "drop"))),
            ("node packets", _summed(nodes, "node_network_{}_{}_total", ("packets",))),
            LOSS_RATIO,
        )
        again = ("again", nodes["node_netstat_Tcp_RetransSegs"])
        return pod, node | self._exceeds(again, ("segments", nodes["node_netstat_Tcp_OutSegs"]), RETRANSMIT_RATIO)

    def _exceeds(self, part: tuple[str, FloatArray], whole: tuple[str, FloatArray], ratio: float) -> BoolArray:
        above: BoolArray = self._windows.increase(*part) > ratio * self._windows.increase(*whole)
        return above

    def _disruption(self) -> BoolArray:
        pods, count = self._world.pods, len(WORKLOADS)
        requests = self._of_services(self._windows.increase("requests", pods.requests.sum(axis=1)))
        failed = self._of_services(self._windows.increase("5xx", pods.requests[:, -1]))
        buckets = self._windows.increase("buckets", pods.buckets)
        slow = self._of_services(buckets[:, -1] - buckets[:, ONE_SECOND])
        ready = np.bincount(SEAT_WORKLOAD, pods.ready, count)
        disrupted: BoolArray = (failed > ERROR_RATIO * requests) | (slow > SLOW_RATIO * requests) | (ready == 0)
        return disrupted

    @staticmethod
    def _of_services(values: FloatArray) -> FloatArray:
        return np.bincount(SEAT_WORKLOAD, values, len(WORKLOADS)).astype(np.float64)


def entity(world: World, kind: str, index: int) -> dict[str, str]:
    """The labels of a seat's pod, a node, or a workload's service."""
    if kind == "node":
        return {"node": NODES[index].name}
    if kind == "service":
        return {"namespace": WORKLOADS[index].namespace, "service": WORKLOADS[index].name}
    return {"namespace": WORKLOADS[SEAT_WORKLOAD[index]].namespace, "pod": world.life.identity(index).name}


def _summed(counters: dict[str, FloatArray], pattern: str, what: tuple[str, ...]) -> FloatArray:
    """Over both directions."""
    total: FloatArray = np.sum([counters[pattern.format(way, one)] for way in DIRECTIONS for one in what], axis=0)
    return total
