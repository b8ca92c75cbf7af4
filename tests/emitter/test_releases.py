"""Releases: a new version needs other memory and less CPU than the first, within the same limits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from emitter.cluster import RESIDENT_RATIOS
from emitter.controllers import LEAST_CPU_NEED, revise, roll_back
from emitter.simulation import Simulation
from emitter.state import RUNNING
from emitter.world import World
from tests.emitter.cases import plan, run_through, stepped, uneventful


def needs(world: World, workload: int) -> set[tuple[float, float]]:
    """Memory and CPU that the pods of a workload need, over what its first version did."""
    slots = np.flatnonzero((world.pods.workload == workload) & (world.pods.phase > 0))
    return {(float(world.pods.memory_need[s]), float(world.pods.cpu_need[s])) for s in slots}


def resting(simulation: Simulation, workload: int) -> float:
    """Resident memory over the limit, mean of a workload's pods."""
    pods = simulation.world.pods
    slots = (pods.workload == workload) & (pods.phase > 0)
    return float((pods.resident_bytes[slots] / pods.memory_limit[slots]).mean())


def test_every_pod_of_the_first_version_needs_what_its_workload_does() -> None:
    world = uneventful().world
    assert {pair for i in range(len(world.cluster.workloads)) for pair in needs(world, i)} == {(1.0, 1.0)}


def test_after_a_rollout_all_pods_have_the_needs_of_the_new_version() -> None:
    simulation, episode, _ = run_through("rollout")
    world, workload = simulation.world, episode.target
    version, spec = world.versions[workload], world.cluster.workloads[workload]
    assert needs(world, workload) == {(version.memory_need, version.cpu_need)}
    assert version.memory_need != 1.0
    assert LEAST_CPU_NEED <= version.cpu_need <= 1.0
    least, most = RESIDENT_RATIOS
    assert least <= version.memory_need * spec.resident_ratio <= most
    memory = resting(simulation, workload)
    assert abs(memory / (version.memory_need * spec.resident_ratio) - 1.0) < 0.15, "it is what containers hold"


def test_a_rollback_brings_the_old_needs_back() -> None:
    world = uneventful().world
    before = world.versions[0]
    revise(world, 0)
    assert world.versions[0] != before
    roll_back(world, 0)
    assert world.versions[0] == before


def test_a_pod_keeps_its_needs_when_its_container_restarts() -> None:
    simulation, episode, _ = run_through("rollout")
    workload = episode.target
    version = simulation.world.versions[workload]
    pods = simulation.world.pods
    slot = int(np.flatnonzero((pods.workload == workload) & (pods.phase == RUNNING))[0])
    simulation.begin(replace(plan("sudden_crash", simulation.now), target=slot))
    stepped(simulation, 60)
    assert pods.restarts[slot] >= 1
    assert needs(simulation.world, workload) == {(version.memory_need, version.cpu_need)}


def test_a_version_that_needs_less_cpu_uses_less() -> None:
    before, after = uneventful(), uneventful()
    world = after.world
    (workload,) = (i for i, w in enumerate(world.cluster.workloads) if w.label == "shop/frontend")
    world.pods.cpu_need[world.pods.workload == workload] = LEAST_CPU_NEED
    used = [0.0, 0.0]
    for _ in range(120):
        for number, simulation in enumerate((before, after)):
            simulation.step()
            pods = simulation.world.pods
            used[number] += float(pods.cpu_rate[pods.workload == workload].sum())
    assert LEAST_CPU_NEED < used[1] / used[0] < 0.95, "what is used without requests stays"
