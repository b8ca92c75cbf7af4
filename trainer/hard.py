"""Hard rows: those with nothing ahead that look as if there were, which a random draw from history hardly ever holds.

Alerts are few and quiet rows are millions, so what decides between a warning and a false alarm are the quietest
thousandth's neighbours. A quick first model finds them, a second pass over history collects them, at most
as many as were drawn, and the random draw keeps speaking for all the rest.

The first model has all of history in sight, also what lies behind the origins of validation. It chooses which quiet
rows are learned from, not what is learned of them; validation is a little kinder for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np

from predictor.catalogue import Catalogue
from predictor.entities import Kind
from predictor.panel import BoolArray, FloatArray
from predictor.series import Reading
from trainer.dataset import Batch, Dataset, lessons
from trainer.fit import Fitted, fit
from trainer.history import Stretch
from trainer.parts import Part, each, parts
from trainer.sample import Sample
from trainer.thinned import thinned

SHARE: Final = 0.01
"""Of the rows with nothing ahead: the part that counts as hard, by the highest score over all outcomes.

A level for each issue taught more of issues that score low. It cost twice the false alarms, and real leaks their
warning: docs/decisions/2026-11-26-one-level-for-hard-rows.md.
"""

FIRST_ROWS: Final = 8_000


def with_hard(
    history: Iterable[tuple[Stretch, Reading]],
    catalogue: Catalogue,
    when: Stretch,
    datasets: Mapping[Kind, Dataset],
    seed: int,
    max_rows: int,
) -> Mapping[Kind, Dataset]:
    """The datasets with the hard rows of all of history in place of the few that were drawn; one pass over history.

    max_rows: hard rows per kind.
    """
    first = {k: one for k, d in datasets.items() if (one := _First.of(d, catalogue, seed)) is not None}
    samples = {kind: Sample([max_rows]) for kind in first}

    def hard(part: Part) -> Batch:
        batch = lessons(part)
        quiet = batch.where(np.asarray(~batch.ahead.any(axis=0)))
        return quiet.where(first[part.kind].hard(quiet.arrays[0]))

    wanted = {kind: datasets[kind].outcomes for kind in first}
    for part, batch in each(parts(history, catalogue, when, wanted), hard):
        samples[part.kind].add(np.zeros(len(batch.draw), dtype=np.int64), batch.draw, *batch.arrays)
    return {k: first[k].joined(d, samples[k].rows()) if k in first else d for k, d in datasets.items()}


class _First:
    """A quick model of one kind, and the score from which a quiet row is hard."""

    def __init__(self, fitted: Fitted, level: float) -> None:
        self._fitted = fitted
        self._level = level

    @classmethod
    def of(cls, dataset: Dataset, catalogue: Catalogue, seed: int) -> _First | None:
        """None where nothing can be learned, or nothing is quiet."""
        some, signals = thinned(dataset, FIRST_ROWS, seed), catalogue.signals_of(dataset.kind)
        fitted = fit(some, "hist_gradient_boosting", signals, seed, seats=1)
        quiet = _quiet(dataset)
        if fitted is None or not quiet.any():
            return None
        return cls(fitted, float(np.quantile(_highest(fitted, dataset.values[quiet]), 1 - SHARE)))

    def hard(self, values: FloatArray) -> BoolArray:
        """(rows,): whether a row looks as if something came. values: (rows, features)."""
        return np.asarray(_highest(self._fitted, values) >= self._level)

    def joined(self, dataset: Dataset, rows: tuple[np.ndarray[Any, Any], ...]) -> Dataset:
        """The dataset, its hard rows replaced by those given, which begin with their weights."""
        quiet = _quiet(dataset)
        out = np.zeros(len(quiet), dtype=np.bool_)
        out[quiet] = self.hard(dataset.values[quiet])
        kept = dataset.where(~out)
        weight, values, came, near, during, step, group = rows
        return replace(
            kept,
            weight=np.concatenate([kept.weight, weight]),
            values=np.concatenate([kept.values, values]),
            came=np.concatenate([kept.came, came]),
            near=np.concatenate([kept.near, near]),
            during=np.concatenate([kept.during, during]),
            step=np.concatenate([kept.step, step]),
            group=np.concatenate([kept.group, group]),
        )


def _quiet(dataset: Dataset) -> BoolArray:
    return np.asarray(~(dataset.came & ~dataset.during).any(axis=1))


def _highest(fitted: Fitted, values: FloatArray) -> FloatArray:
    """(rows,): the highest score over the outcomes. values: (rows, features)."""
    if not len(values):
        return np.zeros(0)
    return np.asarray(fitted.scores(values)[list(fitted.trained)].max(axis=0))
