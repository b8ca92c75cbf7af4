"""A tiny real model, fitted on noise, for tests that need one to work rather than to be right."""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from predictor import catalogue, features
from predictor.entities import Kind
from predictor.estimators import Forest
from predictor.issues import Outcome
from predictor.model import Calibration, KindModel, Model

HORIZONS_SECONDS = (900.0, 3600.0)


def tiny_model(step_seconds: float = 30.0, kinds: tuple[Kind, ...] = ("node", "pod", "service")) -> Model:
    """A model of every issue of the given kinds whose probabilities move with every signal."""
    chosen = catalogue.default()
    learned = {}
    for kind in kinds:
        signals = chosen.signals_of(kind)
        outcomes = tuple(Outcome(r.issue, h) for r in chosen.rules_of(kind) for h in HORIZONS_SECONDS)
        rng = np.random.default_rng(len(kind))
        values = rng.normal(size=(200, len(features.names(signals))))
        values[rng.random(values.shape) < 0.1] = np.nan
        came = rng.integers(0, 2, size=(200, len(outcomes)))
        pipeline = make_pipeline(StandardScaler(), RandomForestClassifier(5, max_depth=4, random_state=1))
        pipeline.fit(values, came)
        knots = np.array([0.0, 1.0])
        learned[kind] = KindModel(
            kind,
            signals,
            outcomes,
            Forest(pipeline, tuple(range(len(outcomes)))),
            (Calibration(knots, knots),) * len(outcomes),
            (0.5,) * len(outcomes),
        )
    return Model(chosen, step_seconds, HORIZONS_SECONDS, learned)
