"""Hard rows: those with nothing ahead that look as if there were, which a random draw from history hardly ever holds.

Alerts are few and quiet rows are millions, so what decides between a warning and a false alarm are the quietest
thousandth's neighbours. A quick first model finds them for each issue, a second pass over history collects them, at
most as many as were drawn, in equal parts for the issues, and the random draw keeps speaking for all the rest.

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
from trainer.sample import IntArray, Sample
from trainer.thinned import thinned

SHARE: Final = 0.01
"""Of the rows with nothing ahead: the part that counts as hard for an outcome. One level for all of them would leave
nothing to those that are rarest and score lowest."""

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
    samples = {kind: Sample([max_rows // one.strata] * one.strata) for kind, one in first.items()}

    def hard(part: Part) -> tuple[IntArray, Batch]:
        batch = lessons(part)
        quiet = batch.where(np.asarray(~batch.ahead.any(axis=0)))
        stratum = first[part.kind].strata_of(quiet.arrays[0])
        return stratum[stratum >= 0], quiet.where(stratum >= 0)

    wanted = {kind: datasets[kind].outcomes for kind in first}
    for part, (stratum, batch) in each(parts(history, catalogue, when, wanted), hard):
        samples[part.kind].add(stratum, batch.draw, *batch.arrays)
    return {k: first[k].joined(d, samples[k].rows()) if k in first else d for k, d in datasets.items()}


class _First:
    """A quick model of one kind, and from which score of each outcome on a quiet row is hard.

    levels: (outcomes,), NaN for those without a model. stratum: (outcomes,), the number of each one's issue.
    """

    def __init__(self, fitted: Fitted, levels: FloatArray, stratum: IntArray) -> None:
        self._fitted = fitted
        self._levels = levels
        self._stratum = stratum
        self.strata = int(stratum.max()) + 1

    @classmethod
    def of(cls, dataset: Dataset, catalogue: Catalogue, seed: int) -> _First | None:
        """None where nothing can be learned, or nothing is quiet."""
        some, signals = thinned(dataset, FIRST_ROWS, seed), catalogue.signals_of(dataset.kind)
        fitted = fit(some, "hist_gradient_boosting", signals, seed, seats=1)
        quiet = _quiet(dataset)
        if fitted is None or not quiet.any():
            return None
        issues = list(dict.fromkeys(one.issue for one in dataset.outcomes))
        levels = np.quantile(fitted.scores(dataset.values[quiet]), 1 - SHARE, axis=1)
        return cls(fitted, levels, np.array([issues.index(one.issue) for one in dataset.outcomes]))

    def strata_of(self, values: FloatArray) -> IntArray:
        """(rows,): for which issue a row looks most as if it came, -1 for none. values: (rows, features)."""
        if not len(values):
            return np.zeros(0, dtype=np.int64)
        excess = np.nan_to_num(self._fitted.scores(values) / self._levels[:, None])
        return np.where(excess.max(axis=0) >= 1.0, self._stratum[excess.argmax(axis=0)], -1)

    def joined(self, dataset: Dataset, rows: tuple[np.ndarray[Any, Any], ...]) -> Dataset:
        """The dataset, its hard rows replaced by those given, which begin with their weights."""
        quiet = _quiet(dataset)
        out = np.zeros(len(quiet), dtype=np.bool_)
        out[quiet] = self.strata_of(dataset.values[quiet]) >= 0
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
