"""Ladders: what alerts from each of several levels on would have come to, and the level that is worth most.

A ladder is kept beside a model, so that another budget or price can choose other thresholds without training anew.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Final

import numpy as np
from pydantic import Field, TypeAdapter, ValidationError
from scipy.special import expit, logit

from predictor import artifact
from predictor.artifact import ArtifactError, Manifest
from predictor.panel import FloatArray
from predictor.tried import Tried
from trainer.thresholds import Budget, Watch, allowed, first_true, levels

SPREAD: Final = 0.5
"""In log-odds, by which scores are higher or lower in other weeks and other workloads than where they were learned:
docs/decisions/2026-11-26-thresholds-that-keep-their-distance.md."""

SHIFTS: Final = np.linspace(-2.0, 2.0, 41)
LIKELY: Final = np.exp(-0.5 * SHIFTS**2) / np.exp(-0.5 * SHIFTS**2).sum()
"""How likely scores are so many spreads higher."""

NEVER: Final = 1e-6

FILE: Final = "ladders.json"
"""In a model's directory: ladders by kind and by "issue/horizon"."""

_Count = Annotated[int, Field(ge=0)]
_Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]


@dataclass(frozen=True)
class Ladder:
    """Figures of one outcome on the rows that its threshold is chosen by.

    levels, foretold, false_alarms: (rungs,), levels rising. onsets, foretold: those that somebody could have been told
    of in time, and would have been. entity_days: of all rows. highest_probability: what the model can say at most.
    """

    levels: tuple[Annotated[float, Field(ge=0, le=1)], ...]
    foretold: tuple[_Count, ...]
    false_alarms: tuple[_Amount, ...]
    onsets: _Count
    entity_days: _Amount
    highest_probability: Annotated[float, Field(ge=0, le=1)]

    def __post_init__(self) -> None:
        if not len(self.levels) == len(self.foretold) == len(self.false_alarms) > 0:
            raise ValueError("a ladder has as many levels as figures, and at least one")

    def threshold(self, budget: Budget, spread: float = SPREAD) -> float:
        """The level within the budget that is worth most: onsets foretold, less the price of each false alarm.

        A budget is what may be spent and no aim: alarms that foretell little are spared, though there were room for
        them. One false alarm costs nothing: a history too short for a second would have to keep silent. What a level is
        worth is its mean over scores that are a little higher or lower than in this history, by `spread` in log-odds:
        next to a slope a threshold keeps its distance. Of equals those with the fewest false alarms, of these the
        lowest. Where nothing is foretold within the budget, its lowest level; the highest where none keeps to it.
        """
        most = allowed(self.entity_days, budget.per_entity_day)
        cheapest = first_true(len(self.levels), lambda at: self.false_alarms[at] <= most)
        if cheapest == len(self.levels):
            return self.levels[-1]
        if not self.foretold[cheapest]:
            return self.levels[cheapest]
        # A higher level may have more false alarms, where it splits an alert into several.
        within = [rung >= cheapest and false <= most for rung, false in enumerate(self.false_alarms)]
        points = [(at, rung) for at, rung in self._points() if within[rung]]
        worth = self._worth(np.array([at for at, _ in points]), budget.price, spread).tolist()
        best = max(range(len(points)), key=lambda i: (worth[i], -self.false_alarms[points[i][1]]))
        return points[best][0]

    def _points(self) -> list[tuple[float, int]]:
        """Rising levels, and the rung whose alerts each of them has: every rung, and between two the middle."""
        middles = expit((_log_odds(self.levels)[1:] + _log_odds(self.levels)[:-1]) / 2).tolist()
        between = [
            (at, rung)
            for rung, (at, below, above) in enumerate(zip(middles, self.levels, self.levels[1:], strict=False), start=1)
            if below < at < above
        ]
        return sorted([*between, *((at, rung) for rung, at in enumerate(self.levels))])

    def _worth(self, levels: FloatArray, price: float, spread: float) -> FloatArray:
        """(levels,): what each is worth, rounded so that equals are equal; nothing above all that the model can say."""
        worth = np.array(self.foretold) - price * np.maximum(0.0, np.array(self.false_alarms) - 1.0)
        elsewhere = _log_odds(levels)[:, None] - spread * SHIFTS
        rungs = np.searchsorted(_log_odds(self.levels), elsewhere)
        sayable = elsewhere <= max(_log_odds([self.highest_probability, self.levels[-1]]).tolist())
        return np.asarray(np.round(np.where(sayable, worth[np.minimum(rungs, len(worth) - 1)], 0.0) @ LIKELY, 9))

    def tried(self, threshold: float) -> Tried:
        """How a level did."""
        rung = min(len(self.levels) - 1, bisect_left(self.levels, threshold))
        return Tried(
            onsets=self.onsets,
            foretold=self.foretold[rung],
            false_alarms_per_entity_day=self.false_alarms[rung] / self.entity_days if self.entity_days else None,
            highest_probability=self.highest_probability,
        )


def _log_odds(levels: Sequence[float] | FloatArray) -> FloatArray:
    return np.asarray(logit(np.clip(levels, NEVER, 1.0 - NEVER)))


def ladder(watch: Watch, level: FloatArray, lowest: float, highest: float, highest_probability: float) -> Ladder:
    """The ladder from lowest to highest. level: (rows,), probabilities."""
    rungs = levels(level, lowest, highest).tolist()
    return Ladder(
        tuple(rungs),
        tuple(watch.recalled(level >= at) for at in rungs),
        tuple(watch.false_alarms(level >= at) for at in rungs),
        watch.onsets,
        watch.entity_days,
        highest_probability,
    )


Ladders = Mapping[str, Mapping[str, Ladder]]
"""By kind and by "issue/horizon"."""

_LADDERS: Final[TypeAdapter[dict[str, dict[str, Ladder]]]] = TypeAdapter(dict[str, dict[str, Ladder]])


def written(ladders: Ladders) -> bytes:
    """The ladders as FILE holds them."""
    plain = {kind: {name: asdict(one) for name, one in of.items()} for kind, of in ladders.items()}
    return (json.dumps(plain) + "\n").encode()


def read(directory: Path, manifest: Manifest) -> Ladders:
    """The ladders of a model. Raises ArtifactError where it has none, or what is there is damaged."""
    if FILE not in manifest.files:
        raise ArtifactError(
            f"the model in {directory} does not say what other thresholds would do ({FILE} is missing); "
            "an older release trained it: train it again with kip-trainer train"
        )
    try:
        return _LADDERS.validate_json(artifact.content(directory / FILE, manifest))
    except ValidationError as error:
        found = error.errors()[0]
        place = ".".join(map(str, found["loc"]))
        raise ArtifactError(
            f"{directory / FILE} is damaged at {place}: {found['msg']}; train the model again"
        ) from error
