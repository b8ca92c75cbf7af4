"""Reasons: which signals are published behind each probability that reaches its threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from exporter.snapshot import Forecast, Reasoned, Reasoning
from predictor.entities import Kind
from predictor.model import Model
from predictor.panel import Panel
from predictor.reasons import Reason, explained

TOP: Final = 3
"""More than three reasons nobody weighs; a bound on the series, too."""

KEEPS: Final = 1.25
"""A signal that was among the top stays there while another does not contribute a quarter more: no flicker."""


def top_reasons(
    model: Model, panels: Mapping[Kind, Panel], forecasts: Sequence[Forecast], before: Reasoned
) -> Reasoned:
    """The top reasons of every probability that reaches its threshold, published singly; none for what lowers it.

    before: those of the last tick.
    """
    found: dict[Reasoning, tuple[Reason, ...]] = {}
    for forecast in forecasts:
        learned = model.kinds.get(forecast.kind)
        if learned is None or learned.explained is None:
            continue
        above = np.nan_to_num(forecast.probability) >= np.array(forecast.thresholds)[:, None]
        chosen = np.flatnonzero(above.any(axis=0) & forecast.published).tolist()
        entities = [forecast.entities[i] for i in chosen]
        for entity, parts in explained(learned, panels[forecast.kind], entities, model.step_seconds):
            position = forecast.position[entity]
            for i, outcome in enumerate(forecast.outcomes):
                if above[i, position]:
                    key = (forecast.kind, entity, outcome)
                    found[key] = _top(parts[i][1], {one.reading.signal.name for one in before.get(key, ())})
    return found


def _top(reasons: Sequence[Reason], before: set[str]) -> tuple[Reason, ...]:
    def weight(one: Reason) -> float:
        return -one.contribution * (KEEPS if one.reading.signal.name in before else 1.0)

    return tuple(sorted((one for one in reasons if one.contribution > 0), key=weight)[:TOP])
