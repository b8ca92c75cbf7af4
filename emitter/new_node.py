"""A new node: machines are replaced, as when an autoscaler or an upgrade of the node pool takes one away."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from emitter.cluster import Node
from emitter.lifecycle import delete, requested
from emitter.lookalikes import PlannedDrain, movable, move_one
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

SMALLER: Final = 2
"""A small machine has half the cores and memory."""


@dataclass
class NewNode(PlannedDrain):
    """A node is emptied and leaves; a smaller one joins in its place, or later one of the first size again.

    The entity is the new node, which nobody has seen before: under a new name, empty, and small.
    """

    type = "new_node"
    machine: Node = field(init=False)
    joins_at: float = field(init=False, default=np.inf)

    @classmethod
    def candidates(cls, world: World) -> list[int]:
        """Where a small one is among them, that one; never a node with a service's only stateful pod."""
        fine = [node for node in super().candidates(world) if not _sole_backend(world, node)]
        small = [node for node in fine if _small(world, node)]
        return small or ([] if any(_small(world, node) for node in range(len(world.nodes.up))) else fine)

    def begin(self, world: World) -> None:
        super().begin(world)
        self.machine = _ordered(world, self.target)
        self.entity = {"node": self.machine.name}
        self.end = self.plan.start + DRAIN_SECONDS + BOOT_SECONDS + NEW_SECONDS

    def apply(self, world: World) -> None:
        if world.now >= self.joins_at:
            if not world.nodes.member[self.target]:
                _join(world, self.target, self.machine)
                self.end = world.now + NEW_SECONDS
            self._fill(world)
        elif world.nodes.member[self.target]:
            super().apply(world)
            if not len(movable(world, self.target)) or world.now >= self.plan.start + DRAIN_SECONDS:
                _leave(world, self.target)
                self.joins_at = world.now + BOOT_SECONDS

    def finish(self, world: World) -> None:
        """The new node stays."""

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


def _sole_backend(world: World, node: int) -> bool:
    specs, pods = world.cluster.workloads, world.pods
    here = {int(w) for w in pods.workload[(pods.node == node) & (pods.phase > EMPTY)]}
    return any(specs[w].kind == "StatefulSet" and specs[w].http and specs[w].replicas == 1 for w in here)


def _ordered(world: World, node: int) -> Node:
    """Half the size of the first machine in this place; its size where that one was small."""
    first, part = world.first_machines[node], 1 if _small(world, node) else SMALLER
    world.machines += 1
    return replace(
        first,
        name=f"worker-{world.machines:02d}",
        ip=f"10.0.{world.machines // 250}.{world.machines % 250 + 9}",
        uid=uid(world.naming),
        cores=first.cores // part,
        memory_bytes=first.memory_bytes / part,
    )


def _leave(world: World, node: int) -> None:
    """The machine and its Node object are gone, and with them what still ran on it."""
    for slot in np.flatnonzero((world.pods.node == node) & (world.pods.phase > EMPTY)):
        delete(world, int(slot))
    world.nodes.member[node] = world.nodes.up[node] = False


def _join(world: World, node: int, machine: Node) -> None:
    """A machine in the free place; its kubelet starts as after any boot."""
    nodes = world.cluster.nodes
    world.cluster = replace(world.cluster, nodes=(*nodes[:node], machine, *nodes[node + 1 :]))
    world.nodes.member[node], world.nodes.joined_at[node] = True, np.floor(world.now)
    world.nodes.cordoned[node] = False
    world.nodes.containerd_used_bytes[node] = 0.1 * machine.containerd_bytes
    world.nodes.root_used_bytes[node] = 0.1 * machine.root_bytes
    world.nodes.cached_bytes[node] = 0.05 * machine.memory_bytes
