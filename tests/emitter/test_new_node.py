"""New nodes: one leaves with all that was its own, a small one joins, and no fault loses the pod it acts on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from emitter.lifecycle import create
from emitter.lookalikes import PlannedDrain
from emitter.new_node import NewNode
from emitter.simulation import Simulation
from emitter.state import RUNNING
from tests.emitter.cases import START, plan, run_through, shown, uneventful


def test_a_node_leaves_and_a_small_one_joins_that_nobody_has_seen() -> None:
    simulation, episode, _ = run_through("new_node")
    world, node = simulation.world, episode.target
    assert episode.entity == {"node": "worker-04"}
    assert [n.name for n in world.cluster.nodes].count("worker-04") == 1
    first, machine = world.first_machines[node], world.cluster.nodes[node]
    assert (machine.cores, machine.memory_bytes) == (first.cores * 3 // 4, first.memory_bytes / 2)
    states = shown(simulation)
    created = {name: value for name, value in states.items() if name.startswith("kube_node_created")}
    assert not any(f'node="{first.name}"' in name for name in states), "nothing is left of the old one"
    (young,) = (value for name, value in created.items() if "worker-04" in name)
    assert episode.plan.start == young < episode.end
    assert all(value < START for name, value in created.items() if "worker-04" not in name)
    here = [p.owner_kind for p in world.pods.identity if p is not None and p.node == node]
    assert here.count("DaemonSet") == 1
    assert here.count("ReplicaSet") >= 2, "pods came, as somebody balances"
    assert (world.pods.phase == RUNNING).sum() == 40
    simulation.begin(replace(plan("new_node", simulation.now), id="again"))
    assert simulation.lookalikes[-1].target == node, "the small one goes first"
    while not simulation.lookalikes[-1].over:
        simulation.step()
    assert (world.cluster.nodes[node].name, world.cluster.nodes[node].cores) == ("worker-05", first.cores)


def leaving() -> tuple[Simulation, NewNode]:
    """A quiet cluster of three nodes, one of which has just left."""
    simulation = uneventful()
    simulation.begin(plan("new_node", simulation.now))
    (episode,) = simulation.lookalikes
    assert isinstance(episode, NewNode)
    assert episode.entity == {"node": simulation.world.cluster.nodes[episode.target].name}
    while simulation.world.nodes.member.all():
        simulation.step()
        assert not NewNode.candidates(simulation.world), "one at a time"
    return simulation, episode


def test_an_absent_node_has_neither_pods_nor_series_and_is_no_failure() -> None:
    simulation, episode = leaving()
    world, (away,) = simulation.world, np.flatnonzero(~simulation.world.nodes.member)
    name, daemons = episode.entity["node"], []
    world.nodes.cordoned[:] = True  # nobody else takes pods either
    while not world.nodes.member.all():
        series = shown(simulation)
        assert not any(f'"{name}"' in one or f'"{name}:' in one for one in series)
        daemons += [v for s, v in series.items() if s.startswith("kube_daemonset_status_desired_number_scheduled")]
        assert not PlannedDrain.candidates(world)
        assert world.pods.node[create(world, 0)] != away
        assert not simulation.present["node_failure", "node"].any()
        simulation.step()
    assert set(daemons) == {2.0}


def test_what_a_fault_acts_on_is_not_moved_to_the_new_node() -> None:
    simulation, episode = leaving()
    pods = simulation.world.pods
    for kind in ("memory_leak", "cpu_saturation", "crash_loop"):
        simulation.begin(plan(kind, simulation.now, ramp_seconds=4 * 3600.0))
    uids = {uid for fault in simulation.faults for uid in fault.pods()}
    assert len(uids) >= 3
    while not episode.over:
        simulation.step()
    assert uids <= {p.uid for p in pods.identity if p is not None}
    assert not any(fault.over for fault in simulation.faults)


def test_what_was_arranged_for_a_busy_node_meets_another() -> None:
    simulation, episode = leaving()
    simulation.begin(replace(plan("packet_loss", simulation.now), target=episode.target))
    (fault,) = simulation.faults
    assert fault.target != episode.target
