"""Oddness: one number that says how unlike its kind's usual life an entity looks, without any label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from predictor.panel import FloatArray


@dataclass(frozen=True)
class Oddness:
    """A fitted isolation forest and what its scores mean.

    centre, width: (features,), the usual value of each and the span of 98 % of all. knots: rising scores of quiet rows
    at even shares, so that an answer of 0.99 says: odder than 99 % of a quiet life.
    """

    forest: Any
    centre: FloatArray
    width: FloatArray
    knots: FloatArray

    def scaled(self, values: FloatArray) -> FloatArray:
        """(rows, features) without a unit; what is missing is as usual."""
        return np.clip(np.nan_to_num((values - self.centre) / self.width), -10.0, 10.0)

    def raw(self, values: FloatArray) -> FloatArray:
        """(rows,): the forest's own score, the higher the odder. values: (rows, features)."""
        return -np.asarray(self.forest.score_samples(self.scaled(values)))

    def __call__(self, values: FloatArray) -> FloatArray:
        """(rows,): the share of quiet rows that look less odd, 0 to 1."""
        if not len(values):
            return np.zeros(0)
        return np.interp(self.raw(values), self.knots, np.linspace(0, 1, len(self.knots)))
