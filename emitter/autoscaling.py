"""Autoscaling: some Deployments follow their CPU, as under a HorizontalPodAutoscaler."""

from __future__ import annotations

from typing import Final

import numpy as np

from emitter.state import RUNNING
from emitter.world import World

TARGET: Final = 0.65
"""Wanted CPU over its limit, averaged over the replicas."""

TOLERANCE: Final = 0.15
EVERY_SECONDS: Final = 60.0
STAY_SECONDS: Final = 300.0
"""The autoscaler's scale-down stabilisation window."""

EVERY_THIRD: Final = 3


def advance(world: World) -> None:
    """Decide once a minute how many replicas each autoscaled Deployment has beyond its own number."""
    if world.now % EVERY_SECONDS >= world.step_seconds:
        return
    pods = world.pods
    for index, spec in enumerate(world.cluster.workloads):
        if spec.kind != "Deployment" or not spec.http or index % EVERY_THIRD or np.isnan(spec.cpu_limit):
            continue
        mine = (pods.workload == index) & (pods.phase == RUNNING) & pods.ready
        if not mine.any():
            continue
        ratio = float(np.mean(pods.cpu_rate[mine] / spec.cpu_limit)) / TARGET
        if abs(ratio - 1.0) <= TOLERANCE:
            continue
        have = spec.replicas + int(world.scaled_by[index])
        wanted = int(np.clip(np.ceil(have * ratio), spec.replicas, 2 * spec.replicas))
        if wanted > have or (wanted < have and world.now - world.scaled_at[index] >= STAY_SECONDS):
            world.scaled_by[index] = wanted - spec.replicas
            world.scaled_at[index] = world.now
