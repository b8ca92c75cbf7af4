"""What the cluster is at one step, as arrays over seats, nodes and workloads.

A seat is a place for a pod of one workload. A pod that is replaced leaves its seat, and the next one to sit there has
another generation, hence another name; a container that restarts keeps the generation and gets another epoch.
"""

from dataclasses import dataclass, field, fields
from enum import IntEnum
from typing import Final

import numpy as np

from benchmarks.elsewhere.workloads import NODES, WORKLOADS, BoolArray, FloatArray, IntArray, seat_workloads

STEP_SECONDS: Final = 30.0
SEAT_WORKLOAD: Final = seat_workloads()
SEATS: Final = len(SEAT_WORKLOAD)

BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, np.inf)
"""The Prometheus client libraries' default bounds, seconds."""

CODES: Final = ("200", "404", "500")

DIRECTIONS: Final = ("receive", "transmit")

CONTAINER_COUNTERS: Final = (
    "container_cpu_usage_seconds_total",
    "container_cpu_cfs_periods_total",
    "container_cpu_cfs_throttled_periods_total",
    "container_memory_failcnt",
    "pgfault",
    "pgmajfault",
)
POD_COUNTERS: Final = tuple(
    f"container_network_{way}_{what}_total"
    for way in DIRECTIONS
    for what in ("bytes", "packets", "errors", "packets_dropped")
)
NODE_COUNTERS: Final = (
    "user",
    "idle",
    *(f"node_pressure_{what}_waiting_seconds_total" for what in ("cpu", "memory", "io")),
    "node_vmstat_pgmajfault",
    "node_disk_io_time_seconds_total",
    *(f"node_network_{way}_{what}_total" for way in DIRECTIONS for what in ("bytes", "packets", "errs", "drop")),
    "node_netstat_Tcp_RetransSegs",
    "node_netstat_Tcp_OutSegs",
)


class Phase(IntEnum):
    """Pod phases, in the order kube-state-metrics lists them."""

    PENDING = 0
    RUNNING = 1
    SUCCEEDED = 2
    FAILED = 3


class Waiting(IntEnum):
    """Why a container does not run yet, or not any more."""

    NO = 0
    CREATING = 1
    BACK_OFF = 2


class Ended(IntEnum):
    """Why a container's previous run ended."""

    NEVER = 0
    OOM = 1
    ERROR = 2
    COMPLETED = 3


@dataclass(frozen=True)
class Identity:
    """Who sits in a seat."""

    name: str
    uid: str
    ip: str
    node: int
    workload: int
    owner_kind: str
    owner_name: str
    created: float
    claim: str


def _seat_floats() -> FloatArray:
    return np.zeros(SEATS)


def _seat_integers() -> IntArray:
    return np.zeros(SEATS, dtype=np.int64)


def _seat_flags() -> BoolArray:
    return np.zeros(SEATS, dtype=np.bool_)


def _seat_buckets() -> FloatArray:
    return np.zeros((SEATS, len(BUCKETS)))


def _seat_codes() -> FloatArray:
    return np.zeros((SEATS, len(CODES)))


def _node_floats() -> FloatArray:
    return np.zeros(len(NODES))


def _node_integers() -> IntArray:
    return np.zeros(len(NODES), dtype=np.int64)


def _node_flags() -> BoolArray:
    return np.zeros(len(NODES), dtype=np.bool_)


def _node_buckets() -> FloatArray:
    return np.zeros((len(NODES), len(BUCKETS)))


def _service_floats() -> FloatArray:
    return np.zeros(len(WORKLOADS))


@dataclass
class Pods:
    """Every seat's pod, (seats,) unless told otherwise; counters by their metric name."""

    present: BoolArray = field(default_factory=_seat_flags)
    generation: IntArray = field(default_factory=_seat_integers)
    epoch: IntArray = field(default_factory=_seat_integers)
    node: IntArray = field(default_factory=_seat_integers)
    created: FloatArray = field(default_factory=_seat_floats)
    started: FloatArray = field(default_factory=_seat_floats)
    resume: FloatArray = field(default_factory=_seat_floats)
    ends: FloatArray = field(default_factory=_seat_floats)
    phase: IntArray = field(default_factory=_seat_integers)
    waiting: IntArray = field(default_factory=_seat_integers)
    ended: IntArray = field(default_factory=_seat_integers)
    restarts: IntArray = field(default_factory=_seat_integers)
    strikes: IntArray = field(default_factory=_seat_integers)
    ready: BoolArray = field(default_factory=_seat_flags)
    doomed: BoolArray = field(default_factory=_seat_flags)
    fill: FloatArray = field(default_factory=_seat_floats)
    wobble: FloatArray = field(default_factory=_seat_floats)
    burst: FloatArray = field(default_factory=_seat_floats)
    backlog_seconds: FloatArray = field(default_factory=_seat_floats)
    load: FloatArray = field(default_factory=_seat_floats)
    working_set: FloatArray = field(default_factory=_seat_floats)
    volume_used: FloatArray = field(default_factory=_seat_floats)
    in_flight: FloatArray = field(default_factory=_seat_floats)
    requests: FloatArray = field(default_factory=_seat_codes)
    buckets: FloatArray = field(default_factory=_seat_buckets)
    latency_sum: FloatArray = field(default_factory=_seat_floats)
    counters: dict[str, FloatArray] = field(
        default_factory=lambda: {name: np.zeros(SEATS) for name in CONTAINER_COUNTERS + POD_COUNTERS}
    )

    @property
    def running(self) -> BoolArray:
        """(seats,) does its container run?"""
        running: BoolArray = self.present & (self.phase == Phase.RUNNING) & (self.waiting == Waiting.NO)
        return running


@dataclass
class Machines:
    """Every node, (nodes,). shunned: no new pod goes there, although its owner has not said so."""

    available_ratio: FloatArray = field(default_factory=_node_floats)
    disk_ratio: FloatArray = field(default_factory=_node_floats)
    load1: FloatArray = field(default_factory=_node_floats)
    contention: FloatArray = field(default_factory=_node_floats)
    wobble: FloatArray = field(default_factory=_node_floats)
    conntrack: FloatArray = field(default_factory=_node_floats)
    starved_steps: IntArray = field(default_factory=_node_integers)
    ready: BoolArray = field(default_factory=lambda: ~_node_flags())
    cordoned: BoolArray = field(default_factory=_node_flags)
    shunned: BoolArray = field(default_factory=_node_flags)
    relist: FloatArray = field(default_factory=_node_buckets)
    counters: dict[str, FloatArray] = field(
        default_factory=lambda: {name: np.zeros(len(NODES)) for name in NODE_COUNTERS}
    )


@dataclass
class Services:
    """Every workload's traffic, (workloads,); the last step's figures."""

    drift: FloatArray = field(default_factory=_service_floats)
    jitter: FloatArray = field(default_factory=_service_floats)
    bump: FloatArray = field(default_factory=_service_floats)
    latency: FloatArray = field(default_factory=_service_floats)
    errors: FloatArray = field(default_factory=_service_floats)
    usual_errors: FloatArray = field(default_factory=_service_floats)


@dataclass
class Levers:
    """What events do to the cluster in this step; all zero when nothing happens.

    A pull moves a quantity from where it would be (0) to where it breaks (1), so that its effect does not depend on
    the hour of the day. crash_seconds: the age at which a container crashes.
    """

    memory_pull: FloatArray = field(default_factory=_seat_floats)
    cpu_cores: FloatArray = field(default_factory=_seat_floats)
    cpu_pull: FloatArray = field(default_factory=_seat_floats)
    volume_pull: FloatArray = field(default_factory=_seat_floats)
    traffic_bytes: FloatArray = field(default_factory=_seat_floats)
    pod_drop: FloatArray = field(default_factory=_seat_floats)
    pod_errors: FloatArray = field(default_factory=_seat_floats)
    unready: FloatArray = field(default_factory=_seat_floats)
    crash_seconds: FloatArray = field(default_factory=_seat_floats)
    node_memory_pull: FloatArray = field(default_factory=_node_floats)
    disk_pull: FloatArray = field(default_factory=_node_floats)
    disk_extra: FloatArray = field(default_factory=_node_floats)
    node_io: FloatArray = field(default_factory=_node_floats)
    node_drop: FloatArray = field(default_factory=_node_floats)
    node_retransmit: FloatArray = field(default_factory=_node_floats)
    no_exporter: FloatArray = field(default_factory=_node_floats)
    no_kubelet: FloatArray = field(default_factory=_node_floats)
    delay: FloatArray = field(default_factory=_service_floats)
    errors: FloatArray = field(default_factory=_service_floats)
    traffic: FloatArray = field(default_factory=_service_floats)

    def release(self) -> None:
        """Set all to zero."""
        for one in fields(self):
            getattr(self, one.name).fill(0.0)
