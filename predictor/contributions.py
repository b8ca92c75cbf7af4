"""Contributions: how much each signal raised or lowered a score, computed from the model itself.

At every split a row moves from what is usual among all rows that come so far to what is usual behind the branch it
takes; that step is credited to the split's signal. The steps of a path add up to the leaf, so the contributions of all
signals add up to the model's output: log-odds for boosted trees and weighted sums, the share of votes for forests.
Source: path attributions of tree ensembles, https://blog.datadive.net/interpreting-random-forests/
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np

from predictor.panel import BoolArray, FloatArray

IntArray = np.ndarray[Any, np.dtype[np.int32]]

ROWS: Final = 250
"""Rows explained at a time: rows x trees stay within a processor's cache."""

LEAF: Final = -1


@dataclass(frozen=True)
class Contributions:
    """What raised and lowered the scores of some rows.

    base: (outcomes,), the output for a row of a usual life. parts: (outcomes, rows, signals), which are added to it.
    """

    base: FloatArray
    parts: FloatArray

    @property
    def output(self) -> FloatArray:
        """(outcomes, rows): what the parts add up to, the model's output before calibration."""
        return np.asarray(self.base[:, None] + self.parts.sum(axis=2))


class Explained(Protocol):
    """An estimator taken apart. `signals` numbers the signal of each feature."""

    def contributions(self, values: FloatArray, signals: IntArray) -> Contributions:
        """What each signal adds. values: (rows, features). signals: (features,)."""
        ...


@dataclass(frozen=True)
class Trees:
    """The trees of an ensemble, all their nodes one after the other.

    feature: (nodes,), LEAF at a leaf. threshold, left, right, missing_left: (nodes,); a row goes left when its value is
    at most the threshold, or missing where missing_left. usual: (nodes, outputs), the output among usual rows that come
    to a node, at a leaf its own; both over all trees add up to the ensemble's. roots: (trees,).
    """

    feature: IntArray
    threshold: FloatArray
    left: IntArray
    right: IntArray
    missing_left: BoolArray
    usual: FloatArray
    roots: IntArray

    def children(self, at: IntArray, values: FloatArray) -> IntArray:
        """(rows, trees): the nodes that follow `at`, leaves where they were. values: (rows, features)."""
        feature = self.feature[at]
        value = values[np.arange(len(values))[:, None], np.maximum(feature, 0)]
        left = np.where(np.isnan(value), self.missing_left[at], value <= self.threshold[at])
        return np.where(feature == LEAF, at, np.where(left, self.left[at], self.right[at]))

    def starts(self, rows: int) -> IntArray:
        """(rows, trees): the root of every tree for every row."""
        return np.broadcast_to(self.roots, (rows, len(self.roots))).copy()

    def contributions(self, values: FloatArray, signals: IntArray) -> Contributions:
        """What each signal adds to each output. values: (rows, features). signals: (features,)."""
        count = int(signals.max(initial=-1)) + 1
        found = [self._parts(values[i : i + ROWS], signals, count) for i in range(0, len(values), ROWS)]
        outputs = self.usual.shape[1]
        parts = np.concatenate(found, axis=1) if found else np.zeros((outputs, 0, count))
        return Contributions(self.usual[self.roots].sum(axis=0), parts)

    def _parts(self, values: FloatArray, signals: IntArray, count: int) -> FloatArray:
        parts = np.zeros((self.usual.shape[1], len(values) * count))
        first = count * np.arange(len(values))[:, None]
        at = self.starts(len(values))
        while True:
            feature = self.feature[at]
            inside = feature != LEAF
            if not inside.any():
                return parts.reshape(len(parts), len(values), count)
            following = self.children(at, values)
            cell = (first + signals[np.maximum(feature, 0)])[inside]
            step = self.usual[following[inside]] - self.usual[at[inside]]
            for output, part in enumerate(parts):
                part += np.bincount(cell, weights=step[:, output], minlength=len(part))
            at = following


@dataclass(frozen=True)
class Votes:
    """A forest behind a scaler, which answers for several outcomes at once with shares of votes.

    scaler: scikit-learn's, fitted. columns: which outputs are asked for.
    """

    scaler: Any
    trees: Trees
    columns: tuple[int, ...]

    def contributions(self, values: FloatArray, signals: IntArray) -> Contributions:
        """What each signal adds to the share of votes. values: (rows, features)."""
        if not len(values):
            return nothing(len(self.columns), 0, signals)
        scaled = self.scaler.transform(values).astype(np.float32)  # what the trees compare, and in their precision
        found = self.trees.contributions(scaled, signals)
        return Contributions(found.base[list(self.columns)], found.parts[list(self.columns)])


@dataclass(frozen=True)
class Boosted:
    """Boosted trees of one outcome, over some of the features; they add up to log-odds. positions: (features,)."""

    trees: Trees
    positions: IntArray
    baseline: float

    def contributions(self, values: FloatArray, signals: IntArray) -> Contributions:
        """What each signal adds to the log-odds. values: (rows, features)."""
        found = self.trees.contributions(values[:, self.positions], signals[self.positions])
        return Contributions(found.base + self.baseline, _widened(found.parts, signals))


@dataclass(frozen=True)
class Sum:
    """A weighted sum of transformed features of one outcome.

    transform: scikit-learn's steps before the sum. positions, weights, usual: (features,) of those in the sum, usual
    being the mean of what the steps make of usual rows.
    """

    transform: Any
    positions: IntArray
    weights: FloatArray
    usual: FloatArray
    intercept: float

    def contributions(self, values: FloatArray, signals: IntArray) -> Contributions:
        """What each signal adds to the log-odds. values: (rows, features)."""
        if not len(values):
            return nothing(1, 0, signals)
        each = (np.asarray(self.transform.transform(values)) - self.usual) * self.weights
        parts = np.zeros((1, len(values), int(signals.max()) + 1))
        for column, number in enumerate(signals[self.positions].tolist()):
            parts[0, :, number] += each[:, column]
        return Contributions(np.array([self.intercept + float(self.usual @ self.weights)]), parts)


@dataclass(frozen=True)
class Constant:
    """An outcome about which no feature tells anything: always the same probability."""

    probability: float

    def contributions(self, values: FloatArray, signals: IntArray) -> Contributions:
        """Nothing adds anything. values: (rows, features)."""
        found = nothing(1, len(values), signals)
        return Contributions(np.array([self.probability]), found.parts)


@dataclass(frozen=True)
class Several:
    """One explained estimator per outcome."""

    outcomes: tuple[Explained, ...]

    def contributions(self, values: FloatArray, signals: IntArray) -> Contributions:
        """What each signal adds, outcome by outcome. values: (rows, features)."""
        found = [one.contributions(values, signals) for one in self.outcomes]
        return Contributions(np.concatenate([one.base for one in found]), np.concatenate([one.parts for one in found]))


def nothing(outcomes: int, rows: int, signals: IntArray) -> Contributions:
    """No contribution at all."""
    return Contributions(np.zeros(outcomes), np.zeros((outcomes, rows, int(signals.max(initial=-1)) + 1)))


def joined(several: Sequence[Trees]) -> Trees:
    """The trees of several ensembles as one, whose output is the sum of theirs."""
    starts = np.cumsum([0, *(len(one.feature) for one in several)]).astype(np.int32)
    shifted = list(zip(several, starts.tolist(), strict=False))
    return Trees(
        np.concatenate([one.feature for one in several]),
        np.concatenate([one.threshold for one in several]),
        np.concatenate([one.left + start for one, start in shifted]),
        np.concatenate([one.right + start for one, start in shifted]),
        np.concatenate([one.missing_left for one in several]),
        np.concatenate([one.usual for one in several]),
        np.concatenate([one.roots + start for one, start in shifted]),
    )


def _widened(parts: FloatArray, signals: IntArray) -> FloatArray:
    """(outcomes, rows, signals): zeros for the signals that have no feature in it."""
    wide = np.zeros((*parts.shape[:2], int(signals.max(initial=-1)) + 1))
    wide[:, :, : parts.shape[2]] = parts
    return wide
