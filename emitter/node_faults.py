"""Faults of nodes and of the network, and the register of all faults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from emitter.episodes import Episode, healthy_nodes, name_node, name_pod, steady_pods
from emitter.faults import CpuSaturation, CrashLoop, MemoryLeak, Storm, VolumeFilling
from emitter.world import World

SEEN_PER_LOSS: Final = 0.9
"""Drops and errors that interfaces count, over the packets that are lost."""


@dataclass
class DiskFilling(Episode):
    """Something writes the node's root filesystem full: DiskPressure, then evictions."""

    type, kind, issue = "disk_filling", "node", "resource_exhaustion"
    leading_signals: ClassVar[tuple[str, ...]] = (
        "node_filesystem_avail_bytes",
        "node_disk_written_bytes_total",
    )
    gap_bytes: float = 0.0

    @classmethod
    def candidates(cls, world: World) -> list[int]:
        return healthy_nodes(world)

    def begin(self, world: World) -> None:
        name_node(self, world)
        root, used = world.cluster.nodes[self.target].root_bytes, float(world.nodes.root_used_bytes[self.target])
        self.gap_bytes = (0.93 + 0.05 * self.plan.severity) * root - used
        self.expect((0.90 * root - used) / self.gap_bytes)

    def apply(self, world: World) -> None:
        world.pressures.disk_bytes[self.target] += self.gap_bytes * self.level(world.now)


@dataclass
class NodeNotReady(Episode):
    """Memory and I/O starve the kubelet until its heartbeats stop; a reboot ends it."""

    type, kind, issue = "node_not_ready", "node", "node_failure"
    leading_signals: ClassVar[tuple[str, ...]] = (
        "node_load1",
        "node_pressure_io_waiting_seconds_total",
        "node_pressure_memory_waiting_seconds_total",
        "node_memory_MemAvailable_bytes",
        "kubelet_pleg_relist_duration_seconds_bucket",
    )

    @classmethod
    def candidates(cls, world: World) -> list[int]:
        """At most a third of the nodes fails or is away at once, so that pods have somewhere to go."""
        falling = int((world.pressures.strain > 0).sum() + (~world.nodes.member).sum())
        return healthy_nodes(world) if falling < max(1, len(world.cluster.nodes) // 3) else []

    def begin(self, world: World) -> None:
        name_node(self, world)
        self.expect(1.0, delay_seconds=60.0)

    def apply(self, world: World) -> None:
        world.pressures.strain[self.target] += self.pressing(world.now)


@dataclass
class PacketLoss(Episode):
    """A node's uplink drops more and more packets, of its pods too."""

    type, kind, issue = "packet_loss", "node", "network_issue"
    leading_signals: ClassVar[tuple[str, ...]] = (
        "node_network_receive_drop_total",
        "node_network_receive_errs_total",
        "node_netstat_Tcp_RetransSegs",
        "container_network_receive_packets_dropped_total",
    )

    @classmethod
    def candidates(cls, world: World) -> list[int]:
        return healthy_nodes(world)

    def begin(self, world: World) -> None:
        name_node(self, world)
        self.expect((0.01 / SEEN_PER_LOSS / self._peak()) ** (1 / 3), delay_seconds=120.0)

    def apply(self, world: World) -> None:
        world.pressures.node_loss_ratio[self.target] += self._loss(world)

    def _loss(self, world: World) -> float:
        """Queues overflow late and then quickly: the cube of the progress."""
        return self._peak() * self.pressing(world.now) ** 3

    def _peak(self) -> float:
        return 0.05 + 0.05 * self.plan.severity


@dataclass
class PodPacketLoss(PacketLoss):
    """One pod's own interface drops packets."""

    type, kind = "pod_packet_loss", "pod"
    leading_signals: ClassVar[tuple[str, ...]] = (
        "container_network_receive_packets_dropped_total",
        "container_network_receive_errors_total",
    )

    @classmethod
    def candidates(cls, world: World) -> list[int]:
        return [int(s) for s in np.flatnonzero(steady_pods(world, ("Deployment", "StatefulSet")))]

    def begin(self, world: World) -> None:
        name_pod(self, world)
        self.expect((0.01 / self._peak()) ** (1 / 3), delay_seconds=120.0)

    def apply(self, world: World) -> None:
        world.pressures.loss_ratio[self.target] += self._loss(world)


FAULTS: Final[Mapping[str, type[Episode]]] = {
    kind.type: kind
    for kind in (
        MemoryLeak,
        CpuSaturation,
        VolumeFilling,
        CrashLoop,
        Storm,
        DiskFilling,
        NodeNotReady,
        PacketLoss,
        PodPacketLoss,
    )
}
