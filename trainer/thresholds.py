"""Thresholds: from which probability on an alert is worth its false alarms."""

from __future__ import annotations

from typing import Final

import numpy as np

from predictor.panel import BoolArray, FloatArray

CANDIDATES: Final[tuple[float, ...]] = tuple(percent / 100 for percent in range(25, 96))
"""Below one in four nobody should be woken; above 0.95 little history can tell one threshold from another."""

PAUSE_SECONDS: Final = 300.0
"""An alert that dips for less is still the same alert (keep_firing_for of our rules)."""

IntArray = np.ndarray[tuple[int], np.dtype[np.int64]]


def threshold(
    probability: FloatArray,
    came: BoolArray,
    counts: BoolArray,
    step: IntArray,
    entity: IntArray,
    horizon_steps: int,
    step_seconds: float,
    false_alarms_per_entity_day: float,
) -> float:
    """The lowest candidate whose false alarms stay within the budget, the highest when none does.

    One false alarm is always allowed: a history so short that the budget comes to less cannot show more.

    All arrays are (rows,), in any order.
    """
    order = np.lexsort((step, entity))
    order = order[counts[order]]
    p, c, s, e = probability[order], came[order], step[order], entity[order]
    budget = max(1.0, false_alarms_per_entity_day * len(order) * step_seconds / 86400.0)
    pause = round(PAUSE_SECONDS / step_seconds)
    for candidate in CANDIDATES:
        if false_alarms(p >= candidate, c, s, e, horizon_steps, pause) <= budget:
            return candidate
    return CANDIDATES[-1]


def false_alarms(
    above: BoolArray, came: BoolArray, step: IntArray, entity: IntArray, horizon_steps: int, pause_steps: int
) -> int:
    """How many runs of rows above the threshold were no warning of an issue.

    All arrays are (rows,), sorted by entity and step. As in `events`, a warning begins at most two horizons before the
    issue and lasts until one horizon before it: an alert that never ends is right one day, and worth nothing.
    """
    firing = np.nonzero(above)[0]
    if not len(firing):
        return 0
    new = np.ones(len(firing), dtype=np.bool_)
    new[1:] = (np.diff(entity[firing]) != 0) | (np.diff(step[firing]) > pause_steps)
    begins = np.nonzero(new)[0]
    ends = np.append(begins[1:], len(firing)) - 1
    never = np.iinfo(np.int64).max
    first_came = np.minimum.reduceat(np.where(came[firing], step[firing], never), begins)
    in_time = (first_came < never) & (first_came - step[firing][begins] <= horizon_steps)
    return int((~(in_time & came[firing][ends])).sum())
