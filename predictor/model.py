"""Model: panels in, calibrated probabilities out; the one door for training, replay and the live exporter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from predictor import features
from predictor.catalogue import Catalogue, Signal
from predictor.contributions import Contributions, Explained, nothing
from predictor.entities import Entity, Issue, Kind
from predictor.estimators import Estimator
from predictor.issues import Outcome, monotone
from predictor.oddness import Oddness
from predictor.panel import BoolArray, FloatArray, Panel


@dataclass(frozen=True)
class Calibration:
    """A monotone map from an estimator's score to a probability, piecewise linear through its knots.

    scores and probabilities: (knots,), both ascending.
    """

    scores: FloatArray
    probabilities: FloatArray

    def __call__(self, scores: FloatArray) -> FloatArray:
        """The probabilities of the scores, of any shape."""
        return np.interp(scores, self.scores, self.probabilities)


@dataclass(frozen=True)
class KindModel:
    """What was learned for one kind of entity; without any outcome, no more than what is usual.

    thresholds: (outcomes,), the probability from which an alert keeps within the false-alarm budget.
    """

    kind: Kind
    signals: tuple[Signal, ...]
    outcomes: tuple[Outcome, ...]
    estimator: Estimator
    calibrations: tuple[Calibration, ...]
    thresholds: tuple[float, ...]
    oddness: Oddness | None = None
    explained: Explained | None = None

    def scores(self, values: FloatArray) -> FloatArray:
        """(outcomes, rows): the estimator's own scores, before calibration. values: (rows, features)."""
        if not len(values) or not self.outcomes:
            return np.zeros((len(self.outcomes), len(values)))
        columns = self.estimator.predict_proba(values)
        return np.stack([column[:, 1] for column in columns])

    def calibrated(self, values: FloatArray) -> FloatArray:
        """(outcomes, rows): probabilities, monotone in the horizon. values: (rows, features)."""
        scores = self.scores(values)
        mapped = [c(s) for c, s in zip(self.calibrations, scores, strict=True)]
        return monotone(self.outcomes, np.stack(mapped) if mapped else scores)

    def contributions(self, values: FloatArray) -> Contributions:
        """What each signal adds to each outcome's score before calibration. values: (rows, features)."""
        number = {one.name: i for i, one in enumerate(self.signals)}
        signals = np.array([number[n.split(":", 1)[0]] for n in features.names(self.signals)], dtype=np.int32)
        if self.explained is None:
            return nothing(len(self.outcomes), len(values), signals)
        return self.explained.contributions(values, signals)


@dataclass(frozen=True)
class Prediction:
    """The probabilities of one kind at each step that ended a full window.

    probability: (outcomes, steps, entities), NaN where the entity was not there; 1 while the issue is active.
    active: (issues, steps, entities), for every issue that has a rule, also those the model was not trained on.
    anomaly: (steps, entities), the share of quiet rows that look less odd, NaN where there is none to say.
    """

    kind: Kind
    times: FloatArray
    entities: tuple[Entity, ...]
    outcomes: tuple[Outcome, ...]
    thresholds: tuple[float, ...]
    probability: FloatArray
    issues: tuple[str, ...]
    active: BoolArray
    present: BoolArray
    anomaly: FloatArray


@dataclass(frozen=True)
class Model:
    """Everything needed to turn panels into probabilities.

    kinds holds only the kinds for which there was something to learn, if only what is usual.
    """

    catalogue: Catalogue
    step_seconds: float
    horizons_seconds: tuple[float, ...]
    kinds: Mapping[Kind, KindModel]

    @property
    def reach_steps(self) -> int:
        """Steps that a panel needs before its first probability."""
        return features.reach_steps(self.step_seconds)

    def probabilities(self, panel: Panel) -> Prediction:
        """The probabilities of the panel's kind at steps reach - 1 … last. Raises ValueError for a shorter panel."""
        first = self.reach_steps - 1
        times, active, present = panel.times[first:], panel.active[:, first:], panel.present[first:]
        learned = self.kinds.get(panel.kind)
        outcomes = learned.outcomes if learned else ()
        probability = np.full((len(outcomes), len(times), len(panel.entities)), np.nan)
        anomaly = np.full((len(times), len(panel.entities)), np.nan)
        if learned:
            rows = features.rows(panel, learned.signals, self.step_seconds)
            probability[:, rows.step, rows.entity] = learned.calibrated(rows.values)
            probability = _with_active(probability, learned.outcomes, panel.issues, active)
            if learned.oddness:
                anomaly[rows.step, rows.entity] = learned.oddness(rows.values)
        thresholds = learned.thresholds if learned else ()
        return Prediction(
            panel.kind, times, panel.entities, outcomes, thresholds, probability, panel.issues, active, present, anomaly
        )


def _with_active(
    probability: FloatArray, outcomes: tuple[Outcome, ...], issues: tuple[str, ...], active: BoolArray
) -> FloatArray:
    """An issue that is present will be present: its probability is 1 whatever the model says."""
    certain = probability.copy()
    for i, outcome in enumerate(outcomes):
        certain[i][active[_position(issues, outcome.issue)]] = 1.0
    return certain


def _position(issues: tuple[str, ...], issue: Issue) -> int:
    return issues.index(issue)
