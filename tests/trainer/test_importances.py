"""Importances: what a shuffled signal costs, whatever the estimator is."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from predictor import features
from predictor.model import KindModel, Model
from predictor.panel import FloatArray
from tests.trainer.conftest import Echo
from trainer.importances import Sampled, importances

ROWS = 400


@dataclass(frozen=True)
class Sum:
    """Scores both outcomes with a little of the first signal and a lot of the second, by two features of each."""

    second: int

    def predict_proba(self, values: FloatArray) -> list[FloatArray]:
        """Two outcomes alike."""
        score = 0.1 * (values[:, 0] + values[:, 1]) + 0.4 * (values[:, self.second] + values[:, self.second + 1])
        return [np.column_stack([1 - score, score])] * 2


@pytest.fixture
def three(model: Model) -> KindModel:
    """Signals strain, leak and noise; the sum knows of the first two."""
    pods = model.kinds["pod"]
    signals = tuple(pods.signals[0].model_copy(update={"name": name}) for name in ("strain", "leak", "noise"))
    second = features.names(signals).index("leak:now")
    return replace(pods, signals=signals, estimator=Sum(second))


def sampled(one: KindModel, seed: int = 0) -> Sampled:
    """The issue comes where the sum of the first two signals is high."""
    values = np.random.default_rng(seed).random((ROWS, len(features.names(one.signals))))
    came = one.calibrated(values)[0] > 0.6
    return Sampled(values, np.stack([came, came]), np.ones((2, ROWS), dtype=np.bool_), np.ones(ROWS))


def test_the_signal_that_decides_most_ranks_first_and_one_that_does_not_count_costs_nothing(three: KindModel) -> None:
    found = importances(three, sampled(three))
    assert found is not None
    assert list(found.signals) == ["leak", "strain", "noise"]
    assert found.whole == 1.0
    assert found.signals["leak"].mean > 0.2
    assert 0.0 < found.signals["strain"].mean < found.signals["leak"].mean
    assert (found.signals["noise"].mean, found.signals["noise"].spread) == (0.0, 0.0)
    assert (found.outcomes, found.rows) == (2, ROWS)


def test_a_signal_that_never_changes_or_never_came_costs_nothing(three: KindModel) -> None:
    rows = sampled(three)
    per = len(features.names(three.signals)) // 3
    rows.values[:, per : 2 * per] = 0.5
    rows.values[:, 2 * per :] = np.nan
    found = importances(three, rows)
    assert found is not None
    assert found.signals["leak"].mean == found.signals["noise"].mean == 0.0
    assert next(iter(found.signals)) == "strain"


def test_all_features_of_a_signal_are_shuffled_together(three: KindModel) -> None:
    """Two features that always agree in history never disagree when shuffled."""
    second = features.names(three.signals).index("leak:now")
    seen: list[FloatArray] = []

    @dataclass(frozen=True)
    class Watching(Sum):
        def predict_proba(self, values: FloatArray) -> list[FloatArray]:
            seen.append(values.copy())
            return super().predict_proba(values)

    rows = sampled(three)
    rows.values[:, second + 1] = rows.values[:, second]
    importances(replace(three, estimator=Watching(second)), rows)
    assert len(seen) == 1 + 3 * 3
    assert all(np.array_equal(v[:, second], v[:, second + 1]) for v in seen)


def test_the_same_seed_gives_the_same_and_each_repeat_another_shuffle(three: KindModel) -> None:
    one, two = (importances(three, sampled(three), seed=4) for _ in range(2))
    assert one == two
    assert one is not None
    assert one.signals["leak"].spread > 0


def test_rows_that_stand_for_many_weigh_as_many(three: KindModel) -> None:
    rows = sampled(three)
    noisy = replace(three, estimator=Echo(2))
    few = importances(noisy, rows)
    many = importances(noisy, replace(rows, weight=np.where(rows.came[0], 1.0, 50.0)))
    assert few is not None
    assert many is not None
    assert many.whole < few.whole / 2  # the rarer what comes, the lower the precision


def test_without_an_outcome_that_came_there_is_none(three: KindModel) -> None:
    rows = sampled(three)
    assert importances(three, replace(rows, came=np.zeros_like(rows.came))) is None
    assert importances(three, replace(rows, came=np.ones_like(rows.came))) is None
    one = importances(three, replace(rows, came=np.stack([rows.came[0], np.zeros(ROWS, dtype=np.bool_)])))
    assert one is not None
    assert one.outcomes == 1
