"""Directions: which way each feature moves before trouble, so that models cannot learn the reverse from a few episodes.

That memory nearer to its limit is no safer holds on every cluster. A model that must respect it generalises from few
episodes to shapes and speeds it has not seen. Monotonic constraints:
https://scikit-learn.org/stable/modules/ensemble.html#monotonic-cst-gbdt

Nor may they learn who is who. Of a dozen nodes each has its own share of inodes in use, which hardly moves, and by
which the one that happened to fail most is known. A node of another cluster that has more of them in use, though nine
in ten are free, would be in danger all the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from predictor import features
from predictor.catalogue import Signal
from predictor.panel import FloatArray
from trainer.sample import IntArray

_OF_PART: Final = {
    "now": 1,
    "change_30m": 1,
    "slope_5m": 1,
    "slope_30m": 1,
    "trend_5m": 1,
    "trend_30m": 1,
    "surprise": 1,
    "time_to_limit_5m": -1,
    "time_to_limit_30m": -1,
}
"""The others say how something moves, not whereto."""

_OF_LIMIT: Final = ("now", "time_to_limit_5m", "time_to_limit_30m")

_OF_CONTEXT: Final = ("now",)
"""Of a relative signal that is its change, too."""

_OF_LEVEL: Final = ("now", "mean_5m")

_FULL: Final = 1.0
"""The limit of a share of something that is used up: a disk, memory, CPU."""

_HALF: Final = 0.5
"""Of what is used up, so much is no trouble by itself (docs/decisions/2026-11-27-nobody-is-known-by-a-level.md)."""

_OF_SIGNAL: Final = {"up": 1, "down": -1, "either": 0}


def directions(signals: Sequence[Signal]) -> IntArray:
    """(features,): 1 where trouble comes with rising values, -1 with falling ones, 0 with either."""
    worse = {s.name: _OF_SIGNAL[s.worse] for s in signals}
    found = []
    for name in features.names(signals):
        signal, part = name.split(":", 1)
        found.append(worse[signal] * _OF_PART.get(part, 0))
    return np.array(found, dtype=np.int64)


def always(signals: Sequence[Signal]) -> IntArray:
    """Positions of the features that say how far each resource is from its limit, and of those of context."""
    parts = {s.name: (_OF_LIMIT if s.limit is not None else ()) + (_OF_CONTEXT if s.context else ()) for s in signals}
    split = [name.split(":", 1) for name in features.names(signals)]
    return np.array([i for i, (signal, part) in enumerate(split) if part in parts[signal]], np.int64)


def floors(signals: Sequence[Signal]) -> FloatArray:
    """(features,): up to which value a feature tells nothing, as of a node's half full disk; minus infinity for most.

    Pods are too many to be known by a level, and a pod that uses a third of its CPU limit, and hardly any as a rule, is
    in trouble.
    """
    shares = [s for s in signals if s.kind == "node" and s.unit == "ratio" and s.limit == _FULL]
    full = {s.name for s in shares if s.worse == "up" and not s.relative}
    split = [name.split(":", 1) for name in features.names(signals)]
    found = [_HALF if signal in full and part in _OF_LEVEL else -np.inf for signal, part in split]
    return np.array(found, dtype=np.float64)
