"""Outcomes: what history says came of every row."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from predictor.panel import BoolArray
from predictor.waits import MAX_HORIZONS, WAKE_SECONDS

IntArray = np.ndarray[Any, np.dtype[np.int32]]

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


def wake(episodes: BoolArray, step_seconds: float) -> BoolArray:
    """(steps, entities): True outside of episodes, where one ended less than WAKE_SECONDS ago."""
    after = np.zeros_like(episodes)
    for back in range(1, min(round(WAKE_SECONDS / step_seconds), len(episodes) - 1) + 1):
        after[back:] |= episodes[:-back]
    return np.asarray(after & ~episodes)


def outcome_rows(
    active: BoolArray, present: BoolArray, horizon_steps: int, gap_steps: int
) -> tuple[BoolArray, BoolArray]:
    """Whether the issue is present within the horizon after each row, and whether the row counts.

    active and present: (steps, entities). Returns two arrays of that shape. The outcome of row i looks at steps i + 1 …
    i + horizon. A row counts unless it lies inside an episode (nothing is left to predict), its horizon is not over
    yet, more than `gap_steps` of its horizon are unknown because Prometheus has nothing at all (an outage is no sign of
    health), or the entity went away for good, or for long, before its horizon ended and before anything happened.

    Who was there from beginning to end for at most MAX_HORIZONS horizons counts all the same: of the pods of jobs,
    which are gone when they have succeeded, only those that fail would count otherwise.
    """
    steps = len(active)
    outcome = np.zeros_like(active)
    for ahead in range(1, min(horizon_steps, steps - 1) + 1):
        outcome[:-ahead] |= active[ahead:]
    unknown = np.concatenate([[0], np.cumsum(~present.any(axis=1))])
    blind = unknown[np.minimum(np.arange(steps) + 1 + horizon_steps, steps)] - unknown[1:]
    there = present | active
    known = outcome | _still_there(there, horizon_steps, gap_steps) | _brief(there, horizon_steps, gap_steps)
    counts = ~active & (blind <= gap_steps)[:, None] & known
    counts[max(0, steps - horizon_steps) :] = False
    return outcome, counts


def _still_there(there: BoolArray, horizon_steps: int, gap_steps: int) -> BoolArray:
    """(steps, entities): whether the entity has a sample about when each row's horizon ends, or later in the record.

    A pod that was deleted and came back under its name, as a StatefulSet's does, is the same entity.
    """
    steps = len(there)
    later = np.flip(np.logical_or.accumulate(np.flip(there, axis=0), axis=0), axis=0)
    at = np.minimum(np.arange(steps) + max(0, horizon_steps - gap_steps), steps - 1)
    return np.asarray(later[at])


def _brief(there: BoolArray, horizon_steps: int, gap_steps: int) -> BoolArray:
    """(entities,): whether the record holds its whole life, and it was short.

    Who is there as the record begins, or as an outage ends, may have been there for long.
    """
    steps = len(there)
    if not steps:
        return np.zeros(there.shape[1], dtype=np.bool_)
    first, last = there.argmax(axis=0), steps - 1 - np.flip(there, axis=0).argmax(axis=0)
    begun = (first > 0) & np.asarray(there.any(axis=1))[first - 1]
    left = last + gap_steps < steps - 1
    return np.asarray(begun & left & (last - first < MAX_HORIZONS * horizon_steps))


def steps_ahead(active: BoolArray) -> IntArray:
    """(steps, entities): how many steps after each the entity's next active step comes, 0 when none does.

    active: (steps, entities).
    """
    ahead = np.zeros(active.shape, dtype=np.int32)
    following = np.full(active.shape[1], -1, dtype=np.int32)
    for i in range(len(active) - 1, -1, -1):
        ahead[i] = np.where(following >= 0, following - i, 0)
        following[active[i]] = i
    return ahead
