"""Thresholds: from which score or probability on an alert is worth its false alarms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from predictor.panel import BoolArray, FloatArray
from trainer.events import MAX_HORIZONS, MIN_LEAD_SECONDS
from trainer.sample import IntArray

PAUSE_SECONDS: Final = 300.0
"""An alert that dips for less is still the same alert (keep_firing_for of our rules)."""

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
        """The share of onsets with a row above the threshold in time; NaN without any onset."""
        onset = self.entity * 10_000_000 + self.step + self.ahead
        early = (self.ahead > 0) & (self.ahead * self.step_seconds >= MIN_LEAD_SECONDS)
        every = np.unique(onset[early])
        return len(np.unique(onset[early & above])) / len(every) if len(every) else np.nan

    def false_alarms(self, above: BoolArray) -> int:
        """How many runs of rows above the threshold were no warning of an issue.

        As in `events`, a warning begins at most MAX_HORIZONS before the issue and lasts until one horizon before it: an
        alert that never ends is right one day, and worth nothing.
        """
        firing = np.nonzero(above)[0]
        if not len(firing):
            return 0
        came, step, entity = self.ahead[firing] > 0, self.step[firing], self.entity[firing]
        pause = round(PAUSE_SECONDS / self.step_seconds)
        begins = np.nonzero(np.concatenate([[True], (np.diff(entity) != 0) | (np.diff(step) > pause)]))[0]
        ends = np.append(begins[1:], len(firing)) - 1
        never = np.iinfo(np.int64).max
        first_came = np.minimum.reduceat(np.where(came, step, never), begins)
        in_time = (first_came < never) & (first_came - step[begins] <= (MAX_HORIZONS - 1) * self.horizon_steps)
        return int((~(in_time & came[ends])).sum())


def threshold(
    watch: Watch, level: FloatArray, false_alarms_per_entity_day: float, lowest: float, highest: float
) -> float:
    """The lowest level whose false alarms stay within the budget, at least `lowest`; `highest` when none does.

    level: (rows,), scores or probabilities.
    """
    allowed = watch.allowed(false_alarms_per_entity_day)
    grid = levels(level, lowest, highest)
    below, within = -1, len(grid) - 1  # false alarms fall as the level rises, so the lowest can be sought by halves
    while within - below > 1:
        middle = (below + within) // 2
        if watch.false_alarms(level >= grid[middle]) <= allowed:
            within = middle
        else:
            below = middle
    return float(grid[within])


def levels(level: FloatArray, lowest: float, highest: float) -> FloatArray:
    """Rising levels from lowest to highest among those that occur, closer together where rows are few."""
    inside = np.unique(level[(level >= lowest) & (level < highest)])
    if len(inside) > GRID:
        inside = inside[np.unique(np.geomspace(1, len(inside), GRID).astype(np.intp)) * -1][::-1]
    return np.unique(np.concatenate([[lowest], inside, [highest]]))
