"""The loops that keep a cluster at its desired state: replicas, rollouts, node health, garbage."""

from __future__ import annotations

from typing import Final

import numpy as np

from emitter.cluster import RESIDENT_RATIOS
from emitter.lifecycle import STARTING_SECONDS, create, delete, end_container, evict, run
from emitter.randomness import suffix
from emitter.state import (
    BACKOFF,
    DEAD,
    FAILED,
    NODE_COUNTERS,
    PENDING,
    RUNNING,
    SUCCEEDED,
    BoolArray,
    IntArray,
)
from emitter.world import Rollout, Version, World

GRACE_SECONDS: Final = 40.0
"""kube-controller-manager's --node-monitor-grace-period."""

UNREACHABLE_SECONDS: Final = 300.0
"""Tolerated by pods before they are deleted from an unreachable node."""

GARBAGE_SECONDS: Final = 600.0
"""Failed and finished pods stay this long as objects."""

PRESSURE_SECONDS: Final = 300.0
"""The kubelet's --eviction-pressure-transition-period."""

EVICTION_SECONDS: Final = 120.0
"""Between two evictions: the kubelet waits for the first pod to end."""

DISK_EVICTION_RATIO: Final = 0.10
"""Free part of nodefs below which the kubelet evicts (nodefs.available<10%)."""

MEMORY_EVICTION_RATIO: Final = 0.015
"""Available part of memory below which the kubelet evicts; managed clusters use about 1 to 2 %."""

LEAST_CPU_NEED: Final = 0.75
"""Of a release. None needs more than the first version, by which replicas were counted."""


def populate(world: World) -> None:
    """Create every pod at rest, running and ready for hours or days."""
    pods = world.pods
    for index, spec in enumerate(world.cluster.workloads):
        for k in range(spec.replicas):
            slot = create(world, index, node=k if spec.kind == "DaemonSet" else None, ordinal=k)
            run(world, slot)
            pods.created_at[slot] = np.floor(world.start - world.naming.uniform(2 * 3600.0, 12 * 86_400.0))
            pods.started_at[slot] = pods.ready_at[slot] = pods.created_at[slot] + STARTING_SECONDS


def reconcile(world: World) -> None:
    """Replace what is missing, go on with rollouts, forget what is long dead."""
    _roll(world)
    pods = world.pods
    for slot in np.flatnonzero((pods.phase >= FAILED) & (pods.resume_at + GARBAGE_SECONDS <= world.now)):
        delete(world, int(slot))
    alive = (pods.phase >= PENDING) & (pods.phase <= BACKOFF)
    surging = np.zeros(len(world.cluster.workloads), dtype=np.int64)
    for rollout in world.rollouts:
        surging[rollout.workload] += 1
    owned = np.array([p is not None and p.arranged for p in pods.identity])
    have = np.bincount(pods.workload[alive & ~owned], minlength=len(surging))
    wanted = desired(world) + surging
    for index in np.flatnonzero(have < wanted):
        _replace(world, int(index), alive)
    for index in np.flatnonzero((have > wanted) & (surging == 0)):
        _shrink(world, int(index), alive & ~owned)


def desired(world: World) -> IntArray:
    """(workloads,): replicas by specification, scaling by hand and by the autoscaler; never less than one of many."""
    nodes = int(world.nodes.member.sum())
    specs = world.cluster.workloads
    own = np.array([nodes if w.kind == "DaemonSet" else w.replicas for w in specs], dtype=np.int64)
    return np.asarray(np.where(own > 0, np.maximum(own + world.extra_replicas + world.scaled_by, 1), own))


def _shrink(world: World, workload: int, alive: BoolArray) -> None:
    """Delete the youngest pod of a Deployment that has too many, no faulty one while there is another."""
    pods = world.pods
    if world.cluster.workloads[workload].kind == "Deployment":
        mine = np.flatnonzero(alive & (pods.workload == workload))
        faulty = np.array([p is not None and p.uid in world.faulty for p in pods.identity])[mine]
        delete(world, int(mine[np.lexsort((pods.created_at[mine], ~faulty))[-1]]))


def _replace(world: World, workload: int, alive: BoolArray) -> None:
    spec, pods = world.cluster.workloads[workload], world.pods
    mine = [p for i in np.flatnonzero(alive & (pods.workload == workload)) if (p := pods.identity[i]) is not None]
    if spec.kind == "DaemonSet":
        for node in sorted(set(range(len(world.cluster.nodes))) - {p.node for p in mine}):
            if world.nodes.up[node]:
                create(world, workload, node=node)
    elif spec.kind == "StatefulSet":
        for ordinal in sorted(set(range(spec.replicas)) - {p.ordinal for p in mine}):
            for slot in np.flatnonzero((pods.phase >= FAILED) & (pods.workload == workload)):
                identity = pods.identity[slot]
                if identity is not None and identity.ordinal == ordinal:
                    delete(world, int(slot))  # a stateful pod's name is free only once the old one is gone
            create(world, workload, ordinal=ordinal)
    elif spec.kind == "Deployment":
        wanted = int(desired(world)[workload]) + sum(r.workload == workload for r in world.rollouts)
        for _ in range(wanted - sum(not p.arranged for p in mine)):
            create(world, workload)


def begin_rollout(world: World, workload: int) -> None:
    """Start a healthy change of version with maxSurge 1 and maxUnavailable 0."""
    revise(world, workload)
    pods = world.pods
    alive = (pods.phase >= PENDING) & (pods.phase <= BACKOFF)
    old = [int(s) for s in np.flatnonzero(alive & (pods.workload == workload))]
    if old:
        world.rollouts.append(Rollout(workload, old[1:], old[0], create(world, workload)))


def revise(world: World, workload: int) -> None:
    """A new pod template: a new ReplicaSet name, one generation more, and other needs within the same limits."""
    resting = world.cluster.workloads[workload].resident_ratio
    world.previous_versions[workload] = world.versions[workload]
    world.versions[workload] = Version(
        suffix(world.naming, 9),
        memory_need=float(world.releases.uniform(*RESIDENT_RATIOS)) / resting,
        cpu_need=float(world.releases.uniform(LEAST_CPU_NEED, 1.0)),
    )
    world.generations[workload] += 1


def roll_back(world: World, workload: int) -> None:
    """The template before the last one becomes current again."""
    current, previous = world.versions, world.previous_versions
    current[workload], previous[workload] = previous[workload], current[workload]
    world.generations[workload] += 1


def _roll(world: World) -> None:
    for rollout in list(world.rollouts):
        if world.pods.phase[rollout.new] == RUNNING and not world.pods.ready[rollout.new]:
            continue
        if world.pods.phase[rollout.new] != RUNNING and world.pods.identity[rollout.new] is not None:
            continue
        identity = world.pods.identity[rollout.replacing]
        if identity is not None and identity.workload == rollout.workload:
            delete(world, rollout.replacing)
        world.rollouts.remove(rollout)
        if rollout.old:
            slot = create(world, rollout.workload)
            world.rollouts.append(Rollout(rollout.workload, rollout.old[1:], rollout.old[0], slot))


def watch_nodes(world: World) -> None:
    """Ready turns unknown after silent heartbeats; unreachable pods are deleted; pressure evicts."""
    nodes, pods = world.nodes, world.pods
    silent = (world.pressures.strain >= 1.0) | ~nodes.member
    for node in np.flatnonzero(nodes.up & silent):
        nodes.up[node] = False
    for node in np.flatnonzero(~nodes.up & ~silent):
        _reboot(world, int(node))
    nodes.heartbeat_at[nodes.up] = world.now
    nodes.ready[:] = np.where(world.now - nodes.heartbeat_at > GRACE_SECONDS, 2, 0)
    lost = world.now - nodes.heartbeat_at > GRACE_SECONDS + UNREACHABLE_SECONDS
    kinds = np.array([w.kind == "Deployment" for w in world.cluster.workloads])
    for slot in np.flatnonzero(lost[pods.node] & (pods.phase >= PENDING) & kinds[pods.workload]):
        delete(world, int(slot))
    _press(world)


def _reboot(world: World, node: int) -> None:
    nodes, pods = world.nodes, world.pods
    nodes.up[node], nodes.boot_at[node], nodes.heartbeat_at[node] = True, world.now, world.now
    nodes.relist_seconds[node] = 0.01
    for name in NODE_COUNTERS:
        getattr(nodes, name)[node] = 0.0
    for slot in np.flatnonzero((pods.node == node) & ((pods.phase == RUNNING) | (pods.phase == DEAD))):
        end_container(world, int(slot), reason=2, exit_code=255)
        pods.crashes[slot] = 0
        pods.resume_at[slot] = world.now


def _press(world: World) -> None:
    """Set the node's pressure conditions and evict one pod at a time while the cause lasts."""
    nodes, inventory = world.nodes, world.cluster.nodes
    root = np.array([n.root_bytes for n in inventory])
    memory = np.array([n.memory_bytes for n in inventory])
    full = nodes.up & (root - nodes.root_used_bytes < DISK_EVICTION_RATIO * root)
    starved = nodes.up & (nodes.available_bytes < MEMORY_EVICTION_RATIO * memory) & (nodes.available_bytes > 0)
    nodes.pressure_since[full | starved] = world.now
    lasting = nodes.up & (world.now - nodes.pressure_since <= PRESSURE_SECONDS) & (nodes.pressure_since > 0)
    nodes.disk_pressure[:] = full | (nodes.disk_pressure & lasting)
    nodes.memory_pressure[:] = starved | (nodes.memory_pressure & lasting)
    due = (full | starved) & (world.now - nodes.evicted_at >= EVICTION_SECONDS)
    for node in np.flatnonzero(due):
        victim = _victim(world, int(node), by_disk=bool(full[node]))
        if victim is not None:
            evict(world, victim)
            nodes.evictions[node, 0 if full[node] else 1] += 1
            nodes.evicted_at[node] = world.now


def _victim(world: World, node: int, by_disk: bool) -> int | None:
    pods = world.pods
    kinds = np.array([w.kind == "Deployment" for w in world.cluster.workloads])
    owned = np.array([p is not None and p.arranged for p in pods.identity])
    here = (pods.node == node) & (pods.phase == RUNNING) & kinds[pods.workload] & ~owned
    if not here.any():
        return None
    use = pods.log_bytes if by_disk else pods.working_set_bytes
    return int(np.argmax(np.where(here, use, -1.0)))


def finished(world: World, slot: int) -> bool:
    """Whether the slot's pod has ended for good."""
    return bool(world.pods.phase[slot] in (FAILED, SUCCEEDED))


def down(world: World, slot: int) -> bool:
    """Whether the slot's container is not running although it should."""
    return bool(world.pods.phase[slot] in (DEAD, BACKOFF))
