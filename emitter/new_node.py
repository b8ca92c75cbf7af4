"""A new node: machines are replaced, as when an autoscaler or an upgrade of the node pool takes one away."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from emitter.cluster import Node
from emitter.lifecycle import delete, requested
from emitter.lookalikes import PlannedDrain, movable, move_one
from emitter.machines import SYSTEM_BYTES
from emitter.randomness import uid
from emitter.state import EMPTY
from emitter.world import World

DRAIN_SECONDS: Final = 2_700.0
"""So long pods are moved one by one; what is left then goes with the machine."""

BOOT_SECONDS: Final = 180.0
"""From the order of a machine to its kubelet's first heartbeat."""

NEW_SECONDS: Final = 3_600.0
"""A node is new for as long as its pods still come, and its signals have hardly any past."""

FILLED: Final = 0.75
"""Of what the fullest node's pods request of its cores: then the new one has its share."""

FRESH_FILES: Final = 150_000.0
"""Of an operating system that was just installed."""

SMALLER: Final = 2
"""A small machine has half the memory."""

CORES_OF_SMALL: Final = 0.75
"""It gets its share of pods by their requests, which are less than they use: half the cores would starve them."""

MOVED: Final = ("Deployment", "StatefulSet")

ROOM: Final = 0.8
"""Of the memory that a small machine and all others but the largest have: pods fit, whoever is drained."""


@dataclass
class NewNode(PlannedDrain):
    """A node is emptied and leaves; a smaller one joins in its place, or later one of the first size again.

    Until the new one joins the entity is the node that leaves. From then on it is the new one, and the episode begins
    with it: under a name that nobody has seen before, without pods, and small.
    """

    type = "new_node"
    machine: Node = field(init=False)
    joins_at: float = field(init=False, default=np.inf)

    @classmethod
    def candidates(cls, world: World) -> list[int]:
        """One node at a time, the small one where there is one; never with pods that nobody else stands in for."""
        fine = [node for node in super().candidates(world) if not _alone(world, node)]
        places = range(len(world.nodes.member))
        if not all(world.nodes.member & ~world.nodes.cordoned) or not fine:
            return []
        if any(_small(world, node) for node in places):
            return [node for node in fine if _small(world, node)]
        return [node for node in fine if _fits(world, node)]

    def begin(self, world: World) -> None:
        super().begin(world)
        self.machine = _ordered(world, self.target)
        self.end = self.plan.start + DRAIN_SECONDS + BOOT_SECONDS + NEW_SECONDS

    def apply(self, world: World) -> None:
        if world.now >= self.joins_at:
            if not world.nodes.member[self.target]:
                self._join(world)
            self._fill(world)
        elif world.nodes.member[self.target]:
            world.nodes.cordoned[self.target] = True
            left = movable(world, self.target, MOVED)
            move_one(world, left)
            if not len(left) or world.now >= self.plan.start + DRAIN_SECONDS:
                _leave(world, self.target)
                self.joins_at = world.now + BOOT_SECONDS

    def finish(self, world: World) -> None:
        """The new node stays."""

    def _join(self, world: World) -> None:
        _replace_machine(world, self.target, self.machine)
        self.plan = replace(self.plan, start=world.now)
        self.end = world.now + NEW_SECONDS
        self.entity = {"node": self.machine.name}

    def _fill(self, world: World) -> None:
        """A descheduler moves pods off the fullest node until the new one has its share; nobody else would."""
        load = requested(world)
        fullest = int(np.argmax(np.where(world.nodes.ready == 0, load, -1.0)))
        if load[self.target] < FILLED * load[fullest]:
            pods, slots = world.pods, movable(world, fullest)
            already = pods.workload[(pods.node == self.target) & (pods.phase > EMPTY)]
            # The scheduler spreads a workload: another of its pods here would be put back where it came from.
            move_one(world, slots[~np.isin(pods.workload[slots], already)])


def _small(world: World, node: int) -> bool:
    return world.cluster.nodes[node].cores < world.first_machines[node].cores


def _alone(world: World, node: int) -> bool:
    """Whether a pod there is the only one of its workload."""
    specs, pods = world.cluster.workloads, world.pods
    here = {int(w) for w in pods.workload[(pods.node == node) & (pods.phase > EMPTY)]}
    return any(specs[w].kind in MOVED and specs[w].replicas == 1 for w in here)


def _fits(world: World, node: int) -> bool:
    """Whether all pods have room beside a small machine in this place while the largest other node is away."""
    sizes = [n.memory_bytes for n in world.cluster.nodes]
    others = sizes[:node] + sizes[node + 1 :]
    held = float(world.pods.resident_bytes[world.pods.phase > EMPTY].sum()) + SYSTEM_BYTES * len(others)
    return held < ROOM * (sum(others) - max(others) + sizes[node] / SMALLER)


def _ordered(world: World, node: int) -> Node:
    """Smaller than the first machine in this place; of its size where the last one was small."""
    first, part = world.first_machines[node], 1 if _small(world, node) else SMALLER
    world.machines += 1
    return replace(
        first,
        name=f"worker-{world.machines:02d}",
        ip=f"10.0.{world.machines // 250}.{world.machines % 250 + 9}",
        uid=uid(world.naming),
        cores=first.cores if part == 1 else int(first.cores * CORES_OF_SMALL),
        memory_bytes=first.memory_bytes / part,
    )


def _leave(world: World, node: int) -> None:
    """The machine and its Node object are gone, and with them what still ran on it."""
    for slot in np.flatnonzero((world.pods.node == node) & (world.pods.phase > EMPTY)):
        delete(world, int(slot))
    world.nodes.member[node] = world.nodes.up[node] = False


def _replace_machine(world: World, node: int, machine: Node) -> None:
    """A machine in the free place; its kubelet starts as after any boot."""
    inventory, nodes = world.cluster.nodes, world.nodes
    world.cluster = replace(world.cluster, nodes=(*inventory[:node], machine, *inventory[node + 1 :]))
    nodes.member[node], nodes.joined_at[node], nodes.cordoned[node] = True, np.floor(world.now), False
    nodes.loads[node] = 0.0
    nodes.root_files[node] = FRESH_FILES
    nodes.containerd_used_bytes[node] = 0.1 * machine.containerd_bytes
    nodes.cached_bytes[node] = 0.05 * machine.memory_bytes
