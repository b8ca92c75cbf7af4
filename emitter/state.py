"""The simulated state as arrays: one element per pod slot, node, volume or workload.

A slot is a place in the arrays that one pod after another uses; which pod, `Pods.identity` says.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from emitter.cluster import Cluster

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]

EMPTY, PENDING, RUNNING, DEAD, BACKOFF, FAILED, SUCCEEDED = range(7)
"""Where a slot's pod stands. DEAD is the moment after a container ended, before the kubelet acts."""

BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of Go's default histogram, in seconds."""

PLEG_BUCKETS: Final = (0.005, 0.05, 0.25, 1.0, 2.5, 5.0, 10.0)
"""A selection of the kubelet's own bounds, in seconds."""

CODES: Final = (("GET", "200"), ("POST", "201"), ("GET", "404"), ("GET", "500"), ("POST", "503"))
"""Method and code of the request counters, in the order of `Pods.requests`."""

MODES: Final = ("idle", "iowait", "irq", "nice", "softirq", "steal", "system", "user")
"""node_exporter's CPU modes, in the order of `Nodes.cpu_seconds`."""

A = TypeVar("A")


@dataclass(slots=True)
class PodIdentity:
    """The strings of one pod; container_id changes with every restart."""

    namespace: str
    name: str
    uid: str
    ip: str
    workload: int
    node: int
    revision: str
    owner_kind: str
    owner_name: str
    ordinal: int
    container_id: str
    bad: bool = False
    """Runs the version of a bad rollout."""
    arranged: bool = False
    """An episode owns its life (a bad rollout, a job); controllers leave it alone."""


@dataclass
class Pods:
    """(slots,) unless a field says otherwise; counters in the unit of their metric."""

    phase: IntArray
    workload: IntArray
    node: IntArray
    ready: BoolArray
    # the container's life
    created_at: FloatArray
    started_at: FloatArray
    ready_at: FloatArray
    resume_at: FloatArray
    crashes: IntArray
    restarts: FloatArray
    waiting: IntArray
    ended: IntArray
    last_ended: IntArray
    last_exit_code: FloatArray
    # limits of the workload, NaN without
    cpu_limit: FloatArray
    memory_limit: FloatArray
    # what its version needs over what the workload's first one did: memory at rest, CPU of a request
    memory_need: FloatArray
    cpu_need: FloatArray
    # slow state
    leaked_bytes: FloatArray
    cache_bytes: FloatArray
    log_bytes: FloatArray
    busy_ratio: FloatArray
    latency_noise: FloatArray
    # gauges
    cpu_wanted: FloatArray
    cpu_rate: FloatArray
    throttled_ratio: FloatArray
    resident_bytes: FloatArray
    working_set_bytes: FloatArray
    usage_bytes: FloatArray
    in_flight: FloatArray
    error_ratio: FloatArray
    loss_ratio: FloatArray
    # counters of the container, zero again after a restart
    cpu_seconds: FloatArray
    periods: FloatArray
    throttled_periods: FloatArray
    throttled_seconds: FloatArray
    failcnt: FloatArray
    page_faults: FloatArray
    major_faults: FloatArray
    oom_events: FloatArray
    read_bytes: FloatArray
    written_bytes: FloatArray
    requests: FloatArray  # (slots, codes)
    buckets: FloatArray  # (slots, buckets + 1), cumulative over le
    seconds_sum: FloatArray
    # counters of the pod's cgroup and network, which outlive the container
    pod_cpu_seconds: FloatArray
    pod_periods: FloatArray
    pod_throttled_periods: FloatArray
    pod_throttled_seconds: FloatArray
    network: FloatArray  # (slots, 8): NETWORK order
    identity: list[PodIdentity | None]


NETWORK: Final = ("rx_bytes", "tx_bytes", "rx_packets", "tx_packets", "rx_errors", "tx_errors", "rx_drops", "tx_drops")

CONTAINER_COUNTERS: Final = [
    "cpu_seconds",
    "periods",
    "throttled_periods",
    "throttled_seconds",
    "failcnt",
    "page_faults",
    "major_faults",
    "oom_events",
    "read_bytes",
    "written_bytes",
    "requests",
    "buckets",
    "seconds_sum",
]
POD_COUNTERS: Final = [
    "pod_cpu_seconds",
    "pod_periods",
    "pod_throttled_periods",
    "pod_throttled_seconds",
    "network",
]


@dataclass
class Nodes:
    """(nodes,) unless a field says otherwise."""

    member: BoolArray
    """Whether the cluster has a node in this place."""
    up: BoolArray
    ready: IntArray  # 0 true, 1 false, 2 unknown
    memory_pressure: BoolArray
    disk_pressure: BoolArray
    cordoned: BoolArray
    joined_at: FloatArray
    heartbeat_at: FloatArray
    pressure_since: FloatArray
    evicted_at: FloatArray
    boot_at: FloatArray
    # gauges
    cpu_ratio: FloatArray
    available_bytes: FloatArray
    cached_bytes: FloatArray
    root_used_bytes: FloatArray
    containerd_used_bytes: FloatArray
    log_bytes: FloatArray
    root_files: FloatArray
    loads: FloatArray  # (nodes, 3)
    io_ratio: FloatArray
    loss_ratio: FloatArray
    tcp_sockets: FloatArray
    conntrack: FloatArray
    file_handles: FloatArray
    relist_seconds: FloatArray
    # counters, zero again after a reboot
    cpu_seconds: FloatArray  # (nodes, modes): sum over the cores
    network: FloatArray  # (nodes, 8)
    loopback: FloatArray  # (nodes, 2): bytes, packets
    disk: FloatArray  # (nodes, 6): read bytes, written bytes, io seconds, weighted seconds, reads, writes
    pressure: FloatArray  # (nodes, 5): cpu waiting, memory waiting, memory stalled, io waiting, io stalled
    tcp: FloatArray  # (nodes, 5): out segments, retransmitted, listen drops, listen overflows, SYN retransmits
    vmstat: FloatArray  # (nodes, 3): oom_kill, pgmajfault, pgfault
    evictions: FloatArray  # (nodes, 2): nodefs.available, memory.available
    relists: FloatArray  # (nodes, buckets + 1), cumulative
    relist_sum: FloatArray


NODE_COUNTERS: Final = [
    "cpu_seconds",
    "network",
    "loopback",
    "disk",
    "pressure",
    "tcp",
    "vmstat",
    "evictions",
    "relists",
    "relist_sum",
]


@dataclass
class Volumes:
    """(volumes,); one claim of one replica of a stateful set."""

    workload: IntArray
    ordinal: IntArray
    capacity_bytes: FloatArray
    used_bytes: FloatArray
    rest_ratio: FloatArray
    inodes_used: FloatArray
    uids: list[str]


@dataclass
class Services:
    """(workloads,): traffic and what lies behind a service."""

    noise: FloatArray
    burst: FloatArray
    phase_hours: FloatArray
    rate: FloatArray
    dependency: FloatArray
    """Utilisation of the slowest thing the service calls, 0 to above 1."""
    error_ratio: FloatArray
    p99_seconds: FloatArray
    endpoints: IntArray
    requests: FloatArray


_WIDTHS: Final = {
    "Pods.requests": len(CODES),
    "Pods.buckets": len(BUCKETS) + 1,
    "Pods.network": len(NETWORK),
    "Nodes.loads": 3,
    "Nodes.cpu_seconds": len(MODES),
    "Nodes.network": len(NETWORK),
    "Nodes.loopback": 2,
    "Nodes.disk": 6,
    "Nodes.pressure": 5,
    "Nodes.tcp": 5,
    "Nodes.vmstat": 3,
    "Nodes.evictions": 2,
    "Nodes.relists": len(PLEG_BUCKETS) + 1,
}


def zeros(kind: type[A], size: int) -> A:
    """A state object whose arrays are all zero (False), `size` elements long; lists are empty places."""
    made: dict[str, object] = {}
    for field in fields(kind):  # type: ignore[arg-type]  # every kind here is a dataclass
        width = _WIDTHS.get(f"{kind.__name__}.{field.name}")
        shape = (size,) if width is None else (size, width)
        if str(field.type).startswith("list"):
            made[field.name] = [None] * size
        else:
            dtype = {"BoolArray": np.bool_, "IntArray": np.int64}.get(str(field.type), np.float64)
            made[field.name] = np.zeros(shape, dtype=dtype)
    return kind(**made)


def slots_for(cluster: Cluster) -> int:
    """Room for every pod at rest, as many again in rollouts and evictions, and a few jobs."""
    return 2 * sum(w.replicas for w in cluster.workloads) + 4 * len(cluster.nodes) + 16


def limits(cluster: Cluster) -> tuple[FloatArray, FloatArray]:
    """(workloads,) CPU limits in cores (NaN without) and memory limits in bytes."""
    cpu = np.array([w.cpu_limit for w in cluster.workloads])
    return cpu, np.array([w.memory_limit if not math.isnan(w.memory_limit) else np.nan for w in cluster.workloads])
