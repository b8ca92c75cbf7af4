"""Dataset: rows to fit on, sampled so that no onset is lost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from predictor.catalogue import Catalogue
from predictor.entities import KINDS, Kind
from predictor.issues import Outcome
from predictor.panel import BoolArray, FloatArray
from predictor.series import Reading
from trainer.history import Stretch
from trainer.labels import outcomes_of
from trainer.parts import Part, each, parts
from trainer.sample import IntArray, Sample, draws
from trainer.workloads import groups

NEAR_SECONDS: Final = 600.0
"""This long before an onset it shows which signals tell of it; earlier a fault may not even have begun."""

GROUPS: Final = 3
"""Parts into which workloads are dealt, so that each can be judged by a model that has not seen it."""


@dataclass(frozen=True)
class Dataset:
    """The rows of one kind.

    weights: (views, rows), how many rows each stands for. Each view by itself is a sample of all rows, and leaves out
    those with a weight of 0. values: (rows, features), single precision as trees read them. outcomes: the columns of
    `came`, `near` (the issue begins within NEAR_SECONDS) and `during`, (rows, outcomes). step: (rows,) grid points
    since the start of history. group: (rows,) of each row's workload. happened: (outcomes,), whether anybody ever had
    the issue, also in history that gave no rows.
    """

    kind: Kind
    outcomes: tuple[Outcome, ...]
    weights: FloatArray
    values: FloatArray
    came: BoolArray
    near: BoolArray
    during: BoolArray
    step: IntArray
    group: IntArray
    happened: BoolArray = field(kw_only=True)

    @property
    def weight(self) -> FloatArray:
        """(rows,): the mean of the views, itself a sample of all rows."""
        return np.asarray(self.weights.mean(axis=0))

    @property
    def quiet(self) -> BoolArray:
        """(rows,): nothing present and nothing ahead. Where none is so: but for what never began; else all of them."""
        begun = (self.came & ~self.during).any(axis=0)
        tries = (~self.came.any(axis=1), ~self.came[:, begun].any(axis=1), np.ones(len(self.came), dtype=np.bool_))
        return np.asarray(next((rows for rows in tries if rows.any()), tries[0]))

    def where(self, chosen: BoolArray) -> Dataset:
        """Some of the rows."""
        return replace(
            self,
            weights=self.weights[:, chosen],
            values=self.values[chosen],
            came=self.came[chosen],
            near=self.near[chosen],
            during=self.during[chosen],
            step=self.step[chosen],
            group=self.group[chosen],
        )


def gather(
    history: Iterable[tuple[Stretch, Reading]],
    catalogue: Catalogue,
    when: Stretch,
    horizons_seconds: tuple[float, ...],
    max_rows: int,
) -> Mapping[Kind, Dataset]:
    """The dataset of every kind that has entities, from one pass over history.

    Of the rows with nothing ahead at most max_rows per kind are kept, and as many before each issue: rows before a
    frequent issue are thinned for themselves, so that every onset of a rare one keeps all of its rows.
    """
    wanted = {kind: outcomes_of(catalogue, kind, horizons_seconds) for kind in KINDS}
    samples: dict[Kind, Sample] = {}
    happened: dict[Kind, BoolArray] = {kind: np.zeros(len(of), dtype=np.bool_) for kind, of in wanted.items()}
    for part, batch in each(parts(history, catalogue, when, wanted), lessons):
        outcomes = wanted[part.kind]
        sample = samples.setdefault(part.kind, Sample([max_rows] * (len({o.issue for o in outcomes}) + 1)))
        sample.add(_stratum(batch.ahead, outcomes), batch.draw, *batch.arrays)
        happened[part.kind] |= part.seen.during.any(axis=(1, 2))
    found = {kind: samples[kind].rows() for kind in KINDS if kind in samples}
    return {
        kind: Dataset(kind, wanted[kind], weight[None], *arrays, happened=happened[kind])
        for kind, (weight, *arrays) in found.items()
    }


@dataclass(frozen=True)
class Batch:
    """Rows of a part that can be learned from.

    ahead: (outcomes, rows), whether the issue comes, and is not there. draw: (rows,). arrays: of a Dataset, after
    `weight`.
    """

    ahead: BoolArray
    draw: FloatArray
    arrays: tuple[np.ndarray[Any, Any], ...]

    def where(self, chosen: BoolArray) -> Batch:
        """Some of the rows."""
        return Batch(self.ahead[:, chosen], self.draw[chosen], tuple(a[chosen] for a in self.arrays))


def lessons(part: Part) -> Batch:
    """The rows of a part that can be learned from."""
    rows, seen = part.rows()
    # One forest answers for all issues at once. A row inside an episode of one issue still tells what precedes the
    # others, so it stays, thinned like any other, and for its own issue says what we publish meanwhile: it is there.
    # Rows before an onset stay even when the entity left too soon for the other outcomes to be known.
    known = (seen.counts | seen.during).all(axis=0) | (seen.came & seen.counts).any(axis=0)
    usable = seen.counts.any(axis=0) & known
    panel, number, entity = part.panel, rows.step[usable], rows.entity[usable]
    soon = seen.came & (seen.ahead * part.step_seconds <= NEAR_SECONDS) & ~seen.during
    return Batch(
        (seen.came & seen.counts)[:, usable],
        draws(panel.entities, entity, number),
        (
            rows.values[usable].astype(np.float32),
            (seen.came | seen.during)[:, usable].T,
            soon[:, usable].T,
            seen.during[:, usable].T,
            number,
            groups(panel.kind, panel.entities, GROUPS)[entity],
        ),
    )


def _stratum(ahead: BoolArray, wanted: tuple[Outcome, ...]) -> IntArray:
    """(rows,): 0 with nothing ahead, else one more than the position of the last issue that is."""
    issues = list(dict.fromkeys(o.issue for o in wanted))
    position = np.array([issues.index(o.issue) + 1 for o in wanted])
    return np.asarray(np.max(np.where(ahead, position[:, None], 0), axis=0), dtype=np.int64)
