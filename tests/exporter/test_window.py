"""The window is what a single read would have brought."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.window import Window
from predictor.entities import Entity
from predictor.panel import FloatArray, Panel, joined
from tests.exporter.models import fitted_model

STEP = 60.0
POOL: tuple[Entity, ...] = tuple(("shop", f"web-{i}") for i in range(4))


def panel(values: FloatArray, active: FloatArray, first_step: int) -> Panel:
    """The pods that have anything in these steps. values: (2, steps, 4), active: (1, steps, 4)."""
    times = np.asarray((first_step + np.arange(values.shape[1])) * STEP, dtype=np.float64)
    whole = Panel("pod", times, POOL, ("pod_memory", "pod_restarts"), values, ("pod_failure",), active > 0)
    here = whole.ever
    entities = tuple(entity for entity, is_here in zip(POOL, here.tolist(), strict=True) if is_here)
    return Panel("pod", times, entities, whole.signals, values[:, :, here], whole.issues, whole.active[:, :, here])


@st.composite
def histories(draw: st.DrawFn, steps: int) -> tuple[FloatArray, FloatArray]:
    """Signals with gaps of pods that come and go, and when they are active."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    values = random.random((2, steps, 4))
    values[random.random(values.shape) < draw(st.sampled_from([0.0, 0.3, 0.95]))] = np.nan
    for pod in range(4):
        born, gone = sorted(random.integers(0, steps + 1, 2))
        values[:, :born, pod] = values[:, gone:, pod] = np.nan
    active = np.asarray(random.random((1, steps, 4)) < 0.05, dtype=np.float64)
    return values, active


def same(one: Panel, other: Panel) -> None:
    """Fail unless the two panels are equal, digit for digit."""
    for name in (field.name for field in fields(Panel)):
        left, right = getattr(one, name), getattr(other, name)
        if isinstance(left, np.ndarray):
            np.testing.assert_array_equal(left, right, err_msg=name)
        else:
            assert left == right, name


@given(histories(40), st.lists(st.integers(1, 12), min_size=1, max_size=8))
def test_a_window_that_grew_by_ticks_equals_one_that_was_read_at_once(
    history: tuple[FloatArray, FloatArray], gaps: list[int]
) -> None:
    values, active = history
    reach = 10
    window = Window(reach, STEP)
    last = reach - 1
    for gap in [0, *gaps]:
        last += gap
        if last >= values.shape[1]:
            break
        first = round(window.first_to_read(last * STEP) / STEP)
        window.keep(window.extended({"pod": panel(values[:, first : last + 1], active[:, first : last + 1], first)}))
        start = last + 1 - reach
        at_once = panel(values[:, start : last + 1], active[:, start : last + 1], start)
        same(window.panels["pod"], at_once)


@settings(max_examples=20)  # each predicts at eleven steps
@given(histories(40))
def test_probabilities_from_the_window_are_those_of_a_long_panel_digit_for_digit(
    history: tuple[FloatArray, FloatArray],
) -> None:
    values, active = history
    model = fitted_model(STEP)
    reach = model.reach_steps
    replayed = model.probabilities(joined([panel(values, active, 0)]))
    window = Window(reach, STEP)
    for last in range(reach - 1, values.shape[1]):
        first = round(window.first_to_read(last * STEP) / STEP)
        window.keep(window.extended({"pod": panel(values[:, first : last + 1], active[:, first : last + 1], first)}))
        live = model.probabilities(window.panels["pod"])
        columns = [replayed.entities.index(entity) for entity in live.entities]
        step = last - reach + 1
        np.testing.assert_array_equal(live.probability[:, 0], replayed.probability[:, step, columns])
        np.testing.assert_array_equal(live.active[:, 0], replayed.active[:, step, columns])
        gone = [i for i in range(len(replayed.entities)) if i not in columns]
        assert np.isnan(replayed.probability[:, step, gone]).all()


def test_a_window_asks_for_the_steps_it_lacks_and_for_the_minute_that_may_still_change() -> None:
    window = Window(10, STEP)
    assert window.first_to_read(600.0) == 60.0
    values, active = np.ones((2, 10, 4)), np.zeros((1, 10, 4))
    window.keep(window.extended({"pod": panel(values, active, 1)}))
    assert window.holds(600.0)
    assert not window.holds(660.0)
    assert window.first_to_read(660.0) == 600.0
    assert window.first_to_read(780.0) == 600.0


def test_a_sample_that_came_late_takes_the_place_of_what_was_held() -> None:
    window = Window(10, STEP)
    values, active = np.ones((2, 10, 4)), np.zeros((1, 10, 4))
    window.keep(window.extended({"pod": panel(values, active, 1)}))
    late = np.full((2, 2, 4), 5.0)
    window.keep(window.extended({"pod": panel(late, active[:, :2], 10)}))
    held = window.panels["pod"]
    np.testing.assert_array_equal(held.times, np.arange(2, 12) * STEP)
    np.testing.assert_array_equal(held.values[:, :8], 1.0)
    np.testing.assert_array_equal(held.values[:, 8:], 5.0)


def test_a_gap_as_long_as_the_window_is_read_whole() -> None:
    window = Window(10, STEP)
    values, active = np.ones((2, 10, 4)), np.zeros((1, 10, 4))
    window.keep(window.extended({"pod": panel(values, active, 1)}))
    assert window.first_to_read(6000.0) == 6000.0 - 9 * STEP


def test_panels_that_were_not_kept_leave_the_window_as_it_was() -> None:
    window = Window(10, STEP)
    window.extended({"pod": panel(np.ones((2, 10, 4)), np.zeros((1, 10, 4)), 1)})
    assert window.end is None
