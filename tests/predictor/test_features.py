"""Features: live equals history bit for bit, and small windows checked by hand."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from predictor import catalogue, features
from predictor.entities import KINDS, LABELS, Entity, Kind
from predictor.panel import FloatArray, Panel

STEP_SECONDS = 300.0  # six steps a window keep the property small enough to shrink
REACH = features.reach_steps(STEP_SECONDS)


def panel_of(kind: Kind, values: FloatArray) -> Panel:
    """A panel over made-up entities whose values are (signals, steps, entities)."""
    signals = tuple(s.name for s in catalogue.default().signals_of(kind))
    entities: tuple[Entity, ...] = tuple((f"e{i:03d}",) * len(LABELS[kind]) for i in range(values.shape[2]))
    times = np.arange(values.shape[1], dtype=np.float64) * STEP_SECONDS
    return Panel(kind, times, entities, signals, values, (), np.zeros((0, *values.shape[1:]), dtype=np.bool_))


@st.composite
def panels(draw: st.DrawFn) -> Panel:
    """Panels of any kind with gaps, zeros and values of very different size."""
    kind = draw(st.sampled_from(KINDS))
    signals = len(catalogue.default().signals_of(kind))
    steps, entities = draw(st.integers(REACH, REACH + 4)), draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    missing, magnitude = draw(st.floats(0, 1)), draw(st.sampled_from([1e-6, 1.0, 1e12]))
    values = rng.lognormal(sigma=2.0, size=(signals, steps, entities)) * magnitude
    values[rng.random(values.shape) < missing] = np.nan
    values[rng.random(values.shape) < 0.1] = 0.0
    return panel_of(kind, values)


@given(panel=panels())
def test_live_and_history_agree_to_the_bit_for_every_feature(panel: Panel) -> None:
    signals = catalogue.default().signals_of(panel.kind)
    history = features.rows(panel, signals, STEP_SECONDS)
    for step in range(len(panel.times) - REACH + 1):
        live = features.rows(panel.steps(step, step + REACH), signals, STEP_SECONDS)
        np.testing.assert_array_equal(history.values[history.step == step], live.values)
        np.testing.assert_array_equal(history.entity[history.step == step], live.entity)


@given(panel=panels())
def test_a_row_does_not_depend_on_the_other_entities(panel: Panel) -> None:
    signals = catalogue.default().signals_of(panel.kind)
    together = features.rows(panel, signals, STEP_SECONDS)
    for i, entity in enumerate(panel.entities):
        alone = Panel(
            panel.kind, panel.times, (entity,), panel.signals, panel.values[:, :, [i]], (), panel.active[:, :, [i]]
        )
        np.testing.assert_array_equal(
            together.values[together.entity == i], features.rows(alone, signals, STEP_SECONDS).values
        )


def test_a_straight_line_has_its_slope_and_the_time_to_its_limit() -> None:
    line = np.array([[0.5], [0.6], [0.7], [0.8]])
    mean, spread, slope = features.trailing(line, 4)
    np.testing.assert_allclose([mean[0, 0], spread[0, 0], slope[0, 0]], [0.65, np.std(line), 0.1])
    seconds = features.time_to_limit(line[-1:], slope / 30.0, limit=1.0)
    np.testing.assert_allclose(seconds, [[60.0]])


def test_time_to_limit_is_zero_beyond_and_the_maximum_when_falling() -> None:
    now = np.array([[1.1, 0.5, 0.5, np.nan]])
    slope = np.array([[0.1, -0.1, 0.0, 0.1]])
    never = features.MAX_TIME_TO_LIMIT_SECONDS
    np.testing.assert_array_equal(features.time_to_limit(now, slope, 1.0), [[0.0, never, never, np.nan]])


def test_a_short_gap_is_bridged_and_a_long_one_is_missing() -> None:
    values = np.array([[1.0], [np.nan], [np.nan], [np.nan]])
    np.testing.assert_array_equal(features.held(values, 2)[:, 0], [1.0, 1.0, 1.0, np.nan])


def test_slope_needs_half_of_the_window() -> None:
    values = np.array([[np.nan], [np.nan], [np.nan], [3.0]])
    mean, spread, slope = features.trailing(values, 4)
    assert mean[0, 0] == 3.0
    assert np.isnan(spread[0, 0])
    assert np.isnan(slope[0, 0])


def test_an_absent_entity_has_no_row() -> None:
    signals = catalogue.default().signals_of("node")
    values = np.full((len(signals), REACH, 2), np.nan)
    values[:, :, 1] = 0.5
    rows = features.rows(panel_of("node", values), signals, STEP_SECONDS)
    np.testing.assert_array_equal(rows.entity, [1])
    assert rows.values.shape == (1, len(features.names(signals)))
