"""Published: what replay says was published, one table per issue, kind and horizon, judged by the trainer's events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd

from predictor.entities import Issue
from predictor.panel import BoolArray, FloatArray
from predictor.waits import pending_seconds
from trainer.events import Events, judged

Key = tuple[str, str, str]
"""Kind, issue, horizon."""

Name = tuple[str, str]
"""Namespace, empty for nodes, and name."""


@dataclass(frozen=True)
class Published:
    """One outcome over time.

    times: (steps,) Unix seconds on the grid. probability and active: (steps, entities), NaN and False where nothing was
    published.
    """

    times: FloatArray
    entities: tuple[Name, ...]
    probability: FloatArray
    active: BoolArray
    threshold: float
    issue: Issue
    horizon_seconds: float
    step_seconds: float

    def events(self, active: BoolArray | None = None) -> Events:
        """Episodes and alerts; `active` replaces what this replay saw of the issue itself."""
        present = ~np.isnan(self.probability)
        return judged(
            self.probability,
            self.active if active is None else active,
            present,
            threshold=self.threshold,
            horizon_seconds=self.horizon_seconds,
            pending_seconds=pending_seconds(self.issue, self.horizon_seconds),
            step_seconds=self.step_seconds,
        )

    def aligned(self, other: Published) -> BoolArray:
        """(steps, entities): the other's activity in this one's place; what only the other has is left out."""
        step = {t: i for i, t in enumerate(other.times.tolist())}
        entity = {name: i for i, name in enumerate(other.entities)}
        rows = np.array([step.get(t, -1) for t in self.times.tolist()])
        columns = np.array([entity.get(name, -1) for name in self.entities])
        found = np.zeros(self.active.shape, dtype=np.bool_)
        known = np.ix_(rows >= 0, columns >= 0)
        found[known] = other.active[np.ix_(rows[rows >= 0], columns[columns >= 0])]
        return found


def load(path: Path, step_seconds: float) -> Mapping[Key, Published]:
    """Every outcome of a replay's parquet file."""
    table = pd.read_parquet(path)
    first, last = table.time.min(), table.time.max()
    times = np.arange(first, last + step_seconds / 2, step_seconds)
    found: dict[Key, Published] = {}
    for (kind, issue, horizon), rows in table.groupby(["kind", "issue", "horizon"], observed=True):
        names = list(zip(rows.namespace.astype(str), rows.name.astype(str), strict=True))
        entities = tuple(sorted(set(names)))
        position = {name: i for i, name in enumerate(entities)}
        column = np.array([position[name] for name in names])
        step = np.rint((rows.time.to_numpy() - first) / step_seconds).astype(np.intp)
        probability = np.full((len(times), len(entities)), np.nan)
        active = np.zeros(probability.shape, dtype=np.bool_)
        probability[step, column] = rows.probability.to_numpy()
        active[step, column] = rows.active.to_numpy()
        found[(str(kind), str(issue), str(horizon))] = Published(
            times,
            entities,
            probability,
            active,
            float(rows.threshold.iloc[0]),
            cast("Issue", str(issue)),
            pd.Timedelta(str(horizon)).total_seconds(),
            step_seconds,
        )
    return found
