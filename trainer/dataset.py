"""Dataset: rows to fit on, sampled so that none before an issue is lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from predictor import features
from predictor.catalogue import Catalogue
from predictor.entities import KINDS, Kind
from predictor.issues import Outcome
from predictor.panel import BoolArray, FloatArray, Panel
from predictor.reader import Reader
from trainer.history import Stretch, chunks
from trainer.outcomes import MERGE_SECONDS, merged, outcome_rows


@dataclass(frozen=True)
class Dataset:
    """The rows of one kind.

    values: (rows, features). outcomes: the columns of `came`, (rows, outcomes).
    """

    kind: Kind
    outcomes: tuple[Outcome, ...]
    values: FloatArray
    came: BoolArray


def outcomes_of(catalogue: Catalogue, kind: Kind, horizons_seconds: tuple[float, ...]) -> tuple[Outcome, ...]:
    """Every issue that has a rule for the kind, over every horizon."""
    return tuple(Outcome(rule.issue, h) for rule in catalogue.rules_of(kind) for h in sorted(horizons_seconds))


def gather(
    reader: Reader,
    catalogue: Catalogue,
    when: Stretch,
    horizons_seconds: tuple[float, ...],
    max_rows: int,
    advance: Callable[[], None],
) -> Mapping[Kind, Dataset]:
    """The dataset of every kind that has entities, from one pass over the span.

    All rows with an issue ahead are kept and every k-th of the others, where k keeps to about max_rows per kind.
    """
    ahead = round(max(horizons_seconds) / when.step_seconds)
    parts: dict[Kind, list[tuple[FloatArray, BoolArray]]] = {}
    for chunk, reading in chunks(reader, catalogue, when, ahead):
        for kind in KINDS:
            panel = reading.panels[kind]
            wanted = outcomes_of(catalogue, kind, horizons_seconds)
            if not panel.entities or not wanted or not panel.signals:
                continue
            thin = max(1, when.steps * len(panel.entities) // max_rows)
            parts.setdefault(kind, []).append(_rows(panel, catalogue, wanted, chunk, thin))
        advance()
    return {
        kind: Dataset(
            kind,
            outcomes_of(catalogue, kind, horizons_seconds),
            np.concatenate([values for values, _ in several]),
            np.concatenate([came for _, came in several]),
        )
        for kind, several in parts.items()
    }


def outcomes_in(
    panel: Panel, wanted: tuple[Outcome, ...], step_seconds: float
) -> tuple[BoolArray, BoolArray, BoolArray]:
    """What came of every step, whether it counts, and whether an episode is on: all (outcomes, steps, entities)."""
    gap = round(MERGE_SECONDS / step_seconds)
    known = np.asarray(panel.present.any(axis=1))
    episodes = {issue: merged(panel.active[i], gap) for i, issue in enumerate(panel.issues)}
    pairs = [outcome_rows(episodes[o.issue], known, round(o.horizon_seconds / step_seconds), gap) for o in wanted]
    during = np.stack([episodes[o.issue] for o in wanted])
    return np.stack([came for came, _ in pairs]), np.stack([counts for _, counts in pairs]), during


def _rows(
    panel: Panel, catalogue: Catalogue, wanted: tuple[Outcome, ...], chunk: Stretch, thin: int
) -> tuple[FloatArray, BoolArray]:
    came, counts, during = outcomes_in(panel, wanted, chunk.step_seconds)
    first = features.reach_steps(chunk.step_seconds) - 1
    rows = features.rows(panel.steps(0, first + chunk.steps), catalogue.signals_of(panel.kind), chunk.step_seconds)
    at = (slice(None), first + rows.step, rows.entity)
    came, counts, during = came[at].T, counts[at].T, during[at].T
    # One forest answers for all issues at once. A row inside an episode of one issue still tells what precedes the
    # others, so it stays, thinned like any other, and for its own issue says what we publish meanwhile: it is there.
    usable = counts.any(axis=1) & (counts | during).all(axis=1)
    ahead = (came & counts).any(axis=1)
    came = came | during
    number = np.rint(chunk.start / chunk.step_seconds).astype(np.int64) + rows.step
    kept = usable & (ahead | ((number + rows.entity) % thin == 0))
    return rows.values[kept], came[kept]
