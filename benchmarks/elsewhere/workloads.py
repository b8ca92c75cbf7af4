"""What runs in the cluster: its nodes, and its workloads with their sizes and habits."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

Controller = Literal["Deployment", "StatefulSet", "DaemonSet", "CronJob"]
Memory = Literal["heap", "cache", "saw", "plain"]

MIB: Final = float(2**20)
GIB: Final = float(2**30)

SPARE_SEATS: Final = 3
"""Seats of a Deployment beyond its replicas: one pod of surge while it rolls out, two more while it is scaled up."""

CRON_SEATS: Final = 3
"""A run every 20 minutes that stays listed for 30 after its end needs no more."""


@dataclass(frozen=True)
class Node:
    """A machine; no two are equal, so that no absolute number can be learned."""

    name: str
    cores: float
    memory_bytes: float
    disk_bytes: float
    disk_used_ratio: float


@dataclass(frozen=True)
class Workload:
    """A controller and the habits of its pods.

    fullness: the share of memory_bytes that healthy pods settle at. busy: the share of its cores that the average
    traffic takes, so that daily peaks and a lost replica still fit. jerky: the share of CPU periods that get throttled
    however little it does, for its threads all wake at once.
    """

    name: str
    namespace: str
    controller: Controller
    replicas: int
    cores: float
    memory_bytes: float
    memory: Memory
    fullness: float
    requests_per_second: float = 0.0
    busy: float = 0.2
    latency_seconds: float = 0.02
    jerky: float = 0.0
    cpu_limited: bool = True
    memory_limited: bool = True
    volume_bytes: float = 0.0

    @property
    def seats(self) -> int:
        """How many pods of it may exist at one time."""
        spare = {"Deployment": SPARE_SEATS, "CronJob": CRON_SEATS - self.replicas}
        return self.replicas + spare.get(self.controller, 0)

    @property
    def startup_seconds(self) -> float:
        """From container start to the first successful readiness probe; a JVM takes its time."""
        return 90.0 if self.memory == "heap" else 30.0

    @property
    def serves(self) -> bool:
        """Is there a Service in front of it?"""
        return self.requests_per_second > 0


NODES: Final = (
    Node("elm", 8, 32 * GIB, 200 * GIB, 0.44),
    Node("oak", 8, 18 * GIB, 120 * GIB, 0.70),
    Node("fir", 4, 13 * GIB, 100 * GIB, 0.38),
    Node("ash", 6, 20 * GIB, 160 * GIB, 0.55),
)

WORKLOADS: Final = (
    Workload("gateway", "shop", "Deployment", 3, 1.0, 512 * MIB, "saw", 0.55, 240, 0.26, 0.012, 0.12),
    Workload("storefront", "shop", "Deployment", 4, 1.0, 768 * MIB, "saw", 0.66, 160, 0.28, 0.025),
    Workload("cart", "shop", "Deployment", 2, 1.5, 2 * GIB, "heap", 0.84, 60, 0.21, 0.020, 0.04),
    Workload("checkout", "shop", "Deployment", 1, 2.0, 3 * GIB, "heap", 0.89, 14, 0.20, 0.050),
    Workload("search", "shop", "Deployment", 2, 2.0, 4 * GIB, "heap", 0.82, 70, 0.22, 0.035, 0.08),
    Workload("recommend", "shop", "Deployment", 1, 2.0, 2 * GIB, "cache", 0.78, 25, 0.25, 0.030, cpu_limited=False),
    Workload("images", "shop", "Deployment", 1, 1.0, 1 * GIB, "cache", 0.87, 45, 0.20, 0.015),
    Workload("login", "shop", "Deployment", 2, 0.5, 256 * MIB, "plain", 0.45, 40, 0.22, 0.030, 0.15),
    Workload("profile", "shop", "Deployment", 1, 0.5, 384 * MIB, "saw", 0.50, 22, 0.22, 0.020),
    Workload("mailer", "shop", "Deployment", 1, 0.25, 256 * MIB, "plain", 0.40, 5, 0.20, 0.040, memory_limited=False),
    Workload("orders-db", "data", "StatefulSet", 2, 2, 4 * GIB, "cache", 0.82, 120, 0.2, 0.006, volume_bytes=40 * GIB),
    Workload(
        "events", "data", "StatefulSet", 3, 1.5, 3 * GIB, "heap", 0.86, 90, 0.22, 0.008,
        cpu_limited=False, volume_bytes=80 * GIB,
    ),
    Workload("indexer", "data", "Deployment", 1, 2.0, 2 * GIB, "heap", 0.80, 6, 0.28, 0.060),
    Workload(
        "reports", "data", "Deployment", 1, 1.0, 1.5 * GIB, "plain", 0.50, 2, 0.20, 0.080,
        cpu_limited=False, memory_limited=False,
    ),
    Workload("log-agent", "monitoring", "DaemonSet", 4, 0.3, 200 * MIB, "plain", 0.52, jerky=0.2),
    Workload("cleanup", "data", "CronJob", 1, 0.5, 512 * MIB, "plain", 0.60),
)  # fmt: skip

CALLS: Final[dict[str, tuple[str, ...]]] = {
    "gateway": ("storefront", "login"),
    "storefront": ("search",),
    "cart": ("orders-db",),
    "checkout": ("orders-db", "events"),
    "profile": ("login",),
    "indexer": ("events",),
}
"""Who waits for whom."""

INDEX: Final = {workload.name: number for number, workload in enumerate(WORKLOADS)}


def callers(number: int) -> frozenset[int]:
    """The workloads that wait for this one, directly or not."""
    direct = {INDEX[caller] for caller, called in CALLS.items() if WORKLOADS[number].name in called}
    return frozenset(direct.union(*(callers(i) for i in direct)))


def seat_workloads() -> IntArray:
    """(seats,) the workload of every seat."""
    return np.repeat(np.arange(len(WORKLOADS)), [workload.seats for workload in WORKLOADS])


def call_matrix() -> FloatArray:
    """(workloads, workloads) 1 where the row calls the column."""
    matrix = np.zeros((len(WORKLOADS), len(WORKLOADS)))
    for caller, called in CALLS.items():
        matrix[INDEX[caller], [INDEX[name] for name in called]] = 1.0
    return matrix
