"""Panel: the signals of all entities of one kind over a stretch of the grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from predictor.entities import Entity, Kind

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class Panel:
    """Signals and issues of one kind of entity.

    times: (steps,) Unix seconds, every multiple of the step from first to last.
    values: (signals, steps, entities) in each signal's unit, NaN where no sample came. One signal's steps x entities
    lie together in memory, which is how features read them.
    active: (issues, steps, entities), True while the entity has the issue.
    Entities are sorted, so that the same data always gives the same panel.
    """

    kind: Kind
    times: FloatArray
    entities: tuple[Entity, ...]
    signals: tuple[str, ...]
    values: FloatArray
    issues: tuple[str, ...]
    active: BoolArray

    def __post_init__(self) -> None:
        steps, entities = len(self.times), len(self.entities)
        if self.values.shape != (len(self.signals), steps, entities):
            raise ValueError(f"{self.kind} panel: values are {self.values.shape}, not signals x steps x entities")
        if self.active.shape != (len(self.issues), steps, entities):
            raise ValueError(f"{self.kind} panel: active is {self.active.shape}, not issues x steps x entities")

    @property
    def present(self) -> BoolArray:
        """(steps, entities): True where at least one signal has a sample."""
        if not self.signals:
            return np.zeros((len(self.times), len(self.entities)), dtype=np.bool_)
        return np.asarray(np.any(~np.isnan(self.values), axis=0))

    @property
    def ever(self) -> BoolArray:
        """(entities,): True where the entity has any sample or issue at all."""
        return np.asarray(self.present.any(axis=0) | self.active.any(axis=(0, 1)))

    def steps(self, first: int, end: int | None = None) -> Panel:
        """The same entities, only the steps [first, end)."""
        part = slice(first, end)
        return Panel(
            self.kind,
            self.times[part],
            self.entities,
            self.signals,
            self.values[:, part],
            self.issues,
            self.active[:, part],
        )

    def of(self, entities: Sequence[Entity]) -> Panel:
        """Only some of the entities, in the order given. Raises KeyError for one that is not there."""
        position = {entity: i for i, entity in enumerate(self.entities)}
        columns = [position[entity] for entity in entities]
        return replace(
            self, entities=tuple(entities), values=self.values[:, :, columns], active=self.active[:, :, columns]
        )

    def coverage(self) -> dict[str, float]:
        """For each signal the share of the entities present at the last step that have it; empty without any."""
        present = self.present[-1] if len(self.times) else np.zeros(0, dtype=np.bool_)
        total = int(present.sum())
        if not total:
            return {}
        has = ~np.isnan(self.values[:, -1]) & present
        return {name: float(has[i].sum()) / total for i, name in enumerate(self.signals)}


def joined(panels: Sequence[Panel]) -> Panel:
    """The panels one after the other in time, over all their entities; those that were not there are NaN.

    Entities that have no sample in any of the panels are left out. Raises ValueError without a panel.
    """
    if not panels:
        raise ValueError("no panel to join")
    first = panels[0]
    seen = {
        entity for panel in panels for entity, here in zip(panel.entities, panel.ever.tolist(), strict=True) if here
    }
    entities = tuple(sorted(seen))
    position = {entity: i for i, entity in enumerate(entities)}
    steps = sum(len(panel.times) for panel in panels)
    values = np.full((len(first.signals), steps, len(entities)), np.nan)
    active = np.zeros((len(first.issues), steps, len(entities)), dtype=np.bool_)
    start = 0
    for panel in panels:
        end = start + len(panel.times)
        source = [i for i, entity in enumerate(panel.entities) if entity in position]
        target = [position[panel.entities[i]] for i in source]
        values[:, start:end, target] = panel.values[:, :, source]
        active[:, start:end, target] = panel.active[:, :, source]
        start = end
    times = np.concatenate([panel.times for panel in panels])
    return Panel(first.kind, times, entities, first.signals, values, first.issues, active)
