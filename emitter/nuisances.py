"""More harmless episodes: what operators, schedules and the monitoring itself do to a cluster's metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from emitter import headroom
from emitter.cluster import CRON_JOB
from emitter.episodes import Episode, healthy_nodes, steady_pods
from emitter.headroom import HOT, ROOM
from emitter.lifecycle import COMPLETED, delete, end_container
from emitter.lookalikes import BatchJob, Lookalike, PlannedDrain
from emitter.new_node import NewNode
from emitter.state import NODE_COUNTERS, RUNNING
from emitter.world import Blackout, World

CRON_SECONDS: Final = 600.0


@dataclass
class CronJob(BatchJob):
    """A job that runs hard for a few minutes, at times that a schedule knows."""

    type, job = "cron_job", CRON_JOB

    def begin(self, world: World) -> None:
        super().begin(world)
        self.end = self.plan.start + 180.0 + CRON_SECONDS * self.plan.severity


class Scaling(Lookalike):
    """Somebody changes the number of replicas, and changes it back."""

    kind = "workload"
    by: ClassVar[int]

    @classmethod
    def candidates(cls, world: World) -> list[int]:
        least = 2 if cls.by < 0 else 1
        still = world.extra_replicas == 0
        rolling = {r.workload for r in world.rollouts}
        return [
            i
            for i, w in enumerate(world.cluster.workloads)
            if w.kind == "Deployment" and w.replicas >= least and still[i] and i not in rolling
        ]

    def apply(self, world: World) -> None:
        world.extra_replicas[self.target] = self.by

    def finish(self, world: World) -> None:
        world.extra_replicas[self.target] = 0


@dataclass
class ScaleUp(Scaling):
    """One replica more for a while."""

    type, by = "scale_up", 1


@dataclass
class ScaleDown(Scaling):
    """One replica less for a while; the others carry its load, or it comes back before its time."""

    type, by = "scale_down", -1

    @classmethod
    def candidates(cls, world: World) -> list[int]:
        needed, serving = headroom.needed(world)
        others = np.maximum(serving - 1, 1)
        return [i for i in super().candidates(world) if serving[i] > 1 and needed[i] * serving[i] / others[i] < ROOM]

    def apply(self, world: World) -> None:
        super().apply(world)
        if headroom.needed(world)[0][self.target] > HOT:
            self.end = world.now


@dataclass
class NoisyNeighbour(Lookalike):
    """A pod without a CPU limit comes to want more than its node has left: the others wait for a core, and cope."""

    type, kind = "noisy_neighbour", "pod"

    @classmethod
    def candidates(cls, world: World) -> list[int]:
        free = np.isnan(world.pods.cpu_limit)
        return [int(s) for s in np.flatnonzero(steady_pods(world, ("Deployment",)) & free)]

    def apply(self, world: World) -> None:
        cores = world.cluster.nodes[int(world.pods.node[self.target])].cores
        world.pressures.cpu_cores[self.target] += (0.5 + 0.6 * self.plan.severity) * cores * self.level(world.now)


@dataclass
class CounterReset(Lookalike):
    """An application re-registers its metrics: counters begin at zero without a restart."""

    type, kind = "counter_reset", "pod"
    done: bool = False

    @classmethod
    def candidates(cls, world: World) -> list[int]:
        return [int(s) for s in np.flatnonzero(steady_pods(world, ("Deployment",)))]

    def apply(self, world: World) -> None:
        if not self.done:
            for name in ("requests", "buckets", "seconds_sum"):
                getattr(world.pods, name)[self.target] = 0.0
        self.done = True


@dataclass
class ImageCollection(Lookalike):
    """Images pile up on a node's second filesystem until the kubelet collects the unused ones at 85 %."""

    type, kind = "image_gc", "node"

    @classmethod
    def candidates(cls, world: World) -> list[int]:
        return healthy_nodes(world)

    def apply(self, world: World) -> None:
        size = world.cluster.nodes[self.target].containerd_bytes
        part = self.level(world.now)
        top = (0.6 + 0.2 * self.plan.severity) * size
        if part < 1.0:
            used = world.nodes.containerd_used_bytes[self.target]
            world.nodes.containerd_used_bytes[self.target] = max(used, 0.5 * size + (top - 0.5 * size) * part)
        else:
            world.nodes.containerd_used_bytes[self.target] = 0.5 * size


@dataclass
class NodeReboot(PlannedDrain):
    """A node is emptied, restarted faster than anybody misses its heartbeat, and opened again."""

    type = "node_reboot"

    def finish(self, world: World) -> None:
        super().finish(world)
        nodes, pods, node = world.nodes, world.pods, self.target
        if not nodes.up[node]:
            return
        nodes.boot_at[node] = world.now
        for name in NODE_COUNTERS:
            getattr(nodes, name)[node] = 0.0
        for slot in np.flatnonzero((pods.node == node) & (pods.phase == RUNNING)):
            if world.cluster.workloads[int(pods.workload[slot])].kind == "DaemonSet":
                end_container(world, int(slot), COMPLETED, 0)
                pods.crashes[slot], pods.resume_at[slot] = 0, world.now
            else:
                delete(world, int(slot))


class Dark(Lookalike):
    """Something is not scraped; the cluster itself is as it was."""

    kind = "node"
    jobs: ClassVar[tuple[str, ...]]

    @classmethod
    def candidates(cls, world: World) -> list[int]:
        return healthy_nodes(world)

    def apply(self, world: World) -> None:
        node = world.cluster.nodes[self.target].name
        for job in self.jobs:
            world.blackouts.append(Blackout((f'job="{job}"', f'instance="{node}')))


@dataclass
class ScrapeGap(Dark):
    """Two to six minutes without any sample from one node."""

    type, jobs = "scrape_gap", ("node-exporter", "kubelet")

    def begin(self, world: World) -> None:
        super().begin(world)
        self.end = self.plan.start + 120.0 + 240.0 * self.plan.severity


@dataclass
class TargetDown(Dark):
    """A node's exporter is down for the whole episode."""

    type, jobs = "target_down", ("node-exporter",)


@dataclass
class NamespaceSignalMissing(Dark):
    """A team breaks its instrumentation: HTTP metrics of a namespace are gone."""

    type = "namespace_signal_missing"

    def begin(self, world: World) -> None:
        super().begin(world)
        spaces = sorted({w.namespace for w in world.cluster.workloads if w.http})
        self.entity = {"namespace": spaces[int(self.plan.severity * len(spaces)) % len(spaces)]}

    def apply(self, world: World) -> None:
        world.blackouts.append(Blackout(("http_request", f'namespace="{self.entity["namespace"]}"')))


NUISANCES: Final[Mapping[str, type[Episode]]] = {
    kind.type: kind
    for kind in (
        CronJob,
        ScaleUp,
        ScaleDown,
        NoisyNeighbour,
        CounterReset,
        ImageCollection,
        NodeReboot,
        NewNode,
        ScrapeGap,
        TargetDown,
        NamespaceSignalMissing,
    )
}
