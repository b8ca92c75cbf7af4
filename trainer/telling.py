"""Telling features: those by which rows shortly before an onset differ from the others.

Hundreds of features and a dozen episodes make a model see patterns in chance. Each feature by itself must tell, in the
direction it is allowed to, shortly before the onset, when whatever there is to see is there to be seen.

An issue has several causes, and the features of a rare one tell of few onsets, but of these for certain: a full volume
is one of five ways to exhaust a pod. So some are chosen one after the other, each for the rows that those before it
leave unexplained, and the rest for how well they rank all rows.

How far a resource is from its limit needs no such proof. Full volumes are so common that a full one tells little, and a
cause that came twice in a history ranks few rows; but that what nears its limit will reach it holds everywhere.

Nor does context: that a node has just joined tells of no trouble, but that its memory rises tells of less then.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.stats import rankdata

from predictor.panel import BoolArray, FloatArray
from trainer.sample import IntArray

NEAR_ROWS: Final = 1_500
QUIET_ROWS: Final = 4_000
"""Enough to rank features by; the sample is drawn by weight, so that it looks like history."""

EXPLAINING: Final = 0.5
"""The share of features chosen for what others leave unexplained."""

LEAST_TAIL: Final = 0.002
"""The share of quiet rows below which a value is as rare as can be told from a sample."""


def telling(
    values: FloatArray,
    near: BoolArray,
    quiet: BoolArray,
    weight: FloatArray,
    worse: IntArray,
    most: int,
    seed: int,
    always: IntArray,
) -> IntArray:
    """Positions, ascending, of at most `most` features that move and tell best, and of those of `always` that move.

    values: (rows, features). near, quiet, weight: (rows,). worse: (features,), see directions. always: positions. Rows
    are ranked by each feature alone; missing values count as the middle one.
    """
    random = np.random.default_rng(seed)
    before, other = np.flatnonzero(near), np.flatnonzero(quiet & (weight > 0))
    if len(before) > NEAR_ROWS:
        before = np.sort(random.choice(before, NEAR_ROWS, replace=False))
    if len(other):
        other = np.sort(random.choice(other, QUIET_ROWS, p=weight[other] / weight[other].sum()))
    with np.errstate(invalid="ignore"):
        moving = np.flatnonzero(np.fmax.reduce(values, axis=0) > np.fmin.reduce(values, axis=0))
    some = values[np.ix_(np.concatenate([before, other]), moving)].astype(np.float64)
    there = ~np.isnan(some)
    middle = np.array([np.median(c[t]) if t.any() else 0.0 for c, t in zip(some.T, there.T, strict=True)])
    some = np.where(there, some, middle)
    first = _explaining(_rarity(some, len(before), worse[moving]), round(EXPLAINING * most))
    rest = np.argsort(-_gain(some, len(before), worse[moving]), kind="stable")
    order = np.array(list(dict.fromkeys([*first, *rest.tolist()])), dtype=np.int64)[:most]
    return np.union1d(moving[order], np.intersect1d(moving, always))


def _gain(some: FloatArray, count: int, worse: IntArray) -> FloatArray:
    """(features,): the area under the ROC curve of each feature alone, less a half. some: `count` rows are near."""
    ranks = rankdata(some, axis=0)
    others = len(some) - count
    area = (ranks[:count].sum(axis=0) - count * (count + 1) / 2) / max(1, count * others) - 0.5
    return np.asarray(np.where(worse == 0, np.abs(area), worse * area))


def _rarity(some: FloatArray, count: int, worse: IntArray) -> FloatArray:
    """(near rows, features): how rare each value is among quiet rows, as minus the logarithm of their share."""
    found = np.zeros((count, some.shape[1]))
    for column in range(some.shape[1]):
        near, quiet = some[:count, column], np.sort(some[count:, column])
        above = 1.0 - np.searchsorted(quiet, near, side="left") / max(1, len(quiet))
        below = np.searchsorted(quiet, near, side="right") / max(1, len(quiet))
        tail = {1: above, -1: below, 0: 2.0 * np.minimum(above, below)}[int(worse[column])]
        found[:, column] = -np.log(np.clip(tail, LEAST_TAIL, 1.0))
    return found


def _explaining(rarity: FloatArray, most: int) -> list[int]:
    """Columns, each chosen for the rows that are rarest by it and not so rare by any before."""
    known = np.zeros(len(rarity))
    chosen: list[int] = []
    for _ in range(min(most, rarity.shape[1])):
        gain = np.maximum(rarity - known[:, None], 0.0).sum(axis=0)
        best = int(np.argmax(gain))
        if gain[best] <= 0:
            break
        chosen.append(best)
        known = np.maximum(known, rarity[:, best])
    return chosen
