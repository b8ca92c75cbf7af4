"""Dataset: rows to fit on, sampled so that none before an issue is lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np

from predictor import features
from predictor.catalogue import Catalogue
from predictor.entities import KINDS, Entity, Kind
from predictor.issues import Outcome
from predictor.panel import BoolArray, FloatArray, Panel
from predictor.reader import Reader
from trainer.history import Stretch, chunks
from trainer.outcomes import MERGE_SECONDS, merged, outcome_rows


@dataclass(frozen=True)
class Dataset:
    """The rows of one kind.

    values: (rows, features). outcomes: the columns of `came`, (rows, outcomes).
    """

    kind: Kind
    outcomes: tuple[Outcome, ...]
    values: FloatArray
    came: BoolArray


class Sample:
    """Rows of one kind, thinned whenever they become too many; which rows are left depends on the rows alone."""

    def __init__(self, max_rows: int) -> None:
        self._max_rows = max_rows
        self._share = 1.0
        self._parts: list[tuple[FloatArray, BoolArray, FloatArray]] = []

    def add(self, values: FloatArray, came: BoolArray, draw: FloatArray) -> None:
        """Take in rows with their outcomes and draws."""
        self._parts.append(_below(self._share, values, came, draw))
        while sum(int((draws > 0).sum()) for _, _, draws in self._parts) > self._max_rows:
            self._share /= 2
            self._parts = [_below(self._share, *part) for part in self._parts]

    def rows(self) -> tuple[FloatArray, BoolArray]:
        """Features and outcomes of all rows kept."""
        return np.concatenate([p[0] for p in self._parts]), np.concatenate([p[1] for p in self._parts])


def _below(
    share: float, values: FloatArray, came: BoolArray, draw: FloatArray
) -> tuple[FloatArray, BoolArray, FloatArray]:
    kept = draw < share
    return values[kept], came[kept], draw[kept]


def outcomes_of(catalogue: Catalogue, kind: Kind, horizons_seconds: tuple[float, ...]) -> tuple[Outcome, ...]:
    """Every issue that has a rule for the kind, over every horizon."""
    return tuple(Outcome(rule.issue, h) for rule in catalogue.rules_of(kind) for h in sorted(horizons_seconds))


def gather(
    reader: Reader,
    catalogue: Catalogue,
    when: Stretch,
    horizons_seconds: tuple[float, ...],
    max_rows: int,
    advance: Callable[[], None],
) -> Mapping[Kind, Dataset]:
    """The dataset of every kind that has entities, from one pass over the span.

    All rows with an issue ahead are kept, and of the others a share that keeps to max_rows per kind.
    """
    ahead = round(max(horizons_seconds) / when.step_seconds)
    samples: dict[Kind, Sample] = {}
    for chunk, reading in chunks(reader, catalogue, when, ahead):
        for kind in KINDS:
            panel = reading.panels[kind]
            wanted = outcomes_of(catalogue, kind, horizons_seconds)
            if not panel.entities or not wanted or not panel.signals:
                continue
            samples.setdefault(kind, Sample(max_rows)).add(*_rows(panel, catalogue, wanted, chunk))
        advance()
    return {
        kind: Dataset(kind, outcomes_of(catalogue, kind, horizons_seconds), *sample.rows())
        for kind, sample in samples.items()
    }


def outcomes_in(
    panel: Panel, wanted: tuple[Outcome, ...], step_seconds: float
) -> tuple[BoolArray, BoolArray, BoolArray]:
    """What came of every step, whether it counts, and whether an episode is on: all (outcomes, steps, entities)."""
    gap = round(MERGE_SECONDS / step_seconds)
    known = np.asarray(panel.present.any(axis=1))
    episodes = {issue: merged(panel.active[i], gap) for i, issue in enumerate(panel.issues)}
    pairs = [outcome_rows(episodes[o.issue], known, round(o.horizon_seconds / step_seconds), gap) for o in wanted]
    during = np.stack([episodes[o.issue] for o in wanted])
    return np.stack([came for came, _ in pairs]), np.stack([counts for _, counts in pairs]), during


def _rows(
    panel: Panel, catalogue: Catalogue, wanted: tuple[Outcome, ...], chunk: Stretch
) -> tuple[FloatArray, BoolArray, FloatArray]:
    """Features, outcomes and draws of the rows that can be learned from; a draw of 0 keeps a row for certain."""
    came, counts, during = outcomes_in(panel, wanted, chunk.step_seconds)
    first = features.reach_steps(chunk.step_seconds) - 1
    rows = features.rows(panel.steps(0, first + chunk.steps), catalogue.signals_of(panel.kind), chunk.step_seconds)
    at = (slice(None), first + rows.step, rows.entity)
    came, counts, during = came[at].T, counts[at].T, during[at].T
    # One forest answers for all issues at once. A row inside an episode of one issue still tells what precedes the
    # others, so it stays, thinned like any other, and for its own issue says what we publish meanwhile: it is there.
    usable = counts.any(axis=1) & (counts | during).all(axis=1)
    ahead = (came & counts).any(axis=1)
    came = came | during
    number = round(chunk.start / chunk.step_seconds) + rows.step
    draw = np.where(ahead, 0.0, _draws(panel.entities, rows.entity, number))
    return rows.values[usable], came[usable], draw[usable]


def _draws(
    entities: tuple[Entity, ...], entity: np.ndarray[Any, np.dtype[np.intp]], number: np.ndarray[Any, np.dtype[np.intp]]
) -> FloatArray:
    """(rows,): a number in [0, 1) from each row's entity and step alone, so that chunks and neighbours do not matter.

    Source: the finaliser of SplitMix64, https://doi.org/10.1145/2714064.2660195
    """
    name = np.array([crc32("/".join(one).encode()) for one in entities], dtype=np.uint64)
    mixed = (name[entity] << np.uint64(32)) ^ number.astype(np.uint64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return np.asarray((mixed ^ (mixed >> np.uint64(31))).astype(np.float64) / 2.0**64)
