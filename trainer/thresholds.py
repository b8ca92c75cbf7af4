"""Thresholds: from which score or probability on an alert is worth its false alarms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from predictor.panel import BoolArray, FloatArray
from predictor.waits import HOLD_SECONDS, MAX_HORIZONS, MIN_LEAD_SECONDS, lasting, pending_steps
from trainer.sample import IntArray

GRID: Final = 128
"""Levels among which a threshold is sought: finer than any history can tell apart."""


@dataclass(frozen=True)
class Watch:
    """What came of the rows of one outcome, sorted by entity and step; all (rows,).

    ahead: steps until the issue, 0 when it is not within the horizon.
    """

    ahead: IntArray
    step: IntArray
    entity: IntArray
    horizon_steps: int
    step_seconds: float

    def allowed(self, false_alarms_per_entity_day: float) -> float:
        """The budget in alarms. One is always allowed: a history too short for a whole one cannot show less."""
        return max(1.0, false_alarms_per_entity_day * len(self.step) * self.step_seconds / 86400.0)

    def recall(self, above: BoolArray) -> float:
        """The share of onsets with an alert in time; NaN without any onset. above: (rows,), reaching the threshold."""
        onset = _key(self.entity, self.step + self.ahead)
        early = (self.ahead > 0) & (self.ahead * self.step_seconds >= MIN_LEAD_SECONDS)
        every = np.unique(onset[early])
        return len(np.unique(onset[early & self._lasting(above)])) / len(every) if len(every) else np.nan

    def false_alarms(self, above: BoolArray) -> int:
        """How many alerts came before nothing. above: (rows,), reaching the threshold.

        As in `events`, an alert begins when it has lasted for the `for` of its horizon, a dip of at most HOLD_SECONDS
        does not end it, and it is false when no onset follows within MAX_HORIZONS horizons of its beginning: one that
        never ends is right one day, and worth nothing.
        """
        reached = np.nonzero(above)[0]
        if not len(reached):
            return 0
        step, entity = self.step[reached], self.entity[reached]
        pause = round(HOLD_SECONDS / self.step_seconds)
        ends = np.concatenate([(np.diff(entity) != 0) | (np.diff(step) - 1 > pause), [True]])
        begins = np.concatenate([[True], ends[:-1]])
        lasting = np.append(np.nonzero(self._lasting(above))[0], len(above))
        began = lasting[np.searchsorted(lasting, reached[begins])]
        fired = began <= reached[ends]
        began, last = began[fired], reached[ends][fired]
        following = np.searchsorted(self._onsets, _key(self.entity[last], self.step[last]), side="right")
        onset = np.append(self._onsets, np.iinfo(np.int64).max)[following]
        latest = _key(self.entity[began], self.step[began]) + round(MAX_HORIZONS * self.horizon_steps)
        return int((onset > latest).sum())

    def _lasting(self, above: BoolArray) -> BoolArray:
        """(rows,): above, as were the steps of the `for` before it, none of them missing."""
        steps = pending_steps(self.horizon_steps * self.step_seconds, self.step_seconds)
        key = _key(self.entity, self.step)
        found = lasting(above, steps)
        found[steps:] &= key[steps:] - key[: max(0, len(key) - steps)] == steps
        return found

    @cached_property
    def _onsets(self) -> IntArray:
        """Rising keys of every onset that some row has within its horizon."""
        came = self.ahead > 0
        return np.unique(_key(self.entity[came], self.step[came] + self.ahead[came]))


def _key(entity: IntArray, step: IntArray) -> IntArray:
    """One number per entity and step, in their order; entities are far apart."""
    return entity * 10_000_000 + step


def threshold(
    watch: Watch, level: FloatArray, false_alarms_per_entity_day: float, lowest: float, highest: float
) -> float:
    """The lowest level whose false alarms stay within the budget, raised as far as it foretells as many onsets.

    At least `lowest`; `highest` when no level keeps to the budget. A budget is no aim: what lies between the two levels
    would only cry wolf more often. level: (rows,), scores or probabilities.
    """
    allowed = watch.allowed(false_alarms_per_entity_day)
    grid = levels(level, lowest, highest)
    # Both fall as the level rises, so that either end can be sought by halves.
    cheapest = min(len(grid) - 1, _first(len(grid), lambda at: watch.false_alarms(level >= grid[at]) <= allowed))
    recall = watch.recall(level >= grid[cheapest])
    if not recall > 0:
        return float(grid[cheapest])
    return float(grid[_first(len(grid), lambda at: watch.recall(level >= grid[at]) < recall) - 1])


def _first(count: int, true_from: Callable[[int], bool]) -> int:
    """The first position at which something is true that stays so behind it; `count` where it never is."""
    below, within = -1, count
    while within - below > 1:
        middle = (below + within) // 2
        if true_from(middle):
            within = middle
        else:
            below = middle
    return within


def levels(level: FloatArray, lowest: float, highest: float) -> FloatArray:
    """Rising levels from lowest to highest among those that occur, closer together where rows are few."""
    inside = np.unique(level[(level >= lowest) & (level < highest)])
    if len(inside) > GRID:
        inside = inside[np.unique(np.geomspace(1, len(inside), GRID).astype(np.intp)) * -1][::-1]
    return np.unique(np.concatenate([[lowest], inside, [highest]]))
