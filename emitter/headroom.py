"""Headroom: how much of their CPU the replicas behind a service use, so that what is harmless by plan stays so."""

from __future__ import annotations

from typing import Final

import numpy as np

from emitter.state import RUNNING, FloatArray, IntArray
from emitter.world import World

ROOM: Final = 0.65
"""Of the CPU limit: who plans for more load, or for a replica less, wants to stay below this."""

HOT: Final = 0.8
"""And changes the plan where traffic has grown until replicas use more than this: queues grow steeply from here on."""


def used(world: World) -> tuple[FloatArray, IntArray]:
    """(workloads,), twice: CPU over its limit, averaged over the replicas that serve, and their number.

    Without a limit there is always room.
    """
    pods, count = world.pods, len(world.cluster.workloads)
    serving = (pods.phase == RUNNING) & pods.ready
    replicas = np.bincount(pods.workload[serving], minlength=count)
    parts = np.nan_to_num(pods.cpu_rate[serving] / pods.cpu_limit[serving])
    return np.bincount(pods.workload[serving], parts, minlength=count) / np.maximum(replicas, 1), replicas
