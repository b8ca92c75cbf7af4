"""Candidates: the estimators that compete, each behind one function from rows to a fitted estimator."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

import numpy as np
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import QuantileTransformer, StandardScaler

from predictor.estimators import Columns, Forest, Separate
from predictor.panel import BoolArray, FloatArray

CandidateName = Literal["random_forest", "extra_trees", "hist_gradient_boosting", "logistic_regression"]
Fit = Callable[[FloatArray, BoolArray, BoolArray, int], Forest | Separate]
"""values (rows, features), came and during (rows, outcomes), seed -> fitted."""


def random_forest(values: FloatArray, came: BoolArray, during: BoolArray, seed: int) -> Forest:
    """The reference model of the origin: 100 trees, depth 15, split 10, balanced, behind a scaler."""
    del during
    forest = RandomForestClassifier(100, max_depth=15, min_samples_split=10, n_jobs=2, random_state=seed)
    return _forest(forest, values, came, balanced=True)


def extra_trees(values: FloatArray, came: BoolArray, during: BoolArray, seed: int) -> Forest:
    """Trees that draw their cuts: less variance, which few episodes need."""
    del during
    forest = ExtraTreesClassifier(150, min_samples_leaf=5, max_features=0.1, n_jobs=2, random_state=seed)
    return _forest(forest, values, came, balanced=False)


def hist_gradient_boosting(values: FloatArray, came: BoolArray, during: BoolArray, seed: int) -> Separate:
    """One boosted ensemble per outcome, small leaves held back."""
    boosting = HistGradientBoostingClassifier(
        max_iter=150, learning_rate=0.06, max_leaf_nodes=15, min_samples_leaf=60, l2_regularization=5.0,
        max_features=0.2, random_state=seed,
    )  # fmt: skip
    return _separate(boosting, values, came, during)


def logistic_regression(values: FloatArray, came: BoolArray, during: BoolArray, seed: int) -> Separate:
    """A weighted sum of ranks per outcome: what is left when there is little to learn from."""
    ranks = QuantileTransformer(n_quantiles=100, subsample=10_000, random_state=seed)
    line = make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True),
        ranks,
        LogisticRegression(C=0.05, max_iter=300),
    )
    return _separate(line, values, came, during)


CANDIDATES: Final[Mapping[CandidateName, Fit]] = {
    "random_forest": random_forest,
    "extra_trees": extra_trees,
    "hist_gradient_boosting": hist_gradient_boosting,
    "logistic_regression": logistic_regression,
}


def snapshot_forest(
    values: FloatArray, came: BoolArray, during: BoolArray, seed: int, names: tuple[str, ...]
) -> Columns:
    """The reference forest on the newest sample of every signal only, as a baseline."""
    now = tuple(i for i, name in enumerate(names) if name.endswith(":now"))
    return Columns(now, random_forest(values[:, list(now)], came, during, seed))


def _forest(forest: Any, values: FloatArray, came: BoolArray, balanced: bool) -> Forest:
    pipeline = make_pipeline(StandardScaler(), forest)
    answers = came.astype(np.int8) if came.shape[1] > 1 else came[:, 0].astype(np.int8)
    with warnings.catch_warnings():
        # A signal this cluster does not have is a column of NaN, which the scaler remarks upon and the trees ignore.
        warnings.simplefilter("ignore", RuntimeWarning)
        name = pipeline.steps[-1][0]
        weights = {f"{name}__sample_weight": _weights(came)} if balanced else {}
        pipeline.fit(values, answers, **weights)
    forest.n_jobs = 1  # trees must add up in one order: bits, not only digits
    return Forest(pipeline, tuple(range(came.shape[1])))


def _separate(one: Any, values: FloatArray, came: BoolArray, during: BoolArray) -> Separate:
    fitted = []
    for i in range(came.shape[1]):
        rows = ~during[:, i]
        fitted.append(_varying(one, values[rows]).fit(values[rows], came[rows, i].astype(np.int8)))
    return Separate(tuple(fitted))


def _varying(one: Any, values: FloatArray) -> Any:
    """The estimator behind a choice of columns: binning and ranking fail on a signal that never came or never moved."""
    with np.errstate(invalid="ignore"):
        low, high = np.fmin.reduce(values, axis=0), np.fmax.reduce(values, axis=0)
        varying = np.flatnonzero(high > low)
    if not len(varying):
        return DummyClassifier()
    return make_pipeline(ColumnTransformer([("varying", "passthrough", varying.tolist())]), clone(one))


def _weights(came: BoolArray) -> FloatArray:
    """(rows,): balanced class weights, averaged over the outcomes.

    scikit-learn's own class_weight="balanced" multiplies them over outcomes, so that a row before two rare issues
    would outweigh thousands of others.
    """
    share = came.mean(axis=0)
    return np.asarray(np.where(came, 0.5 / share, 0.5 / (1.0 - share)).mean(axis=1))
