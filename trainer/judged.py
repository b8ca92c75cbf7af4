"""Judged: everything that is known about one outcome after the fact, and a plain word for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from predictor.entities import Entity, Kind
from predictor.issues import Outcome
from predictor.panel import FloatArray
from trainer import events, scores
from trainer.events import Events
from trainer.outcomes import MERGE_SECONDS, merged, outcome_rows
from trainer.scores import Curves, RowFigures
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
    """One issue × kind × horizon; curves is None where there were not both kinds of rows."""

    kind: Kind
    outcome: Outcome
    threshold: float
    times: FloatArray
    entities: tuple[Entity, ...]
    events: Events
    rows: RowFigures
    curves: Curves | None

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
            return "too many false alarms"
        if self.rows.brier_skill is None or self.rows.brier_skill <= 0:
            return "in time, but its probabilities are off"
        return "warns in time"


def judge(track: Track, step_seconds: float, hold_seconds: float) -> JudgedOutcome:
    """All figures of one outcome: events over every step, rows where the outcome is known and no episode was on."""
    horizon_seconds = track.outcome.horizon_seconds
    found = events.judged(
        track.probability,
        track.active,
        track.present,
        threshold=track.threshold,
        horizon_seconds=horizon_seconds,
        step_seconds=step_seconds,
        hold_seconds=hold_seconds,
    )
    gap = round(MERGE_SECONDS / step_seconds)
    came, counts = outcome_rows(merged(track.active, gap), track.present, round(horizon_seconds / step_seconds), gap)
    chosen = counts & ~np.isnan(track.probability)
    probability, outcome = track.probability[chosen], came[chosen]
    return JudgedOutcome(
        kind=track.kind,
        outcome=track.outcome,
        threshold=track.threshold,
        times=track.times,
        entities=track.entities,
        events=found,
        rows=scores.row_figures(probability, outcome, track.threshold),
        curves=scores.curves(probability, outcome),
    )
