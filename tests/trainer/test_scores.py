"""Row figures: exact on four rows, and the properties that hold for any."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from predictor.panel import BoolArray, FloatArray
from trainer.scores import CURVE_POINTS, Confusion, curves, expected_calibration_error, reliability, row_figures

FOUR = np.array([0.1, 0.4, 0.35, 0.8])
CAME = np.array([False, False, True, True])

rows = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60)


def columns(pairs: list[tuple[float, bool]]) -> tuple[FloatArray, BoolArray]:
    return np.array([p for p, _ in pairs]), np.array([c for _, c in pairs], dtype=np.bool_)


def test_four_rows_give_the_figures_worked_out_by_hand() -> None:
    figures = row_figures(FOUR, CAME, threshold=0.5)
    assert (figures.rows, figures.positives, figures.base_rate) == (4, 2, 0.5)
    assert figures.pr_auc == pytest.approx(0.5 * 1.0 + 0.5 * 2 / 3)
    assert figures.roc_auc == pytest.approx(0.75)  # of four pairs, only 0.35 against 0.4 stands the wrong way round
    assert figures.brier == pytest.approx((0.01 + 0.16 + 0.4225 + 0.04) / 4)
    assert figures.brier_skill == pytest.approx(1 - 0.158125 / 0.25)
    assert figures.ece == pytest.approx((0.1 + 0.4 + 0.65 + 0.2) / 4)
    assert figures.confusion == Confusion(true_negatives=2, false_positives=0, false_negatives=1, true_positives=1)
    issue = figures.classification["issue"]
    assert (issue.precision, issue.recall, issue.rows) == (1.0, 0.5, 2)
    assert issue.f1 == pytest.approx(2 / 3)
    assert figures.reasons == {}


def test_a_probability_at_the_threshold_is_an_alarm() -> None:
    assert row_figures(FOUR, CAME, threshold=0.8).confusion.true_positives == 1


def test_reliability_bins_are_ten_percent_wide() -> None:
    bins = reliability(FOUR, CAME)
    assert [(b.predicted, b.observed, b.rows) for b in bins] == [
        (0.1, 0.0, 1),
        (0.35, 1.0, 1),
        (0.4, 0.0, 1),
        (0.8, 1.0, 1),
    ]


def test_without_positive_rows_figures_are_none_with_a_reason() -> None:
    figures = row_figures(FOUR, np.zeros(4, dtype=np.bool_), threshold=0.5)
    assert (figures.pr_auc, figures.roc_auc, figures.brier_skill) == (None, None, None)
    assert figures.classification["issue"].recall is None
    assert figures.classification["issue"].precision == 0.0
    assert set(figures.reasons) == {"pr_auc", "roc_auc", "brier_skill", "recall", "f1"}
    assert set(figures.reasons.values()) == {"no positive rows"}
    assert figures.ece == pytest.approx(FOUR.mean())
    assert curves(FOUR, np.zeros(4, dtype=np.bool_)) is None


def test_without_negative_rows_and_without_alarms_the_reasons_say_so() -> None:
    figures = row_figures(FOUR, np.ones(4, dtype=np.bool_), threshold=0.9)
    assert figures.reasons == {
        "roc_auc": "no negative rows",
        "brier_skill": "no negative rows",
        "precision": "no row reaches the threshold",
    }
    assert figures.pr_auc == 1.0


def test_without_rows_everything_is_none() -> None:
    figures = row_figures(np.zeros(0), np.zeros(0, dtype=np.bool_), threshold=0.5)
    assert (figures.base_rate, figures.brier, figures.ece, figures.reliability) == (None, None, None, ())
    assert figures.reasons["brier"] == "no judged rows"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_calibrated_draws_have_a_small_calibration_error(seed: int) -> None:
    draw = np.random.default_rng(seed)
    probability = draw.beta(0.3, 2.0, 200_000)
    came = draw.random(200_000) < probability
    error = expected_calibration_error(probability, came)
    overconfident = expected_calibration_error(np.sqrt(probability), came)
    assert error is not None
    assert overconfident is not None
    assert error < 0.005
    assert overconfident > 0.05


@given(rows)
def test_reliability_bins_hold_every_row_once(pairs: list[tuple[float, bool]]) -> None:
    probability, came = columns(pairs)
    bins = reliability(probability, came)
    assert sum(b.rows for b in bins) == len(came)
    assert sum(b.predicted * b.rows for b in bins) == pytest.approx(probability.sum())
    assert sum(b.observed * b.rows for b in bins) == pytest.approx(came.sum())
    assert sorted(b.predicted for b in bins) == [b.predicted for b in bins]


@given(rows)
def test_calibration_error_does_not_depend_on_the_order_of_rows(pairs: list[tuple[float, bool]]) -> None:
    forwards = expected_calibration_error(*columns(pairs))
    backwards = expected_calibration_error(*columns(pairs[::-1]))
    assert forwards == pytest.approx(backwards)
    assert forwards is not None
    assert 0 <= forwards <= 1


@given(rows, st.floats(0, 1))
def test_confusion_and_report_agree_for_any_rows(pairs: list[tuple[float, bool]], threshold: float) -> None:
    figures = row_figures(*columns(pairs), threshold)
    c = figures.confusion
    assert c.true_negatives + c.false_positives + c.false_negatives + c.true_positives == figures.rows
    assert c.true_positives + c.false_negatives == figures.positives == figures.classification["issue"].rows
    assert ("pr_auc" in figures.reasons) == (figures.pr_auc is None)
    assert ("roc_auc" in figures.reasons) == (figures.roc_auc is None)
    assert ("precision" in figures.reasons) == (figures.classification["issue"].precision is None)


def test_thinned_curves_keep_their_ends_and_their_corner() -> None:
    draw = np.random.default_rng(0)
    came = np.arange(50_000) < 200
    drawn = curves(draw.random(50_000) + 0.5 * came, came)
    assert drawn is not None
    assert len(drawn.recall) <= CURVE_POINTS + 2
    assert (drawn.false_positive_rate[0], drawn.true_positive_rate[-1]) == (0.0, 1.0)
    assert (drawn.recall[0], drawn.precision[-1]) == (1.0, 1.0)
    assert len(np.unique(drawn.true_positive_rate)) > 10
