"""Reference: the origin's forest on single snapshots, kept beside a model so that `evaluate` can compare."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from predictor import features
from predictor.model import Calibration, KindModel
from trainer.candidates import Lessons, snapshot_forest
from trainer.dataset import Dataset
from trainer.directions import always, directions
from trainer.thinned import thinned

ROWS = 20_000
"""As many as the forest of the origin was ever given, and enough for what a snapshot can tell."""


def reference(dataset: Dataset, model: KindModel, seed: int) -> KindModel:
    """The snapshot forest for the outcomes of a kind's model; its scores are not calibrated."""
    columns = [dataset.outcomes.index(o) for o in model.outcomes]
    drawn = thinned(dataset, ROWS, seed)
    both = drawn.came[:, columns].any(axis=0) & ~drawn.came[:, columns].all(axis=0)
    if not both.all():
        drawn = dataset  # a class that the draw lost could not be asked for later
    came, near, during = (part[:, columns] for part in (drawn.came, drawn.near, drawn.during))
    names = features.names(model.signals)
    lessons = Lessons(
        drawn.values, came, near, during, drawn.weights, directions(model.signals), always(model.signals), seed
    )
    same = Calibration(np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    return replace(
        model,
        estimator=snapshot_forest(lessons, names),
        calibrations=(same,) * len(columns),
        thresholds=(0.5,) * len(columns),
        oddness=None,
        explained=None,
    )
