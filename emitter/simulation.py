"""The pretend cluster in motion: one call of `step` advances everything by one step of the grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from numpy.random import Generator

from emitter import (
    autoscaling,
    cluster,
    controllers,
    dependencies,
    lifecycle,
    machines,
    physics,
    scenario,
    traffic,
    truth,
)
from emitter.abrupt import ABRUPT
from emitter.cluster import ScenarioName
from emitter.conditions import Conditions, Present
from emitter.episodes import Episode, Place, Plan, choose
from emitter.lookalikes import LOOKALIKES
from emitter.node_faults import FAULTS
from emitter.nuisances import NUISANCES
from emitter.randomness import generator
from emitter.world import World

TYPES: Final[Mapping[str, type[Episode]]] = {**FAULTS, **ABRUPT, **LOOKALIKES, **NUISANCES}


@dataclass(frozen=True, slots=True)
class Arguments:
    """What decides every value of a simulation; moments are on the grid, in Unix seconds."""

    nodes: int
    pods: int
    scenario: ScenarioName
    seed: int
    start: float
    anchor: float
    step_seconds: float
    episodes_factor: float = 1.0
    episodes_without: tuple[str, ...] = ()


@dataclass
class Simulation:
    """The world, its episodes and the moment they are at."""

    arguments: Arguments
    world: World = field(init=False)
    faults: list[Episode] = field(init=False, default_factory=list)
    lookalikes: list[Episode] = field(init=False, default_factory=list)
    running: list[Episode] = field(init=False, default_factory=list)
    conditions: Conditions = field(init=False, default_factory=Conditions)
    present: Present = field(init=False, default_factory=dict)
    targets: Generator = field(init=False)

    def __post_init__(self) -> None:
        a = self.arguments
        self.world = World(
            cluster.build(a.nodes, a.pods, a.seed, a.scenario), a.seed, a.scenario, a.start, a.step_seconds, a.start
        )
        inventory = self.world.cluster
        self.world.calls = dependencies.calls(inventory, generator(a.seed, a.scenario, "calls"))
        self.scenario = scenario.build(
            a.scenario, inventory, a.seed, a.start, a.anchor, a.step_seconds, a.episodes_factor, a.episodes_without
        )
        self.targets = generator(a.seed, a.scenario, "targets")
        controllers.populate(self.world)
        self._advance()

    @property
    def now(self) -> float:
        """The moment of the current state."""
        return self.world.now

    def step(self) -> None:
        """Go to the next moment of the grid."""
        self.world.now += self.arguments.step_seconds
        self._advance()

    def truth(self) -> dict[str, Any]:
        """Everything that was arranged so far."""
        a = self.arguments
        return {
            "seed": a.seed,
            "scenario": a.scenario,
            "nodes": a.nodes,
            "pods": a.pods,
            "start": a.start,
            "end": self.now,
            "step_seconds": a.step_seconds,
            "episodes_factor": a.episodes_factor,
            "episodes_without": list(a.episodes_without),
            "anchor": a.anchor,
            "faults": [truth.fault_record(e) for e in self.faults],
            "lookalikes": [truth.lookalike_record(e) for e in self.lookalikes],
        }

    def _advance(self) -> None:
        world = self.world
        self._end_episodes()
        for plan in self.scenario.plans(world.now):
            self.begin(plan)
        world.faulty = self._faulty()
        world.calm()
        for episode in self.running:
            episode.apply(world)
        autoscaling.advance(world)
        controllers.watch_nodes(world)
        controllers.reconcile(world)
        lifecycle.advance(world)
        traffic.advance(world)
        physics.advance(world)
        machines.advance(world)
        self.present = self.conditions.observe(world)
        truth.observe(world, self.faults, self.present)

    def _end_episodes(self) -> None:
        world = self.world
        for episode in self.running:
            if world.now >= episode.ends_at or episode.gone(world):
                episode.end = min(episode.ends_at, world.now)
                episode.finish(world)
                episode.over = True
        self.running = [e for e in self.running if not e.over]

    def begin(self, plan: Plan) -> None:
        """Start an episode now, unless there is no target for it."""
        kind = TYPES[plan.type]
        target, busy = plan.target, self._busy(kind)
        if target is None or (kind.kind, target) in busy:
            target = choose(kind, self.world, self.targets, busy, plan.avoided_node)
        if target is None:
            return
        episode = kind(plan, target)
        episode.begin(self.world)
        self.running.append(episode)
        (self.faults if episode.issue else self.lookalikes).append(episode)

    def _busy(self, kind: type[Episode]) -> frozenset[Place]:
        """What running episodes occupy; a look-alike also leaves the nodes and workloads of faulty pods alone."""
        places = {e.place() for e in self.running}
        if kind.issue is None:
            slots = [s for uid in self._faulty() if (s := self.world.slot_by_uid.get(uid)) is not None]
            places |= {("node", int(self.world.pods.node[s])) for s in slots}
            places |= {("workload", int(self.world.pods.workload[s])) for s in slots}
        return frozenset(places)

    def _faulty(self) -> frozenset[str]:
        return frozenset(uid for e in self.running if e.issue for uid in e.pods())
