"""Headroom: how much of their CPU the replicas behind a service need, so that what is harmless by plan stays so."""

from __future__ import annotations

from typing import Final

import numpy as np

from emitter.sharing import hopeless
from emitter.state import RUNNING, FloatArray, IntArray
from emitter.world import World

ROOM: Final = 0.65
"""Of the CPU limit: who plans for more load, or for a replica less, wants to stay below this."""

HOT: Final = 0.8
"""And changes the plan where traffic has grown until replicas need more than this: queues grow steeply from here on."""


def needed(world: World) -> tuple[FloatArray, IntArray]:
    """(workloads,), twice: CPU over its limit, averaged over the replicas that serve, and their number.

    Counted is what replicas want: on a crowded node it is not what they get, and who lacks so much of it that it cannot
    keep up counts as full. Without a limit there is room while the node gives what is wanted.
    """
    pods, count = world.pods, len(world.cluster.workloads)
    serving = (pods.phase == RUNNING) & pods.ready & world.nodes.up[pods.node]
    replicas = np.bincount(pods.workload[serving], minlength=count)
    wanted = pods.cpu_wanted[serving]
    by_limit = np.nan_to_num(wanted / pods.cpu_limit[serving])
    parts = by_limit + np.maximum(1.0 - by_limit, 0.0) * hopeless(wanted, pods.cpu_rate[serving])
    return np.bincount(pods.workload[serving], parts, minlength=count) / np.maximum(replicas, 1), replicas
