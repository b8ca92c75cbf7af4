"""Scores: figures over the judged rows of one outcome, each row an entity at a step.

Neighbouring rows of one entity tell nearly the same story, so these figures say how good the probabilities are, not how
many warnings were useful: for that see events. A figure that nothing speaks for is None and `reasons` says why.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve

from predictor.panel import BoolArray, FloatArray

ECE_BINS: Final = 15
"""The usual number for the expected calibration error (Guo et al. 2017, https://arxiv.org/abs/1706.04599)."""

RELIABILITY_BINS: Final = 10
"""One per ten percent: what people mean by "it said 70 to 80 %"."""

CURVE_POINTS: Final = 400
"""As many as a plot can show."""

NO_ROWS: Final = "no judged rows"
NO_POSITIVES: Final = "no positive rows"
NO_NEGATIVES: Final = "no negative rows"
NO_ALARMS: Final = "no row reaches the threshold"


@dataclass(frozen=True)
class Bin:
    """One point of the reliability diagram: what was said, what came, in how many rows."""

    predicted: float
    observed: float
    rows: int


@dataclass(frozen=True)
class Confusion:
    """Rows at the threshold; an alarm is a probability at or above it."""

    true_negatives: int
    false_positives: int
    false_negatives: int
    true_positives: int


@dataclass(frozen=True)
class ClassFigures:
    """One line of the classification report."""

    precision: float | None
    recall: float | None
    f1: float | None
    rows: int


@dataclass(frozen=True)
class RowFigures:
    """Row figures of one outcome.

    pr_auc: average precision. brier_skill: 1 - Brier / that of always saying the base rate; below 0 is worse than that.
    ece: expected calibration error. reliability: the filled bins of equal width, by rising probability.
    classification: for the rows "issue" and "no_issue". reasons: name of a figure that is None -> why.
    """

    rows: int
    positives: int
    base_rate: float | None
    pr_auc: float | None
    roc_auc: float | None
    brier: float | None
    brier_skill: float | None
    ece: float | None
    reliability: tuple[Bin, ...]
    confusion: Confusion
    classification: dict[str, ClassFigures]
    reasons: dict[str, str]


@dataclass(frozen=True)
class Curves:
    """Points of the ROC and the precision-recall curve, at most about CURVE_POINTS each."""

    false_positive_rate: FloatArray
    true_positive_rate: FloatArray
    recall: FloatArray
    precision: FloatArray


def row_figures(probability: FloatArray, outcome: BoolArray, threshold: float) -> RowFigures:
    """The row figures. probability and outcome: (rows,), without NaN."""
    rows, positives = len(outcome), int(outcome.sum())
    confusion = _confusion(probability >= threshold, outcome)
    classification = _classification(confusion)
    base_rate = positives / rows if rows else None
    mixed = 0 < positives < rows
    brier = float(np.mean((probability - outcome) ** 2)) if rows else None
    skill = 1 - brier / (base_rate * (1 - base_rate)) if mixed and brier is not None and base_rate else None
    return RowFigures(
        rows=rows,
        positives=positives,
        base_rate=base_rate,
        pr_auc=float(average_precision_score(outcome, probability)) if positives else None,
        roc_auc=float(roc_auc_score(outcome, probability)) if mixed else None,
        brier=brier,
        brier_skill=skill,
        ece=expected_calibration_error(probability, outcome),
        reliability=reliability(probability, outcome),
        confusion=confusion,
        classification=classification,
        reasons=_reasons(rows, positives, confusion),
    )


def reliability(probability: FloatArray, outcome: BoolArray) -> tuple[Bin, ...]:
    """The bins of the reliability diagram, each ten percent wide; those without rows are left out.

    Bins of equal width and not of equal mass: where issues are rare, nine rows in ten say "about nothing", and the few
    on which somebody acts would share one bin. probability and outcome: (rows,).
    """
    edges = np.arange(1, RELIABILITY_BINS) / RELIABILITY_BINS
    return _binned(probability, outcome, edges)


def expected_calibration_error(probability: FloatArray, outcome: BoolArray) -> float | None:
    """Mean distance of said and seen over ECE_BINS bins of equal mass, weighted by rows; None without rows.

    Equal probabilities stay in one bin, so there may be fewer bins, and the order of rows does not matter.
    probability and outcome: (rows,).
    """
    rows = len(probability)
    if not rows:
        return None
    edges = edges_of(probability, ECE_BINS)
    return sum(abs(b.predicted - b.observed) * b.rows for b in _binned(probability, outcome, edges)) / rows


def edges_of(probability: FloatArray, bins: int) -> FloatArray:
    """The edges between bins of equal mass, fewer where equal probabilities share one. probability: (rows,)."""
    if not len(probability):
        return np.zeros(0)
    return np.unique(np.quantile(probability, np.linspace(0, 1, bins + 1)[1:-1]))


def _binned(probability: FloatArray, outcome: BoolArray, edges: FloatArray) -> tuple[Bin, ...]:
    """The filled bins between the edges; a probability on an edge is in the bin above it."""
    place = np.searchsorted(edges, probability, side="right")
    count, said, came = (np.bincount(place, weights, len(edges) + 1) for weights in (None, probability, outcome))
    filled = np.flatnonzero(count)
    return tuple(Bin(float(said[i] / count[i]), float(came[i] / count[i]), int(count[i])) for i in filled)


def curves(probability: FloatArray, outcome: BoolArray) -> Curves | None:
    """Both curves, None unless there are positive and negative rows. probability and outcome: (rows,)."""
    if not 0 < outcome.sum() < len(outcome):
        return None
    false_rate, true_rate, _ = roc_curve(outcome, probability)
    precision, recall, _ = precision_recall_curve(outcome, probability)
    return Curves(*_thinned(false_rate, true_rate), *_thinned(recall, precision))


def _thinned(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Points evenly spaced along the curve's own length: even in rank would lose the steep corner of rare positives."""
    length = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
    wanted = np.linspace(0, length[-1], CURVE_POINTS)
    chosen = np.unique(np.clip(np.searchsorted(length, wanted), 0, len(x) - 1))
    chosen = np.union1d(chosen, [0, len(x) - 1])
    return x[chosen], y[chosen]


def _confusion(alarm: BoolArray, outcome: BoolArray) -> Confusion:
    table = np.bincount(2 * outcome.astype(np.intp) + alarm, minlength=4)
    return Confusion(*(int(n) for n in table))


def _classification(c: Confusion) -> dict[str, ClassFigures]:
    return {
        "issue": _class_figures(c.true_positives, c.false_positives, c.false_negatives),
        "no_issue": _class_figures(c.true_negatives, c.false_negatives, c.false_positives),
    }


def _class_figures(right: int, wrongly_said: int, missed: int) -> ClassFigures:
    """Precision, recall and F1 of one class, each None when its denominator is zero (F1: when the class is nowhere)."""
    said, there = right + wrongly_said, right + missed
    return ClassFigures(
        precision=right / said if said else None,
        recall=right / there if there else None,
        f1=2 * right / (said + there) if there else None,
        rows=there,
    )


def _reasons(rows: int, positives: int, confusion: Confusion) -> dict[str, str]:
    if not rows:
        return dict.fromkeys(("base_rate", "pr_auc", "roc_auc", "brier", "brier_skill", "ece"), NO_ROWS)
    reasons = {}
    if positives == rows:
        reasons = dict.fromkeys(("roc_auc", "brier_skill"), NO_NEGATIVES)
    if not positives:
        reasons = dict.fromkeys(("pr_auc", "roc_auc", "brier_skill", "recall", "f1"), NO_POSITIVES)
    if not confusion.true_positives + confusion.false_positives:
        reasons["precision"] = NO_ALARMS
    return reasons
