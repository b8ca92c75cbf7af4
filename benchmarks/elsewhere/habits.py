"""The workloads' sizes and habits, spread over their seats, (seats,) each."""

from typing import Final

import numpy as np

from benchmarks.elsewhere.state import SEAT_WORKLOAD, SEATS
from benchmarks.elsewhere.workloads import NODES, WORKLOADS, FloatArray


def _of_seats(name: str) -> FloatArray:
    values: FloatArray = np.array([float(getattr(WORKLOADS[w], name)) for w in SEAT_WORKLOAD])
    return values


def _remembers(kind: str) -> FloatArray:
    values: FloatArray = np.array([float(WORKLOADS[w].memory == kind) for w in SEAT_WORKLOAD])
    return values


CORES: Final = _of_seats("cores")
CPU_LIMITED: Final = _of_seats("cpu_limited") > 0
CPU_LIMIT: Final = np.where(CPU_LIMITED, CORES, np.inf)
CAPACITY: Final = np.where(CPU_LIMITED, CORES, 2 * CORES)
"""What a pod can use: without a limit, twice its usual size, for a process has so many threads and no more."""

MEMORY: Final = _of_seats("memory_bytes")
MEMORY_LIMITED: Final = _of_seats("memory_limited") > 0
FULLNESS: Final = _of_seats("fullness")
HEAP, CACHE, SAW, PLAIN = (_remembers(kind) for kind in ("heap", "cache", "saw", "plain"))
VOLUME: Final = _of_seats("volume_bytes")

MEAN_RATE: Final = _of_seats("requests_per_second") / _of_seats("replicas")
BUSY: Final = _of_seats("busy")
COST: Final = np.divide(BUSY * CORES, MEAN_RATE, out=np.zeros(SEATS), where=MEAN_RATE > 0)
"""CPU seconds of a request."""

IDLE: Final = np.where(MEAN_RATE > 0, 0.03, BUSY) * CORES
JERKY: Final = _of_seats("jerky")
LATENCY: Final = _of_seats("latency_seconds")

NODE_CORES: Final = np.array([node.cores for node in NODES])
NODE_MEMORY: Final = np.array([node.memory_bytes for node in NODES])
NODE_DISK: Final = np.array([node.disk_bytes for node in NODES])
NODE_DISK_USED: Final = np.array([node.disk_used_ratio for node in NODES])
