"""Which issues are present by the physics at a step: for truth and tests, never exposed as a metric."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from emitter.faults import pod_of_volume
from emitter.lifecycle import COMPLETED
from emitter.state import BACKOFF, DEAD, FAILED, PENDING, BoolArray, IntArray
from emitter.world import World

RESTART_SEEN_SECONDS: Final = 300.0
LOST_RATIO: Final = 0.01
LOSS_LASTS_SECONDS: Final = 120.0
THROTTLE_LASTS_SECONDS: Final = 300.0
ERROR_RATIO: Final = 0.05
ERRORS_LAST_SECONDS: Final = 120.0
SLOW_SECONDS: Final = 1.0
SLOW_LASTS_SECONDS: Final = 300.0

Present = dict[tuple[str, str], BoolArray]
"""By issue and kind: one element per slot, node or workload."""


@dataclass
class Conditions:
    """Remembers for how many steps each lasting condition has held."""

    held: dict[str, IntArray] = field(default_factory=dict)

    def observe(self, world: World) -> Present:
        """The issues present now; call once per step."""
        return {
            ("pod_failure", "pod"): _pod_failure(world),
            ("node_failure", "node"): np.asarray(world.nodes.member & (world.nodes.ready != 0)),
            ("resource_exhaustion", "node"): _exhausted_nodes(world),
            ("resource_exhaustion", "pod"): self._exhausted_pods(world),
            ("network_issue", "node"): self._lasting(
                world, "node loss", 0.9 * world.nodes.loss_ratio > LOST_RATIO, LOSS_LASTS_SECONDS
            ),
            ("network_issue", "pod"): self._lasting(
                world, "pod loss", world.pods.loss_ratio > LOST_RATIO, LOSS_LASTS_SECONDS
            ),
            ("service_disruption", "service"): self._disrupted(world),
        }

    def _lasting(self, world: World, name: str, now: BoolArray, seconds: float) -> BoolArray:
        before = self.held.get(name, np.zeros(len(now), dtype=np.int64))
        self.held[name] = np.where(now, before + 1, 0)
        return np.asarray(self.held[name] * world.step_seconds >= seconds)

    def _exhausted_pods(self, world: World) -> BoolArray:
        pods = world.pods
        throttled = self._lasting(world, "throttled", pods.throttled_ratio > 0.5, THROTTLE_LASTS_SECONDS)
        present = throttled | (
            pods.working_set_bytes > 0.95 * np.where(pods.memory_limit > 0, pods.memory_limit, np.inf)
        )
        for volume in np.flatnonzero(world.volumes.used_bytes > 0.97 * world.volumes.capacity_bytes):
            slot = pod_of_volume(world, int(volume))
            if slot is not None:
                present[slot] = True
        return np.asarray(present)

    def _disrupted(self, world: World) -> BoolArray:
        services = world.services
        served = np.array([w.http for w in world.cluster.workloads])
        failing = self._lasting(world, "errors", services.error_ratio > ERROR_RATIO, ERRORS_LAST_SECONDS)
        slow = self._lasting(world, "slow", services.p99_seconds > SLOW_SECONDS, SLOW_LASTS_SECONDS)
        empty = (services.endpoints == 0) & (world.now - world.start > 120)
        return np.asarray(served & (failing | slow | empty))


def _pod_failure(world: World) -> BoolArray:
    pods = world.pods
    failed = pods.last_ended != COMPLETED
    restarted = (pods.restarts > 0) & (world.now - pods.started_at < RESTART_SEEN_SECONDS) & (pods.phase > PENDING)
    down = (pods.phase == BACKOFF) | (pods.phase == DEAD) | restarted
    return np.asarray((down & failed) | (pods.phase == FAILED))


def _exhausted_nodes(world: World) -> BoolArray:
    nodes, inventory = world.nodes, world.cluster.nodes
    root = np.array([n.root_bytes for n in inventory])
    memory = np.array([n.memory_bytes for n in inventory])
    scarce = (root - nodes.root_used_bytes < 0.03 * root) | (nodes.available_bytes < 0.03 * memory)
    return np.asarray(nodes.up & (nodes.memory_pressure | nodes.disk_pressure | scarce))
