"""Labels: what came of every step of a panel, and which rows may be learned from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from predictor.catalogue import Catalogue
from predictor.entities import Kind
from predictor.issues import Outcome
from predictor.panel import BoolArray, Panel
from trainer.outcomes import MERGE_SECONDS, IntArray, merged, outcome_rows, steps_ahead, wake


@dataclass(frozen=True)
class Labels:
    """All (outcomes, …): over a panel's steps and entities, or over rows of it.

    ahead: steps until the issue begins or is there again, 0 when it is not within the horizon. counts: whether the
    outcome is known and no episode is on. during: whether one is on. settled: whether none is on, nor its wake.
    """

    ahead: IntArray
    counts: BoolArray
    during: BoolArray
    settled: BoolArray

    @property
    def came(self) -> BoolArray:
        """Whether the issue came within the horizon."""
        return np.asarray(self.ahead > 0)

    def steps(self, first: int, end: int) -> Labels:
        """Those of the panel's steps [first, end)."""
        at = (slice(None), slice(first, end))
        return Labels(self.ahead[at], self.counts[at], self.during[at], self.settled[at])

    def rows(self, step: np.ndarray[Any, Any], entity: np.ndarray[Any, Any]) -> Labels:
        """Those of chosen rows: all (outcomes, rows)."""
        at = (slice(None), step, entity)
        return Labels(self.ahead[at], self.counts[at], self.during[at], self.settled[at])


def outcomes_of(catalogue: Catalogue, kind: Kind, horizons_seconds: tuple[float, ...]) -> tuple[Outcome, ...]:
    """Every issue that has a rule for the kind, over every horizon."""
    return tuple(Outcome(rule.issue, h) for rule in catalogue.rules_of(kind) for h in sorted(horizons_seconds))


def labels(panel: Panel, wanted: tuple[Outcome, ...], step_seconds: float) -> Labels:
    """The labels of every step and entity of a panel."""
    gap = round(MERGE_SECONDS / step_seconds)
    present = panel.present
    episodes = {issue: merged(panel.active[i], gap) for i, issue in enumerate(panel.issues)}
    distance = {issue: steps_ahead(active) for issue, active in episodes.items()}
    settled = {issue: ~(active | wake(active, step_seconds)) for issue, active in episodes.items()}
    ahead, counts = [], []
    for outcome in wanted:
        horizon = round(outcome.horizon_seconds / step_seconds)
        came, counted = outcome_rows(episodes[outcome.issue], present, horizon, gap)
        ahead.append(np.where(came, distance[outcome.issue], 0))
        counts.append(counted)
    during, calm = (np.stack([of[o.issue] for o in wanted]) for of in (episodes, settled))
    return Labels(np.stack(ahead), np.stack(counts), during, calm)
