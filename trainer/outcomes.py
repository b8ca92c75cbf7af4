"""Outcomes: what history says came of every row."""

from __future__ import annotations

from typing import Final

import numpy as np

from predictor.panel import BoolArray

MERGE_SECONDS: Final = 120.0
"""A shorter pause does not end an episode: it is one scrape gap, or one good probe between failing ones."""


def merged(active: BoolArray, gap_steps: int) -> BoolArray:
    """The same activity with pauses of at most `gap_steps` between two active steps filled.

    active: (steps, entities).
    """
    filled = active.copy()
    last = np.full(active.shape[1], -1)
    for i in range(len(active)):
        on = active[i]
        for entity in np.nonzero(on & (last >= 0) & (i - last > 1) & (i - last <= gap_steps + 1))[0]:
            filled[last[entity] : i, entity] = True
        last[on] = i
    return filled


def outcome_rows(active: BoolArray, horizon_steps: int) -> tuple[BoolArray, BoolArray]:
    """Whether the issue is present within the horizon after each row, and whether the row counts.

    active: (steps, entities). Returns two of the same shape. The outcome of row i looks at steps i + 1 … i + horizon.
    A row counts unless it lies inside an episode (nothing is left to predict) or its horizon is not over yet.
    """
    steps = len(active)
    outcome = np.zeros_like(active)
    for ahead in range(1, min(horizon_steps, steps - 1) + 1):
        outcome[:-ahead] |= active[ahead:]
    counts = ~active
    counts[max(0, steps - horizon_steps) :] = False
    return outcome, counts
