"""Thresholds: from which score or probability on an alert is worth its false alarms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from scipy.stats import poisson

from predictor.panel import BoolArray, FloatArray
from predictor.waits import HOLD_SECONDS, MAX_HORIZONS, MIN_LEAD_SECONDS
from trainer.sample import IntArray

GRID: Final = 128
"""Levels among which a threshold is sought: finer than any history can tell apart."""

CONFIDENCE: Final = 0.95
"""How sure it must be that the budget is exceeded before a level is ruled out: as sure as tests usually want to be."""

PER_ENTITY_DAY: Final = 0.02
"""Of a hundred entities, two false alarms a day within each horizon of each issue."""

PRICE: Final = 1.0
"""How many onsets a false alarm more must outweigh; where it just does, silence wins. What other prices would buy:
docs/decisions/2026-11-27-services-wait-and-alarms-cost-one.md."""


@dataclass(frozen=True)
class Budget:
    """How many false alarms there may be, and how many onsets more each one more must foretell."""

    per_entity_day: float
    price: float = PRICE


@dataclass(frozen=True)
class Watch:
    """What came of the rows of one outcome, sorted by entity and step; all (rows,).

    ahead: steps until the issue, 0 when it is not within the horizon. weight: how many rows of history each stands for.
    pending_steps: see predictor.waits.
    """

    ahead: IntArray
    step: IntArray
    entity: IntArray
    weight: FloatArray
    horizon_steps: int
    step_seconds: float
    pending_steps: int

    @cached_property
    def entity_days(self) -> float:
        """How many days of one entity the rows stand for."""
        return float(self.weight.sum()) * self.step_seconds / 86400.0

    @cached_property
    def onsets(self) -> int:
        """How many onsets an alert could have been in time for."""
        return len(np.unique(self._onset[self._early]))

    def recall(self, above: BoolArray) -> float:
        """The share of onsets with an alert in time; NaN without any onset. above: (rows,), reaching the threshold."""
        return self.recalled(above) / self.onsets if self.onsets else np.nan

    def recalled(self, above: BoolArray) -> int:
        """How many onsets had an alert in time. above: (rows,), reaching the threshold."""
        lasting = self._lasting(np.flatnonzero(above))
        return len(np.unique(self._onset[lasting[self._early[lasting]]]))

    def false_alarms(self, above: BoolArray) -> float:
        """How many alerts came before nothing. above: (rows,), reaching the threshold.

        As in `events`, an alert begins when it has lasted for `pending_steps`, a dip of at most HOLD_SECONDS
        does not end it, and it is false when no onset follows within MAX_HORIZONS horizons of its beginning: one that
        never ends is right one day, and worth nothing. Each counts as often as the row that it begins with.
        """
        reached = np.flatnonzero(above)
        if not len(reached):
            return 0.0
        step, entity = self.step[reached], self.entity[reached]
        pause = round(HOLD_SECONDS / self.step_seconds)
        ends = np.concatenate([(np.diff(entity) != 0) | (np.diff(step) - 1 > pause), [True]])
        begins = np.concatenate([[True], ends[:-1]])
        lasting = np.append(self._lasting(reached), len(above))
        began = lasting[np.searchsorted(lasting, reached[begins])]
        fired = began <= reached[ends]
        began, last = began[fired], reached[ends][fired]
        following = np.searchsorted(self._onsets, self._key[last], side="right")
        onset = np.append(self._onsets, np.iinfo(np.int64).max)[following]
        false = onset > self._key[began] + round(MAX_HORIZONS * self.horizon_steps)
        return float(self.weight[began[false]].sum())

    def _lasting(self, reached: IntArray) -> IntArray:
        """Those of the rows whose steps of the `for` before them are among the rows too, none of them missing."""
        steps = self.pending_steps
        key = self._key[reached]
        whole = key[steps:] - key[: max(0, len(key) - steps)] == steps
        return np.asarray(reached[steps:][whole])

    @cached_property
    def _key(self) -> IntArray:
        """(rows,): one number per entity and step, in their order; entities are far apart."""
        return self.entity * 10_000_000 + self.step

    @cached_property
    def _onset(self) -> IntArray:
        """(rows,): the key of the onset that each row has ahead, its own without one."""
        return self._key + self.ahead

    @cached_property
    def _early(self) -> BoolArray:
        """(rows,): whether an alert at this row would be in time for an onset."""
        return np.asarray((self.ahead > 0) & (self.ahead * self.step_seconds >= MIN_LEAD_SECONDS))

    @cached_property
    def _onsets(self) -> IntArray:
        """Rising keys of every onset that some row has within its horizon."""
        return np.unique(self._onset[self.ahead > 0])


def allowed(entity_days: float, false_alarms_per_entity_day: float) -> float:
    """As many alarms as do not show yet that the budget is exceeded: 2 where it comes to 0.8, 73 where it is 60.

    A rate at the budget gives that many or fewer nineteen times in twenty. One is always allowed: a history too short
    for a whole one cannot show less.
    """
    return max(1.0, float(poisson.ppf(CONFIDENCE, false_alarms_per_entity_day * entity_days)))


def within_budget(
    watch: Watch, level: FloatArray, false_alarms_per_entity_day: float, lowest: float, highest: float
) -> float:
    """The lowest level whose false alarms stay within the budget.

    At least `lowest`; `highest` when no level keeps to the budget. level: (rows,), scores or probabilities.
    """
    most = allowed(watch.entity_days, false_alarms_per_entity_day)
    grid = levels(level, lowest, highest)
    found = first_true(len(grid), lambda at: watch.false_alarms(level >= grid[at]) <= most)
    return float(grid[min(len(grid) - 1, found)])


def first_true(count: int, true_from: Callable[[int], bool]) -> int:
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
