"""Oddness: how unlike everything seen an entity looks, for failures that no history has an example of."""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import IsolationForest

from predictor.oddness import Oddness
from trainer.dataset import Dataset

ROWS = 20_000
KNOTS = 200


def oddness(dataset: Dataset, seed: int) -> Oddness | None:
    """An isolation forest on rows with nothing ahead and nothing present; None when there are hardly any.

    Source: https://doi.org/10.1109/ICDM.2008.17
    """
    quiet = np.flatnonzero(~dataset.came.any(axis=1) & ~dataset.during.any(axis=1))
    if len(quiet) < KNOTS:
        return None
    some = np.sort(np.random.default_rng(seed).permutation(quiet)[:ROWS])
    values = dataset.values[some]
    with np.errstate(all="ignore"):
        centre = np.nan_to_num(np.nanmedian(values, axis=0))
        low, high = np.nanquantile(values, [0.01, 0.99], axis=0)
    width = np.nan_to_num(high - low)
    width[width <= 0] = 1.0
    forest = IsolationForest(n_estimators=100, max_samples=512, random_state=seed, n_jobs=1)
    bare = Oddness(forest, centre, width, np.zeros(0))
    forest.fit(bare.scaled(values))
    return Oddness(forest, centre, width, np.quantile(bare.raw(values), np.linspace(0, 1, KNOTS)))
