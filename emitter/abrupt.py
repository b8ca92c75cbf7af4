"""Faults that nothing precedes: honest figures need some that nobody can foresee."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from emitter.controllers import down
from emitter.episodes import Episode, name_node, name_pod, name_workload, steady_pods
from emitter.faults import ERROR
from emitter.lifecycle import end_container
from emitter.node_faults import NodeNotReady, PacketLoss
from emitter.physics import OOM_KILLED
from emitter.state import RUNNING
from emitter.world import World


class Abrupt(Episode):
    """There at once; the plan's ramp only says when."""

    predictable: ClassVar[bool] = False

    def happen(self, delay_seconds: float) -> None:
        """The issue begins with the episode, after the rule's own waiting time."""
        self.expected_onset = self.plan.start + delay_seconds
        self.end = self.expected_onset + self.plan.hold_seconds


@dataclass
class SuddenCrash(Abrupt):
    """A process ends with exit code 1, once or twice."""

    type, kind, issue = "sudden_crash", "pod", "pod_failure"
    times_left: int = 0

    @classmethod
    def candidates(cls, world: World) -> list[int]:
        return [int(s) for s in np.flatnonzero(steady_pods(world, ("Deployment", "StatefulSet")))]

    def begin(self, world: World) -> None:
        name_pod(self, world)
        self.times_left = 1 + int(self.plan.severity > 0.6)
        self.happen(0.0)

    def apply(self, world: World) -> None:
        slot = world.slot_by_uid.get(self.uid)
        if slot is None or not self.times_left or down(world, slot) or world.pods.phase[slot] != RUNNING:
            return
        self.times_left -= 1
        end_container(world, slot, *self._ending())

    def _ending(self) -> tuple[int, int]:
        """Reason and exit code."""
        return ERROR, 1


@dataclass
class MemorySpike(SuddenCrash):
    """One request asks for more memory than the limit has left; no scrape ever sees it."""

    type = "memory_spike"

    def _ending(self) -> tuple[int, int]:
        return OOM_KILLED, 137


@dataclass
class BadConfig(Abrupt):
    """A configuration is pushed and a fifth of all requests fails from one moment to the next."""

    type, kind, issue = "bad_config", "workload", "service_disruption"

    @classmethod
    def candidates(cls, world: World) -> list[int]:
        served = world.services.endpoints > 0
        return [i for i, w in enumerate(world.cluster.workloads) if w.http and served[i]]

    def begin(self, world: World) -> None:
        name_workload(self, world)
        self.happen(120.0)

    def apply(self, world: World) -> None:
        world.pressures.error_ratio[world.pods.workload == self.target] += 0.15 + 0.15 * self.plan.severity


@dataclass
class PowerLoss(Abrupt):
    """A machine is gone from one moment to the next."""

    type, kind, issue = "power_loss", "node", "node_failure"

    @classmethod
    def candidates(cls, world: World) -> list[int]:
        return NodeNotReady.candidates(world)

    def begin(self, world: World) -> None:
        name_node(self, world)
        self.happen(60.0)

    def apply(self, world: World) -> None:
        world.pressures.strain[self.target] += 1.0


@dataclass
class CablePulled(Abrupt):
    """A link starts to lose packets at once."""

    type, kind, issue = "cable_pulled", "node", "network_issue"

    @classmethod
    def candidates(cls, world: World) -> list[int]:
        return PacketLoss.candidates(world)

    def begin(self, world: World) -> None:
        name_node(self, world)
        self.happen(120.0)

    def apply(self, world: World) -> None:
        world.pressures.node_loss_ratio[self.target] += 0.05 + 0.05 * self.plan.severity


ABRUPT: Final[Mapping[str, type[Episode]]] = {
    kind.type: kind for kind in (SuddenCrash, MemorySpike, BadConfig, PowerLoss, CablePulled)
}
