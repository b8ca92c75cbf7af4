"""Thinned: fewer rows of a dataset that speak for all of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from trainer.dataset import Dataset


def thinned(dataset: Dataset, rows: int, seed: int) -> Dataset:
    """A random draw of at most so many rows; their weights grow, so that they stand for as many as before."""
    if len(dataset.values) <= rows:
        return dataset
    chosen = np.zeros(len(dataset.values), dtype=np.bool_)
    chosen[np.random.default_rng(seed).permutation(len(chosen))[:rows]] = True
    some = dataset.where(chosen)
    return replace(some, weights=some.weights * (len(chosen) / rows))
