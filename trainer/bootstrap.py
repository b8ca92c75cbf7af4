"""Bootstrap: how far the figures might lie from what they are, had it been other entities of the same cluster.

Entities are drawn again with replacement, as many as there are of each kind: rows and episodes of one entity tell
nearly the same story, so they stay together. Intervals hold 95 % (bias-corrected percentiles: Efron and Tibshirani, An
Introduction to the Bootstrap, 1993, chapter 14.3). Where fewer than two entities speak for a figure there is no
interval, but a reason; nor where every draw gives the same figure, which would look like certainty.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np

from predictor.entities import KINDS, Kind
from predictor.panel import FloatArray
from trainer.tally import Tally

RESAMPLES: Final = 500
"""Enough for the second digit of an interval's ends, which is all that is ever quoted."""

LEVEL: Final = 0.95
SEED: Final = 0

# What must be there in two entities for a figure to have an interval, and what to say when it is not.
_SPEAKS: Final[Mapping[str, tuple[str, str]]] = {
    "recall": ("episodes", "had an episode"),
    "precision": ("alerts", "had an alert"),
    "lead_median_seconds": ("recalled", "had an announced episode"),
    "lead_p10_seconds": ("recalled", "had an announced episode"),
    "false_alarms_per_entity_day": ("entity_days", "was there without the issue"),
    "pr_auc": ("positives", "had a row before an issue"),
    "brier_skill": ("positives", "had a row before an issue"),
    "ece": ("rows", "had a judged row"),
}
FIGURES: Final = tuple(_SPEAKS)
EVENT_FIGURES: Final = FIGURES[:5]
SAME: Final = "entities drawn again always give the same figure"


@dataclass(frozen=True)
class Intervals:
    """Interval of every figure, (low, high); None where there is none, and then the reason.

    again: every figure of every draw, (resamples,).
    """

    values: Mapping[str, tuple[float, float] | None]
    reasons: Mapping[str, str]
    again: Mapping[str, FloatArray]


def draws(kind: Kind, count: int, resamples: int = RESAMPLES, seed: int = SEED) -> FloatArray:
    """(resamples, entities): how often each of a kind's entities is drawn; the same whenever it is asked."""
    if not count:
        return np.zeros((resamples, 0))
    random = np.random.default_rng([seed, KINDS.index(kind)])
    return random.multinomial(count, np.full(count, 1 / count), resamples).astype(np.float64)


def intervals(tallies: Sequence[Tally], weights: Sequence[FloatArray], names: Sequence[str] = FIGURES) -> Intervals:
    """The intervals of the named figures of one tally per kind, with the draws of each kind."""
    again = replicates(tallies, weights, names)
    point = replicates(tallies, [np.ones((1, len(t))) for t in tallies], names)
    values: dict[str, tuple[float, float] | None] = {}
    reasons: dict[str, str] = {}
    for name in names:
        column, said = _SPEAKS[name]
        speaking = sum(int((getattr(t, column) > 0).sum()) for t in tallies)
        if speaking < 2:
            values[name], reasons[name] = None, f"{'only one' if speaking else 'no'} entity {said}"
            continue
        values[name] = interval(again[name], float(point[name][0]))
        if values[name] is None:
            reasons[name] = SAME
    return Intervals(values, reasons, again)


def averaged(parts: Sequence[Intervals], points: Sequence[float], name: str) -> tuple[float, float] | None:
    """The interval of a figure's mean over several outcomes, all drawn alike; None where none of them has one."""
    if not any(part.values[name] for part in parts):
        return None
    every = np.stack([part.again[name] for part in parts])
    there = ~np.isnan(every)
    with np.errstate(invalid="ignore"):
        mean = np.where(there, every, 0.0).sum(axis=0) / there.sum(axis=0)
    return interval(mean, float(np.mean(points)))


def interval(again: FloatArray, point: float) -> tuple[float, float] | None:
    """The bias-corrected interval of a figure, None where every draw gives the same.

    again: (resamples,), NaN where a draw had nothing to say.
    """
    again = again[~np.isnan(again)]
    if not len(again) or np.isnan(point) or np.ptp(again) <= 1e-12:
        return None
    normal, edge = NormalDist(), NormalDist().inv_cdf((1 + LEVEL) / 2)
    tolerance = 1e-12 * max(1.0, abs(point))
    below = float(np.mean(again < point - tolerance)) + float(np.mean(np.abs(again - point) <= tolerance)) / 2
    # Beyond its own ends a correction would push the interval off the figure that it is about.
    bias = float(np.clip(normal.inv_cdf(min(max(below, 1e-9), 1 - 1e-9)), -edge, edge))
    low, high = np.quantile(again, [normal.cdf(2 * bias - edge), normal.cdf(2 * bias + edge)]).tolist()
    return min(low, point), max(high, point)


def replicates(tallies: Sequence[Tally], weights: Sequence[FloatArray], names: Sequence[str]) -> dict[str, FloatArray]:
    """Every named figure of every draw, (resamples,); NaN where it is not defined. weights: per tally as `draws`."""

    def total(column: str) -> FloatArray:
        lines = [getattr(t, column) for t in tallies]
        flat = [line.reshape(len(line), math.prod(line.shape[1:])) for line in lines]  # -1 would fail without entities
        return np.asarray(np.sum([w @ line for w, line in zip(weights, flat, strict=True)], axis=0))

    found: dict[str, FloatArray] = {}
    with np.errstate(invalid="ignore", divide="ignore"):
        if "recall" in names:
            found["recall"] = (total("recalled") / total("episodes"))[:, 0]
        if "precision" in names:
            found["precision"] = 1 - ((total("false_alarms") + total("early")) / total("alerts"))[:, 0]
        if "false_alarms_per_entity_day" in names:
            found["false_alarms_per_entity_day"] = (total("false_alarms") / total("entity_days"))[:, 0]
        if "lead_median_seconds" in names:
            found["lead_median_seconds"], found["lead_p10_seconds"] = _leads(tallies, weights)
        if "pr_auc" in names:
            found["pr_auc"] = _average_precision(total("ranked"))
        if "brier_skill" in names:
            rows, rate = total("rows")[:, 0], (total("positives") / total("rows"))[:, 0]
            found["brier_skill"] = 1 - total("squares")[:, 0] / rows / (rate * (1 - rate))
        if "ece" in names:
            said = total("said").reshape(len(weights[0]), -1, 3)
            found["ece"] = np.abs(said[:, :, 1] - said[:, :, 2]).sum(axis=1) / said[:, :, 0].sum(axis=1)
    return {name: np.where(np.isfinite(found[name]), found[name], np.nan) for name in names}


def _leads(tallies: Sequence[Tally], weights: Sequence[FloatArray]) -> tuple[FloatArray, FloatArray]:
    seconds = np.concatenate([t.leads[:, 1] for t in tallies])
    times = [w[:, t.leads[:, 0].astype(np.intp)] for t, w in zip(tallies, weights, strict=True)]
    often = np.concatenate(times, axis=1).astype(np.intp)
    median, p10 = np.full(len(often), np.nan), np.full(len(often), np.nan)
    for i, line in enumerate(often):
        drawn = np.repeat(seconds, line)
        if len(drawn):
            median[i], p10[i] = np.quantile(drawn, [0.5, 0.1])
    return median, p10


def _average_precision(ranked: FloatArray) -> FloatArray:
    """(resamples,): average precision with rows of one bin as ties. ranked: (resamples, bins × 2)."""
    falling = ranked.reshape(len(ranked), -1, 2)[:, ::-1]
    positives, rows = np.cumsum(falling[:, :, 1], axis=1), np.cumsum(falling.sum(axis=2), axis=1)
    if not positives.shape[1]:
        return np.full(len(ranked), np.nan)
    gained = falling[:, :, 1] / positives[:, -1:]
    return np.asarray((gained * positives / np.maximum(rows, 1.0)).sum(axis=1))
