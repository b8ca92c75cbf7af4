"""Shapes: each grows from nothing to all, and knows when it is how far."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emitter.rates import LOOKALIKES_PER_DAY
from emitter.scenario import DRAWS, build
from emitter.shapes import HOLDOUT_SHAPES, SHAPES, TRAINING_SHAPES
from emitter.simulation import Simulation
from tests.emitter.cases import START, arguments, plan, stepped, uneventful

EACH = pytest.mark.parametrize("shape", sorted(SHAPES))
PARTS = st.floats(0.0, 1.0)


@EACH
def test_a_shape_begins_with_nothing_and_ends_with_all(shape: str) -> None:
    assert SHAPES[shape].progress(0.0) == pytest.approx(0.0)
    assert SHAPES[shape].progress(1.0) == pytest.approx(1.0)
    assert SHAPES[shape].progress(1.5) == 1.5, "what has no limit grows on"


@EACH
@given(one=PARTS, other=PARTS)
def test_a_shape_never_falls(shape: str, one: float, other: float) -> None:
    sooner, later = sorted((one, other))
    assert SHAPES[shape].progress(sooner) <= SHAPES[shape].progress(later) + 1e-12


@EACH
@given(severity=st.floats(0.01, 0.99))
def test_a_severity_is_reached_when_a_shape_says_so_and_not_long_before(shape: str, severity: float) -> None:
    part = SHAPES[shape].reached(severity)
    assert SHAPES[shape].progress(part + 1e-6) >= severity - 1e-6
    if not SHAPES[shape].comes_and_goes:
        assert SHAPES[shape].progress(part - 1e-6) <= severity + 1e-4


def test_holdout_has_curves_and_speeds_that_train_never_draws() -> None:
    assert set(HOLDOUT_SHAPES) - set(TRAINING_SHAPES) == {"intermittent", "accelerating", "logistic"}
    train, holdout = DRAWS["train"], DRAWS["holdout"]
    assert holdout.ramps[0] < train.ramps[0]
    assert train.ramps[1] < holdout.ramps[1]


@pytest.mark.parametrize("kind", ["volume_filling", "memory_leak", "disk_filling"])
def test_a_slow_fault_that_levels_off_stays_until_its_issue_begins(kind: str) -> None:
    """Near the top of a flat curve a percent of drift is many minutes."""
    for hour in range(0, 24, 6):
        simulation = uneventful(START + 3600.0 * hour)
        simulation.begin(replace(plan(kind, simulation.now, 5 * 3600.0), shape="saturating-2"))
        (fault,) = simulation.faults
        while not fault.over:
            simulation.step()
        assert fault.onset is not None
        assert fault.end - fault.onset >= fault.plan.hold_seconds - 30.0


def test_an_issue_long_after_its_end_is_none_of_a_faults() -> None:
    simulation = uneventful()
    simulation.begin(replace(plan("memory_leak", simulation.now), hold_seconds=-1100.0))
    (fault,) = simulation.faults
    fault.latest_onset = fault.plan.start
    while not fault.over:
        simulation.step()
    assert fault.onset is None, "healed before its time"
    stepped(simulation, 40)
    simulation.begin(replace(plan("memory_leak", simulation.now), id="another", target=fault.target))
    stepped(simulation, 60)
    assert simulation.faults[1].entity == fault.entity
    assert simulation.faults[1].onset is not None
    assert fault.onset is None


def test_in_training_a_harmless_change_may_be_quicker_than_any_fault() -> None:
    simulation = Simulation(arguments("train"))
    cluster = simulation.world.cluster
    scenario = build("train", cluster, 7, 0.0, 0.0, 30.0, 200.0)
    ramps: dict[bool, list[float]] = {True: [], False: []}
    for step in range(2880):
        for drawn in scenario.plans(step * 30.0):
            ramps[drawn.type in LOOKALIKES_PER_DAY].append(drawn.ramp_seconds)
    assert min(ramps[False]) >= 600.0
    assert 300.0 <= min(ramps[True]) < 400.0
    assert max(ramps[False] + ramps[True]) <= 6 * 3600.0
