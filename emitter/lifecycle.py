"""What controllers, scheduler and kubelet do: pods are created, placed, restarted, evicted and deleted."""

from __future__ import annotations

from typing import Final

import numpy as np

from emitter.randomness import hexadecimal, suffix, uid
from emitter.state import (
    BACKOFF,
    CONTAINER_COUNTERS,
    DEAD,
    EMPTY,
    FAILED,
    PENDING,
    POD_COUNTERS,
    RUNNING,
    SUCCEEDED,
    FloatArray,
    PodIdentity,
)
from emitter.world import World

STARTING_SECONDS: Final = 20.0
"""Image present, container created: what a start takes at least."""

READINESS_SECONDS: Final = 25.0
"""From the container's start to its first passed readiness probe."""

FIRST_BACKOFF_SECONDS: Final = 10.0
LONGEST_BACKOFF_SECONDS: Final = 300.0
"""The kubelet doubles from 10 s to 5 min."""

FORGIVEN_AFTER_SECONDS: Final = 600.0
"""A container that ran this long starts again without back-off."""

WAITING: Final = ("", "ContainerCreating", "CrashLoopBackOff", "ImagePullBackOff", "CreateContainerError")
ENDED: Final = ("", "OOMKilled", "Error", "Completed")
COMPLETED: Final = ENDED.index("Completed")

_KEPT: Final = frozenset({"identity", "phase"})


def create(world: World, workload: int, node: int | None = None, ordinal: int = 0, bad: bool = False) -> int:
    """The slot of a new pod, waiting for its container. Raises RuntimeError when no slot is left."""
    pods = world.pods
    free = np.flatnonzero(pods.phase == EMPTY)
    if not len(free):
        raise RuntimeError("no free pod slot: more pods than the simulation planned for")
    slot = int(free[0])
    _blank(world, slot)
    place = node if node is not None else _scheduled(world, workload)
    pods.identity[slot] = identity = _identity(world, workload, place, ordinal, bad)
    pods.workload[slot], pods.node[slot] = workload, place
    pods.cpu_limit[slot], pods.memory_limit[slot] = world.cpu_limits[workload], world.memory_limits[workload]
    version = world.versions[workload]
    pods.memory_need[slot], pods.cpu_need[slot] = version.memory_need, version.cpu_need
    pods.created_at[slot] = world.now
    pods.phase[slot], pods.waiting[slot] = PENDING, 1
    pods.resume_at[slot] = world.now + STARTING_SECONDS + float(world.naming.integers(0, 20))
    pods.log_bytes[slot] = 5e7
    world.slot_by_uid[identity.uid] = slot
    return slot


def delete(world: World, slot: int) -> None:
    """Remove a pod from the cluster; its volume stays."""
    identity = world.pods.identity[slot]
    if identity is not None:
        world.slot_by_uid.pop(identity.uid, None)
    world.pods.identity[slot] = None
    world.pods.phase[slot] = EMPTY
    world.pods.ready[slot] = False


def run(world: World, slot: int) -> None:
    """Start the pod's container: a new cgroup, so a new id and counters from zero."""
    pods, identity = world.pods, world.pods.identity[slot]
    assert identity is not None, "only an existing pod runs"
    identity.container_id = hexadecimal(world.naming, 16)
    for name in CONTAINER_COUNTERS:
        getattr(pods, name)[slot] = 0.0
    spec = world.cluster.workloads[identity.workload]
    pods.phase[slot], pods.waiting[slot], pods.ended[slot] = RUNNING, 0, 0
    pods.started_at[slot] = world.now
    pods.ready_at[slot] = world.now + READINESS_SECONDS
    pods.leaked_bytes[slot] = 0.0
    pods.cache_bytes[slot] = 0.04 * spec.memory_limit


def end_container(world: World, slot: int, reason: int, exit_code: int) -> None:
    """The container ended; the kubelet notices at once and restarts it later. reason: index into ENDED."""
    pods = world.pods
    pods.crashes[slot] = 0 if world.now - pods.started_at[slot] > FORGIVEN_AFTER_SECONDS else pods.crashes[slot] + 1
    pods.phase[slot], pods.ready[slot] = DEAD, False
    pods.ended[slot] = pods.last_ended[slot] = reason
    pods.last_exit_code[slot] = exit_code
    backoff = min(FIRST_BACKOFF_SECONDS * 2.0 ** float(pods.crashes[slot]), LONGEST_BACKOFF_SECONDS)
    pods.resume_at[slot] = world.now + backoff


def complete(world: World, slot: int) -> None:
    """A job's container ended with exit code 0."""
    pods = world.pods
    pods.phase[slot], pods.ready[slot] = SUCCEEDED, False
    pods.ended[slot], pods.resume_at[slot] = COMPLETED, world.now


def evict(world: World, slot: int) -> None:
    """The kubelet fails the pod for its node's sake; the controller replaces it elsewhere."""
    pods = world.pods
    pods.phase[slot], pods.ready[slot] = FAILED, False
    pods.resume_at[slot] = world.now


def advance(world: World) -> None:
    """One step of every pod's life that is due by the clock."""
    pods, now = world.pods, world.now
    reachable = world.nodes.up[pods.node]
    for slot in np.flatnonzero((pods.phase == DEAD) & reachable):
        if pods.resume_at[slot] > now:
            pods.phase[slot], pods.waiting[slot] = BACKOFF, WAITING.index("CrashLoopBackOff")
            pods.ended[slot] = 0
        else:
            _restart(world, int(slot))
    for slot in np.flatnonzero((pods.phase == BACKOFF) & reachable & (pods.resume_at <= now)):
        _restart(world, int(slot))
    for slot in np.flatnonzero((pods.phase == PENDING) & reachable & (pods.resume_at <= now)):
        run(world, int(slot))
    probed = (pods.phase == RUNNING) & (pods.ready_at <= now) & (world.pressures.unready <= 0)
    pods.ready[:] = probed & (world.nodes.ready[pods.node] == 0)


def _restart(world: World, slot: int) -> None:
    world.pods.restarts[slot] += 1
    run(world, slot)


def _blank(world: World, slot: int) -> None:
    pods = world.pods
    for name in pods.__dataclass_fields__:
        if name not in _KEPT:
            getattr(pods, name)[slot] = 0
    for name in (*CONTAINER_COUNTERS, *POD_COUNTERS):
        getattr(pods, name)[slot] = 0.0
    pods.latency_noise[slot] = 1.0


def _scheduled(world: World, workload: int) -> int:
    """The least loaded node that takes pods; spreads one workload's pods before it balances requests."""
    pods, nodes = world.pods, world.nodes
    alive = (pods.phase >= PENDING) & (pods.phase <= BACKOFF)
    same = np.bincount(pods.node[alive & (pods.workload == workload)], minlength=len(world.cluster.nodes))
    closed = (nodes.ready != 0) | nodes.cordoned | nodes.disk_pressure | nodes.memory_pressure
    return int(np.argmin(same * 10.0 + requested(world) + closed * 1e6 + ~nodes.member * 1e12))


def requested(world: World) -> FloatArray:
    """(nodes,): CPU that the pods there request, over the node's cores."""
    pods = world.pods
    alive = (pods.phase >= PENDING) & (pods.phase <= BACKOFF)
    requests = np.array([w.cpu_request for w in world.cluster.workloads])[pods.workload]
    load = np.bincount(pods.node[alive], weights=requests[alive], minlength=len(world.cluster.nodes))
    return np.asarray(load / np.array([n.cores for n in world.cluster.nodes]))


def _address(world: World) -> str:
    """An address that no pod had before: reused ones would join two pods' endpoint series."""
    number = world.addresses
    world.addresses += 1
    return f"10.{128 + number // 62_500 % 100}.{number // 250 % 250}.{number % 250 + 2}"


def _identity(world: World, workload: int, node: int, ordinal: int, bad: bool) -> PodIdentity:
    spec, rng = world.cluster.workloads[workload], world.naming
    revision = world.versions[workload].revision
    if spec.kind == "Deployment":
        name, owner_kind, owner = f"{spec.name}-{revision}-{suffix(rng, 5)}", "ReplicaSet", f"{spec.name}-{revision}"
    elif spec.kind == "StatefulSet":
        name, owner_kind, owner = f"{spec.name}-{ordinal}", "StatefulSet", spec.name
    elif spec.kind == "Job":
        owner = f"{spec.name}-{int(world.now // 60)}"
        name, owner_kind = f"{owner}-{suffix(rng, 5)}", "Job"
    else:
        name, owner_kind, owner = f"{spec.name}-{suffix(rng, 5)}", "DaemonSet", spec.name
    return PodIdentity(
        namespace=spec.namespace,
        name=name,
        uid=uid(rng),
        ip=_address(world),
        workload=workload,
        node=node,
        revision=revision,
        owner_kind=owner_kind,
        owner_name=owner,
        ordinal=ordinal,
        container_id="",
        bad=bad,
    )
