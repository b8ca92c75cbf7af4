"""Headroom: what is harmless by plan stays within what replicas can carry, whatever the day or a node does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emitter import headroom
from emitter.headroom import HOT, ROOM
from emitter.lookalikes import TrafficPeak
from emitter.nuisances import ScaleDown
from emitter.simulation import Simulation
from emitter.state import RUNNING
from tests.emitter.cases import START, arguments, plan, stepped, uneventful


def test_a_replica_is_only_taken_away_while_the_others_carry_its_load() -> None:
    simulation = uneventful(START - 12 * 3600.0)  # ten in the morning
    simulation.begin(replace(plan("scale_down", simulation.now, ramp_seconds=9 * 3600.0)))
    (episode,) = simulation.lookalikes
    cluster, pods, hottest = simulation.world.cluster, simulation.world.pods, 0.0
    while not episode.over:
        simulation.step()
        mine = (pods.workload == episode.target) & (pods.phase == RUNNING) & pods.ready
        hottest = max(hottest, float(np.mean(pods.cpu_rate[mine] / pods.cpu_limit[mine])))
    assert HOT < hottest < 1.0, "traffic grew until the others were hot"
    assert simulation.now < episode.plan.start + 9 * 3600.0, "so the replica came back before its time"
    stepped(simulation, 10)
    assert simulation.world.extra_replicas[episode.target] == 0
    assert (pods.workload[pods.phase == RUNNING] == episode.target).sum() >= cluster.workloads[episode.target].replicas
    busy = Simulation(arguments(nodes=3, pods=40, start=START - 3 * 3600.0))  # seven in the evening
    stepped(busy, 40)
    used = {
        i: w
        for i, w in enumerate(busy.world.cluster.workloads)
        if w.kind == "Deployment" and w.replicas == 3 and w.cpu_limit > 0
    }
    assert used
    assert not set(ScaleDown.candidates(busy.world)) & set(used)


def test_a_traffic_peak_stays_within_capacity() -> None:
    simulation = uneventful(START - 10 * 3600.0)  # noon, the day's own peak is ahead
    simulation.begin(replace(plan("traffic_peak", simulation.now, ramp_seconds=9 * 3600.0), severity=1.0, target=1))
    (episode,) = simulation.lookalikes
    assert isinstance(episode, TrafficPeak)
    pods, heat, surplus, hot = simulation.world.pods, [], [], 0
    while not episode.over:
        simulation.step()
        too_hot = np.flatnonzero(headroom.needed(simulation.world)[0] > ROOM)
        assert not set(TrafficPeak.candidates(simulation.world)) & set(too_hot.tolist())
        hot += len(too_hot)
        mine = (pods.workload == episode.target) & (pods.phase == RUNNING) & pods.ready
        heat.append(float(np.mean(pods.cpu_rate[mine] / pods.cpu_limit[mine])))
        surplus.append(episode.surplus)
    middle = surplus[len(surplus) // 3 : -len(surplus) // 3]
    assert max(surplus) > 0.25, "traffic rises while there is room"
    assert min(middle) < 0.25, "less comes where the day leaves no room"
    assert np.abs(np.diff(surplus)).max() < 0.03, "visitors do not follow the noise of a step"
    assert max(float(np.mean(heat[i : i + 60])) for i in range(len(heat) - 60)) < HOT + 0.02, "as hot as planned for"
    assert hot, "some had no room for a peak"


def test_a_traffic_peak_gives_way_at_once_to_a_loss_of_replicas_and_comes_back_within_capacity() -> None:
    simulation = uneventful(START - 8 * 3600.0)
    simulation.begin(replace(plan("traffic_peak", simulation.now, ramp_seconds=4 * 3600.0), severity=1.0, target=1))
    (episode,) = simulation.lookalikes
    assert isinstance(episode, TrafficPeak)
    stepped(simulation, 240)
    assert episode.surplus > 0.2
    world, pods = simulation.world, simulation.world.pods
    mine = (pods.workload == episode.target) & (pods.phase == RUNNING)
    pods.ready[mine] = False
    assert episode.room(world) == 0.0, "nobody is left to carry more"
    pods.ready[np.flatnonzero(mine)[0]] = True
    assert episode.room(world) == 0.0, "one of three is as hot as can be without any surplus"
    pods.ready[mine] = True
    assert 0.0 < episode.room(world) < 0.5, "and nothing of it is remembered as room"


def test_headroom_counts_what_replicas_want_and_not_those_of_a_node_that_is_down() -> None:
    world = uneventful(START).world
    pods = world.pods
    target = next(i for i, w in enumerate(world.cluster.workloads) if w.replicas == 3 and w.cpu_limit > 0)
    first, *others = np.flatnonzero((pods.workload == target) & (pods.phase == RUNNING) & pods.ready)
    ratio = pods.cpu_wanted[[first, *others]] / pods.cpu_limit[first]
    assert headroom.needed(world)[0][target] == pytest.approx(ratio.mean())
    for lack, counted in ((0.0, ratio[0]), (0.125, 0.5 + ratio[0] / 2), (0.25, 1.0), (0.5, 1.0)):
        pods.cpu_rate[first] = (1.0 - lack) * pods.cpu_wanted[first]
        assert headroom.needed(world)[0][target] == pytest.approx((counted + ratio[1:].sum()) / 3), "squeezed is full"
    world.nodes.up[pods.node[first]] = False
    there = world.nodes.up[pods.node[others]]
    assert headroom.needed(world)[0][target] == pytest.approx(ratio[1:][there].mean())
    assert headroom.needed(world)[1][target] == there.sum()
