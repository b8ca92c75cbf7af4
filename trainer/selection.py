"""Selection: which candidate predicts a kind best, by event figures on history that it was not fitted on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from sklearn.metrics import average_precision_score

from predictor.entities import Kind
from predictor.issues import Outcome
from predictor.panel import BoolArray
from predictor.waits import pending_seconds, pending_steps
from trainer.candidates import CANDIDATES, CandidateName
from trainer.dataset import Dataset
from trainer.origins import Origin
from trainer.progress import Progress
from trainer.scored import Behind, Scored
from trainer.settings import TrainSettings
from trainer.thinned import thinned
from trainer.thresholds import Watch, within_budget

CONTEST_ROWS: Final = 8_000
"""Enough to tell candidates apart; the winner is fitted on all rows."""

CONTEST_BEHIND: Final = 200_000
"""Rows behind the origins that candidates are compared by, in quarter days of an entity."""

CONTEST_SEATS: Final = 2
"""One of each view, and forests of half the trees. On three days whole committees had a recall of 0.51 where these had
0.48, changed no winner and took half as long again. Half a forest's figures are as uncertain as half a committee's: on
another three days random forest and extra trees changed places for two kinds of three."""

LATER_ORIGINS: Final = 2


@dataclass(frozen=True)
class Figures:
    """A candidate's mean over the outcomes that came: recall at the false-alarm budget, and average precision."""

    recall: float
    average_precision: float

    @property
    def rank(self) -> float:
        """Recall decides; precision over all thresholds settles what few episodes leave to chance."""
        return self.recall + 0.5 * self.average_precision


@dataclass(frozen=True)
class Chosen:
    """The candidate of one kind, and what each that competed showed; nothing where only one was asked for."""

    name: CandidateName
    figures: Mapping[CandidateName, Figures]


def contest(
    behind: Behind,
    datasets: Mapping[Kind, Dataset],
    origins: tuple[Origin, ...],
    settings: TrainSettings,
    progress: Progress,
) -> Mapping[Kind, Chosen]:
    """The best candidate of every kind, fitted on fewer rows and judged behind the later origins; or the one forced."""
    if settings.estimator != "auto":
        return dict.fromkeys(datasets, Chosen(settings.estimator, {}))
    names = tuple(CANDIDATES)
    fewer = {kind: thinned(datasets[kind], CONTEST_ROWS, settings.seed) for kind in datasets}
    later = origins[-LATER_ORIGINS:]
    tracks = behind.scored(fewer, later, dict.fromkeys(datasets, names), progress, CONTEST_BEHIND, CONTEST_SEATS)
    chosen = {}
    for kind, seen in tracks.items():
        outcomes, step = fewer[kind].outcomes, behind.when.step_seconds
        found = figures(seen, names, outcomes, step, settings.false_alarms_per_entity_day)
        chosen[kind] = Chosen(max(names, key=lambda name: found[name].rank), found)
    return chosen


def figures(
    seen: Scored,
    names: Sequence[CandidateName],
    outcomes: Sequence[Outcome],
    step_seconds: float,
    false_alarms_per_entity_day: float,
) -> Mapping[CandidateName, Figures]:
    """The figures of every candidate; zeros where no outcome came behind an origin."""
    found = {}
    for position, name in enumerate(names):
        each = [
            one
            for i, outcome in enumerate(outcomes)
            if (one := _of_outcome(seen, position, i, outcome, step_seconds, false_alarms_per_entity_day)) is not None
        ]
        recall, precision = np.mean(each, axis=0).tolist() if each else (0.0, 0.0)
        found[name] = Figures(recall, precision)
    return found


def watch_of(seen: Scored, column: int, outcome: Outcome, step_seconds: float) -> tuple[BoolArray, Watch]:
    """The rows that count for an outcome, outside of wakes and with a score from every candidate, and what came."""
    rows = seen.counts[column] & seen.settled[column] & ~np.isnan(seen.scores[:, column]).any(axis=0)
    horizon = round(outcome.horizon_seconds / step_seconds)
    ahead, weight = seen.ahead[column][rows], seen.weight[rows]
    pending = pending_steps(pending_seconds(outcome.issue, outcome.horizon_seconds), step_seconds)
    return rows, Watch(ahead, seen.step[rows], seen.entity[rows], weight, horizon, step_seconds, pending)


def _of_outcome(
    seen: Scored, position: int, column: int, outcome: Outcome, step_seconds: float, budget: float
) -> tuple[float, float] | None:
    rows, watch = watch_of(seen, column, outcome, step_seconds)
    score = seen.scores[position, column][rows].astype(np.float64)
    came = watch.ahead > 0
    if not came.any():
        return None
    at = within_budget(watch, score, budget, float(score.min()), float(score.max()))
    recall = watch.recall(score >= at)
    precision = float(average_precision_score(came, score, sample_weight=watch.weight))
    return (0.0 if np.isnan(recall) else recall), precision
