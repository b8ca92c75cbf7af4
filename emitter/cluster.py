"""What the pretend cluster consists of: nodes and workloads, scaled from two numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

from numpy.random import Generator

from emitter.randomness import generator, uid
from emitter.workload_templates import HOLDOUT_TEMPLATES, TEMPLATES, Template

ScenarioName = Literal["train", "quiet", "demo", "holdout"]

GIB: Final = 1024.0**3
MIB: Final = 1024.0**2
REPLICAS_PER_WORKLOAD: Final = 3.2
"""Average that decides how many workloads a number of pods makes."""

MIN_WORKLOADS: Final = 10
"""Below it not every kind of workload that the faults need would exist."""


@dataclass(frozen=True, slots=True)
class Node:
    """One machine."""

    name: str
    ip: str
    uid: str
    cores: int
    memory_bytes: float
    root_bytes: float
    containerd_bytes: float


@dataclass(frozen=True, slots=True)
class Workload:
    """One controller and the service in front of it; requests and limits are those of its single container."""

    namespace: str
    name: str
    kind: str
    replicas: int
    uid: str
    service_uid: str
    cluster_ip: str
    image: str
    http: bool
    rate: float
    """Requests a second and replica at an average hour."""
    cpu_request: float
    cpu_limit: float
    """Cores; NaN without a limit."""
    memory_request: float
    memory_limit: float
    resident_ratio: float
    """Resident memory at rest over the limit."""
    transient_ratio: float
    """Peaks between two scrapes over the limit: what kills a container that scrapes see at 95 %."""
    latency_seconds: float
    volume_bytes: float

    @property
    def label(self) -> str:
        """namespace/name."""
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Cluster:
    """The whole inventory; jobs come and go beside it."""

    nodes: tuple[Node, ...]
    workloads: tuple[Workload, ...]


BATCH_JOB: Final = "data-import"
CRON_JOB: Final = "cleanup"

SIZES: Final = (0.75, 1.35)
"""Of a template: two teams that run the same thing give it different limits."""

MEMORY_GRAIN_MIB: Final = 16
"""People write round limits."""

RESIDENT_RATIOS: Final = (0.3, 0.5)
GIB_PER_CORE: Final = 3.0
HOLDOUT_GIB_PER_CORE: Final = 2.0
MACHINE_CORES: Final = (8, 16, 32, 64, 96)
CORES_PER_POD: Final = 0.65
"""What pods use at the evening's peak: nodes are bought for those that run there while one of the others is drained."""


def build(nodes: int, pods: int, seed: int, scenario: ScenarioName = "train") -> Cluster:
    """The cluster of the given size; pods counts what runs at rest, daemons included.

    `holdout` has workloads and machines that no other scenario has.

    Raises ValueError with one line when the numbers make no cluster.
    """
    if nodes < 1:
        raise ValueError(f"a cluster has at least one node, got {nodes}")
    if pods < nodes + MIN_WORKLOADS:
        raise ValueError(f"{nodes} nodes need at least {nodes + MIN_WORKLOADS} pods, got {pods}")
    rng = generator(seed, "", "cluster")
    crowd = pods / max(nodes - 1, 1)
    templates = HOLDOUT_TEMPLATES if scenario == "holdout" else TEMPLATES
    per_core = HOLDOUT_GIB_PER_CORE if scenario == "holdout" else GIB_PER_CORE
    jobs = [_job(rng, i, name) for i, name in enumerate((BATCH_JOB, CRON_JOB))]
    return Cluster(
        tuple(_node(rng, i, crowd, per_core) for i in range(nodes)),
        (*_workloads(rng, pods - nodes, templates), _daemon(rng, nodes), *jobs),
    )


def _node(rng: Generator, index: int, crowd: float, gib_per_core: float) -> Node:
    """A machine that has cores for so many pods."""
    cores = next((size for size in MACHINE_CORES if size >= crowd * CORES_PER_POD), MACHINE_CORES[-1])
    return Node(
        name=f"worker-{index + 1:02d}",
        ip=f"10.0.{index // 250}.{index % 250 + 10}",
        uid=uid(rng),
        cores=cores,
        memory_bytes=cores * gib_per_core * GIB - 96 * MIB,
        root_bytes=float(rng.choice([80, 100, 120])) * GIB,
        containerd_bytes=float(rng.choice([60, 80])) * GIB,
    )


def _workloads(rng: Generator, pods: int, templates: tuple[Template, ...]) -> list[Workload]:
    count = max(MIN_WORKLOADS, round(pods / REPLICAS_PER_WORKLOAD))
    replicas = [pods // count + (1 if i < pods % count else 0) for i in range(count)]
    for i in range(count):  # databases stay at two or fewer, so that front ends grow with the cluster
        surplus = max(0, replicas[i] - 2) if templates[i % len(templates)].kind == "StatefulSet" else 0
        replicas[i] -= surplus
        for k in range(surplus):
            replicas[_next_deployment(i + k, count, templates)] += 1
    return [_workload(rng, i, replicas[i], templates) for i in range(count)]


def _next_deployment(after: int, count: int, templates: tuple[Template, ...]) -> int:
    return next(
        i % count for i in range(after, after + count) if templates[i % count % len(templates)].kind == "Deployment"
    )


def _workload(rng: Generator, index: int, replicas: int, templates: tuple[Template, ...]) -> Workload:
    template = templates[index % len(templates)]
    generation = index // len(templates)
    memory = round(template.memory_mib * float(rng.uniform(*SIZES)) / MEMORY_GRAIN_MIB) * MEMORY_GRAIN_MIB * MIB
    cpu_limit = round(template.cpu_limit * float(rng.uniform(*SIZES)), 2)  # NaN stays NaN
    requested = float(rng.uniform(0.25, 0.6))
    return Workload(
        namespace=template.namespace if generation == 0 else f"{template.namespace}-{generation + 1}",
        name=template.name,
        kind=template.kind,
        replicas=replicas,
        uid=uid(rng),
        service_uid=uid(rng),
        cluster_ip=f"10.96.{index // 250}.{index % 250 + 1}",
        image=f"registry.example.com/{template.name}:{_version(rng)}",
        http=template.http,
        rate=float(rng.uniform(6, 16)) if template.http else 0.0,
        cpu_request=round(requested * (0.5 if math.isnan(cpu_limit) else cpu_limit), 3),
        cpu_limit=cpu_limit,
        memory_request=memory * float(rng.uniform(0.5, 0.8)),
        memory_limit=memory,
        resident_ratio=float(rng.uniform(*RESIDENT_RATIOS)),
        transient_ratio=float(rng.uniform(0.01, 0.045)),
        latency_seconds=template.latency_seconds * float(rng.uniform(0.8, 1.25)),
        volume_bytes=template.volume_gib * GIB,
    )


def _version(rng: Generator) -> str:
    return f"{rng.integers(1, 5)}.{rng.integers(0, 30)}.{rng.integers(0, 10)}"


def _daemon(rng: Generator, nodes: int) -> Workload:
    return Workload(
        namespace="monitoring",
        name="node-agent",
        kind="DaemonSet",
        replicas=nodes,
        uid=uid(rng),
        service_uid=uid(rng),
        cluster_ip="10.96.255.1",
        image=f"registry.example.com/node-agent:{_version(rng)}",
        http=False,
        rate=0.0,
        cpu_request=0.05,
        cpu_limit=0.2,
        memory_request=96 * MIB,
        memory_limit=192 * MIB,
        resident_ratio=0.45,
        transient_ratio=0.01,
        latency_seconds=0.0,
        volume_bytes=0.0,
    )


def _job(rng: Generator, index: int, name: str) -> Workload:
    """The template of jobs: no replicas at rest, one pod for as long as a job runs."""
    return Workload(
        namespace="batch",
        name=name,
        kind="Job",
        replicas=0,
        uid=uid(rng),
        service_uid=uid(rng),
        cluster_ip=f"10.96.255.{2 + index}",
        image=f"registry.example.com/{name}:{_version(rng)}",
        http=False,
        rate=0.0,
        cpu_request=0.5,
        cpu_limit=1.0,
        memory_request=512 * MIB,
        memory_limit=1024 * MIB,
        resident_ratio=0.3,
        transient_ratio=0.01,
        latency_seconds=0.0,
        volume_bytes=0.0,
    )
