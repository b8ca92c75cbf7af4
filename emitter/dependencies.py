"""Dependencies: who calls whom, and how the trouble of one service reaches those that call it."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.random import Generator

from emitter.cluster import Cluster
from emitter.state import FloatArray
from emitter.world import World

FAILING_WEIGHT: Final = 1.6
SLOW_WEIGHT: Final = 0.25
MOST: Final = 0.6
"""Callers have time limits and fallbacks: an outage below never takes all of a caller's capacity."""


def calls(cluster: Cluster, rng: Generator) -> tuple[tuple[int, ...], ...]:
    """For each workload the services it calls: up to two that stand later in the list, so nothing goes in circles.

    Workloads without HTTP, and the last ones, call nobody.
    """
    served = [i for i, w in enumerate(cluster.workloads) if w.http]
    found = []
    for index in range(len(cluster.workloads)):
        below = [i for i in served if i > index]
        count = min(len(below), int(rng.integers(0, 3))) if index in served else 0
        found.append(tuple(sorted(int(i) for i in rng.choice(below, count, replace=False))) if count else ())
    return tuple(found)


def burden(world: World) -> FloatArray:
    """(workloads,): what the failures and the slowness of the services below, one step ago, cost their callers."""
    services = world.services
    slow = np.clip(services.p99_seconds - 0.5, 0.0, 2.0)
    trouble = np.minimum(FAILING_WEIGHT * services.error_ratio + SLOW_WEIGHT * slow, MOST)
    return np.array([max((float(trouble[i]) for i in below), default=0.0) for below in world.calls])
