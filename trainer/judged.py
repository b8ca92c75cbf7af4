"""Judged: everything that is known about one outcome after the fact, and a plain word for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from predictor.entities import Entity, Kind
from predictor.issues import Outcome
from predictor.panel import FloatArray
from predictor.waits import pending_seconds
from trainer import bootstrap, events, scores
from trainer.bootstrap import Intervals
from trainer.events import Events
from trainer.outcomes import MERGE_SECONDS, merged, outcome_rows
from trainer.scores import Curves, RowFigures
from trainer.standings import Ground, Standing, standing
from trainer.tally import Tally, of_events, with_rows
from trainer.track import Track

GOOD_ENOUGH: Final = 0.5
"""A forecast that misses most, or is wrong mostly, is not one to act on."""

PRETTY_ISSUE: Final = {
    "pod_failure": "Pod failure",
    "node_failure": "Node failure",
    "resource_exhaustion": "Resource exhaustion",
    "network_issue": "Network issue",
    "service_disruption": "Service disruption",
}


@dataclass(frozen=True)
class JudgedOutcome:
    """One issue × kind × horizon; curves is None where there were not both kinds of rows.

    standings: by name, every baseline at no more false alarms than this.
    """

    kind: Kind
    outcome: Outcome
    threshold: float
    times: FloatArray
    entities: tuple[Entity, ...]
    events: Events
    rows: RowFigures
    curves: Curves | None
    intervals: Intervals
    tally: Tally
    standings: Mapping[str, Standing]

    @property
    def issue(self) -> str:
        """The issue as people write it."""
        return PRETTY_ISSUE[self.outcome.issue]

    @property
    def title(self) -> str:
        """Issue and horizon for a plot's panel."""
        return f"{self.issue} within {self.outcome.horizon}"

    @property
    def grade(self) -> str:
        """What a reader in a hurry should take away."""
        figures = self.events.figures
        if figures.recall is None:
            return "only false alarms" if figures.false_alarms else "no episode to judge by"
        if figures.recall < GOOD_ENOUGH:
            return "misses most"
        if figures.precision is None or figures.precision < GOOD_ENOUGH:
            return "too many false alarms" if figures.false_alarms >= figures.early else "mostly too early"
        if self.rows.brier_skill is None or self.rows.brier_skill <= 0:
            return "in time, but its probabilities are off"
        return "warns in time"


def judge(track: Track, ground: Ground, beside: Iterable[tuple[str, str, FloatArray]]) -> JudgedOutcome:
    """All figures of one outcome: events over every step, rows where the outcome is known and no episode was on.

    beside: name, title and scores, (steps, entities), of each baseline.
    """
    # Probabilities are kept in single precision: so must be the threshold, or those that just reach it would not.
    level = float(np.float32(track.threshold))
    found = ground.events(track.probability, level)
    probability, came = track.probability[ground.rows].astype(np.float64), ground.came[ground.rows]
    tally = of_events(found, ground.truth.observed, ground.truth.step_seconds)
    whole = with_rows(tally, probability, came, np.nonzero(ground.rows)[1])
    return JudgedOutcome(
        kind=track.kind,
        outcome=track.outcome,
        threshold=track.threshold,
        times=track.times,
        entities=track.entities,
        events=found,
        rows=scores.row_figures(probability, came, level),
        curves=scores.curves(probability, came),
        intervals=bootstrap.intervals([whole], [bootstrap.draws(track.kind, len(tally))]),
        tally=tally,
        standings={name: standing(title, score, ground, found.figures.false_alarms) for name, title, score in beside},
    )


def ground_of(track: Track, step_seconds: float, hold_seconds: float) -> Ground:
    """What came, of one outcome; rows with a probability, outside of episodes and with a whole horizon, count."""
    horizon_seconds = track.outcome.horizon_seconds
    pending = pending_seconds(track.outcome.issue, horizon_seconds)
    truth = events.truth(track.active, track.present, step_seconds)
    gap = round(MERGE_SECONDS / step_seconds)
    episodes = merged(track.active, gap)
    came, counts = outcome_rows(episodes, track.present, round(horizon_seconds / step_seconds), gap)
    return Ground(truth, counts & ~np.isnan(track.probability), came, horizon_seconds, pending, hold_seconds)
