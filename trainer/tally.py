"""Tally: what each entity adds to the figures of an outcome, so that they can be drawn again without its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from predictor.panel import BoolArray, FloatArray
from trainer.events import Events
from trainer.scores import ECE_BINS, edges_of

BINS: Final = 400
"""Into so many bins probabilities are put for the precision-recall area; one each where fewer values occur."""


@dataclass(frozen=True)
class Tally:
    """One line per entity; all (entities,) but for those named here.

    leads: (recalled episodes, 2), the entity's position and the seconds. ranked: (entities, bins, 2), judged rows by
    rising probability, without and with the outcome. said: (entities, ECE bins, 3), rows, sum of probabilities, and
    outcomes that came. squares: sums of squared distances.
    """

    episodes: FloatArray
    recalled: FloatArray
    alerts: FloatArray
    early: FloatArray
    false_alarms: FloatArray
    entity_days: FloatArray
    leads: FloatArray
    rows: FloatArray
    positives: FloatArray
    squares: FloatArray
    ranked: FloatArray
    said: FloatArray

    def __len__(self) -> int:
        return len(self.episodes)


def of_events(events: Events, observed: BoolArray, step_seconds: float) -> Tally:
    """The tally of episodes and alerts alone. observed: (steps, entities)."""
    count = observed.shape[1]
    decided = [a for a in events.alerts if a.verdict != "undecided"]
    hits = [e for e in events.episodes if e.lead_seconds is not None]
    nothing = np.zeros(count)
    return Tally(
        episodes=_count([e.entity for e in events.episodes], count),
        recalled=_count([e.entity for e in hits], count),
        alerts=_count([a.entity for a in decided], count),
        early=_count([a.entity for a in decided if a.verdict == "early"], count),
        false_alarms=_count([a.entity for a in decided if a.verdict == "false_alarm"], count),
        entity_days=observed.sum(axis=0) * step_seconds / 86400,
        leads=np.array([(e.entity, e.lead_seconds) for e in hits], dtype=np.float64).reshape(-1, 2),
        rows=nothing,
        positives=nothing,
        squares=nothing,
        ranked=np.zeros((count, 0, 2)),
        said=np.zeros((count, 0, 3)),
    )


def with_rows(
    tally: Tally, probability: FloatArray, came: BoolArray, entity: np.ndarray[tuple[int], np.dtype[np.intp]]
) -> Tally:
    """The same tally with judged rows. All three: (rows,)."""
    count = len(tally)
    rank = np.searchsorted(_edges(probability, came), probability, side="right")
    bins = int(rank.max(initial=0)) + 1
    ranked = np.bincount((entity * bins + rank) * 2 + came, minlength=count * bins * 2)
    place = np.searchsorted(edges_of(probability, ECE_BINS), probability, side="right")
    place = entity * ECE_BINS + place
    said = [np.bincount(place, weights, count * ECE_BINS) for weights in (None, probability, came)]
    given = {field.name: getattr(tally, field.name) for field in fields(tally)}
    return Tally(
        **given
        | {
            "rows": np.bincount(entity, minlength=count).astype(np.float64),
            "positives": np.bincount(entity, came, count),
            "squares": np.bincount(entity, (probability - came) ** 2, count),
            "ranked": ranked.reshape(count, bins, 2).astype(np.float64),
            "said": np.stack(said, axis=-1).reshape(count, ECE_BINS, 3),
        }
    )


def together(tallies: Sequence[Tally]) -> Tally:
    """The events of several outcomes of the same entities; an entity's day counts once, whatever it is watched for."""
    first = tallies[0]
    days = max((t.entity_days for t in tallies), key=lambda d: float(d.sum()))
    sums = {
        name: np.sum([getattr(t, name) for t in tallies], axis=0)
        for name in ("episodes", "recalled", "alerts", "early", "false_alarms")
    }
    nothing = np.zeros(len(first))
    empty = {
        "rows": nothing,
        "positives": nothing,
        "squares": nothing,
        "ranked": first.ranked[:, :0],
        "said": first.said[:, :0],
    }
    return Tally(**sums, **empty, entity_days=days, leads=np.concatenate([t.leads for t in tallies]))


def _count(entities: Sequence[int], count: int) -> FloatArray:
    return np.bincount(np.array(entities, dtype=np.intp), minlength=count).astype(np.float64)


def _edges(probability: FloatArray, came: BoolArray) -> FloatArray:
    """Rising edges between the bins: half of them by the rows with the outcome, which are few and tell most."""
    shares = np.linspace(0, 1, BINS // 2)
    values = np.unique(probability)
    if len(values) <= BINS:
        return values[1:]
    parts = [np.quantile(part, shares) for part in (probability, probability[came]) if len(part)]
    return np.unique(np.concatenate(parts))[1:]
