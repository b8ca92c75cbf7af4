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
    step_seconds: float,
    false_alarms_per_entity_day: float,
) -> float:
    """The lowest candidate whose false alarms stay within the budget, the highest when none does.

    One false alarm is always allowed: a history so short that the budget comes to less cannot show more.

    All arrays are (rows,), in any order. A false alarm is an unbroken run of rows at or above the threshold none of
    which had the issue within its horizon.
    """
    order = np.lexsort((step, entity))
    order = order[counts[order]]
    p, c, s, e = probability[order], came[order], step[order], entity[order]
    budget = max(1.0, false_alarms_per_entity_day * len(order) * step_seconds / 86400.0)
    pause = round(PAUSE_SECONDS / step_seconds)
    for candidate in CANDIDATES:
        if false_alarms(p >= candidate, c, s, e, pause) <= budget:
            return candidate
    return CANDIDATES[-1]


def false_alarms(above: BoolArray, came: BoolArray, step: IntArray, entity: IntArray, pause_steps: int) -> int:
    """How many runs of rows above the threshold saw no issue come.

    All arrays are (rows,), sorted by entity and step.
    """
    firing = np.nonzero(above)[0]
    if not len(firing):
        return 0
    new = np.ones(len(firing), dtype=np.bool_)
    new[1:] = (np.diff(entity[firing]) != 0) | (np.diff(step[firing]) > pause_steps)
    run = np.cumsum(new) - 1
    justified = np.zeros(run[-1] + 1, dtype=np.bool_)
    np.logical_or.at(justified, run, came[firing])
    return int((~justified).sum())
