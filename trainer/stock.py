"""Stock: the levels at which the alerts that everybody has fire, as far as a signal of the catalogue shows them.

Levels are those of kubernetes-mixin and node-exporter's mixin where these have an alert, and of the collection at
https://samber.github.io/awesome-prometheus-alerts where not; their names stand beside them. A level of None is the
signal's own limit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from predictor.catalogue import Signal
from predictor.entities import Issue, Kind


class Level(NamedTuple):
    """A signal's value at which a stock alert fires; falling: it fires below the level, 1 being the healthy value."""

    signal: str
    value: float | None
    falling: bool = False

    def share(self, signal: Signal) -> tuple[float, float]:
        """Offset and factor: (value - offset) * factor is 1 where the alert fires and 0 where all is well."""
        value = signal.limit if self.value is None else self.value
        if value is None:
            raise ValueError(f"{signal.name} has neither a level nor a limit")
        offset = 1.0 if self.falling else 0.0
        return offset, 1.0 / (value - offset)


_NODE_FULL: Final = (
    Level("node_memory_used", 0.90),  # NodeMemoryHighUtilization
    Level("node_filesystem_used", 0.95),  # NodeFilesystemAlmostOutOfSpace, warning
    Level("node_inodes_used", 0.95),  # NodeFilesystemAlmostOutOfFiles, warning
    Level("node_conntrack_used", 0.75),  # NodeHighNumberConntrackEntriesUsed
)

SPEAKS: Final[Mapping[tuple[Issue, Kind], tuple[Level, ...]]] = {
    ("node_failure", "node"): (
        *_NODE_FULL,
        Level("node_not_ready", 0.5),  # KubeNodeNotReady: 15 of the signal's 30 minutes
        Level("node_relist_latency", 10.0),  # KubeletPlegDurationHigh
        Level("node_load_per_core", 2.0),  # NodeSystemSaturation
        Level("node_cpu_busy", 0.90),  # NodeCPUHighUsage
        Level("node_major_faults", 500.0),  # NodeMemoryMajorPagesFaults
    ),
    ("resource_exhaustion", "node"): _NODE_FULL,
    ("network_issue", "node"): (
        Level("node_network_faulty", 0.01),  # NodeNetworkReceiveErrs, NodeNetworkTransmitErrs
        Level("node_tcp_retransmitted", None),  # no stock alert
    ),
    ("pod_failure", "pod"): (
        Level("pod_restarts", 1.0),  # KubePodCrashLooping, before it asked for the waiting reason
        Level("pod_not_ready", 1.0),  # KubePodNotReady
        Level("pod_memory_of_limit", 0.80),  # ContainerHighMemoryUsage
        Level("pod_cpu_of_limit", 0.80),  # ContainerHighCpuUtilization
        Level("pod_throttled", 0.25),  # CPUThrottlingHigh
    ),
    ("resource_exhaustion", "pod"): (
        Level("pod_memory_of_limit", 0.80),  # ContainerHighMemoryUsage
        Level("pod_throttled", 0.25),  # CPUThrottlingHigh
        Level("pod_volume_used", 0.97),  # KubePersistentVolumeFillingUp, critical
    ),
    ("network_issue", "pod"): (
        Level("pod_network_faulty", None),  # no stock alert
        Level("pod_node_network_faulty", 0.01),  # NodeNetworkReceiveErrs of its node
    ),
    ("service_disruption", "service"): (
        Level("service_errors", None),  # TraefikHighHttp5xxErrorRateService and its like: 5 %
        Level("service_latency_p99", None),  # IstioLatency99Percentile and its like
        Level("service_ready_backends", 0.5, falling=True),  # KubeDeploymentReplicasMismatch asks for all of them
    ),
}


def levels(issue: Issue, kind: Kind, signals: Sequence[Signal]) -> tuple[tuple[int, Level], ...]:
    """Positions of the signals that speak for an issue, with their levels.

    Those of the table that the catalogue has; in a catalogue that has none of them, every signal with a limit, at that.
    """
    position = {signal.name: i for i, signal in enumerate(signals)}
    table = SPEAKS.get((issue, kind), ())
    known = [(position[level.signal], level) for level in table if level.signal in position]
    known = [(i, level) for i, level in known if level.value is not None or signals[i].limit is not None]
    if known:
        return tuple(known)
    return tuple((i, Level(s.name, None)) for i, s in enumerate(signals) if s.limit)
