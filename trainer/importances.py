"""Importances: what a kind's model loses when one signal is shuffled.

All features of a signal are taken from other rows together, so that they stay consistent with each other and tell
nothing of the row they are in. What the mean average precision of the outcomes that came falls by, is the signal's
importance. Two signals that say the same cover for each other: a small drop is no proof that a signal tells nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from sklearn.metrics import average_precision_score

from predictor import features
from predictor.entities import Kind
from predictor.model import KindModel
from predictor.panel import BoolArray, FloatArray

REPEATS: Final = 3
"""Shuffles of each signal: enough to tell its drop from chance."""

ROWS: Final = 1_500
"""Of the rows before some issue, and as many of the others: a shuffle costs a tenth of a second each."""


@dataclass(frozen=True)
class Drop:
    """Average precision lost: the mean over shuffles and their standard deviation."""

    mean: float
    spread: float


@dataclass(frozen=True)
class Importances:
    """signals: the largest drop first. whole: mean average precision without a shuffle, over `outcomes` outcomes."""

    kind: Kind
    signals: Mapping[str, Drop]
    whole: float
    outcomes: int
    rows: int


@dataclass(frozen=True)
class Sampled:
    """Rows to shuffle, each for `weight` rows of history.

    values: (rows, features). came, counts: (outcomes, rows). weight: (rows,).
    """

    values: FloatArray
    came: BoolArray
    counts: BoolArray
    weight: FloatArray


def importances(model: KindModel, rows: Sampled, seed: int = 0, repeats: int = REPEATS) -> Importances | None:
    """The importance of every signal of a kind; None when no outcome came in the rows."""
    judged = [i for i in range(len(model.outcomes)) if 0 < rows.came[i, rows.counts[i]].sum() < rows.counts[i].sum()]
    if not judged:
        return None
    whole = _mean_precision(model, rows, rows.values, judged)
    random = np.random.default_rng(seed)
    names = np.array([name.split(":", 1)[0] for name in features.names(model.signals)])
    drops: dict[str, Drop] = {}
    for signal in model.signals:
        columns = np.nonzero(names == signal.name)[0]
        if _constant(rows.values[:, columns]):
            drops[signal.name] = Drop(0.0, 0.0)
            continue
        lost = [whole - _mean_precision(model, rows, _shuffled(rows, columns, random), judged) for _ in range(repeats)]
        drops[signal.name] = Drop(float(np.mean(lost)), float(np.std(lost)))
    ranked = dict(sorted(drops.items(), key=lambda item: (-item[1].mean, item[0])))
    return Importances(model.kind, ranked, whole, len(judged), len(rows.values))


def _mean_precision(model: KindModel, rows: Sampled, values: FloatArray, judged: list[int]) -> float:
    """The mean average precision of the outcomes, at the rate at which they come in history."""
    probability = model.calibrated(values)
    areas = []
    for i in judged:
        chosen = rows.counts[i]
        areas.append(
            average_precision_score(rows.came[i, chosen], probability[i, chosen], sample_weight=rows.weight[chosen])
        )
    return float(np.mean(areas))


def _shuffled(
    rows: Sampled, columns: np.ndarray[tuple[int], np.dtype[np.intp]], random: np.random.Generator
) -> FloatArray:
    """The rows with some columns from others, drawn as often as each stands for."""
    shuffled = rows.values.copy()
    others = random.choice(len(shuffled), len(shuffled), p=rows.weight / rows.weight.sum())
    shuffled[:, columns] = rows.values[np.ix_(others, columns)]
    return shuffled


def _constant(values: FloatArray) -> bool:
    """Whether every row is the same, so that a shuffle changes nothing."""
    return bool(((values == values[:1]) | (np.isnan(values) & np.isnan(values[:1]))).all())
