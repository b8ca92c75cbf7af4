"""Panels: joined in time, cut, and honest about coverage."""

from __future__ import annotations

import numpy as np
import pytest

from predictor.panel import Panel, joined


def panel(times: list[float], entities: list[str], values: list[list[float]], active: list[list[bool]]) -> Panel:
    """A node panel of one signal and one issue; values and active are steps x entities."""
    return Panel(
        "node",
        np.array(times),
        tuple((e,) for e in entities),
        ("used",),
        np.array([values], dtype=np.float64),
        ("node_failure",),
        np.array([active], dtype=np.bool_),
    )


def test_joined_panels_hold_all_entities_and_nan_where_one_was_not_there() -> None:
    early = panel([0, 30], ["a", "b"], [[1, 2], [3, 4]], [[False, True], [False, False]])
    late = panel([60], ["b", "c"], [[5, 6]], [[True, False]])
    both = joined([early, late])
    assert both.entities == (("a",), ("b",), ("c",))
    np.testing.assert_array_equal(both.times, [0, 30, 60])
    nan = np.nan
    np.testing.assert_array_equal(both.values[0], [[1, 2, nan], [3, 4, nan], [nan, 5, 6]])
    np.testing.assert_array_equal(both.active[0, :, 1], [True, False, True])


def test_an_entity_without_any_sample_left_is_forgotten() -> None:
    gone = panel([0], ["a", "b"], [[np.nan, 1.0]], [[False, False]])
    assert joined([gone]).entities == (("b",),)


def test_coverage_counts_only_entities_that_are_there() -> None:
    two_signals = Panel(
        "node",
        np.array([0.0]),
        (("a",), ("b",), ("gone",)),
        ("used", "rare"),
        np.array([[[1.0, 2.0, np.nan]], [[1.0, np.nan, np.nan]]]),
        (),
        np.zeros((0, 1, 3), dtype=np.bool_),
    )
    assert two_signals.coverage() == {"used": 1.0, "rare": 0.5}


def test_a_panel_of_the_wrong_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="node panel: values are"):
        panel([0, 30], ["a"], [[1.0]], [[False]])
