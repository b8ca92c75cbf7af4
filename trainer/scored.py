"""Scored: what the models of each origin or fold say of the history they had not seen, at its natural base rate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from commandline.memory import give_back
from predictor.catalogue import Catalogue
from predictor.entities import Kind
from predictor.issues import Outcome
from predictor.panel import BoolArray, FloatArray
from trainer.candidates import SEATS, CandidateName
from trainer.dataset import Dataset
from trainer.fit import Fitted, fit
from trainer.history import Chunks, Stretch
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
"""The candidates fitted at one origin, None where there was nothing to learn yet."""


@dataclass(frozen=True)
class Scored:
    """Rows behind the origins, sorted by entity and step.

    scores: (candidates, outcomes, rows), NaN where a model lacks the outcome. ahead, counts, settled: (outcomes, rows),
    see Labels. step, entity, origin: (rows,). weight: (rows,), how many rows of history each stands for.
    issues_factor: how many times as frequent issues are in this history as they will be.
    """

    scores: FloatArray
    ahead: IntArray
    counts: BoolArray
    settled: BoolArray
    step: IntArray
    entity: IntArray
    origin: IntArray
    weight: FloatArray
    issues_factor: float = 1.0

    @property
    def expected_weight(self) -> FloatArray:
        """(rows,): weights by which issues are as frequent as they will be.

        Where they were crowded together, each quiet row stands for the quiet that is missing between them. What leads
        to an issue and what follows it is as crowded as the issue itself, so quiet is who has none of them, is in no
        wake, and comes to none within the longest horizon; of rows yet earlier on a long way to one nobody can tell.
        """
        quiet = ~(self.ahead > 0).any(axis=0) & self.settled.all(axis=0)
        return np.where(quiet, self.issues_factor * self.weight, self.weight)


@dataclass(frozen=True)
class Behind:
    """History, and all that is needed to ask what models of its origins say of what came behind them.

    issues_factor: see Scored.
    """

    history: Chunks
    catalogue: Catalogue
    when: Stretch
    seed: int
    issues_factor: float = 1.0

    def scored(
        self,
        datasets: Mapping[Kind, Dataset],
        origins: tuple[Origin, ...],
        names: Mapping[Kind, tuple[CandidateName, ...]],
        progress: Progress,
        most: int = MAX_ROWS,
        seats: int = SEATS,
    ) -> Mapping[Kind, Scored]:
        """Fit each kind's candidates at every origin, and score with them the rows behind it.

        One origin after the other, since forests take more memory than the rows they are fitted on. Their stretches do
        not overlap, so that only the chunks between two are gone through twice. most: rows per kind that may be kept.
        seats: of a committee, see Lessons.
        """
        advance = progress.stage("fitting at earlier moments", len(origins) * sum(map(len, names.values())))
        samples: dict[Kind, Sample] = {kind: Sample([most]) for kind in datasets}
        wanted = {kind: datasets[kind].outcomes for kind in datasets}
        known: dict[tuple[str, ...], int] = {}
        for position, origin in enumerate(origins):
            asked = {  # a dataset is asked for when it is needed: it may lie on disk until then
                kind: _Asked(self._fitted(datasets[kind], origin, one, seats, advance), position, samples[kind])
                for kind, one in names.items()
            }
            self._ask(asked, origin, wanted, known)
            asked.clear()  # makes room for those of the next origin
        found = {
            kind: replace(
                _sorted(samples.pop(kind).rows(), len(names[kind]), len(outcomes)), issues_factor=self.issues_factor
            )
            for kind, outcomes in wanted.items()
        }
        give_back()
        return found

    def _fitted(
        self,
        dataset: Dataset,
        origin: Origin,
        names: tuple[CandidateName, ...],
        seats: int,
        advance: Callable[[], None],
    ) -> Contenders:
        signals, found = self.catalogue.signals_of(dataset.kind), []
        for name in names:
            found.append(fit(dataset, name, signals, self.seed, seats, origin.known(dataset)))
            advance()
        return tuple(found)

    def _ask(
        self,
        asked: Mapping[Kind, _Asked],
        origin: Origin,
        wanted: Mapping[Kind, tuple[Outcome, ...]],
        known: dict[tuple[str, ...], int],
    ) -> None:
        """Add what is said of the stretch behind an origin. known: the number of every entity, grows."""
        start, step = self.when.start, self.when.step_seconds
        chunks = self.history.between(start + origin.first * step, start + origin.last * step)
        behind = (
            part.within(origin.first, origin.last)
            for part in parts(chunks, self.catalogue, self.when, wanted)
            # Behind an origin that came early there may be nothing before the next.
            if max(part.first, origin.first) <= min(part.last, origin.last)
        )
        for part, (draw, entity, *arrays) in each(behind, lambda part: asked[part.kind].answers(part)):
            numbers = [known.setdefault((part.kind, *one), len(known)) for one in part.panel.entities]
            number = np.array(numbers, dtype=np.int64)[entity]
            asked[part.kind].sample.add(np.zeros(len(draw), dtype=np.int64), draw, *arrays, number)


@dataclass(frozen=True)
class _Asked:
    """The contenders of one kind and origin, and the sample their answers go to. position: of the origin."""

    contenders: Contenders
    position: int
    sample: Sample

    def answers(self, part: Part) -> Arrays:
        """The draw, the entity and the arrays of the part's rows that may be kept.

        Other threads add to the sample meanwhile: a share read too early keeps a few rows for `add` to drop.
        """
        rows, seen = part.rows()
        block = rows.step // max(1, round(BLOCK_SECONDS / part.step_seconds))
        draw = draws(part.panel.entities, rows.entity, block)
        kept = seen.counts.any(axis=0) & (draw < PREFERRED * self.sample.shares[0])
        draw, block, step, entity = draw[kept], block[kept], rows.step[kept], rows.entity[kept]
        ahead, counts, settled = (of[:, kept] for of in (seen.ahead, seen.counts, seen.settled))
        values = rows.values[kept]
        del rows, seen  # as much memory again, which models need for copies of their own
        nothing = np.full((len(counts), len(values)), np.nan)
        scores = np.stack([nothing if fitted is None else fitted.scores(values) for fitted in self.contenders])
        loud = ((ahead > 0) & counts).any(axis=0) | (np.nan_to_num(scores).max(axis=(0, 1)) >= LOUD)
        preferred = np.where(_anywhere(loud, entity, block), PREFERRED, 1.0)
        return (
            draw / preferred,
            entity,
            preferred,
            scores.transpose(2, 0, 1).astype(np.float32),
            ahead.T,
            counts.T,
            settled.T,
            step,
            np.full(len(values), self.position, dtype=np.int64),
        )


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
