"""Fit: one candidate on the rows of one kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from predictor.catalogue import Signal
from predictor.estimators import Forest, Separate
from predictor.panel import BoolArray, FloatArray
from trainer.candidates import CANDIDATES, SEATS, CandidateName, Lessons
from trainer.dataset import Dataset
from trainer.directions import always, directions, floors
from trainer.hiding import hide

BLOCK: Final = 10_000
"""Rows that are scored at a time: pipelines copy them as often as they have steps."""

NO_EPISODE: Final = "no episode in this history"
UNSEEN: Final = "never seen to begin: nobody who had it had a usable sample without it before"
ALWAYS: Final = "ahead of every row: there is nothing to tell it from"


@dataclass(frozen=True)
class Fitted:
    """An estimator of some of a dataset's outcomes. trained: their positions. outcomes: how many there are."""

    estimator: Forest | Separate
    trained: tuple[int, ...]
    outcomes: int

    def scores(self, values: FloatArray) -> FloatArray:
        """(outcomes, rows): NaN for outcomes that were not trained. values: (rows, features)."""
        found = np.full((self.outcomes, len(values)), np.nan)
        for first in range(0, len(values), BLOCK):
            block = slice(first, first + BLOCK)
            for outcome, column in zip(self.trained, self.estimator.predict_proba(values[block]), strict=True):
                found[outcome, block] = column[:, 1]
        return found


def fit(
    dataset: Dataset,
    candidate: CandidateName,
    signals: Sequence[Signal],
    seed: int,
    seats: int = SEATS,
    known: BoolArray | None = None,
) -> Fitted | None:
    """The candidate fitted on the rows, with sources and comparisons hidden; None when no outcome can be learned.

    known: (rows,), those that may be learned from; all without it.
    """
    of = dataset.where(np.ones(len(dataset.values), dtype=np.bool_) if known is None else known)
    trained = tuple(i for i, why in enumerate(untrainable(of)) if not why)
    if not trained:
        return None
    hide(of.values, signals, np.random.default_rng(seed))  # the only copy: a second one takes as much memory again
    chosen = list(trained)
    came, near, during = (part[:, chosen] for part in (of.came, of.near, of.during))
    worse, sure, least = directions(signals), always(signals), floors(signals)
    lessons = Lessons(of.values, came, near, during, of.weights, worse, sure, seed, seats, least)
    estimator = CANDIDATES[candidate](lessons)
    return Fitted(estimator, trained, len(dataset.outcomes))


def untrainable(dataset: Dataset) -> tuple[str, ...]:
    """For each outcome why nothing can be learned about it, empty when something can."""
    return tuple(_reason(dataset, i) for i in range(len(dataset.outcomes)))


def _reason(dataset: Dataset, column: int) -> str:
    came = dataset.came[~dataset.during[:, column], column]
    if not came.any():
        return UNSEEN if dataset.happened[column] else NO_EPISODE
    return ALWAYS if came.all() else ""
