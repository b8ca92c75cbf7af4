"""Dataset: rows to fit on, sampled so that no onset is lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from predictor import features
from predictor.catalogue import Catalogue
from predictor.entities import KINDS, Kind
from predictor.features import Rows
from predictor.issues import Outcome
from predictor.panel import BoolArray, FloatArray, Panel
from predictor.series import Reading
from trainer.history import Stretch
from trainer.labels import Labels, labels, outcomes_of
from trainer.sample import IntArray, Sample, draws
from trainer.workloads import groups

BATCH_ROWS: Final = 40_000
"""Rows whose features are in memory at a time: some hundred MB, whatever the size of the cluster."""

NEAR_SECONDS: Final = 600.0
"""This long before an onset it shows which signals tell of it; earlier a fault may not even have begun."""

GROUPS: Final = 3
"""Parts into which workloads are dealt, so that each can be judged by a model that has not seen it."""


@dataclass(frozen=True)
class Dataset:
    """The rows of one kind.

    weight: (rows,), how many rows each stands for. values: (rows, features), single precision as trees read them.
    outcomes: the columns of `came`, `near` (the issue begins within NEAR_SECONDS) and `during`, (rows, outcomes).
    step: (rows,) grid points since the start of history. group: (rows,) of each row's workload.
    """

    kind: Kind
    outcomes: tuple[Outcome, ...]
    weight: FloatArray
    values: FloatArray
    came: BoolArray
    near: BoolArray
    during: BoolArray
    step: IntArray
    group: IntArray

    def where(self, chosen: BoolArray) -> Dataset:
        """Some of the rows."""
        return replace(
            self,
            weight=self.weight[chosen],
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
    samples: dict[Kind, Sample] = {}
    for chunk, reading in history:
        for kind in KINDS:
            panel = reading.panels[kind]
            wanted = outcomes_of(catalogue, kind, horizons_seconds)
            if not panel.entities or not wanted or not panel.signals:
                continue
            issues = len({o.issue for o in wanted})
            sample = samples.setdefault(kind, Sample([max_rows] * (issues + 1)))
            for rows, seen in batches(panel, catalogue, wanted, chunk):
                batch = lessons(panel, rows, seen, when.step_seconds, offset_of(chunk, when))
                sample.add(_stratum(batch.ahead, wanted), batch.draw, *batch.arrays)
    return {
        kind: Dataset(kind, outcomes_of(catalogue, kind, horizons_seconds), *sample.rows())
        for kind, sample in samples.items()
    }


def batches(
    panel: Panel, catalogue: Catalogue, wanted: tuple[Outcome, ...], chunk: Stretch
) -> Iterator[tuple[Rows, Labels]]:
    """The rows of a chunk, some steps at a time, with their labels; a row's step counts from the chunk's first."""
    if not panel.entities:
        return
    run_up = features.reach_steps(chunk.step_seconds) - 1
    found = labels(panel, wanted, chunk.step_seconds)
    signals = catalogue.signals_of(panel.kind)
    size = max(1, BATCH_ROWS // len(panel.entities))
    for first in range(0, chunk.steps, size):
        part = panel.steps(first, min(first + size, chunk.steps) + run_up)
        rows = features.rows(part, signals, chunk.step_seconds)
        rows = replace(rows, step=rows.step + first)
        yield rows, found.rows(run_up + rows.step, rows.entity)


@dataclass(frozen=True)
class Batch:
    """Rows that can be learned from.

    ahead: (outcomes, rows), whether the issue comes, and is not there. draw: (rows,). arrays: of a Dataset, after
    `weight`.
    """

    ahead: BoolArray
    draw: FloatArray
    arrays: tuple[np.ndarray[Any, Any], ...]

    def where(self, chosen: BoolArray) -> Batch:
        """Some of the rows."""
        return Batch(self.ahead[:, chosen], self.draw[chosen], tuple(a[chosen] for a in self.arrays))


def lessons(panel: Panel, rows: Rows, seen: Labels, step_seconds: float, offset: int) -> Batch:
    """The rows of a batch that can be learned from; offset: grid points from the start of history to the chunk's."""
    # One forest answers for all issues at once. A row inside an episode of one issue still tells what precedes the
    # others, so it stays, thinned like any other, and for its own issue says what we publish meanwhile: it is there.
    # Rows before an onset stay even when the entity left too soon for the other outcomes to be known.
    known = (seen.counts | seen.during).all(axis=0) | (seen.came & seen.counts).any(axis=0)
    usable = seen.counts.any(axis=0) & known
    number = offset + rows.step[usable]
    entity = rows.entity[usable]
    soon = seen.came & (seen.ahead * step_seconds <= NEAR_SECONDS) & ~seen.during
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


def offset_of(chunk: Stretch, when: Stretch) -> int:
    """Grid points from the start of history to the chunk's."""
    return round((chunk.start - when.start) / when.step_seconds)


def _stratum(ahead: BoolArray, wanted: tuple[Outcome, ...]) -> IntArray:
    """(rows,): 0 with nothing ahead, else one more than the position of the last issue that is."""
    issues = list(dict.fromkeys(o.issue for o in wanted))
    position = np.array([issues.index(o.issue) + 1 for o in wanted])
    return np.asarray(np.max(np.where(ahead, position[:, None], 0), axis=0), dtype=np.int64)
