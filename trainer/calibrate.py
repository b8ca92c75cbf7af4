"""Calibrate: what scores are worth, learned behind the origins at the natural base rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from sklearn.isotonic import IsotonicRegression

from predictor.issues import Outcome, monotone
from predictor.model import Calibration
from predictor.panel import BoolArray, FloatArray
from trainer.sample import IntArray
from trainer.scored import Scored
from trainer.selection import watch_of
from trainer.thresholds import threshold

LOWEST: Final = 0.1
"""Below one in ten nobody should be woken, whatever the budget."""

HIGHEST: Final = 0.95
"""Above it little history can tell one threshold from another."""

NEVER_LATER: Final = "no episode behind the first origin of validation, so nothing calibrates it"


@dataclass(frozen=True)
class Calibrated:
    """For each outcome its map and threshold, None where nothing came to calibrate by."""

    maps: tuple[Calibration | None, ...]
    thresholds: tuple[float | None, ...]


def calibrate(
    seen: Scored,
    outcomes: Sequence[Outcome],
    step_seconds: float,
    false_alarms_per_entity_day: float,
) -> Calibrated:
    """What the scores of the only candidate are worth.

    Maps from all rows behind the origins, thresholds from probabilities whose map did not see their own origin.
    """
    scores = seen.scores[0].astype(np.float64)
    counts = seen.counts & ~np.isnan(scores)
    came = seen.ahead > 0
    maps = [_map(scores[i], came[i], counts[i]) for i in range(len(outcomes))]
    held_out = np.stack([_held_out(scores[i], came[i], counts[i], seen.origin) for i in range(len(outcomes))])
    probability = monotone(outcomes, held_out)
    thresholds: list[float | None] = []
    for i, outcome in enumerate(outcomes):
        rows, watch = watch_of(seen, i, outcome, step_seconds)
        level = probability[i][rows]
        found = threshold(watch, level, false_alarms_per_entity_day, LOWEST, HIGHEST) if maps[i] else None
        thresholds.append(found)
    return Calibrated(tuple(maps), tuple(thresholds))


def _held_out(scores: FloatArray, came: BoolArray, counts: BoolArray, origin: IntArray) -> FloatArray:
    """(rows,): each row's probability by a map from the other origins' rows, or from all where those show nothing."""
    found = np.full(len(scores), np.nan)
    whole = _map(scores, came, counts)
    for number in np.unique(origin).tolist():
        here = origin == number
        others = _map(scores, came, counts & ~here) or whole
        if others is not None:
            found[here] = others(scores[here])
    return found


def _map(scores: FloatArray, came: BoolArray, counts: BoolArray) -> Calibration | None:
    if not came[counts].any():
        return None
    # Two made-up rows, one of each kind at the wrong end, keep 0 and 1 out of reach of little evidence.
    isotonic = IsotonicRegression(out_of_bounds="clip")
    isotonic.fit(np.concatenate([scores[counts], [0.0, 1.0]]), np.concatenate([came[counts], [1.0, 0.0]]))
    return Calibration(np.asarray(isotonic.X_thresholds_, float), np.asarray(isotonic.y_thresholds_, float))
