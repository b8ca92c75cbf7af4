"""Explained: contributions add up to every estimator's own output, and credit the signal that tells."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import logit

from predictor import features
from predictor.catalogue import Catalogue, Signal, from_document
from predictor.estimators import Separate
from predictor.issues import Outcome
from predictor.panel import FloatArray
from trainer import candidates
from trainer.candidates import CANDIDATES, CandidateName
from trainer.dataset import Dataset
from trainer.explained import explained, usual_rows
from trainer.fit import Fitted, fit

OUTCOMES = (Outcome("pod_failure", 900.0), Outcome("pod_failure", 3600.0))
ROWS = 600
TELLING = 1
"""The signal from which the outcomes follow; the other two are noise."""


def three_signals() -> Catalogue:
    """Three signals of pods, of which the second alone tells anything."""
    one = {"kind": "pod", "source": "cadvisor", "unit": "ratio", "description": "made up"}
    return from_document(
        {
            "variables": {},
            "signals": [{"name": f"pod_{n}", "promql": f"pod_{n}", **one} for n in ("before", "strain", "behind")],
            "rules": [{"issue": "pod_failure", "kind": "pod", "promql": "failed == 1", "description": "made up"}],
        }
    )


SIGNALS: tuple[Signal, ...] = three_signals().signals_of("pod")
NAMES = features.names(SIGNALS)
NUMBER = np.array([[s.name for s in SIGNALS].index(n.split(":", 1)[0]) for n in NAMES], dtype=np.int32)


def made(seed: int = 5, missing: float = 0.1) -> Dataset:
    """Rows whose second signal tells what comes, with gaps."""
    random = np.random.default_rng(seed)
    values = random.random((ROWS, len(NAMES))).astype(np.float32)
    strain = values[:, NUMBER == TELLING]
    strain[:] = random.random((ROWS, 1)) + 0.05 * strain
    values[:, NUMBER == TELLING] = strain
    came = np.column_stack([strain[:, 0] > 0.9, strain[:, 0] > 0.7])
    values[random.random(values.shape) < missing] = np.nan
    nothing = np.zeros(ROWS, dtype=np.int64)
    return Dataset(
        "pod",
        OUTCOMES,
        np.ones((1, ROWS)),
        np.asarray(values, dtype=np.float64),
        came,
        came,
        np.zeros_like(came),
        nothing,
        nothing,
        happened=np.asarray(came.any(axis=0)),
    )


def fitted(name: CandidateName, dataset: Dataset) -> Fitted:
    """The candidate on the rows."""
    found = fit(dataset, name, SIGNALS, seed=3)
    assert found is not None
    return found


def output(name: CandidateName, scores: FloatArray) -> FloatArray:
    """What contributions add up to: shares of votes for forests, log-odds for the others."""
    return scores if name in ("random_forest", "extra_trees") else np.asarray(logit(scores))


@pytest.mark.parametrize("name", CANDIDATES)
def test_contributions_add_up_to_the_output_before_calibration(name: CandidateName) -> None:
    dataset = made()
    model = fitted(name, dataset)
    apart = explained(model.estimator, usual_rows(dataset, 0))
    fresh = made(seed=6, missing=0.3).values.astype(np.float64)
    found = apart.contributions(fresh, NUMBER)
    assert found.parts.shape == (len(OUTCOMES), ROWS, len(SIGNALS))
    np.testing.assert_allclose(found.output, output(name, model.scores(fresh)), rtol=0, atol=1e-9)


def test_seats_that_look_at_different_features_add_up_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "MOST_FEATURES", 6)
    dataset = made()
    model = fitted("hist_gradient_boosting", dataset)
    assert isinstance(model.estimator, Separate)
    columns = [one.steps[0][1].kw_args["positions"].tolist() for one in model.estimator.pipelines[0].pipelines]
    assert len({tuple(of) for of in columns}) > 1
    found = explained(model.estimator, usual_rows(dataset, 0)).contributions(dataset.values, NUMBER)
    expected = output("hist_gradient_boosting", model.scores(dataset.values))
    np.testing.assert_allclose(found.output, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", CANDIDATES)
def test_the_signal_that_tells_raises_a_high_score_most(name: CandidateName) -> None:
    dataset = made(missing=0.0)
    model = fitted(name, dataset)
    high = model.scores(dataset.values)[1] > 0.7
    assert high.sum() > 50
    parts = explained(model.estimator, usual_rows(dataset, 0)).contributions(dataset.values[high], NUMBER).parts[1]
    assert (parts.argmax(axis=1) == TELLING).mean() > 0.99
    assert parts[:, TELLING].min() > 0


@pytest.mark.parametrize("name", CANDIDATES)
def test_a_row_is_explained_alone_as_among_others_and_usual_rows_hardly_at_all(name: CandidateName) -> None:
    dataset = made()
    apart = explained(fitted(name, dataset).estimator, usual_rows(dataset, 0))
    whole = apart.contributions(dataset.values, NUMBER)
    for row in (0, 17, ROWS - 1):
        alone = apart.contributions(dataset.values[row : row + 1], NUMBER)
        np.testing.assert_array_equal(alone.parts[:, 0], whole.parts[:, row])
    usual = apart.contributions(usual_rows(dataset, 0), NUMBER)
    assert np.abs(usual.parts.sum(axis=2).mean(axis=1)).max() < 0.15


@pytest.mark.parametrize("name", CANDIDATES)
def test_some_outcomes_of_an_estimator_are_explained_as_in_the_whole(name: CandidateName) -> None:
    dataset = made()
    model, usual = fitted(name, dataset), usual_rows(dataset, 0)
    whole = explained(model.estimator, usual).contributions(dataset.values, NUMBER)
    second = explained(model.estimator.only((1,)), usual).contributions(dataset.values, NUMBER)
    np.testing.assert_array_equal(second.parts[0], whole.parts[1])
    assert second.base.tolist() == [whole.base[1]]


def test_an_outcome_that_nothing_tells_of_is_explained_by_nothing() -> None:
    dataset = made(missing=0.0)
    dull = Dataset(
        "pod", OUTCOMES, dataset.weights, np.ones_like(dataset.values), dataset.came, dataset.near, dataset.during,
        dataset.step, dataset.group, happened=dataset.happened,
    )  # fmt: skip
    model = fitted("hist_gradient_boosting", dull)
    found = explained(model.estimator, usual_rows(dull, 0)).contributions(dull.values, NUMBER)
    assert not found.parts.any()
    np.testing.assert_allclose(found.output[:, 0], dataset.came.mean(axis=0))


def test_no_row_is_explained_by_no_contribution() -> None:
    dataset = made()
    for name in CANDIDATES:
        found = explained(fitted(name, dataset).estimator, usual_rows(dataset, 0)).contributions(
            dataset.values[:0], NUMBER
        )
        assert found.parts.shape == (len(OUTCOMES), 0, len(SIGNALS))
