"""Sharing: a node's CPU among its pods, as the kernel's scheduler shares it, and what a crowded node costs them."""

from __future__ import annotations

from typing import Final

import numpy as np

from emitter.state import FloatArray, IntArray
from emitter.world import World

USABLE_RATIO: Final = 0.94
"""Of a node's cores: the rest goes to interrupts, and to what is switched too often."""

SYSTEM_CORES: Final = 0.22
"""Kernel, container runtime, kubelet and daemons of a node."""

STRAIN_RATIO: Final = 0.35
"""Of the cores: what swapping and waiting for disks takes on a node that starves."""

HALVINGS: Final = 40
"""To one part in a million million."""

HOPELESS_LACK: Final = 0.25
"""Of the CPU that a pod wants: who lacks as much cannot keep up, who lacks little only queues longer."""

CROWDED_RATIO: Final = 0.8
"""From this share of busy cores on, whoever wakes waits for a core."""

WAIT_AT_WORST: Final = 0.4
"""What that adds to latencies on a node without an idle core, in times of them."""


def granted(wanted: FloatArray, weight: FloatArray, node: IntArray, cores: FloatArray) -> FloatArray:
    """(slots,) cores that each pod gets: what it wants, and on a crowded node a share by its weight.

    Who wants less than its share gets all it wants, and the others share what that leaves, as under CFS with
    cpu.shares (https://docs.kernel.org/scheduler/sched-design-CFS.html). wanted, weight, node: (slots,). cores:
    (nodes,) that pods can have.
    """
    count = len(cores)
    crowded = np.bincount(node, wanted, count) > cores
    if not crowded.any():
        return wanted
    heavy = np.maximum(weight, 1e-9)
    low, high = np.zeros(count), np.full(count, float(np.max(wanted / heavy, initial=0.0)))
    for _ in range(HALVINGS):  # the level at which water stands in all vessels of a node
        level = 0.5 * (low + high)
        over = np.bincount(node, np.minimum(wanted, heavy * level[node]), count) > cores
        low, high = np.where(over, low, level), np.where(over, level, high)
    return np.where(crowded[node], np.minimum(wanted, heavy * low[node]), wanted)


def quota_used(demand: FloatArray, wanted: FloatArray, got: FloatArray, ceiling: FloatArray) -> FloatArray:
    """(slots,) cores used by the limit, over 1 for who would use more; whom its node squeezes does not reach its quota.

    All (slots,), in cores: demand without any bound, wanted within the ceiling (the limit), got of that from the node.
    """
    return np.asarray(np.where(got < wanted, got, demand) / ceiling)


def load_felt(demand: FloatArray, wanted: FloatArray, got: FloatArray, ceiling: FloatArray) -> FloatArray:
    """(slots,) what requests queue by: demand over the limit; for who lacks CPU up to demand over what is had.

    Arguments as those of quota_used.
    """
    by_limit = demand / ceiling
    return np.asarray(by_limit + (demand / np.maximum(got, 1e-9) - by_limit) * hopeless(wanted, got))


def hopeless(wanted: FloatArray, got: FloatArray) -> FloatArray:
    """(pods,) from 0 for who gets the CPU it wants to 1 for who lacks so much of it that it cannot keep up."""
    return np.asarray(np.clip((1.0 - got / np.maximum(wanted, 1e-9)) / HOPELESS_LACK, 0.0, 1.0))


def capacity(world: World) -> FloatArray:
    """(nodes,) cores that pods can have."""
    cores = np.array([float(n.cores) for n in world.cluster.nodes])
    strain = np.clip(world.pressures.strain, 0.0, 1.2)
    return np.asarray(np.maximum(USABLE_RATIO * cores - SYSTEM_CORES - STRAIN_RATIO * strain * cores, 0.1))


def crowding(world: World) -> FloatArray:
    """(slots,): what latencies are multiplied with, by how busy each pod's node was at the last step."""
    busy = world.nodes.cpu_ratio[world.pods.node]
    crowd = np.clip((busy - CROWDED_RATIO) / (USABLE_RATIO - CROWDED_RATIO), 0.0, 1.0)
    return np.asarray(1.0 + WAIT_AT_WORST * crowd)
