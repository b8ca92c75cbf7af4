"""Hard rows: those with nothing ahead that look as if there were, which a random draw from history hardly ever holds.

Alerts are few and quiet rows are millions, so what decides between a warning and a false alarm are the quietest
thousandth's neighbours. A quick first model finds them, a second pass over history collects them, at most
as many for a view as were drawn, and the random draw keeps speaking for all the rest.

Which rows are hard is seen in two ways. By the highest score over all outcomes an alert of any sort is tempting; by
each issue's own level, in equal parts, those get their share that score low. Models of the two err in different rows,
so each way is a view of the dataset, from which half of a committee learns:
docs/decisions/2026-11-26-what-a-model-must-always-see.md.

The first model has all of history in sight, also what lies behind the origins of validation. It chooses which quiet
rows are learned from, not what is learned of them; validation is a little kinder for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
"""Of the rows with nothing ahead: the part that counts as hard, in one view by the highest score, in the other for each
outcome."""

FIRST_ROWS: Final = 8_000


def with_hard(
    history: Iterable[tuple[Stretch, Reading]],
    catalogue: Catalogue,
    when: Stretch,
    datasets: Mapping[Kind, Dataset],
    seed: int,
    max_rows: int,
) -> Mapping[Kind, Dataset]:
    """The datasets in two views, each with its hard rows of all of history in place of the few that were drawn.

    One pass over history. max_rows: hard rows per kind and view.
    """
    wanted = {kind: datasets[kind].outcomes for kind in datasets}
    first = {k: one for k in datasets if (one := _First.of(datasets[k], catalogue, seed)) is not None}
    samples = {kind: one.samples(max_rows) for kind, one in first.items()}

    def hard(part: Part) -> list[tuple[IntArray, Batch]]:
        batch = lessons(part)
        quiet = batch.where(np.asarray(~batch.ahead.any(axis=0)))
        strata = first[part.kind].strata(quiet.arrays[0])
        return [(of[of >= 0], quiet.where(of >= 0)) for of in strata]

    wanted = {kind: outcomes for kind, outcomes in wanted.items() if kind in first}
    for part, found in each(parts(history, catalogue, when, wanted), hard):
        for sample, (stratum, batch) in zip(samples[part.kind], found, strict=True):
            sample.add(stratum, batch.draw, *batch.arrays)
    return {
        k: first[k].joined(datasets[k], [sample.rows() for sample in samples.pop(k)]) if k in first else datasets[k]
        for k in datasets
    }


class _First:
    """A quick model of one kind, and the scores from which a quiet row is hard.

    levels: (outcomes,), each one's own, NaN for those without a model. level: of the highest over all outcomes. issue:
    (outcomes,), the number of each one's issue.
    """

    def __init__(self, fitted: Fitted, levels: FloatArray, level: float, issue: IntArray) -> None:
        self._fitted = fitted
        self._levels = levels
        self._level = level
        self._issue = issue

    @classmethod
    def of(cls, dataset: Dataset, catalogue: Catalogue, seed: int) -> _First | None:
        """None where nothing can be learned, or nothing is quiet."""
        some, signals = thinned(dataset, FIRST_ROWS, seed), catalogue.signals_of(dataset.kind)
        fitted = fit(some, "hist_gradient_boosting", signals, seed, seats=1)
        quiet = _quiet(dataset)
        if fitted is None or not quiet.any():
            return None
        scores = fitted.scores(dataset.values[quiet])
        highest = scores[list(fitted.trained)].max(axis=0)
        issues = list(dict.fromkeys(dataset.outcomes[i].issue for i in fitted.trained))  # the others have no hard rows
        issue = [issues.index(one.issue) if one.issue in issues else 0 for one in dataset.outcomes]
        return cls(
            fitted,
            np.quantile(scores, 1 - SHARE, axis=1),
            float(np.quantile(highest, 1 - SHARE)),
            np.array(issue),
        )

    def samples(self, max_rows: int) -> tuple[Sample, ...]:
        """One of each view, for its strata."""
        issues = int(self._issue.max()) + 1
        return Sample([max_rows]), Sample([max_rows // issues] * issues)

    def strata(self, values: FloatArray) -> tuple[IntArray, IntArray]:
        """For each view (rows,): the stratum of a hard row, -1 for others. values: (rows, features)."""
        if not len(values):
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        scores = self._fitted.scores(values)
        highest = scores[list(self._fitted.trained)].max(axis=0)
        excess = np.nan_to_num(scores / self._levels[:, None])
        issue = self._issue[excess.argmax(axis=0)]
        return np.where(highest >= self._level, 0, -1), np.where(excess.max(axis=0) >= 1.0, issue, -1)

    def joined(self, dataset: Dataset, found: Sequence[tuple[np.ndarray[Any, Any], ...]]) -> Dataset:
        """The dataset seen in as many views, the hard rows of each replaced by those found for it.

        found: for each view the rows' weights, and the other arrays of a dataset.
        """
        quiet = _quiet(dataset)
        of_quiet = self.strata(dataset.values[quiet])
        weights = np.repeat(dataset.weights, len(found), axis=0)
        for view, strata in zip(weights, of_quiet, strict=True):
            view[np.flatnonzero(quiet)[strata >= 0]] = 0.0
        for number, (weight, *_) in enumerate(found):
            more = np.zeros((len(found), len(weight)))
            more[number] = weight
            weights = np.concatenate([weights, more], axis=1)
        drawn = (dataset.values, dataset.came, dataset.near, dataset.during, dataset.step, dataset.group)
        arrays = [np.concatenate(several) for several in zip(drawn, *(rest for _, *rest in found), strict=True)]
        one = Dataset(dataset.kind, dataset.outcomes, weights, *arrays, happened=dataset.happened)
        return one.where(one.weight > 0)


def _quiet(dataset: Dataset) -> BoolArray:
    return np.asarray(~(dataset.came & ~dataset.during).any(axis=1))
