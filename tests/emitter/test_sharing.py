"""Sharing: no node spends more CPU than it has, nobody small starves, and a crowded node is felt by all on it."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from emitter.sharing import WAIT_AT_WORST, capacity, granted
from emitter.simulation import Simulation
from tests.emitter.cases import arguments, plan, stepped, uneventful

PODS = 12
CORES = np.array([2.0, 4.0, 8.0])
OF_PODS = arrays.arrays(np.float64, PODS, elements=st.floats(0.0, 6.0))
WEIGHTS = arrays.arrays(np.float64, PODS, elements=st.floats(0.05, 2.0))
NODES = arrays.arrays(np.int64, PODS, elements=st.integers(0, 2))


@given(wanted=OF_PODS, weight=WEIGHTS, node=NODES)
def test_cpu_is_shared_and_not_made(wanted: np.ndarray, weight: np.ndarray, node: np.ndarray) -> None:
    got = granted(wanted, weight, node, CORES)
    assert (got >= 0).all()
    assert (got <= wanted + 1e-9).all()
    spent, asked = np.bincount(node, got, 3), np.bincount(node, wanted, 3)
    np.testing.assert_allclose(spent, np.minimum(asked, CORES), atol=1e-6)


@given(wanted=OF_PODS, weight=WEIGHTS, node=NODES)
def test_whoever_gets_less_than_it_wants_gets_as_much_for_its_weight_as_anybody(
    wanted: np.ndarray, weight: np.ndarray, node: np.ndarray
) -> None:
    got = granted(wanted, weight, node, CORES)
    for one in range(3):
        here = node == one
        squeezed = here & (got < wanted - 1e-6)
        if squeezed.any():
            level = (got / weight)[squeezed]
            np.testing.assert_allclose(level, level.max(), rtol=1e-3)
            assert ((got / weight)[here] <= level.max() * (1 + 1e-3)).all()


def test_no_node_of_a_busy_cluster_spends_more_than_it_has() -> None:
    simulation = Simulation(arguments("train", nodes=3, pods=40, factor=40.0))
    for _ in range(600):
        simulation.step()
        pods, count = simulation.world.pods, len(simulation.world.cluster.nodes)
        # A pod that was placed in this very step has spent nothing yet.
        assert (np.bincount(pods.node, pods.cpu_rate, count) <= capacity(simulation.world) + 1e-6).all()


def test_a_noisy_neighbour_makes_the_others_wait_and_takes_nothing_they_asked_for() -> None:
    quiet, noisy = uneventful(), uneventful()
    noisy.begin(plan("noisy_neighbour", noisy.now))
    (episode,) = noisy.lookalikes
    slot = episode.target
    stepped(quiet, 35)
    stepped(noisy, 35)
    world = noisy.world
    node = int(world.pods.node[slot])
    here = (world.pods.node == node) & (world.pods.cpu_limit > 0)
    assert world.pods.cpu_rate[slot] < world.pods.cpu_wanted[slot], "the node is full"
    np.testing.assert_array_equal(world.pods.cpu_rate[here], world.pods.cpu_wanted[here])
    assert world.nodes.cpu_ratio[node] > 0.9 > quiet.world.nodes.cpu_ratio[node]
    assert 1.1 < _latency(noisy, here) / _latency(quiet, here) < 1.0 + WAIT_AT_WORST
    elsewhere = (world.pods.node != node) & (world.pods.cpu_limit > 0)
    assert abs(_latency(noisy, elsewhere) / _latency(quiet, elsewhere) - 1.0) < 0.1


def _latency(simulation: Simulation, slots: np.ndarray) -> float:
    """Mean seconds of the requests of some pods so far."""
    pods = simulation.world.pods
    return float(pods.seconds_sum[slots].sum() / pods.requests[slots].sum())
