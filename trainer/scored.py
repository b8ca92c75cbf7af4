"""Scored: what the models of each origin or fold say of the history they had not seen, at its natural base rate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from predictor.catalogue import Catalogue
from predictor.entities import Kind
from predictor.panel import BoolArray, FloatArray
from predictor.series import Reading
from trainer.candidates import SEATS, CandidateName
from trainer.dataset import Dataset
from trainer.fit import Fitted, fit
from trainer.history import Stretch
from trainer.origins import Origin
from trainer.parts import Part, each, parts
from trainer.progress import Progress
from trainer.sample import Arrays, IntArray, Sample, draws

MAX_ROWS: Final = 1_000_000
"""Of a longer history some entities' quarter days are left out: memory stays flat, and alerts stay in one piece."""

BLOCK_SECONDS: Final = 6 * 3600.0

LOUD: Final = 0.05
"""From this score on a quarter day is one of those that thresholds are about, as is one before whose end an issue
comes."""

PREFERRED: Final = 8.0
"""How many times as likely loud quarter days are kept. They stand for less in turn, so that nothing is skewed."""

Contenders = tuple[Fitted | None, ...]
"""The same candidate fitted at each origin, None where there was nothing to learn yet."""


@dataclass(frozen=True)
class Scored:
    """Rows behind the origins, sorted by entity and step.

    scores: (candidates, outcomes, rows), NaN where a model lacks the outcome. ahead, counts, settled: (outcomes, rows),
    see Labels. step, entity, origin: (rows,). weight: (rows,), how many rows of history each stands for.
    """

    scores: FloatArray
    ahead: IntArray
    counts: BoolArray
    settled: BoolArray
    step: IntArray
    entity: IntArray
    origin: IntArray
    weight: FloatArray


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
        most: int = MAX_ROWS,
        seats: int = SEATS,
    ) -> Mapping[Kind, Scored]:
        """Fit each kind's candidates at every origin, and score with them the rows behind it in one pass.

        most: rows per kind that may be kept. seats: of a committee, see Lessons.
        """
        advance = progress.stage("fitting at earlier moments", len(origins) * sum(map(len, names.values())))
        contenders = {
            kind: self._contenders(one, origins, names[kind], seats, advance) for kind, one in datasets.items()
        }
        samples: dict[Kind, Sample] = {kind: Sample([most]) for kind in contenders}
        asked = {kind: _Asked(contenders[kind], origins, samples[kind]) for kind in contenders}
        wanted = {kind: one.outcomes for kind, one in datasets.items()}
        known: dict[tuple[str, ...], int] = {}
        behind = parts(self.history, self.catalogue, self.when, wanted, origins[0].first)
        for part, answers in each(behind, lambda part: asked[part.kind].answers(part)):
            numbers = [known.setdefault((part.kind, *entity), len(known)) for entity in part.panel.entities]
            for draw, entity, *arrays in answers:
                number = np.array(numbers, dtype=np.int64)[entity]
                samples[part.kind].add(np.zeros(len(draw), dtype=np.int64), draw, *arrays, number)
        return {
            kind: _sorted(sample.rows(), len(names[kind]), len(datasets[kind].outcomes))
            for kind, sample in samples.items()
        }

    def _contenders(
        self,
        dataset: Dataset,
        origins: tuple[Origin, ...],
        names: tuple[CandidateName, ...],
        seats: int,
        advance: Callable[[], None],
    ) -> tuple[Contenders, ...]:
        signals = self.catalogue.signals_of(dataset.kind)
        found = []
        for name in names:
            fitted: list[Fitted | None] = []
            for origin in origins:
                fitted.append(fit(origin.known(dataset), name, signals, self.seed, seats))
                advance()
            found.append(tuple(fitted))
        return tuple(found)


@dataclass(frozen=True)
class _Asked:
    """The contenders of one kind, and the sample their answers go to."""

    contenders: tuple[Contenders, ...]
    origins: tuple[Origin, ...]
    sample: Sample

    def answers(self, part: Part) -> list[Arrays]:
        """For each origin the draw, the entity and the arrays of the part's rows behind it that may be kept.

        Other threads add to the sample meanwhile: a share read too early keeps a few rows for `add` to drop.
        """
        rows, seen = part.rows()
        block = rows.step // max(1, round(BLOCK_SECONDS / part.step_seconds))
        draw = draws(part.panel.entities, rows.entity, block)
        kept = seen.counts.any(axis=0) & (draw < PREFERRED * self.sample.shares[0])
        found: list[Arrays] = []
        for position, origin in enumerate(self.origins):
            chosen = kept & (rows.step >= origin.first) & (rows.step <= origin.last)
            values = rows.values[chosen]
            nothing = np.full((len(seen.counts), len(values)), np.nan)
            several = [one[position] for one in self.contenders]
            scores = np.stack([nothing if fitted is None else fitted.scores(values) for fitted in several])
            came = (seen.came & seen.counts)[:, chosen].any(axis=0)
            loud = came | (np.nan_to_num(scores).max(axis=(0, 1)) >= LOUD)
            preferred = np.where(_anywhere(loud, rows.entity[chosen], block[chosen]), PREFERRED, 1.0)
            found.append(
                (
                    draw[chosen] / preferred,
                    rows.entity[chosen],
                    preferred,
                    scores.transpose(2, 0, 1).astype(np.float32),
                    seen.ahead[:, chosen].T,
                    seen.counts[:, chosen].T,
                    seen.settled[:, chosen].T,
                    rows.step[chosen],
                    np.full(len(values), position, dtype=np.int64),
                )
            )
        return found


def _anywhere(loud: BoolArray, entity: IntArray, block: IntArray) -> BoolArray:
    """(rows,): whether any row of the same entity and block is loud. All three: (rows,)."""
    _, group = np.unique(entity * (block.max(initial=0) + 1) + block, return_inverse=True)
    return np.asarray(np.bincount(group, weights=loud)[group] > 0)


def _sorted(rows: Arrays, candidates: int, outcomes: int) -> Scored:
    if not rows:  # no entity of the kind was there behind any origin
        nothing, never = np.zeros((outcomes, 0), dtype=np.int64), np.zeros((outcomes, 0), dtype=np.bool_)
        none = np.zeros(0, dtype=np.int64)
        return Scored(np.zeros((candidates, outcomes, 0)), nothing, never, never, none, none, none, np.zeros(0))
    weight, preferred, scores, ahead, counts, settled, step, origin, entity = rows
    order = np.lexsort((step, entity))
    return Scored(
        scores[order].transpose(1, 2, 0),
        ahead[order].T,
        counts[order].T,
        settled[order].T,
        step[order],
        entity[order],
        origin[order],
        np.maximum(1.0, weight / preferred)[order],
    )
