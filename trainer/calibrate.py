"""Calibrate: what the fitted scores are worth, learned from later history at its natural base rate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from sklearn.isotonic import IsotonicRegression

from predictor import features
from predictor.catalogue import Catalogue
from predictor.entities import Kind
from predictor.issues import monotone
from predictor.model import Calibration, Forest, KindModel
from predictor.panel import BoolArray, FloatArray
from predictor.reader import Reader
from trainer.dataset import outcomes_in
from trainer.fit import Fitted
from trainer.history import Stretch, chunks
from trainer.thresholds import threshold


@dataclass(frozen=True)
class Scored:
    """Scores of one kind over later history, and what came: (outcomes, rows); step and entity of each row."""

    scores: FloatArray
    came: BoolArray
    counts: BoolArray
    step: np.ndarray[tuple[int], np.dtype[np.int64]]
    entity: np.ndarray[tuple[int], np.dtype[np.int64]]


def scored(
    reader: Reader, catalogue: Catalogue, models: Mapping[Kind, KindModel], when: Stretch, advance: Callable[[], None]
) -> Mapping[Kind, Scored]:
    """Every model's uncalibrated scores at every step of the span, at the natural base rate."""
    ahead = round(max(o.horizon_seconds for m in models.values() for o in m.outcomes) / when.step_seconds)
    first = features.reach_steps(when.step_seconds) - 1
    parts: dict[Kind, list[Scored]] = {kind: [] for kind in models}
    known: dict[tuple[str, ...], int] = {}
    for chunk, reading in chunks(reader, catalogue, when, ahead):
        for kind, model in models.items():
            panel = reading.panels[kind]
            rows = features.rows(panel.steps(0, first + chunk.steps), model.signals, when.step_seconds)
            came, counts, _ = outcomes_in(panel, model.outcomes, when.step_seconds)
            number = np.array([known.setdefault((kind, *e), len(known)) for e in panel.entities], dtype=np.int64)
            offset = round((chunk.start - when.start) / when.step_seconds)
            at = (slice(None), first + rows.step, rows.entity)
            parts[kind].append(
                Scored(model.scores(rows.values), came[at], counts[at], offset + rows.step, number[rows.entity])
            )
        advance()
    return {kind: _joined(several) for kind, several in parts.items()}


def calibrate(fitted: Fitted, seen: Scored, step_seconds: float, false_alarms_per_entity_day: float) -> Fitted:
    """The model with calibrations and thresholds from later history, without the outcomes that never came there."""
    model = fitted.model
    untrained = dict(fitted.untrained)
    maps: dict[int, Calibration] = {}
    for i, outcome in enumerate(model.outcomes):
        rows = seen.counts[i]
        if not seen.came[i][rows].any():
            untrained[outcome] = "no episode in the later part of history that calibrates"
        else:
            maps[i] = _calibration(seen.scores[i][rows], seen.came[i][rows])
    model = replace(model, calibrations=tuple(maps.get(i, model.calibrations[i]) for i in range(len(model.outcomes))))
    mapped = np.stack([c(s) for c, s in zip(model.calibrations, seen.scores, strict=True)])
    probability = monotone(model.outcomes, mapped)
    thresholds = tuple(
        threshold(
            probability[i],
            seen.came[i],
            seen.counts[i],
            seen.step,
            seen.entity,
            round(outcome.horizon_seconds / step_seconds),
            step_seconds,
            false_alarms_per_entity_day,
        )
        for i, outcome in enumerate(model.outcomes)
    )
    return Fitted(_only(replace(model, thresholds=thresholds), sorted(maps)), untrained)


def _calibration(scores: FloatArray, came: BoolArray) -> Calibration:
    # Two made-up rows, one of each kind at the wrong end, keep 0 and 1 out of reach of little evidence.
    isotonic = IsotonicRegression(out_of_bounds="clip")
    isotonic.fit(np.concatenate([scores, [0.0, 1.0]]), np.concatenate([came, [1.0, 0.0]]))
    return Calibration(np.asarray(isotonic.X_thresholds_, float), np.asarray(isotonic.y_thresholds_, float))


def _joined(parts: list[Scored]) -> Scored:
    return Scored(
        np.concatenate([p.scores for p in parts], axis=1),
        np.concatenate([p.came for p in parts], axis=1),
        np.concatenate([p.counts for p in parts], axis=1),
        np.concatenate([p.step for p in parts]),
        np.concatenate([p.entity for p in parts]),
    )


def _only(model: KindModel, columns: list[int]) -> KindModel:
    if len(columns) == len(model.outcomes):
        return model
    forest = model.estimator
    assert isinstance(forest, Forest), "fit() made it"
    return replace(
        model,
        outcomes=tuple(model.outcomes[i] for i in columns),
        estimator=replace(forest, columns=tuple(columns)),
        calibrations=tuple(model.calibrations[i] for i in columns),
        thresholds=tuple(model.thresholds[i] for i in columns),
    )
