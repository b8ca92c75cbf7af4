"""The one mutable object of a simulation: inventory, state arrays, clock and random streams."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from emitter.cluster import GIB, Cluster, Node
from emitter.randomness import generator, hexadecimal, suffix
from emitter.state import FloatArray, Nodes, Pods, Services, Volumes, limits, slots_for, zeros


@dataclass
class Pressures:
    """What episodes do to the cluster at this step; all zero (factors one) before they speak."""

    cpu_cores: FloatArray  # (slots,)
    memory_bytes: FloatArray  # (slots,)
    loss_ratio: FloatArray  # (slots,)
    error_ratio: FloatArray  # (slots,)
    latency_factor: FloatArray  # (slots,)
    leaking: FloatArray  # (slots,) bytes of this step
    unready: FloatArray  # (slots,) above zero: the readiness probe fails
    volume_bytes: FloatArray  # (volumes,)
    disk_bytes: FloatArray  # (nodes,)
    strain: FloatArray  # (nodes,) 1 is where the kubelet stops answering
    node_loss_ratio: FloatArray  # (nodes,)
    traffic_factor: FloatArray  # (workloads,)
    dependency: FloatArray  # (workloads,)

    @classmethod
    def none(cls, slots: int, nodes: int, volumes: int, workloads: int) -> Pressures:
        """No pressure at all."""
        pod = {n: np.zeros(slots) for n in ("cpu_cores", "memory_bytes", "loss_ratio", "error_ratio", "leaking")}
        return cls(
            **pod,
            unready=np.zeros(slots),
            latency_factor=np.ones(slots),
            volume_bytes=np.zeros(volumes),
            disk_bytes=np.zeros(nodes),
            strain=np.zeros(nodes),
            node_loss_ratio=np.zeros(nodes),
            traffic_factor=np.ones(workloads),
            dependency=np.zeros(workloads),
        )


@dataclass(frozen=True)
class Blackout:
    """Series that are not scraped at this step: those whose text holds all of the fragments."""

    fragments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Version:
    """A pod template. memory_need at rest, cpu_need of each request: over what the workload's first version needs."""

    revision: str
    memory_need: float = 1.0
    cpu_need: float = 1.0


@dataclass
class Rollout:
    """A change of version under way: old slots go once their replacement is ready."""

    workload: int
    old: list[int]
    replacing: int
    new: int


@dataclass
class World:
    """Everything a step reads and writes."""

    cluster: Cluster
    seed: int
    scenario: str
    start: float
    step_seconds: float
    now: float
    pods: Pods = field(init=False)
    nodes: Nodes = field(init=False)
    volumes: Volumes = field(init=False)
    services: Services = field(init=False)
    pressures: Pressures = field(init=False)
    versions: list[Version] = field(init=False)
    previous_versions: list[Version] = field(init=False)
    generations: list[int] = field(init=False)
    rollouts: list[Rollout] = field(init=False, default_factory=list)
    first_machines: tuple[Node, ...] = field(init=False)
    machines: int = field(init=False)
    """Machines that the cluster ever had."""
    slot_by_uid: dict[str, int] = field(init=False, default_factory=dict)
    faulty: frozenset[str] = field(init=False, default=frozenset())
    """Uids of pods that faults act on: whoever moves pods leaves them alone."""
    blackouts: list[Blackout] = field(init=False, default_factory=list)
    calls: tuple[tuple[int, ...], ...] = field(init=False)
    addresses: int = field(init=False, default=0)
    """Pod addresses given so far."""

    def __post_init__(self) -> None:
        self.weather = generator(self.seed, self.scenario, "weather")
        self.naming = generator(self.seed, self.scenario, "naming")
        self.releases = generator(self.seed, self.scenario, "releases")
        workloads = self.cluster.workloads
        slots = slots_for(self.cluster)
        self.pods = zeros(Pods, slots)
        self.nodes = zeros(Nodes, len(self.cluster.nodes))
        self.pods.latency_noise[:] = 1.0
        self.volumes = self._claims()
        self.services = zeros(Services, len(workloads))
        self.services.burst[:] = 1.0
        self.services.phase_hours[:] = self.naming.uniform(-1.5, 1.5, len(workloads))
        self.versions = [Version(suffix(self.naming, 9)) for _ in workloads]
        self.previous_versions = [Version(suffix(self.naming, 9)) for _ in workloads]
        self.calls = ()
        self.extra_replicas = np.zeros(len(workloads), dtype=np.int64)
        self.scaled_by = np.zeros(len(workloads), dtype=np.int64)
        self.scaled_at = np.zeros(len(workloads))
        self.generations = [int(g) for g in self.naming.integers(2, 30, len(workloads))]
        self.first_machines, self.machines = self.cluster.nodes, len(self.cluster.nodes)
        self.cpu_limits, self.memory_limits = limits(self.cluster)
        self._boot_nodes()
        self.calm()

    def calm(self) -> None:
        """Forget the pressures and gaps of the last step."""
        self.blackouts = []
        self.pressures = Pressures.none(
            len(self.pods.phase), len(self.cluster.nodes), len(self.volumes.uids), len(self.cluster.workloads)
        )

    def _claims(self) -> Volumes:
        owners = [(i, k) for i, w in enumerate(self.cluster.workloads) if w.volume_bytes for k in range(w.replicas)]
        claims = zeros(Volumes, len(owners))
        claims.workload[:] = [i for i, _ in owners]
        claims.ordinal[:] = [k for _, k in owners]
        claims.capacity_bytes[:] = [self.cluster.workloads[i].volume_bytes * 0.98 for i, _ in owners]
        claims.rest_ratio[:] = self.naming.uniform(0.3, 0.6, len(owners))
        claims.used_bytes[:] = claims.capacity_bytes * claims.rest_ratio
        claims.inodes_used[:] = self.naming.integers(2_000, 40_000, len(owners))
        claims.uids = [f"{hexadecimal(self.naming, 8)}-claim-{k}" for k in range(len(owners))]
        return claims

    def _boot_nodes(self) -> None:
        count = len(self.cluster.nodes)
        nodes, rng = self.nodes, self.naming
        nodes.member[:] = nodes.up[:] = True
        nodes.joined_at[:] = np.floor(self.start - 90 * 86_400.0)
        nodes.heartbeat_at[:] = self.now
        nodes.boot_at[:] = np.floor(self.start - rng.uniform(5, 90, count) * 86400)
        nodes.root_used_bytes[:] = [
            n.root_bytes * r for n, r in zip(self.cluster.nodes, rng.uniform(0.3, 0.5, count), strict=True)
        ]
        nodes.containerd_used_bytes[:] = [
            n.containerd_bytes * r for n, r in zip(self.cluster.nodes, rng.uniform(0.35, 0.6, count), strict=True)
        ]
        nodes.root_files[:] = rng.integers(180_000, 420_000, count)
        nodes.cached_bytes[:] = rng.uniform(2, 5, count) * GIB
        nodes.relist_seconds[:] = 0.008
