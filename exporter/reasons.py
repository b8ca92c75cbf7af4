"""Reasons: which signals are published behind each probability that reaches its threshold."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from exporter.snapshot import Forecast, Reasoned, Reasoning
from predictor.entities import Entity, Kind
from predictor.model import Model
from predictor.panel import BoolArray, Panel
from predictor.reasons import Reason, explained

TOP: Final = 3
"""More than three reasons nobody weighs; a bound on the series, too."""

KEEPS: Final = 1.25
"""A signal that was among the top stays there while another does not contribute a quarter more: no flicker."""

LEAST: Final = 0.05
"""Of all that raises a probability: a signal that adds less explains nothing, and draws the eye from what does."""

MOST: Final = 500
"""Entities whose reasons are published. When half a cluster is in trouble nobody reads thousands, and a tick that takes
seconds longer, with a hundred thousand series more, would come at the worst time; the page explains each of them."""


def top_reasons(
    model: Model, panels: Mapping[Kind, Panel], forecasts: Sequence[Forecast], before: Reasoned
) -> Reasoned:
    """The top reasons of every probability that reaches its threshold, published singly; none for what lowers it.

    Of more than MOST such entities only the most probable have any, those whose issue is present already after all that
    are predicted. before: those of the last tick.
    """
    above: list[BoolArray] = [
        np.asarray(np.nan_to_num(one.probability) >= np.array(one.thresholds)[:, None]) for one in forecasts
    ]
    chosen = _most_probable(model, forecasts, above)
    found: dict[Reasoning, tuple[Reason, ...]] = {}
    for forecast, reached, entities in zip(forecasts, above, chosen, strict=True):
        if not entities:
            continue
        learned = model.kinds[forecast.kind]
        for entity, parts in explained(learned, panels[forecast.kind], entities, model.step_seconds):
            position = forecast.position[entity]
            for i, outcome in enumerate(forecast.outcomes):
                if reached[i, position]:
                    key = (forecast.kind, entity, outcome)
                    found[key] = _top(parts[i][1], {one.reading.signal.name for one in before.get(key, ())})
    return found


def _most_probable(model: Model, forecasts: Sequence[Forecast], above: Sequence[BoolArray]) -> list[list[Entity]]:
    """For each forecast its entities that are explained. above: for each (outcomes, entities), what reaches."""
    every = []
    for number, (forecast, reached) in enumerate(zip(forecasts, above, strict=True)):
        learned = model.kinds.get(forecast.kind)
        if learned is not None and learned.explained is not None:
            present = forecast.active[[forecast.issues.index(one.issue) for one in forecast.outcomes]]
            # The probability of what is present is 1 by definition: by it an outage would crowd out every prediction.
            ahead = np.where(reached & ~present, forecast.probability, 0.0).max(axis=0, initial=0.0)
            there = np.flatnonzero(reached.any(axis=0) & forecast.published)
            every += [(-float(ahead[i]), number, i) for i in there.tolist()]
    chosen: list[list[Entity]] = [[] for _ in forecasts]
    for _, number, i in heapq.nsmallest(MOST, every):
        chosen[number].append(forecasts[number].entities[i])
    return chosen


def _top(reasons: Sequence[Reason], before: set[str]) -> tuple[Reason, ...]:
    def weighed(one: Reason) -> float:
        return one.share * (KEEPS if one.reading.signal.name in before else 1.0)

    first, *others = sorted(reasons, key=lambda one: -weighed(one))[:TOP]
    return (first, *(one for one in others if weighed(one) >= LEAST)) if first.share > 0 else ()
