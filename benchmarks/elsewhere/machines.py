"""What nodes show in one step: load, memory, disk, network and the kubelet's own speed."""

from typing import Final

import numpy as np

from benchmarks.elsewhere.habits import NODE_CORES, NODE_DISK_USED, NODE_MEMORY
from benchmarks.elsewhere.pods import PACKET_BYTES
from benchmarks.elsewhere.state import DIRECTIONS, STEP_SECONDS, Levers, Machines, Pods
from benchmarks.elsewhere.traffic import bucket_counts
from benchmarks.elsewhere.workloads import NODES, FloatArray

COUNT: Final = len(NODES)

SYSTEM_RATIO: Final = 0.05
"""What kernel, kubelet and runtime take of cores and, twice that, of memory."""

STARVED_RATIO: Final = 0.012
"""Available memory below which the kubelet no longer gets to send heartbeats ..."""

GRACE_STEPS: Final = 2
"""... and its node is Unknown after the controller's grace of 40 to 50 s: two steps."""

THIN_MEMORY: Final = 0.006
FULL_DISK: Final = 0.94
"""Where full pulls lead: available memory, and used disk."""

MEMORY_PRESSURE_RATIO: Final = 0.025
DISK_PRESSURE_RATIO: Final = 0.10
"""The kubelet's eviction thresholds; 10 % of nodefs is its default, memory is set above the default of 100 MiB."""

LOSS: Final = 3e-5
RETRANSMITS: Final = 0.002


def advance(
    pods: Pods, machines: Machines, levers: Levers, cores: FloatArray, packets: FloatArray,
    disk_drift: FloatArray, rng: np.random.Generator,
) -> None:  # fmt: skip
    """One step of every node. cores: (seats,) used; packets: (seats, 2); disk_drift: (nodes,) share of the disk."""
    _cpu(pods, machines, cores, rng)
    thrash = _memory(pods, machines, levers, rng)
    _disk(machines, levers, thrash, disk_drift, rng)
    _network(pods, machines, levers, packets, rng)
    _kubelet(machines, thrash, rng)


def _cpu(pods: Pods, machines: Machines, cores: FloatArray, rng: np.random.Generator) -> None:
    system = SYSTEM_RATIO * NODE_CORES * np.clip(rng.normal(1, 0.1, COUNT), 0.5, 2)
    used = np.minimum(np.bincount(pods.node, cores, COUNT) + system, NODE_CORES)
    busy = used / NODE_CORES
    machines.contention[:] = 1.2 * np.clip((busy - 0.8) / 0.2, 0, 1) ** 2
    waiting = 0.25 * busy**3 + 0.6 * np.clip((busy - 0.85) / 0.15, 0, 1) ** 2
    machines.load1 += (used * (1 + machines.contention) + 0.1 - machines.load1) * 0.4
    machines.counters["user"] += used * STEP_SECONDS
    machines.counters["idle"] += (NODE_CORES - used) * STEP_SECONDS
    machines.counters["node_pressure_cpu_waiting_seconds_total"] += waiting * STEP_SECONDS


def _memory(pods: Pods, machines: Machines, levers: Levers, rng: np.random.Generator) -> FloatArray:
    """(nodes,) 0 to 1, how much a node is busy with reclaiming pages."""
    machines.wobble += -machines.wobble / 60 + rng.normal(0, 0.0012, COUNT)
    held = np.bincount(pods.node, pods.working_set, COUNT)
    natural = np.clip(1 - 2 * SYSTEM_RATIO - held / NODE_MEMORY + machines.wobble, 0.07, 1)
    available = natural + levers.node_memory_pull * (THIN_MEMORY - natural)
    machines.available_ratio[:] = available
    thrash: FloatArray = np.clip((0.06 - available) / 0.05, 0, 1)
    machines.starved_steps[:] = np.where(available < STARVED_RATIO, machines.starved_steps + 1, 0)
    machines.ready[:] = machines.starved_steps < GRACE_STEPS
    machines.contention += 4 * thrash**2
    stalled = (0.002 + 0.5 * thrash**2) * STEP_SECONDS
    machines.counters["node_pressure_memory_waiting_seconds_total"] += stalled
    machines.counters["node_vmstat_pgmajfault"] += rng.poisson(30 + 9000 * thrash**2)
    return thrash


def _disk(
    machines: Machines, levers: Levers, thrash: FloatArray, disk_drift: FloatArray, rng: np.random.Generator
) -> None:
    used = np.minimum(NODE_DISK_USED + disk_drift + levers.disk_extra, 0.84)
    machines.disk_ratio[:] = used + levers.disk_pull * (FULL_DISK - used) + rng.normal(0, 0.0003, COUNT)
    noise = 0.03 * np.abs(rng.standard_t(3, COUNT))
    busy = np.clip(0.06 + noise + 0.5 * thrash + levers.node_io, 0, 0.99)
    machines.counters["node_disk_io_time_seconds_total"] += busy * STEP_SECONDS
    machines.counters["node_pressure_io_waiting_seconds_total"] += 0.4 * busy**2 * STEP_SECONDS


def _network(pods: Pods, machines: Machines, levers: Levers, packets: FloatArray, rng: np.random.Generator) -> None:
    carried = np.zeros(COUNT)
    for column, way in enumerate(DIRECTIONS):
        own = rng.poisson(np.bincount(pods.node, packets[:, column], COUNT) + 60 * STEP_SECONDS)
        lossy = LOSS * np.exp(np.clip(rng.standard_t(3, COUNT), -4, 4))
        lost = rng.poisson(own * (lossy + 0.9 * levers.node_drop))
        machines.counters[f"node_network_{way}_packets_total"] += own
        machines.counters[f"node_network_{way}_bytes_total"] += np.rint(own * (PACKET_BYTES[way] + 60))
        machines.counters[f"node_network_{way}_drop_total"] += lost
        machines.counters[f"node_network_{way}_errs_total"] += rng.poisson(own * 0.1 * levers.node_drop)
        carried = own.astype(np.float64)
    segments = np.rint(0.9 * carried)
    again = RETRANSMITS * np.exp(rng.normal(0, 0.5, COUNT)) + 1.5 * levers.node_drop + levers.node_retransmit
    machines.counters["node_netstat_Tcp_OutSegs"] += segments
    machines.counters["node_netstat_Tcp_RetransSegs"] += rng.poisson(segments * np.minimum(again, 0.5))
    machines.conntrack += (900 + 0.25 * carried - machines.conntrack) * 0.2


def _kubelet(machines: Machines, thrash: FloatArray, rng: np.random.Generator) -> None:
    """One relist a second, slower the busier the node."""
    median = 0.004 * (1 + machines.contention) * np.exp(5.5 * thrash) * np.exp(rng.normal(0, 0.2, COUNT))
    machines.relist += bucket_counts(np.full(COUNT, STEP_SECONDS), median, rng)
