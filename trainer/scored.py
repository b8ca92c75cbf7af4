"""Scored: what the models of each origin or fold say of the history they had not seen, at its natural base rate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from predictor.catalogue import Catalogue
from predictor.entities import Kind
from predictor.features import Rows
from predictor.panel import BoolArray, FloatArray, Panel
from predictor.series import Reading
from trainer.candidates import CandidateName
from trainer.dataset import Dataset, batches
from trainer.fit import Fitted, fit
from trainer.history import Stretch
from trainer.labels import Labels
from trainer.origins import Origin
from trainer.progress import Progress
from trainer.sample import Arrays, IntArray, Sample, draws

MAX_ROWS: Final = 1_000_000
"""Of a longer history some entities' quarter days are left out: memory stays flat, and alerts stay in one piece."""

BLOCK_SECONDS: Final = 6 * 3600.0

Contenders = tuple[Fitted | None, ...]
"""The same candidate fitted at each origin, None where there was nothing to learn yet."""


@dataclass(frozen=True)
class Scored:
    """Rows behind the origins, sorted by entity and step.

    scores: (candidates, outcomes, rows), NaN where a model lacks the outcome. ahead, counts, settled: (outcomes, rows),
    see Labels. step, entity, origin: (rows,).
    """

    scores: FloatArray
    ahead: IntArray
    counts: BoolArray
    settled: BoolArray
    step: IntArray
    entity: IntArray
    origin: IntArray


@dataclass(frozen=True)
class Behind:
    """History, and all that is needed to ask what models of its origins say of what came behind them."""

    history: Iterable[tuple[Stretch, Reading]]
    catalogue: Catalogue
    when: Stretch
    seed: int

    def scored(
        self,
        datasets: Mapping[Kind, Dataset],
        origins: tuple[Origin, ...],
        names: Mapping[Kind, tuple[CandidateName, ...]],
        progress: Progress,
    ) -> Mapping[Kind, Scored]:
        """Fit each kind's candidates at every origin, and score with them the rows behind it in one pass."""
        advance = progress.stage("fitting at earlier moments", len(origins) * sum(map(len, names.values())))
        contenders = {kind: self._contenders(one, origins, names[kind], advance) for kind, one in datasets.items()}
        samples: dict[Kind, Sample] = {kind: Sample([MAX_ROWS]) for kind in contenders}
        known: dict[tuple[str, ...], int] = {}
        for chunk, reading in self.history:
            offset = round((chunk.start - self.when.start) / self.when.step_seconds)
            if offset + chunk.steps <= origins[0].first:
                continue
            for kind, several in contenders.items():
                panel = reading.panels[kind]
                number = np.array([known.setdefault((kind, *e), len(known)) for e in panel.entities], dtype=np.int64)
                for rows, seen in batches(panel, self.catalogue, datasets[kind].outcomes, chunk):
                    place = _Place(panel, number, offset, self.when.step_seconds)
                    _add(samples[kind], place, rows, seen, several, origins)
        return {
            kind: _sorted(sample.rows(), len(names[kind]), len(datasets[kind].outcomes))
            for kind, sample in samples.items()
        }

    def _contenders(
        self,
        dataset: Dataset,
        origins: tuple[Origin, ...],
        names: tuple[CandidateName, ...],
        advance: Callable[[], None],
    ) -> tuple[Contenders, ...]:
        signals = self.catalogue.signals_of(dataset.kind)
        found = []
        for name in names:
            each: list[Fitted | None] = []
            for origin in origins:
                each.append(fit(origin.known(dataset), name, signals, self.seed))
                advance()
            found.append(tuple(each))
        return tuple(found)


@dataclass(frozen=True)
class _Place:
    """Where a batch's rows are: its panel, the number of each entity and the step its chunk begins at."""

    panel: Panel
    number: IntArray
    offset: int
    step_seconds: float


def _add(
    sample: Sample,
    place: _Place,
    rows: Rows,
    seen: Labels,
    contenders: tuple[Contenders, ...],
    origins: tuple[Origin, ...],
) -> None:
    step = place.offset + rows.step
    block = step // max(1, round(BLOCK_SECONDS / place.step_seconds))
    draw = draws(place.panel.entities, rows.entity, block)
    for position, origin in enumerate(origins):
        chosen = (step >= origin.first) & (step <= origin.last) & seen.counts.any(axis=0)
        chosen &= draw < sample.shares[0]
        values = rows.values[chosen]
        nothing = np.full((len(seen.counts), len(values)), np.nan)
        each = [one[position] for one in contenders]
        scores = np.stack([nothing if fitted is None else fitted.scores(values) for fitted in each])
        sample.add(
            np.zeros(len(values), dtype=np.int64),
            draw[chosen],
            scores.transpose(2, 0, 1).astype(np.float32),
            seen.ahead[:, chosen].T,
            seen.counts[:, chosen].T,
            seen.settled[:, chosen].T,
            step[chosen],
            place.number[rows.entity[chosen]],
            np.full(len(values), position, dtype=np.int64),
        )


def _sorted(rows: Arrays, candidates: int, outcomes: int) -> Scored:
    if not rows:  # no entity of the kind was there behind any origin
        nothing, never = np.zeros((outcomes, 0), dtype=np.int64), np.zeros((outcomes, 0), dtype=np.bool_)
        none = np.zeros(0, dtype=np.int64)
        return Scored(np.zeros((candidates, outcomes, 0)), nothing, never, never, none, none, none)
    _, scores, ahead, counts, settled, step, entity, origin = rows
    order = np.lexsort((step, entity))
    return Scored(
        scores[order].transpose(1, 2, 0),
        ahead[order].T,
        counts[order].T,
        settled[order].T,
        step[order],
        entity[order],
        origin[order],
    )
