"""Reasons: the signals behind a score, with what they show now and where that leads."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from predictor import features
from predictor.catalogue import Signal
from predictor.entities import Entity
from predictor.issues import Outcome
from predictor.model import KindModel, Model
from predictor.panel import FloatArray, Panel
from predictor.phrases import phrase, trend

TREND_SECONDS: Final = 300.0


@dataclass(frozen=True)
class Reading:
    """What one signal of one entity shows.

    value, per_minute, limit, usual_low, usual_high: in the signal's unit; seconds_to_limit: along a straight line. NaN
    where there is none. The usual range holds 98 % of a quiet life; a relative signal's is its own window's.
    """

    signal: Signal
    value: float
    per_minute: float
    seconds_to_limit: float
    usual_low: float
    usual_high: float

    @property
    def moves(self) -> bool:
        """Whether its trend is worth telling."""
        return bool(trend(self.signal, self.value, self.per_minute))

    @property
    def words(self) -> str:
        """The reading as a person says it."""
        return phrase(self.signal, self.value, self.per_minute, self.seconds_to_limit)


@dataclass(frozen=True)
class Reason:
    """One signal behind a probability.

    contribution: what it adds to the score before calibration (log-odds, for forests a share of votes). share: its part
    of all that raises the score, 0 for what lowers it.
    """

    reading: Reading
    contribution: float
    share: float


@dataclass(frozen=True)
class Explanation:
    """Every signal's part in one score, what raises it most first.

    base: the output for a row of a usual life, to which the contributions are added.
    """

    base: float
    reasons: tuple[Reason, ...]


def all_reasons(model: Model, panel: Panel, entity: Entity) -> Mapping[Outcome, Explanation]:
    """How each probability of one entity came about; empty without a model or its explanation."""
    learned = model.kinds.get(panel.kind)
    if learned is None or learned.explained is None:
        return {}
    for _, parts in explained(learned, panel, [entity], model.step_seconds):
        return {
            outcome: Explanation(base, tuple(sorted(several, key=lambda one: -one.contribution)))
            for outcome, (base, several) in zip(learned.outcomes, parts, strict=True)
        }
    return {}


def all_readings(learned: KindModel, panel: Panel, entity: Entity, step_seconds: float) -> tuple[Reading, ...]:
    """What each signal of one entity shows at the panel's last step, in the order of the model's signals."""
    reach = features.reach_steps(step_seconds)
    part = panel.of([entity]).steps(len(panel.times) - reach)
    return tuple(_readings(learned, part, step_seconds)[0])


def explained(
    learned: KindModel, panel: Panel, entities: Sequence[Entity], step_seconds: float
) -> Iterator[tuple[Entity, list[tuple[float, list[Reason]]]]]:
    """Each entity with base and reasons per outcome, these in signal order; those without a row are passed by."""
    if not entities:
        return
    reach = features.reach_steps(step_seconds)
    part = panel.of(entities).steps(len(panel.times) - reach)
    rows = features.rows(part, learned.signals, step_seconds)
    found = learned.contributions(rows.values)
    readings = _readings(learned, part, step_seconds)
    for row, column in enumerate(rows.entity.tolist()):
        of_outcomes = [
            (
                base,
                [
                    Reason(reading, amount, max(0.0, amount) / raised if raised > 0 else 0.0)
                    for reading, amount in zip(readings[column], amounts, strict=True)
                ],
            )
            for base, amounts in zip(found.base.tolist(), found.parts[:, row].tolist(), strict=True)
            for raised in [sum(max(0.0, amount) for amount in amounts)]
        ]
        yield part.entities[column], of_outcomes


def _readings(learned: KindModel, panel: Panel, step_seconds: float) -> list[list[Reading]]:
    """For each entity of the panel what its signals show at the last step."""
    # A slope needs two samples, however long the step.
    short, hold = max(2, round(TREND_SECONDS / step_seconds)), round(features.HOLD_SECONDS / step_seconds)
    names = features.names(learned.signals)
    found: list[list[Reading]] = [[] for _ in panel.entities]
    for i, signal in enumerate(learned.signals):
        values = panel.values[i]
        now = features.held(values[-hold - 1 :], hold)[-1]
        _, _, slope = features.trailing(values[-short:], short)
        per_second = slope[-1] / step_seconds
        limit = math.nan if signal.limit is None else signal.limit
        left = features.time_to_limit(now, per_second, limit)
        low, high = _usual(learned, signal, names.index(f"{signal.name}:now"), values)
        for column, several in enumerate(found):
            several.append(
                Reading(
                    signal,
                    float(now[column]),
                    float(per_second[column]) * 60.0,
                    _soon(float(left[column])),
                    float(low[column]),
                    float(high[column]),
                )
            )
    return found


def _usual(learned: KindModel, signal: Signal, column: int, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(entities,) and (entities,): the ends of the usual range, in the signal's unit."""
    count = values.shape[1]
    if learned.oddness is None:
        return np.full(count, np.nan), np.full(count, np.nan)
    low, high = learned.oddness.usual(column)
    if signal.relative:
        mean = features.trailing(values, len(values))[0][-1]
        return low * np.abs(mean), high * np.abs(mean)
    return np.full(count, low), np.full(count, high)


def _soon(seconds: float) -> float:
    """The seconds, NaN where it is never or not soon."""
    return math.nan if not seconds < features.MAX_TIME_TO_LIMIT_SECONDS else seconds
