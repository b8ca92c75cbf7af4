"""Tables of series: what a source exposes, as label strings per entity and one matrix of values per step.

Labels change only when an entity changes (a pod comes, a container restarts), values change at every step. So labels
are rendered once per entity, and a step is one (entities, columns) matrix; NaN means that the series is absent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from emitter.state import BoolArray, FloatArray
from emitter.world import World

MetricType = Literal["counter", "gauge", "untyped", "histogram"]


@dataclass(frozen=True, slots=True)
class Family:
    """One metric: its TYPE and HELP, and how its values are written."""

    name: str
    type: MetricType
    help: str
    decimals: int = 0
    """Digits after the point; 0 writes whole numbers."""


@dataclass(frozen=True, slots=True)
class Column:
    """One series per entity of a table."""

    family: str
    labels: str
    """Labels beside those of the table, as in the exposition: 'cpu="0",mode="idle"'; {field} from the context."""
    values: Callable[[World], FloatArray]
    smooth: bool = False
    """A counter that grows between two steps, not at one moment: `serve` interpolates it."""
    suffix: str = ""
    """_bucket, _sum or _count of a histogram."""


@dataclass(frozen=True)
class Table:
    """Columns that share entities and common labels."""

    columns: tuple[Column, ...]
    common: str
    """Labels of every series of the table; {field} from the context."""
    entities: Callable[[World], Sequence[str]]
    """Identity per entity; a new identity is a new set of series, "" is an empty place."""
    context: Callable[[World, int], Mapping[str, object]]
    present: Callable[[World], BoolArray]


@dataclass(frozen=True)
class Source:
    """One /metrics path."""

    name: str
    families: Mapping[str, Family]
    tables: tuple[Table, ...]

    def __post_init__(self) -> None:
        unknown = {c.family for t in self.tables for c in t.columns} - set(self.families)
        if unknown:
            raise ValueError(f"source {self.name} has columns without a family: {sorted(unknown)}")


@dataclass
class Labels:
    """The rendered series names of one table, kept until an entity changes."""

    table: Table
    keys: list[str] = field(default_factory=list)
    names: list[tuple[str, ...]] = field(default_factory=list)
    version: int = 0

    def refresh(self, world: World) -> bool:
        """Render what is new; returns whether anything changed."""
        keys = self.table.entities(world)
        if list(keys) == self.keys:
            return False
        self.names = [
            self.names[i] if i < len(self.keys) and key == self.keys[i] else self._render(world, i, key)
            for i, key in enumerate(keys)
        ]
        self.keys = list(keys)
        self.version += 1
        return True

    def _render(self, world: World, index: int, key: str) -> tuple[str, ...]:
        if not key:
            return ()
        context = self.table.context(world, index)
        common = self.table.common.format_map(context)
        return tuple(_series_name(c, common, context) for c in self.table.columns)


def _series_name(column: Column, common: str, context: Mapping[str, object]) -> str:
    own = column.labels.format_map(context)
    labels = ",".join(part for part in (own, common) if part)
    return f"{column.family}{column.suffix}{{{labels}}}" if labels else f"{column.family}{column.suffix}"


def values(labels: Labels, world: World) -> FloatArray:
    """(entities, columns) values now; NaN where a series is absent, or not scraped."""
    table = labels.table
    present = table.present(world)
    out = np.empty((len(present), len(table.columns)))
    for index, column in enumerate(table.columns):
        out[:, index] = column.values(world)
    out[~present] = np.nan
    for blackout in world.blackouts:
        for entity, names in enumerate(labels.names):
            if names and all(part in names[0] for part in blackout.fragments):
                out[entity] = np.nan
    return out


def written(numbers: FloatArray, decimals: int) -> list[str]:
    """Numbers as the exposition writes them; no NaN inside. Rounds down, so that counters never fall."""
    if decimals == 0:
        return [str(n) for n in np.floor(numbers).astype(np.int64).tolist()]
    scale = 10.0**decimals
    return [repr(n) for n in (np.floor(numbers * scale) / scale).tolist()]


def between(before: FloatArray, after: FloatArray, part: float, smooth: BoolArray, same: BoolArray) -> FloatArray:
    """(entities, columns) at a part of the way from one step to the next.

    smooth: (columns,) is interpolated; same: (entities,) is the same entity at both ends. A value that falls (a
    counter set back by a reboot) or that ends is held.
    """
    movable = smooth[None, :] & same[:, None] & (after >= before)
    with np.errstate(invalid="ignore"):
        return np.where(movable, before + (after - before) * part, before)
