"""Standings: how a baseline fares at no more false alarms than the model.

Its threshold is the lowest level that keeps to them on the very data it is judged by; without a hit, none. The model's
own was fixed in training, so the comparison favours the baseline.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from sklearn.metrics import average_precision_score

from predictor.panel import BoolArray, FloatArray
from trainer import events
from trainer.events import EventFigures, Events, Truth
from trainer.scores import Curves, curves
from trainer.tally import Tally, of_events
from trainer.thresholds import GRID

STRIDE: Final = 8

SEEN: Final = 200_000
"""Scores from which the levels are taken."""


@dataclass(frozen=True)
class Ground:
    """What everybody who speaks about one outcome is judged by. rows, came: (steps, entities)."""

    truth: Truth
    rows: BoolArray
    came: BoolArray
    horizon_seconds: float
    pending_seconds: float
    hold_seconds: float

    def events(self, score: FloatArray, threshold: float) -> Events:
        """The episodes and alerts from a threshold on."""
        return events.against(
            self.truth,
            score,
            threshold=threshold,
            horizon_seconds=self.horizon_seconds,
            pending_seconds=self.pending_seconds,
            hold_seconds=self.hold_seconds,
        )


@dataclass(frozen=True)
class Standing:
    """A baseline on one outcome. silent: it had no signal to speak from."""

    title: str
    threshold: float
    silent: bool
    figures: EventFigures
    pr_auc: float | None
    curves: Curves | None
    tally: Tally


def standing(title: str, score: FloatArray, ground: Ground, allowed_false_alarms: int) -> Standing:
    """How a score of shape (steps, entities) fares with at most so many false alarms; one is always allowed."""
    level, found = lowest(score, ground, max(1, allowed_false_alarms))
    ranked, came = ranking(score[ground.rows]), ground.came[ground.rows]
    return Standing(
        title=title,
        threshold=level,
        silent=bool(np.isnan(score).all()),
        figures=found.figures,
        pr_auc=float(average_precision_score(came, ranked)) if came.any() else None,
        curves=curves(ranked, came),
        tally=of_events(found, ground.truth.observed, ground.truth.step_seconds),
    )


def lowest(score: FloatArray, ground: Ground, allowed: int) -> tuple[float, Events]:
    """The lowest level down to which false alarms stay within what is allowed, and its events.

    Sought from the top, first in strides. A very low level has few false alarms again, since alerts hardly end, and
    recalls nothing: of the levels tried, the one that recalls most is taken; where none recalls any, infinity.
    """
    grid = levels(score[ground.truth.observed])[::-1]
    best = (float(grid[0]), ground.events(score, float(grid[0])))
    kept = 0
    for stride in (STRIDE, 1):
        while kept + stride < len(grid):
            level = float(grid[kept + stride])
            found = ground.events(score, level)
            if found.figures.false_alarms > allowed:
                break
            kept += stride
            if found.figures.recalled >= best[1].figures.recalled and found.figures.recalled:
                best = (level, found)
    return best


def levels(score: FloatArray) -> FloatArray:
    """Rising levels among the scores, closer together towards the top, and infinity. score: (rows,).

    The lowest score of all is no level: an alert from it on would never end.
    """
    some = score[:: max(1, len(score) // SEEN)]
    values = np.unique(some[np.isfinite(some)]).astype(np.float64)[1:]
    if len(values) > GRID:
        values = values[-np.unique(np.geomspace(1, len(values), GRID).astype(np.intp))[::-1]]
    return np.append(values, np.inf)


def ranking(score: FloatArray) -> FloatArray:
    """The scores of rows, those that a baseline cannot give below all others: it is not alarmed by them."""
    bottom = np.nanmin(score) if np.isfinite(score).any() else 0.0
    return np.where(np.isnan(score), bottom - 1.0, score)
