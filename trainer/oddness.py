"""Oddness: how unlike everything seen an entity looks, for failures that no history has an example of."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from predictor import features
from predictor.catalogue import Signal
from predictor.oddness import Oddness, Tails
from predictor.panel import FloatArray
from trainer.dataset import Dataset

ROWS = 20_000
KNOTS = 200
LEVELS = 401
"""Of each feature's tails: rarer than one in four hundred is as rare as it gets."""

BLOCK, COLUMNS = 2_000, 32
"""Rows that are scored, and features that are scaled, at a time."""


def oddness(dataset: Dataset, signals: Sequence[Signal], seed: int) -> Oddness | None:
    """The tails of quiet rows; None when there are hardly any."""
    quiet = np.flatnonzero(dataset.quiet)
    if len(quiet) < KNOTS:
        return None
    share = dataset.weight[quiet] / dataset.weight[quiet].sum()  # hard rows are many here, and few in life
    some = np.sort(np.random.default_rng(seed).choice(quiet, min(ROWS, len(quiet)), p=share))
    values = dataset.values[some]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a signal this cluster does not have is a column of NaN
        centre = np.nan_to_num(np.nanmedian(values, axis=0))
        low, high = np.nanquantile(values, [0.01, 0.99], axis=0)
    width = np.nan_to_num(high - low)
    width[width <= 0] = 1.0
    of = [name.split(":", 1)[0] for name in features.names(signals)]
    number = {name: i for i, name in enumerate(dict.fromkeys(of))}
    tails = Tails(_quantiles(values, centre, width), np.array([number[name] for name in of]))
    bare = Oddness(tails, centre, width, np.zeros(0))
    raw = np.concatenate([bare.raw(values[first : first + BLOCK]) for first in range(0, len(values), BLOCK)])
    return Oddness(tails, centre, width, np.quantile(raw, np.linspace(0, 1, KNOTS)))


def _quantiles(values: FloatArray, centre: FloatArray, width: FloatArray) -> FloatArray:
    """(LEVELS, features): of the scaled values, some columns at a time, since scaling copies them five times."""
    found = []
    for first in range(0, values.shape[1], COLUMNS):
        at = slice(first, first + COLUMNS)
        scaled = Oddness(None, centre[at], width[at], np.zeros(0)).scaled(values[:, at])
        found.append(np.quantile(scaled, np.linspace(0, 1, LEVELS), axis=0))
    return np.concatenate(found, axis=1)
