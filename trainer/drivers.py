"""Drivers: which signals a probability at one moment rests on.

By occlusion with the model itself: all features of one signal are set to what is usual for the entity, the medians of
its own quiet moments, and the probability falls. Blanking them would ask the model about a cluster without that signal;
the usual values ask what it would say had the signal behaved.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Final

import numpy as np

from predictor import features
from predictor.model import KindModel
from predictor.panel import FloatArray

SHOWN: Final = 4
FEWEST: Final = 3
FAR: Final = 3.0
"""Three times as far as nine quiet moments in ten."""

SLIGHT: Final = 0.01
"""A smaller fall of the probability drives nothing."""


@dataclass(frozen=True)
class Driver:
    """A signal, and what the probability falls by without its behaviour; None where it only stood out by itself."""

    signal: str
    fall: float | None


def drivers(model: KindModel, row: FloatArray, quiet: FloatArray, outcome: int) -> tuple[Driver, ...]:
    """The signals behind one probability, the strongest first, at most SHOWN.

    row: (features,). quiet: (rows, features) of the same entity in quiet times. Where fewer move the probability, those
    whose newest value lies far from its usual ones follow: it is they that the model did not heed. FEWEST are always
    given, so that there is something to look at.
    """
    usual = _medians(quiet)
    columns = features.names(model.signals)
    names = np.array([name.split(":", 1)[0] for name in columns])
    masks = {s.name: names == s.name for s in model.signals if not np.isnan(row[names == s.name]).all()}
    occluded = np.stack([row, *(np.where(mask, usual, row) for mask in masks.values())])
    probability = model.calibrated(occluded)[outcome]
    falls = dict(zip(masks, (probability[0] - probability[1:]).tolist(), strict=True))
    found = [Driver(n, f) for n, f in sorted(falls.items(), key=lambda item: -item[1]) if f >= SLIGHT][:SHOWN]
    distance = dict(zip(columns, _distances(row, quiet, usual).tolist(), strict=True))
    odd = {name: distance[f"{name}:now"] for name in masks if falls[name] < SLIGHT}
    for name in sorted(odd, key=lambda name: -odd[name]):
        if len(found) < (SHOWN if odd[name] >= FAR else FEWEST):
            found.append(Driver(name, None))
    return tuple(found)


def _medians(quiet: FloatArray) -> FloatArray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a column of NaN has no median, and stays NaN
        return np.asarray(np.nanmedian(quiet, axis=0)) if len(quiet) else np.full(quiet.shape[1], np.nan)


def _distances(row: FloatArray, quiet: FloatArray, usual: FloatArray) -> FloatArray:
    """(features,): distances from the usual in widths that nine quiet moments in ten keep to; 0 where none is known."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        width = np.nanquantile(np.abs(quiet - usual), 0.9, axis=0) if len(quiet) else np.full(len(row), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        far = np.abs(row - usual) / np.maximum(width, 1e-9)
    return np.asarray(np.clip(np.nan_to_num(far, nan=0.0), 0.0, 1e3))
