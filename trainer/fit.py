"""Fit: the reference forest on early history."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from predictor.catalogue import Catalogue
from predictor.issues import Outcome
from predictor.model import Calibration, Forest, KindModel
from predictor.panel import BoolArray, FloatArray
from trainer.dataset import Dataset

ESTIMATOR: Final = "random_forest"


@dataclass(frozen=True)
class Fitted:
    """A kind's model, and the outcomes it was not trained on with the reason for each."""

    model: KindModel
    untrained: Mapping[Outcome, str]


def fit(dataset: Dataset, catalogue: Catalogue, seed: int) -> Fitted | None:
    """The forest of one kind, not yet calibrated; None when no outcome ever came, or nothing else did."""
    untrained = {}
    for i, outcome in enumerate(dataset.outcomes):
        share = float(dataset.came[:, i].mean()) if len(dataset.came) else 0.0
        if share in (0.0, 1.0):
            untrained[outcome] = (
                "no episode in the part of history that is fitted on" if not share else "always present"
            )
    trained = [i for i, outcome in enumerate(dataset.outcomes) if outcome not in untrained]
    if not trained:
        return None
    came = dataset.came[:, trained]
    estimator = _forest(seed)
    answers = came.astype(np.int8) if came.shape[1] > 1 else came[:, 0].astype(np.int8)
    with warnings.catch_warnings():
        # A signal this cluster does not have is a column of NaN, which the scaler remarks upon and the trees ignore.
        warnings.simplefilter("ignore", RuntimeWarning)
        estimator.fit(dataset.values, answers, randomforestclassifier__sample_weight=_weights(came))
    estimator.named_steps["randomforestclassifier"].n_jobs = 1  # trees must add up in one order: bits, not only digits
    outcomes = tuple(dataset.outcomes[i] for i in trained)
    identity = Calibration(np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    model = KindModel(
        dataset.kind,
        catalogue.signals_of(dataset.kind),
        outcomes,
        Forest(estimator, tuple(range(len(outcomes)))),
        (identity,) * len(outcomes),
        (0.5,) * len(outcomes),
    )
    return Fitted(model, untrained)


def _forest(seed: int) -> Pipeline:
    """The reference model of the origin: 100 trees, depth 15, split 10, balanced, behind a scaler."""
    return make_pipeline(
        StandardScaler(),
        RandomForestClassifier(n_estimators=100, max_depth=15, min_samples_split=10, n_jobs=2, random_state=seed),
    )


def _weights(came: BoolArray) -> FloatArray:
    """(rows,): balanced class weights, averaged over the outcomes.

    scikit-learn's own class_weight="balanced" multiplies them over outcomes, so that a row before two rare issues
    would outweigh thousands of others.
    """
    share = came.mean(axis=0)
    return np.asarray(np.where(came, 0.5 / share, 0.5 / (1.0 - share)).mean(axis=1))
