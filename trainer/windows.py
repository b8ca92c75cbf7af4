"""Windows: a second look at history, at the few moments that turned out to matter.

Each chosen window becomes an entity of one panel of REACH steps, so that the one feature function makes its row, and
judging keeps no features of the millions of rows it passes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from predictor.entities import Entity, Kind
from predictor.panel import FloatArray, Panel
from predictor.series import Reading

Chunks = Iterable[Mapping[Kind, Panel]]
"""Panels chunk after chunk, as often as they are asked for."""

Moment = tuple[Kind, Entity, float]
"""A kind, one of its entities, and the time of the last step of a window (Unix seconds)."""


@dataclass(frozen=True)
class Panels:
    """The panels alone of history that is kept, for instance in a spool."""

    history: Iterable[tuple[object, Reading]]

    def __iter__(self) -> Iterator[Mapping[Kind, Panel]]:
        for _, reading in self.history:
            yield reading.panels


@dataclass(frozen=True)
class Span:
    """An entity over a stretch of time, both ends included."""

    kind: Kind
    entity: Entity
    start: float
    end: float


@dataclass
class Look:
    """What the second look found. stretches: (signals, steps, 1) with their times, NaN where history had nothing."""

    windows: dict[Moment, FloatArray] = field(default_factory=dict)
    stretches: dict[Span, tuple[FloatArray, FloatArray]] = field(default_factory=dict)

    def panel(self, kind: Kind, moments: Sequence[Moment], signals: tuple[str, ...], step_seconds: float) -> Panel:
        """The windows of some moments side by side as a panel of REACH steps. Raises KeyError for one not found."""
        values = np.stack([self.windows[moment] for moment in moments], axis=-1)
        steps = values.shape[1]
        times = step_seconds * np.arange(steps, dtype=np.float64)
        names = tuple((str(i),) for i in range(len(moments)))
        return Panel(kind, times, names, signals, values, (), np.zeros((0, steps, len(moments)), dtype=np.bool_))


def look(chunks: Chunks, moments: Iterable[Moment], spans: Sequence[Span], reach: int, step_seconds: float) -> Look:
    """Windows of the moments, (signals, reach), and values over the spans, from one pass over history."""
    found = Look()
    wanted: dict[Kind, dict[Entity, list[float]]] = {}
    for kind, entity, time in moments:
        wanted.setdefault(kind, {}).setdefault(entity, []).append(time)
    for chunk in chunks:
        for kind, panel in chunk.items():
            if not len(panel.times):
                continue
            _take_windows(found, panel, wanted.get(kind, {}), reach, step_seconds)
            for span in spans:
                if span.kind == kind and span.entity in panel.entities:
                    _take_stretch(found, panel, span, step_seconds)
    return found


def _take_windows(
    found: Look, panel: Panel, wanted: Mapping[Entity, Sequence[float]], reach: int, step_seconds: float
) -> None:
    for i, entity in enumerate(panel.entities):
        for time in wanted.get(entity, ()):
            step = round((time - float(panel.times[0])) / step_seconds)
            moment = (panel.kind, entity, time)
            if reach - 1 <= step < len(panel.times) and moment not in found.windows:
                found.windows[moment] = panel.values[:, step - reach + 1 : step + 1, i].copy()


def _take_stretch(found: Look, panel: Panel, span: Span, step_seconds: float) -> None:
    if span not in found.stretches:
        times = np.arange(span.start, span.end + step_seconds / 2, step_seconds)
        found.stretches[span] = (times, np.full((len(panel.signals), len(times)), np.nan))
    times, values = found.stretches[span]
    at = np.rint((panel.times - span.start) / step_seconds).astype(np.int64)
    inside = (at >= 0) & (at < len(times))
    values[:, at[inside]] = panel.values[:, inside, panel.entities.index(span.entity)]
