"""The live cluster: keeps one step ahead of the clock and renders any moment in between."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from emitter.exposition import Labels, Source, between, values, written
from emitter.simulation import Arguments, Simulation
from emitter.sources import SOURCES
from emitter.state import BoolArray, FloatArray, IntArray


@dataclass
class _Frame:
    """A source at one step of the grid."""

    names: list[list[tuple[str, ...]]]
    values: list[FloatArray]


@dataclass
class _Layout:
    """Where the lines of a source's text come from; rebuilt when entities change."""

    versions: tuple[int, ...]
    families: list[tuple[str, int, list[str], IntArray]]  # header, decimals, names, places in the flat values


@dataclass
class Live:
    """The simulation, its last two frames and a lock; any thread may render."""

    arguments: Arguments
    clock: Callable[[], float] = time.time
    simulation: Simulation = field(init=False)
    step_duration_seconds: float = 0.0

    def __post_init__(self) -> None:
        self.lock = threading.Lock()
        self.simulation = Simulation(self.arguments)
        self.labels = {name: [Labels(t) for t in s.tables] for name, s in SOURCES.items()}
        self.smooth: dict[str, list[BoolArray]] = {
            name: [np.array([c.smooth for c in t.columns]) for t in s.tables] for name, s in SOURCES.items()
        }
        self.frames: dict[str, tuple[_Frame, _Frame]] = {}
        self.layouts: dict[str, _Layout] = {}
        self.truth: dict[str, Any] = {}
        self.catch_up()

    @property
    def frame_time(self) -> float:
        """The grid moment whose state is shown; the simulation itself is one step ahead."""
        return self.simulation.now - self.arguments.step_seconds

    def catch_up(self) -> None:
        """Simulate until the state after the present moment is known."""
        with self.lock:
            missed = int((self.clock() - self.simulation.now) // self.arguments.step_seconds)
            if missed > 0:  # nobody scrapes the past: no frames needed on the way
                self.frames = {}
            for _ in range(missed):
                self.simulation.step()
            if not self.frames:
                self.frames = {n: (f, f) for n in SOURCES if (f := self._frame(n))}
                self._advance()
            while self.simulation.now <= self.clock():
                self._advance()

    def _advance(self) -> None:
        began = time.perf_counter()
        self.truth = self.simulation.truth()
        self.simulation.step()
        self.frames = {n: (pair[1], self._frame(n)) for n, pair in self.frames.items()}
        self.step_duration_seconds = time.perf_counter() - began

    def render(self, source: str) -> str:
        """The text exposition of one source at the present moment."""
        with self.lock:
            before, after = self.frames[source]
            part = min(max((self.clock() - self.frame_time) / self.arguments.step_seconds, 0.0), 1.0)
            layout = self._layout(source, before)
            moving = [
                between(b, a, part, smooth, _same(names, later))
                for b, a, smooth, names, later in zip(
                    before.values, after.values, self.smooth[source], before.names, after.names, strict=True
                )
            ]
        return _text(layout, np.concatenate([m.ravel() for m in moving]))

    def _frame(self, source: str) -> _Frame:
        world, labels = self.simulation.world, self.labels[source]
        for one in labels:
            one.refresh(world)
        return _Frame([one.names for one in labels], [values(one, world) for one in labels])

    def _layout(self, source: str, frame: _Frame) -> _Layout:
        versions = tuple(id(names) for names in frame.names)
        kept = self.layouts.get(source)
        if kept is None or kept.versions != versions:
            kept = self.layouts[source] = _Layout(versions, _families(SOURCES[source], frame))
        return kept


def _same(before: list[tuple[str, ...]], after: list[tuple[str, ...]]) -> BoolArray:
    return np.array([b is a for b, a in zip(before, after, strict=True)], dtype=np.bool_)


def _families(source: Source, frame: _Frame) -> list[tuple[str, int, list[str], IntArray]]:
    """Lines grouped by family, as the format wants them, then by entity, then in the table's order."""
    names: dict[str, list[str]] = {f: [] for f in source.families}
    places: dict[str, list[int]] = {f: [] for f in source.families}
    offset = 0
    for table, rows in zip(source.tables, frame.names, strict=True):
        width = len(table.columns)
        for entity, row in enumerate(rows):
            for column, name in enumerate(row):
                family = table.columns[column].family
                names[family].append(name)
                places[family].append(offset + entity * width + column)
        offset += len(rows) * width
    return [
        (
            f"# HELP {f.name} {f.help}\n# TYPE {f.name} {f.type}\n",
            f.decimals,
            names[f.name],
            np.array(places[f.name], dtype=np.int64),
        )
        for f in source.families.values()
    ]


def _text(layout: _Layout, numbers: FloatArray) -> str:
    parts = []
    for header, decimals, names, places in layout.families:
        chosen = numbers[places]
        there = ~np.isnan(chosen)
        if not there.any():
            continue
        texts = written(chosen[there], decimals)
        shown = names if there.all() else [n for n, t in zip(names, there, strict=True) if t]
        parts.append(header)
        parts.extend(f"{n} {t}\n" for n, t in zip(shown, texts, strict=True))
    return "".join(parts)
