"""Trace: the probabilities of the last ticks, for the lines on the page.

It is the one thing shown that cannot be read again from Prometheus' samples: after a restart it begins empty. Memory is
bounded by what is published singly: SHOWN_TICKS numbers of four bytes for each series.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from exporter.snapshot import Forecast, Snapshot
from predictor.entities import Entity, Kind
from predictor.issues import Outcome

SHOWN_TICKS: Final = 60
"""Half an hour at the usual step, which is as far back as features see."""


@dataclass(frozen=True)
class Trace:
    """The probabilities of the published entities of one kind.

    probability: (outcomes, entities, ticks), NaN where the entity was not published or nothing was said.
    """

    outcomes: tuple[Outcome, ...]
    position: Mapping[Entity, int]
    probability: NDArray[np.float32]


@dataclass(frozen=True)
class Traces:
    """What the last ticks said of each kind; never changed, so that pages read it while the next tick runs.

    times: Unix seconds of the ticks, rising, at most SHOWN_TICKS; a tick that failed is not among them.
    """

    times: tuple[float, ...] = ()
    kinds: Mapping[Kind, Trace] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """Whether there are as many ticks as are kept."""
        return len(self.times) == SHOWN_TICKS

    def of(self, kind: Kind, entity: Entity, outcome: Outcome) -> tuple[float, ...]:
        """The probability at each of the times, NaN where there was none; empty for what is not published."""
        trace = self.kinds.get(kind)
        position = trace.position.get(entity) if trace else None
        if trace is None or position is None or outcome not in trace.outcomes:
            return ()
        return tuple(trace.probability[trace.outcomes.index(outcome), position].tolist())

    def followed_by(self, snapshot: Snapshot) -> Traces:
        """These with one tick more; entities that are no longer published are gone with their past."""
        times = (*self.times, snapshot.time)[-SHOWN_TICKS:]
        kinds = {one.kind: _extended(self.kinds.get(one.kind), one, len(times)) for one in snapshot.forecasts}
        return Traces(times, kinds)


def _extended(before: Trace | None, forecast: Forecast, ticks: int) -> Trace:
    """The trace of what is published now. ticks: how many it is long, the new one among them."""
    shown = forecast.published.nonzero()[0]
    entities = [forecast.entities[i] for i in shown.tolist()]
    probability = np.full((len(forecast.outcomes), len(entities), ticks), np.nan, dtype=np.float32)
    probability[:, :, -1] = forecast.probability[:, shown]
    if before is not None and before.outcomes == forecast.outcomes and ticks > 1:
        known = [(new, before.position[entity]) for new, entity in enumerate(entities) if entity in before.position]
        if known:
            new, old = (list(side) for side in zip(*known, strict=True))
            probability[:, new, :-1] = before.probability[:, old, -(ticks - 1) :]
    return Trace(forecast.outcomes, {entity: i for i, entity in enumerate(entities)}, probability)
