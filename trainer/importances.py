"""Importances: which features, and so which signals, a kind's model leans on."""

from __future__ import annotations

from dataclasses import dataclass

from predictor import features
from predictor.estimators import Forest
from predictor.model import KindModel


@dataclass(frozen=True)
class Importances:
    """Shares that sum to 1, the largest first: of every feature, and folded to the signal it was made from."""

    features: dict[str, float]
    signals: dict[str, float]


def importances(model: KindModel) -> Importances | None:
    """Mean decrease in impurity over the kind's outcomes; None for an estimator that knows none.

    It favours features with many distinct values and splits credit between alike ones: a hint, not a cause. See
    https://scikit-learn.org/stable/auto_examples/inspection/plot_permutation_importance.html
    """
    if not isinstance(model.estimator, Forest):
        return None
    shares = dict(zip(features.names(model.signals), model.estimator.importances.tolist(), strict=True))
    signals: dict[str, float] = {}
    for name, share in shares.items():
        signal = name.split(":", 1)[0]
        signals[signal] = signals.get(signal, 0.0) + share
    return Importances(_descending(shares), _descending(signals))


def _descending(shares: dict[str, float]) -> dict[str, float]:
    return dict(sorted(shares.items(), key=lambda item: (-item[1], item[0])))
