"""Calibrate: what scores are worth, learned where their models had not looked, at the natural base rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from sklearn.isotonic import IsotonicRegression

from predictor.issues import Outcome, monotone
from predictor.model import Calibration
from predictor.panel import BoolArray, FloatArray
from predictor.tried import Tried
from trainer.ladders import Ladder, ladder
from trainer.scored import Scored
from trainer.selection import watch_of
from trainer.thresholds import Budget

LOWEST: Final = 0.05
"""How many false alarms are worth it is what the budget says; below one in twenty nobody would call it a warning.

At one in ten a real fault of docs/real-faults.md was missed within its budget.
"""

HIGHEST: Final = 0.95
"""Above it little history can tell one threshold from another."""

RISE: Final = 0.001
"""The part of the way to certainty that probabilities rise behind the middle of a calibration's last step: too little
to claim anything, enough to tell the most suspect of its rows from the least."""

NEVER_LATER: Final = "all its episodes lie in one part of history, so none is left to calibrate by"


@dataclass(frozen=True)
class Calibrated:
    """For each outcome its map and what alerts from each level on would have come to, None where nothing came to
    calibrate by.
    """

    maps: tuple[Calibration | None, ...]
    ladders: tuple[Ladder | None, ...]

    def thresholds(self, budget: Budget) -> tuple[float | None, ...]:
        """Of each outcome, what the budget gives."""
        return tuple(None if one is None else one.threshold(budget) for one in self.ladders)

    def tried(self, budget: Budget) -> tuple[Tried | None, ...]:
        """How these thresholds did."""
        return tuple(None if one is None else one.tried(one.threshold(budget)) for one in self.ladders)


def calibrate(seen: Scored, outcomes: Sequence[Outcome], step_seconds: float) -> Calibrated:
    """What the scores of the only candidate are worth, from all rows that its models had not seen."""
    maps: list[Calibration | None] = [None] * len(outcomes)
    ladders: list[Ladder | None] = [None] * len(outcomes)
    for issue in dict.fromkeys(o.issue for o in outcomes):  # one at a time: millions of rows take memory
        columns = [i for i, o in enumerate(outcomes) if o.issue == issue]
        for i in columns:
            maps[i] = _worth(seen, i)
        for i, one in zip(columns, _of_issue(seen, columns, maps, outcomes, step_seconds), strict=True):
            ladders[i] = one
    return Calibrated(tuple(maps), tuple(ladders))


def _worth(seen: Scored, column: int) -> Calibration | None:
    scores = seen.scores[0, column]
    counts = seen.counts[column] & ~np.isnan(scores)
    weight = seen.expected_weight[counts]
    return _map(scores[counts].astype(np.float64), seen.ahead[column][counts] > 0, weight)


def _of_issue(
    seen: Scored,
    columns: Sequence[int],
    maps: Sequence[Calibration | None],
    outcomes: Sequence[Outcome],
    step_seconds: float,
) -> list[Ladder | None]:
    """The ladders of an issue's outcomes, whose probabilities rise with the horizon."""
    own = [outcomes[i] for i in columns]
    known = [maps[i] for i in columns]
    scores = [seen.scores[0, i].astype(np.float64) for i in columns]
    probability = monotone(own, np.stack([m(s) if m else s * np.nan for m, s in zip(known, scores, strict=True)]))
    most = monotone(own, np.array([[m.probabilities[-1] if m else np.nan] for m in known]))
    ladders: list[Ladder | None] = []
    for position, (i, outcome) in enumerate(zip(columns, own, strict=True)):
        rows, watch = watch_of(seen, i, outcome, step_seconds)
        level = probability[position][rows]
        # A threshold that no probability reaches would be a silent "never".
        highest = max(LOWEST, min(HIGHEST, float(level.max(initial=0.0))))
        ladders.append(ladder(watch, level, LOWEST, highest, float(most[position, 0])) if known[position] else None)
    return ladders


def _map(scores: FloatArray, came: BoolArray, weight: FloatArray) -> Calibration | None:
    """Isotonic regression, drawn through the middle of each of its steps: between them, no two scores give one.

    Steps would throw together rows of different risk, and a threshold on a step would let all of them through; that is
    why the last one rises too, by next to nothing. weight: (rows,), how many rows of history each stands for.
    """
    if not came.any():
        return None
    # Two made-up rows, one of each kind at the wrong end, keep 0 and 1 out of reach of little evidence.
    scores, came = np.concatenate([scores, [0.0, 1.0]]), np.concatenate([came, [1.0, 0.0]])
    weight = np.concatenate([weight, [1.0, 1.0]])
    level = np.asarray(IsotonicRegression().fit(scores, came, sample_weight=weight).predict(scores))
    values, block = np.unique(level, return_inverse=True)
    middle = np.bincount(block, weights=weight * scores) / np.bincount(block, weights=weight)
    top = values[-1] + RISE * (1.0 - values[-1])
    return Calibration(np.append(middle, 1.0), np.append(values, top))
