"""Baselines: what everybody already has, as scores on the same panels, for a model to be compared with.

Each is a pure function of a panel, which looks back REACH steps at most, and none is told what came. The higher a
score, the more alarmed; NaN where a baseline cannot say. From which score on it alerts is decided in standings.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np

from predictor import features
from predictor.catalogue import Catalogue
from predictor.entities import Issue, Kind
from predictor.issues import Outcome
from predictor.model import KindModel, Model
from predictor.panel import FloatArray, Panel
from trainer import stock

MARK_SECONDS: Final = 120.0
"""How far apart the samples are that the robust z-score takes its usual values from: a median needs no more."""

MAD_OF_NORMAL: Final = 1.4826
MEAN_DEVIATION_OF_NORMAL: Final = 1.253314
"""Both times the deviation give a normal distribution's standard deviation (Iglewicz and Hoaglin, 1993)."""


class Baseline(Protocol):
    """One way to be alarmed. name: in scores.json; title: for people."""

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    def scores(self, panel: Panel, outcomes: Sequence[Outcome]) -> Sequence[FloatArray]:
        """For each outcome (steps - reach + 1, entities) in single precision; several may share one array."""
        ...


@dataclass(frozen=True)
class BaseRate:
    """Always the same: what guessing is worth."""

    step_seconds: float
    name: str = "base_rate"
    title: str = "Base rate"

    def scores(self, panel: Panel, outcomes: Sequence[Outcome]) -> Sequence[FloatArray]:
        """Zeros; calibrated it would be the base rate, which orders and alerts alike."""
        return [_kept(np.zeros(panel.values.shape[1:]), self.step_seconds)] * len(outcomes)


@dataclass(frozen=True)
class StaticThresholds:
    """How near the nearest signal is to the level at which its stock alert fires: 1 is where it does."""

    catalogue: Catalogue
    step_seconds: float
    name: str = "static_threshold"
    title: str = "Static thresholds"

    def scores(self, panel: Panel, outcomes: Sequence[Outcome]) -> Sequence[FloatArray]:
        """The largest share of a level among the signals that speak for the issue."""
        signals = self.catalogue.signals_of(panel.kind)
        hold = round(features.HOLD_SECONDS / self.step_seconds)

        def nearest(issue: Issue) -> FloatArray:
            score = np.full(panel.values.shape[1:], np.nan)
            for i, level in stock.levels(issue, panel.kind, signals):
                offset, factor = level.share(signals[i])
                score = np.fmax(score, (features.held(panel.values[i], hold) - offset) * factor)
            return _kept(score, self.step_seconds)

        return _by_issue(outcomes, nearest)


@dataclass(frozen=True)
class LinearExtrapolation:
    """When a straight line through the window reaches the limit, as predict_linear draws it: the sooner, the higher."""

    catalogue: Catalogue
    step_seconds: float
    name: str = "linear_extrapolation"
    title: str = "Linear extrapolation"

    def scores(self, panel: Panel, outcomes: Sequence[Outcome]) -> Sequence[FloatArray]:
        """Minus the seconds until the first limited signal that speaks for the issue is used up."""
        signals = self.catalogue.signals_of(panel.kind)
        known: dict[int, FloatArray] = {}

        def soonest(issue: Issue) -> FloatArray:
            score = np.full(panel.values.shape[1:], np.nan)
            for i, _ in stock.levels(issue, panel.kind, signals):
                limit = signals[i].limit
                if limit is not None:
                    if i not in known:
                        known[i] = self._seconds(panel.values[i], limit)
                    score = np.fmax(score, -known[i])
            return _kept(score, self.step_seconds)

        return _by_issue(outcomes, soonest)

    def _seconds(self, values: FloatArray, limit: float) -> FloatArray:
        reach = features.reach_steps(self.step_seconds)
        now = features.held(values, round(features.HOLD_SECONDS / self.step_seconds))
        _, _, slope = features.trailing(values, reach)
        seconds = np.full(values.shape, np.nan)
        seconds[reach - 1 :] = features.time_to_limit(now[reach - 1 :], slope / self.step_seconds, limit)
        return seconds


@dataclass(frozen=True)
class RobustZ:
    """How many robust spreads the oddest signal lies from its own median of the last half hour."""

    catalogue: Catalogue
    step_seconds: float
    name: str = "robust_z"
    title: str = "Robust z-score"

    def scores(self, panel: Panel, outcomes: Sequence[Outcome]) -> Sequence[FloatArray]:
        """The largest |z| among the signals that speak for the issue; over all signals something always is odd."""
        signals = self.catalogue.signals_of(panel.kind)
        known: dict[int, FloatArray] = {}

        def oddest(issue: Issue) -> FloatArray:
            score = np.full(panel.values.shape[1:], np.nan)
            speaking = [i for i, _ in stock.levels(issue, panel.kind, signals)]
            for i in speaking or range(len(signals)):
                if i not in known:
                    known[i] = self._distances(panel.times, panel.values[i])
                score = np.fmax(score, known[i])
            return _kept(score, self.step_seconds)

        return _by_issue(outcomes, oddest)

    def _distances(self, times: FloatArray, values: FloatArray) -> FloatArray:
        stride = max(1, round(MARK_SECONDS / self.step_seconds))
        marks = np.nonzero(np.rint(times / self.step_seconds).astype(np.int64) % stride == 0)[0]
        count = features.reach_steps(self.step_seconds) // stride
        centre, spread = usual(values[marks], count)
        newest = np.searchsorted(marks, np.arange(len(values)), side="right") - 1 - (count - 1)
        rows = np.nonzero(newest >= 0)[0]
        now = features.held(values, round(features.HOLD_SECONDS / self.step_seconds))[rows]
        found = np.full(values.shape, np.nan)
        with np.errstate(invalid="ignore", divide="ignore"):
            found[rows] = np.abs(now - centre[newest[rows]]) / spread[newest[rows]]
        return found


def usual(values: FloatArray, count: int) -> tuple[FloatArray, FloatArray]:
    """Median and robust standard deviation of every trailing window of `count` values.

    values: (marks, entities). Both results are (marks - count + 1, entities). The spread comes from the median absolute
    deviation, where that is 0 from the mean one; where nothing moved, or half of the window is missing, it is NaN:
    nothing is known of what is unusual.
    """
    if len(values) < count:
        nothing = np.zeros((0, values.shape[1]))
        return nothing, nothing
    window = np.lib.stride_tricks.sliding_window_view(values, count, axis=0)
    there = (~np.isnan(window)).sum(axis=-1)
    centre = _median(window, there)
    deviation = np.abs(window - centre[..., None])
    spread = MAD_OF_NORMAL * _median(deviation, there)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = MEAN_DEVIATION_OF_NORMAL * np.nansum(deviation, axis=-1) / there
    spread = np.where(spread > 0, spread, mean)
    moved = spread > features.SMALLEST_SPREAD * np.abs(centre) + features.SMALLEST_SPREAD**2  # not by rounding alone
    return centre, np.where(moved & (there >= max(2, count // 2)), spread, np.nan)


def _median(window: FloatArray, there: np.ndarray[tuple[int, ...], np.dtype[np.intp]]) -> FloatArray:
    """The median of the numbers in each row, NaN without any; nanmedian would take ten times as long."""
    rising = np.sort(window, axis=-1)  # NaN last
    low, high = np.maximum(there - 1, 0) // 2, np.minimum(there // 2, window.shape[-1] - 1)
    at = [np.take_along_axis(rising, place[..., None], axis=-1)[..., 0] for place in (low, high)]
    return np.asarray((at[0] + at[1]) / 2)


@dataclass(frozen=True)
class SnapshotForest:
    """The reference random forest, which sees the newest sample of every signal and no past."""

    model: Model
    name: str = "snapshot_forest"
    title: str = "Snapshot forest"

    @classmethod
    def of(cls, model: Model, references: Mapping[Kind, KindModel]) -> SnapshotForest:
        """The forests behind the one door that the model itself has."""
        return cls(Model(model.catalogue, model.step_seconds, model.horizons_seconds, references))

    def scores(self, panel: Panel, outcomes: Sequence[Outcome]) -> Sequence[FloatArray]:
        """The share of trees that vote for the outcome; NaN for one the forest was not given."""
        said = self.model.probabilities(panel)
        known = {outcome: _kept(row, None) for outcome, row in zip(said.outcomes, said.probability, strict=True)}
        nothing = _kept(np.full(said.present.shape, np.nan), None)
        return [known.get(outcome, nothing) for outcome in outcomes]


def everyone(model: Model, references: Mapping[Kind, KindModel]) -> tuple[Baseline, ...]:
    """All baselines that a model is compared with; without references there is no forest among them."""
    step = model.step_seconds
    forests = (SnapshotForest.of(model, references),) if references else ()
    of = model.catalogue
    return (StaticThresholds(of, step), LinearExtrapolation(of, step), RobustZ(of, step), *forests, BaseRate(step))


def _by_issue(outcomes: Sequence[Outcome], score: Callable[[Issue], FloatArray]) -> Sequence[FloatArray]:
    """One array per issue, shared by its horizons."""
    known = {issue: score(issue) for issue in dict.fromkeys(o.issue for o in outcomes)}
    return [known[o.issue] for o in outcomes]


def _kept(score: FloatArray, step_seconds: float | None) -> FloatArray:
    """A copy in single precision, without the run-up of a panel on this step; half the memory, and no view of more."""
    first = features.reach_steps(step_seconds) - 1 if step_seconds else 0
    single: Any = score[first:].astype(np.float32)
    return np.asarray(single)
