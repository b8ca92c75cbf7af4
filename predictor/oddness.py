"""Oddness: one number that says how unlike its kind's usual life an entity looks, without any label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from predictor.panel import FloatArray

IntArray = np.ndarray[Any, np.dtype[np.intp]]


@dataclass(frozen=True)
class Tails:
    """How far out in the tails of a quiet life the oddest signal of a row lies.

    knots: (levels, features), rising values of quiet rows at even shares. signal: (features,), the number of the signal
    that each feature is of. An isolation forest, which cuts at random features, loses the few that an unseen failure
    moves among hundreds that it does not. Source: empirical tail probabilities, https://arxiv.org/abs/2201.00382
    """

    knots: FloatArray
    signal: IntArray

    def score_samples(self, values: FloatArray) -> FloatArray:
        """(rows,): the lower the odder, as scikit-learn has it. values: (rows, features) without a missing one."""
        levels = len(self.knots)
        surprise = np.zeros((len(values), self.signal.max() + 1))
        for column, number in enumerate(self.signal):
            at = self.knots[:, column]
            below = np.searchsorted(at, values[:, column], side="right") / levels
            above = 1.0 - np.searchsorted(at, values[:, column], side="left") / levels
            rarer = np.maximum(np.minimum(below, above), 1.0 / levels)
            surprise[:, number] -= np.log(np.minimum(1.0, 2.0 * rarer))
        return -np.asarray((surprise / np.bincount(self.signal)).max(axis=1))


@dataclass(frozen=True)
class Oddness:
    """A fitted measure of oddness, with scikit-learn's score_samples, and what its scores mean.

    centre, width: (features,), the usual value of each and the span of 98 % of all. knots: rising scores of quiet rows
    at even shares, so that an answer of 0.99 says: odder than 99 % of a quiet life.
    """

    forest: Any
    centre: FloatArray
    width: FloatArray
    knots: FloatArray

    def scaled(self, values: FloatArray) -> FloatArray:
        """(rows, features) without a unit; what is missing is as usual."""
        single = values.astype(np.float32)  # as training kept them: a constant must equal itself
        return np.clip(np.nan_to_num((single - self.centre) / self.width), -10.0, 10.0)

    def usual(self, feature: int) -> tuple[float, float]:
        """The ends of the range that holds 98 % of a quiet life, in the feature's unit."""
        levels = len(self.forest.knots)
        low, high = (self.forest.knots[round(share * (levels - 1)), feature] for share in (0.01, 0.99))
        width, centre = float(self.width[feature]), float(self.centre[feature])
        return float(low) * width + centre, float(high) * width + centre

    def raw(self, values: FloatArray) -> FloatArray:
        """(rows,): the measure's own score, the higher the odder. values: (rows, features)."""
        return -np.asarray(self.forest.score_samples(self.scaled(values)))

    def __call__(self, values: FloatArray) -> FloatArray:
        """(rows,): the share of quiet rows that look less odd, 0 to 1."""
        if not len(values):
            return np.zeros(0)
        return np.interp(self.raw(values), self.knots, np.linspace(0, 1, len(self.knots)))
