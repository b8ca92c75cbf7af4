"""Evaluate: what a model would have said of the past, judged by what came, beside what everybody already has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from predictor.entities import KINDS, Kind
from predictor.model import KindModel, Model, Prediction
from predictor.panel import FloatArray, Panel
from predictor.waits import HOLD_SECONDS
from trainer import baselines, closer, document, pictures, report
from trainer.baselines import Baseline
from trainer.cases import Case, CaseName, cases
from trainer.closer import Draw, Timeline
from trainer.importances import Importances, importances
from trainer.judged import JudgedOutcome, ground_of, judge
from trainer.track import Track, TrackRecord
from trainer.verdict import verdicts
from trainer.windows import Chunks, look

BATCH_ROWS: Final = 40_000
"""Rows whose features are in memory at a time: some hundred MB, whatever the size of the cluster."""


class NothingToJudge(Exception):
    """The panels hold no step that ends a full window."""


@dataclass(frozen=True)
class Judgement:
    """All that is known after the fact: every outcome, the rows drawn for importances, and how to look it up again."""

    outcomes: tuple[JudgedOutcome, ...]
    draws: Mapping[Kind, Draw]
    records: Mapping[Kind, TrackRecord]

    def track(self, one: JudgedOutcome) -> Track:
        """What was said of one outcome."""
        return self.records[one.kind].track(one.outcome)


def evaluate(
    model: Model,
    chunks: Chunks,
    results_dir: Path,
    *,
    references: Mapping[Kind, KindModel] | None = None,
    untrained: Mapping[str, str] | None = None,
    issues_factor: float = 1.0,
    hold_seconds: float = HOLD_SECONDS,
) -> dict[str, Any]:
    """Judge the model and write scores.json, report.html and the PNGs; returns the scores.

    chunks: gone through twice; panels in time order, each with reach - 1 steps of run-up, without a gap between their
    steps after it. Steps that an earlier chunk already had are not counted again. references: the snapshot forests.
    untrained: "kind/issue/horizon" -> why, and issues_factor, both from the manifest. Only probabilities, scores of
    baselines and activity stay in memory. Raises NothingToJudge without a step, ValueError for a gap.
    """
    rivals = baselines.everyone(model, references or {})
    records = watched(model, chunks, rivals)
    if not any(len(record.times) for record in records.values()):
        raise NothingToJudge(f"no step has a whole window of {model.reach_steps} steps before it; start earlier")
    found = judgement(model, records, rivals, hold_seconds)
    weighed, timelines = second_look(model, chunks, found)
    said = verdicts(found.outcomes)
    scores = document.scores(model, records, found.outcomes, said, weighed, timelines, hold_seconds)
    scores["issues_factor"] = issues_factor
    scores["untrained"] = dict(sorted((untrained or {}).items()))
    results_dir.mkdir(parents=True, exist_ok=True)
    drawn = pictures.write(found.outcomes, said, weighed, timelines, results_dir)
    report.write(scores, found.outcomes, said, timelines, drawn, results_dir)
    return scores


def watched(model: Model, chunks: Chunks, rivals: Sequence[Baseline]) -> Mapping[Kind, TrackRecord]:
    """What the model and its rivals say at every step, in single precision."""
    records = {kind: TrackRecord(kind, model.step_seconds) for kind in KINDS}
    for chunk in chunks:
        for kind, panel in chunk.items():
            for part in _parts(panel, model.reach_steps):
                said = model.probabilities(part)
                beside = {rival.name: rival.scores(part, said.outcomes) for rival in rivals} if said.outcomes else {}
                records[kind].add(_slim(said), beside)
    return records


def _parts(panel: Panel, reach: int) -> Iterator[Panel]:
    """The panel some steps at a time, each part with its run-up."""
    steps = len(panel.times) - reach + 1
    size = max(1, BATCH_ROWS // max(1, len(panel.entities)))
    for first in range(0, max(steps, 1), size):
        yield panel.steps(first, min(first + size, steps) + reach - 1)


def _slim(said: Prediction) -> Prediction:
    """The prediction in half the memory, without what is not judged."""
    single: Any = said.probability.astype(np.float32)
    return replace(said, probability=single, anomaly=np.zeros((len(said.times), 0)))


def judgement(
    model: Model, records: Mapping[Kind, TrackRecord], rivals: Sequence[Baseline], hold_seconds: float
) -> Judgement:
    """Every outcome judged beside the rivals, and the rows that a second look is to weigh."""
    outcomes: list[JudgedOutcome] = []
    draws: dict[Kind, Draw] = {}
    for kind, record in records.items():
        grounds = []
        for outcome in record.outcomes:
            track = record.track(outcome)
            grounds.append(ground_of(track, model.step_seconds, hold_seconds))
            beside = ((r.name, r.title, record.beside(r.name, outcome)) for r in rivals)
            outcomes.append(judge(track, grounds[-1], beside))
        if grounds:
            draws[kind] = closer.draw(grounds)
    return Judgement(tuple(outcomes), draws, records)


def second_look(
    model: Model, chunks: Chunks, found: Judgement
) -> tuple[Mapping[Kind, Importances], Mapping[CaseName, Timeline | None]]:
    """Importances and timelines, for which history is looked at once more."""
    chosen = cases(found.outcomes, found.track)
    first = {kind: next(o for o in found.outcomes if o.kind == kind) for kind in found.draws}
    drawn = {kind: closer.moments(draw, first[kind]) for kind, draw in found.draws.items()}
    quiet = {name: closer.quiet_moments(case, found.track(case.outcome)) for name, case in chosen.items() if case}
    there = [case for case in chosen.values() if case]
    wanted = [moment for several in (*drawn.values(), *quiet.values()) for moment in several]
    wanted += [closer.decisive(case) for case in there]
    seen = look(chunks, wanted, [closer.span(case) for case in there], model.reach_steps, model.step_seconds)
    weighed: dict[Kind, Importances] = {}
    usual: dict[Kind, FloatArray] = {}
    for kind, draw in found.draws.items():
        rows = closer.sampled(seen, model, kind, draw, drawn[kind])
        usual[kind] = rows.values[~rows.came.any(axis=0)]
        if result := importances(model.kinds[kind], rows):
            weighed[kind] = result

    def told(name: CaseName, case: Case | None) -> Timeline | None:
        if case is None:
            return None
        same = [o for o in found.outcomes if (o.kind, o.outcome.issue) == (case.kind, case.outcome.outcome.issue)]
        return closer.timeline(case, seen, model, [found.track(o) for o in same], quiet[name], usual[case.kind])

    return weighed, {name: told(name, case) for name, case in chosen.items()}
