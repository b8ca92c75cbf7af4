"""Closer: what a second look at history tells of a few rows - importances, and the timelines of three cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from predictor import features
from predictor.catalogue import Signal
from predictor.entities import Kind
from predictor.model import KindModel, Model
from predictor.panel import BoolArray, FloatArray
from trainer.cases import Case
from trainer.drivers import Driver, drivers
from trainer.importances import ROWS, Sampled
from trainer.judged import JudgedOutcome
from trainer.standings import Ground
from trainer.track import Track
from trainer.windows import Look, Moment, Span

QUIET: Final = 48
"""Quiet moments that say what is usual for an entity: a median of more tells no other story."""

FEWEST: Final = 6
"""With fewer of its own, an entity's usual values are those of its kind."""

IntArray = np.ndarray[Any, np.dtype[np.intp]]


@dataclass(frozen=True)
class Draw:
    """Rows of one kind that were drawn for its importances, and what came of them.

    step, entity: (rows,). came, counts: (outcomes, rows). weight: (rows,), rows each stands for.
    """

    step: IntArray
    entity: IntArray
    came: BoolArray
    counts: BoolArray
    weight: FloatArray


@dataclass(frozen=True)
class Timeline:
    """One case with what was said and measured. probabilities: (steps,) of each horizon, with its threshold.

    values: (signals, steps) of the drivers, in the order of `drivers`.
    """

    case: Case
    times: FloatArray
    probabilities: Mapping[str, tuple[FloatArray, float]]
    drivers: tuple[tuple[Driver, Signal], ...]
    values: FloatArray


def draw(grounds: Sequence[Ground], seed: int = 0) -> Draw:
    """As many rows as ROWS before any issue, and as many of the others, spread over time and entities by chance."""
    counts = np.stack([g.rows for g in grounds])
    came = np.stack([g.came for g in grounds]) & counts
    random = np.random.default_rng(seed)
    parts, weights = [], []
    for stratum in (came.any(axis=0), counts.any(axis=0) & ~came.any(axis=0)):
        every = np.flatnonzero(stratum)
        chosen = np.sort(random.permutation(len(every))[:ROWS])
        parts.append(every[chosen])
        weights.append(np.full(len(chosen), len(every) / max(1, len(chosen))))
    step, entity = np.unravel_index(np.concatenate(parts), counts.shape[1:])
    return Draw(step, entity, came[:, step, entity], counts[:, step, entity], np.concatenate(weights))


def moments(drawn: Draw, one: JudgedOutcome) -> list[Moment]:
    """The windows that drawn rows of the outcome's kind end at."""
    pairs = zip(drawn.step.tolist(), drawn.entity.tolist(), strict=True)
    return [(one.kind, one.entities[entity], float(one.times[step])) for step, entity in pairs]


def quiet_moments(case: Case, track: Track) -> list[Moment]:
    """Moments of a case's entity, spread evenly, with no issue and no alert: what is usual for it."""
    said = track.probability[:, case.position]
    with np.errstate(invalid="ignore"):
        quiet = np.flatnonzero((said < track.threshold / 2) & ~track.active[:, case.position])
    quiet = quiet[(quiet < case.start) | (quiet > case.end)]
    chosen = quiet[np.unique(np.linspace(0, len(quiet) - 1, QUIET).astype(np.intp))] if len(quiet) else quiet
    return [(case.kind, case.entity, case.time(step)) for step in chosen.tolist()]


def decisive(case: Case) -> Moment:
    """The moment whose probability is explained."""
    return case.kind, case.entity, case.time(case.decisive)


def span(case: Case) -> Span:
    """The stretch that is shown."""
    return Span(case.kind, case.entity, case.time(case.start), case.time(case.end))


def rows(found: Look, model: Model, kind: Kind, chosen: Sequence[Moment]) -> FloatArray:
    """(moments, features): the rows of some moments."""
    signals = model.kinds[kind].signals
    if not chosen:
        return np.zeros((0, len(features.names(signals))))
    panel = found.panel(kind, chosen, tuple(s.name for s in signals), model.step_seconds)
    return features.rows(panel, signals, model.step_seconds).values


def sampled(found: Look, model: Model, kind: Kind, drawn: Draw, chosen: Sequence[Moment]) -> Sampled:
    """The drawn rows with their features."""
    return Sampled(rows(found, model, kind, chosen), drawn.came, drawn.counts, drawn.weight)


def timeline(
    case: Case, found: Look, model: Model, tracks: Sequence[Track], quiet: Sequence[Moment], kind_rows: FloatArray
) -> Timeline:
    """The case with what the model said and what drove it.

    tracks: of the case's issue, one per horizon. kind_rows: quiet rows of the kind, for an entity without own ones.
    """
    learned: KindModel = model.kinds[case.kind]
    usual = rows(found, model, case.kind, quiet) if len(quiet) >= FEWEST else kind_rows
    (row,) = rows(found, model, case.kind, [decisive(case)])
    behind = drivers(learned, row, usual, learned.outcomes.index(case.outcome.outcome))
    position = {s.name: i for i, s in enumerate(learned.signals)}
    times, values = found.stretches[span(case)]
    return Timeline(
        case=case,
        times=times,
        probabilities={
            t.outcome.horizon: (t.probability[case.start : case.end + 1, case.position], t.threshold) for t in tracks
        },
        drivers=tuple((one, learned.signals[position[one.signal]]) for one in behind),
        values=values[[position[one.signal] for one in behind]],
    )
