"""Estimators: how the fitted scikit-learn models of a kind answer, whichever of them was chosen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

import numpy as np
from scipy.special import expit
from threadpoolctl import threadpool_limits

from predictor.panel import FloatArray


class Estimator(Protocol):
    """What a kind's model asks: one score column per outcome."""

    def predict_proba(self, values: FloatArray) -> list[FloatArray]:
        """One (rows, 2) array per outcome. values: (rows, features)."""
        ...


@dataclass(frozen=True)
class Forest:
    """A fitted scikit-learn pipeline whose last step is a forest over several outcomes.

    columns: the outcomes of the forest that are asked for; some may have been dropped after the fit.
    """

    pipeline: Any
    columns: tuple[int, ...]

    def predict_proba(self, values: FloatArray) -> list[FloatArray]:
        """One (rows, 2) array per column; scikit-learn itself answers a bare array when there is only one."""
        answer = self.pipeline.predict_proba(values)
        several = answer if isinstance(answer, list) else [answer]
        return [several[i] for i in self.columns]

    def only(self, columns: tuple[int, ...]) -> Self:
        """The same forest for some of its outcomes."""
        return replace(self, columns=tuple(self.columns[i] for i in columns))


@dataclass(frozen=True)
class Separate:
    """One fitted scikit-learn pipeline per outcome, for estimators that answer one question only."""

    pipelines: tuple[Any, ...]

    def predict_proba(self, values: FloatArray) -> list[FloatArray]:
        """One (rows, 2) array per pipeline."""
        # Where another process keeps a core busy, OpenMP's threads wait for one another longer than they compute.
        with threadpool_limits(1, user_api="openmp"):
            return [np.asarray(one.predict_proba(values)) for one in self.pipelines]

    def only(self, columns: tuple[int, ...]) -> Self:
        """The pipelines of some outcomes."""
        return replace(self, pipelines=tuple(self.pipelines[i] for i in columns))


def columns_of(values: FloatArray, positions: np.ndarray[Any, Any]) -> FloatArray:
    """(rows, positions), for a FunctionTransformer: a ColumnTransformer takes as long to copy as trees to answer."""
    return np.asarray(values[:, positions])


@dataclass(frozen=True)
class Committee:
    """Several fitted scikit-learn pipelines for one outcome, which answer as their mean.

    The mean is one of log-odds, so that what the trees of all of them contribute still adds up.
    """

    pipelines: tuple[Any, ...]

    def predict_proba(self, values: FloatArray) -> FloatArray:
        """(rows, 2). values: (rows, features)."""
        raw = np.mean([one.decision_function(values) for one in self.pipelines], axis=0)
        return np.stack([expit(-raw), expit(raw)], axis=1)


@dataclass(frozen=True)
class Columns:
    """An estimator that sees some of the features only. positions: of those features."""

    positions: tuple[int, ...]
    inner: Forest

    def predict_proba(self, values: FloatArray) -> list[FloatArray]:
        """What the inner estimator says of its features."""
        return self.inner.predict_proba(values[:, list(self.positions)])
