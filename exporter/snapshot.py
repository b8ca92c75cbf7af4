"""Snapshot: the immutable result of one tick, which /metrics, the page and the API all show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

import numpy as np

from predictor.entities import Entity, Kind, name_of, namespace_of
from predictor.issues import Outcome
from predictor.model import Prediction
from predictor.panel import BoolArray, FloatArray, Panel
from predictor.reasons import Reason

ODD: Final = 0.99
"""An entity odder than 99 % of a quiet life is shown whatever its probabilities: its trouble may be a new one."""


Reasoning = tuple[Kind, Entity, Outcome]
Reasoned = Mapping[Reasoning, tuple[Reason, ...]]
"""The top reasons of a probability, what raises it most first."""


@dataclass(frozen=True)
class Publishing:
    """What is published singly: pods from `floor` on, of all entities at most `max_series` series."""

    floor: float
    max_series: int


@dataclass(frozen=True)
class Forecast:
    """What is said about the entities of one kind at the snapshot's time.

    entities: those with a sample or an active issue at that very step. probability: (outcomes, entities), NaN where
    the model said nothing. active: (issues, entities). anomaly: (entities,), NaN where there is none to say. published:
    (entities,), True where they are shown singly.
    """

    kind: Kind
    entities: tuple[Entity, ...]
    outcomes: tuple[Outcome, ...]
    thresholds: tuple[float, ...]
    probability: FloatArray
    issues: tuple[str, ...]
    active: BoolArray
    anomaly: FloatArray
    published: BoolArray

    @property
    def highest(self) -> FloatArray:
        """(entities,): the highest probability of each, -1 where the model said nothing."""
        known = np.where(np.isnan(self.probability), -1.0, self.probability)
        return np.asarray(known.max(axis=0, initial=-1.0))

    @property
    def series(self) -> FloatArray:
        """(entities,): how many series each would have in /metrics."""
        probabilities = (~np.isnan(self.probability)).sum(axis=0)
        return np.asarray(probabilities + len(self.issues) + ~np.isnan(self.anomaly), dtype=np.float64)

    @cached_property
    def position(self) -> Mapping[Entity, int]:
        """Where each entity stands."""
        return {entity: i for i, entity in enumerate(self.entities)}

    def expected(self) -> list[tuple[Outcome, dict[str, float]]]:
        """For each outcome the sum of its probabilities over all entities of a namespace, published or not."""
        namespaces = [namespace_of(self.kind, entity) for entity in self.entities]
        sums = []
        for outcome, row in zip(self.outcomes, np.nan_to_num(self.probability).tolist(), strict=True):
            by_namespace = dict.fromkeys(sorted(set(namespaces)), 0.0)
            for namespace, probability in zip(namespaces, row, strict=True):
                by_namespace[namespace] += probability
            sums.append((outcome, by_namespace))
        return sums


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Everything one tick found out.

    time: the grid point it speaks of, Unix seconds. coverage: for each signal the share of entities that have it.
    dropped: series without usable labels, and those cut to keep within the limit. panels: the window behind it all.
    reasons: of the probabilities that reach their thresholds.
    """

    time: float
    forecasts: tuple[Forecast, ...]
    coverage: Mapping[Kind, Mapping[str, float]]
    dropped: int
    panels: Mapping[Kind, Panel]
    reasons: Reasoned = field(default_factory=dict)

    def forecast(self, kind: Kind) -> Forecast | None:
        """The forecast of one kind, None where nothing was read of it."""
        return next((one for one in self.forecasts if one.kind == kind), None)

    @cached_property
    def nodes(self) -> frozenset[str]:
        """The names of the nodes within the window, those that fell silent among them."""
        panel = self.panels.get("node")
        return frozenset(name_of(entity) for entity in panel.entities) if panel else frozenset()


def taken(
    time: float, panels: Mapping[Kind, Panel], predictions: Sequence[Prediction], dropped: int, publishing: Publishing
) -> Snapshot:
    """The snapshot of a window's last step.

    predictions: one for each panel, of one step. dropped: the series that the reader could not use.
    """
    chosen, cut = _limited([_forecast(one, publishing.floor) for one in predictions], publishing.max_series)
    coverage = {kind: panel.coverage() for kind, panel in panels.items()}
    return Snapshot(time, tuple(chosen), coverage, dropped + cut, panels)


def _forecast(prediction: Prediction, floor: float) -> Forecast:
    """The prediction's last step, with all the entities published that the floor lets through."""
    probability, active = prediction.probability[:, -1], prediction.active[:, -1]
    here = prediction.present[-1] | active.any(axis=0)
    forecast = Forecast(
        prediction.kind,
        tuple(entity for entity, is_here in zip(prediction.entities, here.tolist(), strict=True) if is_here),
        prediction.outcomes,
        prediction.thresholds,
        probability[:, here],
        prediction.issues,
        active[:, here],
        prediction.anomaly[-1, here],
        published=np.zeros(int(here.sum()), dtype=np.bool_),
    )
    said = (forecast.highest >= 0.0) | ~np.isnan(forecast.anomaly)
    worth = forecast.highest >= floor if prediction.kind == "pod" and floor > 0 else said
    odd = np.nan_to_num(forecast.anomaly) >= ODD
    return replace(forecast, published=worth | odd | forecast.active.any(axis=0))


def _limited(forecasts: Sequence[Forecast], max_series: int) -> tuple[list[Forecast], int]:
    """The forecasts with only the highest entities published, and how many series that cut.

    Entities with an active issue come first and are never cut: an issue that is there must not vanish.
    """
    if not forecasts:
        return [], 0
    active = np.concatenate([one.active.any(axis=0) for one in forecasts])
    rank = np.where(active, 2.0, np.concatenate([one.highest for one in forecasts]))
    wanted = np.concatenate([one.published for one in forecasts])
    series = np.where(wanted, np.concatenate([one.series for one in forecasts]), 0.0)
    order = np.argsort(-np.where(wanted, rank, -2.0), kind="stable")
    fits = np.empty(len(order), dtype=np.bool_)
    fits[order] = np.cumsum(series[order]) <= max_series
    keep = wanted & (fits | active)
    ends = np.cumsum([len(one.entities) for one in forecasts])[:-1]
    limited = [replace(one, published=part) for one, part in zip(forecasts, np.split(keep, ends), strict=True)]
    return limited, int(series[~keep].sum())
