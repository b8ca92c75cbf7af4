"""Importances: shares by feature, folded to signals, drawn where the estimator knows them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from predictor import features
from predictor.estimators import Forest
from predictor.model import KindModel, Model
from predictor.panel import FloatArray, Panel
from trainer.evaluate import evaluate
from trainer.importances import importances


class Pipeline:
    """As much of a fitted pipeline as an evaluation asks for; it says 0.2 of everything."""

    def __init__(self, shares: FloatArray) -> None:
        self._last = SimpleNamespace(feature_importances_=shares)

    def __getitem__(self, position: int) -> SimpleNamespace:
        assert position == -1
        return self._last

    def predict_proba(self, values: FloatArray) -> list[FloatArray]:
        """Two outcomes."""
        return [np.tile([0.8, 0.2], (len(values), 1))] * 2


@pytest.fixture
def forest(model: Model) -> KindModel:
    """Two signals; the second's importance is spread over its features, the first's lies on one."""
    strain = model.kinds["pod"].signals[0]
    signals = (strain, strain.model_copy(update={"name": "leak"}))
    shares = np.zeros(len(features.names(signals)))
    shares[0] = 0.4
    shares[len(shares) // 2 :] = 0.6 / (len(shares) // 2)
    return replace(model.kinds["pod"], signals=signals, estimator=Forest(Pipeline(shares), (0, 1)))


def test_signals_gather_the_shares_of_their_features(forest: KindModel) -> None:
    found = importances(forest)
    assert found is not None
    assert next(iter(found.features.items())) == ("strain:now", 0.4)
    assert list(found.signals) == ["leak", "strain"]
    assert found.signals["leak"] == pytest.approx(0.6)
    assert sum(found.features.values()) == pytest.approx(1.0)


def test_an_estimator_without_importances_has_none(model: Model) -> None:
    assert importances(model.kinds["pod"]) is None


def test_importances_are_drawn_and_scored(
    model: Model, forest: KindModel, panel_of: Callable[..., Panel], tmp_path: Path
) -> None:
    quiet = np.full((3, 1), 0.1)
    one = panel_of("pod", (("shop", "a"),), quiet, quiet > 1, 6000.0)
    panel = replace(one, signals=("strain", "leak"), values=np.repeat(one.values, 2, axis=0))
    scores = evaluate(replace(model, kinds={"pod": forest}), [{"pod": panel}], tmp_path)
    assert (tmp_path / "pod_importances.png").read_bytes().startswith(b"\x89PNG")
    assert list(scores["importances"]["pod"]["signals"]) == ["leak", "strain"]
