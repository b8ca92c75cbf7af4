"""Sharing: no node spends more CPU than it has, nobody small starves, and a crowded node is felt by all on it."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from emitter import physics
from emitter.sharing import HOPELESS_LACK, WAIT_AT_WORST, capacity, granted, load_felt
from emitter.simulation import Simulation
from tests.emitter.cases import arguments, plan, stepped, uneventful

PODS = 12
CORES = np.array([2.0, 4.0, 8.0])
OF_PODS = arrays.arrays(np.float64, PODS, elements=st.floats(0.0, 6.0))
WEIGHTS = arrays.arrays(np.float64, PODS, elements=st.floats(0.05, 2.0))
SHARE = st.floats(0.01, 1.0)
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
    elsewhere = (world.pods.node != node) & (world.pods.cpu_limit > 0)
    before = [_requests_and_seconds(one, some) for some in (here, elsewhere) for one in (noisy, quiet)]
    stepped(quiet, 10)
    stepped(noisy, 10)
    after = [_requests_and_seconds(one, some) for some in (here, elsewhere) for one in (noisy, quiet)]
    count, seconds = (np.array(after) - np.array(before)).T
    noisy_here, quiet_here, noisy_elsewhere, quiet_elsewhere = seconds / count
    assert 1.2 < noisy_here / quiet_here < 1.0 + 1.2 * WAIT_AT_WORST
    assert abs(noisy_elsewhere / quiet_elsewhere - 1.0) < 0.1


def crowded() -> tuple[Simulation, np.ndarray]:
    """A cluster at rest, and two pods of one node that want more than their limits, which are more than it has."""
    simulation = stepped(uneventful(), 5)
    world = simulation.world
    on_first = np.flatnonzero((world.pods.node == 0) & (world.pods.cpu_limit > 0))
    slots = on_first[np.argsort(_requests(simulation, on_first))[[0, -1]]]
    world.pods.cpu_limit[slots] = 0.9 * world.cluster.nodes[0].cores
    world.pressures.cpu_cores[slots] += 2.0 * world.cluster.nodes[0].cores
    physics.advance(world)
    return simulation, slots


def test_requests_are_the_weights_by_which_a_full_node_shares() -> None:
    simulation, slots = crowded()
    pods, requests = simulation.world.pods, _requests(simulation, slots)
    assert (pods.cpu_rate[slots] < pods.cpu_wanted[slots]).all()
    assert requests[1] > 1.5 * requests[0]
    np.testing.assert_allclose(pods.cpu_rate[slots[1]] / pods.cpu_rate[slots[0]], requests[1] / requests[0], rtol=1e-3)


def test_whom_its_node_squeezes_is_not_throttled_by_a_quota_it_does_not_reach() -> None:
    simulation, slots = crowded()
    assert (simulation.world.pods.throttled_ratio[slots] < 0.2).all()


@given(demand=st.floats(0.1, 8.0), ceiling=st.floats(0.1, 4.0), shares=st.tuples(SHARE, SHARE))
@example(demand=3.0, ceiling=1.0, shares=(1.0, 0.95))
@example(demand=1.0, ceiling=1.0, shares=(1.0, 0.98))
def test_a_pod_feels_more_load_the_less_its_node_gives_it(
    demand: float, ceiling: float, shares: tuple[float, float]
) -> None:
    less, more = (load_of(demand, ceiling, share) for share in sorted(shares))
    assert less >= more - 1e-9
    assert load_of(demand, ceiling, 1.0) == demand / ceiling, "with all it wants it is its limit that it feels"


@given(demand=st.floats(0.1, 8.0), ceiling=st.floats(0.1, 4.0))
def test_load_begins_to_grow_without_a_leap_and_ends_hopeless(demand: float, ceiling: float) -> None:
    whole, hardly_less = (load_of(demand, ceiling, share) for share in (1.0, 1.0 - 1e-6))
    np.testing.assert_allclose(hardly_less, whole, rtol=1e-3)
    hopeless = 1.0 - HOPELESS_LACK - 1e-9
    got = min(demand, ceiling) * hopeless
    np.testing.assert_allclose(load_of(demand, ceiling, hopeless), demand / got, rtol=1e-6)
    assert load_of(demand, ceiling, hopeless) > 1.0, "more work than can be done"


def load_of(demand: float, ceiling: float, share: float) -> float:
    """What one pod feels that gets this share of what it wants."""
    wanted = min(demand, ceiling)
    felt = load_felt(*(np.array([value]) for value in (demand, wanted, share * wanted, ceiling)))
    return float(felt[0])


def _requests(simulation: Simulation, slots: np.ndarray) -> np.ndarray:
    """Cores."""
    world = simulation.world
    return np.asarray(np.array([w.cpu_request for w in world.cluster.workloads])[world.pods.workload[slots]])


def _requests_and_seconds(simulation: Simulation, slots: np.ndarray) -> tuple[float, float]:
    """How many requests some pods have answered so far, and how long they took together."""
    pods = simulation.world.pods
    return float(pods.requests[slots].sum()), float(pods.seconds_sum[slots].sum())
