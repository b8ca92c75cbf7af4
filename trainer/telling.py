"""Telling features: those by which rows shortly before an onset differ from the others.

Hundreds of features and a dozen episodes make a model see patterns in chance. Each feature by itself must tell, in the
direction it is allowed to, shortly before the onset, when whatever there is to see is there to be seen.
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


def telling(
    values: FloatArray, near: BoolArray, quiet: BoolArray, weight: FloatArray, worse: IntArray, most: int, seed: int
) -> IntArray:
    """Positions, ascending, of at most `most` features that move and tell best.

    values: (rows, features). near, quiet, weight: (rows,). worse: (features,), see directions. The measure is the area
    under the ROC curve of the feature alone; missing values count as the middle one.
    """
    random = np.random.default_rng(seed)
    before, other = np.flatnonzero(near), np.flatnonzero(quiet)
    if len(before) > NEAR_ROWS:
        before = np.sort(random.choice(before, NEAR_ROWS, replace=False))
    if len(other):
        other = np.sort(random.choice(other, QUIET_ROWS, p=weight[other] / weight[other].sum()))
    some = values[np.concatenate([before, other])].astype(np.float64)
    there = ~np.isnan(some)
    middle = np.array([np.median(c[t]) if t.any() else 0.0 for c, t in zip(some.T, there.T, strict=True)])
    ranks = rankdata(np.where(there, some, middle), axis=0)
    count = len(before)
    area = (ranks[:count].sum(axis=0) - count * (count + 1) / 2) / max(1, count * len(other)) - 0.5
    gain = np.where(worse == 0, np.abs(area), worse * area)
    with np.errstate(invalid="ignore"):
        moving = np.fmax.reduce(values, axis=0) > np.fmin.reduce(values, axis=0)
    order = np.argsort(-np.where(moving, gain, -np.inf), kind="stable")[:most]
    return np.sort(order[moving[order]])
