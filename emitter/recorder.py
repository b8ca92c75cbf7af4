"""Two hours of every table in memory, and their OpenMetrics text: one line per sample, series by series."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TextIO

import numpy as np

from emitter.exposition import Labels, values, written
from emitter.sources import SOURCES
from emitter.state import FloatArray
from emitter.world import World

Run = tuple[int, tuple[str, ...]]
"""First step of an entity's label set, and its series names; empty while there is no entity."""


@dataclass
class Recording:
    """One table's part of a block."""

    decimals: tuple[int, ...]
    values: FloatArray  # (steps, entities, columns)
    runs: list[list[Run]]


@dataclass
class Block:
    """Everything sampled in one aligned block; picklable, so that another process can write it."""

    times: list[float] = field(default_factory=list)
    recordings: list[Recording] = field(default_factory=list)

    @property
    def series(self) -> int:
        """Label sets in the block."""
        return sum(1 for r in self.recordings for runs in r.runs for _, names in runs for _ in names)


class Recorder:
    """Samples a world at each step into the current block."""

    def __init__(self) -> None:
        self.labels = [Labels(t) for s in SOURCES.values() for t in s.tables]
        self.decimals = [
            tuple(s.families[c.family].decimals for c in t.columns) for s in SOURCES.values() for t in s.tables
        ]
        self._begin()

    def _begin(self) -> None:
        self.times: list[float] = []
        self.samples: list[list[FloatArray]] = [[] for _ in self.labels]
        self.runs: list[list[list[Run]]] = [[[(0, n)] for n in one.names] for one in self.labels]

    def sample(self, world: World) -> None:
        """Add the world's present moment."""
        step = len(self.times)
        for index, labels in enumerate(self.labels):
            before = labels.names
            if labels.refresh(world):
                self._changed(index, before, labels.names, step)
            self.samples[index].append(values(labels, world))
        self.times.append(world.now)

    def _changed(self, index: int, before: list[tuple[str, ...]], after: list[tuple[str, ...]], step: int) -> None:
        runs = self.runs[index]
        if not runs:
            runs.extend([] for _ in after)
        for entity, names in enumerate(after):
            if entity >= len(before) or names is not before[entity]:
                runs[entity].append((step, names))

    def block(self) -> Block:
        """What was sampled since the last call."""
        recordings = [
            Recording(decimals, np.stack(samples), runs)
            for decimals, samples, runs in zip(self.decimals, self.samples, self.runs, strict=True)
        ]
        block = Block(self.times, recordings)
        self._begin()
        return block


def write(block: Block, file: TextIO) -> int:
    """Write a block as OpenMetrics text (samples only: blocks hold no metadata); returns the number of samples."""
    stamps = [f" {t:.0f}\n" if t == int(t) else f" {t:.3f}\n" for t in block.times]
    samples = 0
    for recording in block.recordings:
        for entity, runs in enumerate(recording.runs):
            for first, end, names in _spans(runs, len(stamps)):
                part = recording.values[first:end, entity, :]
                if names and not np.isnan(part).all():
                    samples += _write_entity(file, names, part, recording.decimals, stamps[first:end])
    file.write("# EOF\n")
    return samples


def _spans(runs: list[Run], steps: int) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    for index, (first, names) in enumerate(runs):
        end = runs[index + 1][0] if index + 1 < len(runs) else steps
        if end > first:
            yield first, end, names


def _write_entity(
    file: TextIO, names: tuple[str, ...], part: FloatArray, decimals: tuple[int, ...], stamps: list[str]
) -> int:
    """Write every series of one entity over a span of steps."""
    present = ~np.isnan(part)
    counts = present.sum(axis=0)
    steady = (part[0] == part).all(axis=0)  # False where any value is NaN
    for column, name in enumerate(names):
        if steady[column]:
            prefix = f"{name} {written(part[:1, column], decimals[column])[0]}"
            file.write(prefix + prefix.join(stamps))
        elif counts[column]:
            where = present[:, column]
            chosen = stamps if counts[column] == len(stamps) else [s for s, w in zip(stamps, where, strict=True) if w]
            texts = written(part[where, column], decimals[column])
            prefix = f"{name} "
            file.write(prefix + prefix.join(map(str.__add__, texts, chosen)))
    return int(counts.sum())
