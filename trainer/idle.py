"""Idle signals: those that history says nothing by, and that a model is therefore trained without."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from predictor import features
from predictor.catalogue import Signal
from trainer.dataset import Dataset

NEVER_CAME: Final = "no sample in this history"
NEVER_MOVED: Final = "one value in all of this history"


def idle(dataset: Dataset, signals: Sequence[Signal]) -> Mapping[str, str]:
    """Name -> why, of each signal of the kind whose features are missing in every row, or the same in all."""
    values = dataset.values
    came = np.asarray(~np.isnan(values).all(axis=0))
    with np.errstate(invalid="ignore"):
        moved = np.asarray(np.fmax.reduce(values, axis=0) > np.fmin.reduce(values, axis=0))
    of = np.array([name.split(":", 1)[0] for name in features.names(signals)])
    found = {}
    for signal in signals:
        mine = of == signal.name
        if not came[mine].any():
            found[signal.name] = NEVER_CAME
        elif not moved[mine].any():
            found[signal.name] = NEVER_MOVED
    return found
