"""Trusted: what each outcome's probabilities are worth, beside the most that anybody's could be.

Nobody can foresee a fault before its first sign. Who knew every fault from its first moment, and when its issue begins,
would say 1 from then on and the rest's base rate otherwise. The Brier skill of these answers is the `ceiling`: where it
is low, most of what comes within the horizon has not begun yet, or comes without any fault that ramps. Nor is a fault's
first moment seen by anybody: who knows it once a tenth of it is there has the skill `visible`.

What a skill lacks may be calibration or knowledge: `discriminating` is the skill of the same probabilities exchanged
for the shares that came, in their own order (Dimitriadis et al. 2021, https://doi.org/10.1073/pnas.2016191118). Only
hindsight can do that, on the very rows it is judged by, so that it flatters: no calibration could have more.

Almost all rows are calm, so that a small calibration error says little about what is read aloud: `bands` holds what was
said against what came for each level of probability by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from sklearn.isotonic import IsotonicRegression

from benchmarks.holdout.published import Key, Name, Published
from benchmarks.holdout.told import SETTLE_SECONDS, name_of
from benchmarks.holdout.trial import Trial, keys
from emitter.shapes import SHAPES
from predictor.panel import BoolArray, FloatArray
from trainer.outcomes import MERGE_SECONDS, merged, outcome_rows, steps_ahead
from trainer.scores import row_figures

CARRIES: Final[Mapping[str, tuple[str, ...]]] = {"node": (), "pod": ("node",), "service": ("node", "pod", "service")}
"""Of which kinds a fault may bring trouble to an entity of this one, as a node's does to its pods."""


SHOWS: Final = 0.1
"""Of what a fault does at its onset: less than a tenth lies within the noise of most signals."""

CUBED: Final = frozenset({"packet_loss", "pod_packet_loss"})
"""Losses grow with the cube of a fault's progress (emitter.node_faults)."""

PARTS: Final = 1_001

BANDS: Final = (0.0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0)
"""Fifths, with the ends apart, where almost all rows lie and where alerts may wake somebody."""


@dataclass(frozen=True)
class Band:
    """Rows whose probability lies in [low, high), the last one's in [low, high].

    said: their mean probability. came: the share that had the issue within the horizon. Both None without any row.
    """

    low: float
    high: float
    rows: int
    said: float | None
    came: float | None


@dataclass(frozen=True)
class Trusted:
    """The row figures of one outcome; None where nothing speaks for them.

    ceiling: Brier skill of full knowledge. visible: of who knows a fault once SHOWS of it is there. discriminating: of
    these very probabilities, calibrated in hindsight.
    """

    rows: int
    positives: int
    ece: float | None
    brier_skill: float | None
    discriminating: float | None
    ceiling: float | None
    visible: float | None
    """Also None where a fault has a shape of another world, which nobody here knows."""


def trusted(trials: Sequence[Trial]) -> Mapping[Key, Trusted]:
    """The figures of every outcome, over rows without the issue whose horizon is known, all histories together."""
    return {key: _trusted([one for one in trials if key in one.judged], key) for key in keys(trials)}


def _trusted(trials: Sequence[Trial], key: Key) -> Trusted:
    parts = []
    for trial in trials:
        one, _ = trial.judged[key]
        episodes, came, rows = _rows(one)
        ahead = steps_ahead(episodes)
        known, shown = (_under_way(key, one, ahead, trial.truth, share) & came for share in (0.0, SHOWS))
        parts.append((one.probability[rows], came[rows], known[rows], shown[rows]))
    threshold = trials[0].judged[key][0].threshold
    probability, came, known, shown = (np.concatenate(column) for column in zip(*parts, strict=True))
    said = row_figures(probability, came, threshold)
    best, ceiling, visible = (
        row_figures(of, came, threshold).brier_skill
        for of in (_recalibrated(probability, came), _knowing(known, came), _knowing(shown, came))
    )
    known_shapes = all(f["shape"] in SHAPES for one in trials for f in one.truth["faults"] if f["ramp_seconds"])
    return Trusted(
        said.rows, said.positives, said.ece, said.brier_skill, best, ceiling, visible if known_shapes else None
    )


def bands(trials: Sequence[Trial], horizon: str) -> tuple[Band, ...]:
    """What was said and what came within the horizon, all issues, kinds and histories together."""
    several = [one for trial in trials for key, (one, _) in trial.judged.items() if key[2] == horizon]
    judged = [(one.probability[rows], came[rows]) for one in several for _, came, rows in (_rows(one),)]
    said = np.concatenate([np.empty(0), *(of for of, _ in judged)])
    came = np.concatenate([np.empty(0, np.bool_), *(of for _, of in judged)])
    position = np.minimum(np.digitize(said, BANDS) - 1, len(BANDS) - 2)
    return tuple(_band(i, said[position == i], came[position == i]) for i in range(len(BANDS) - 1))


def _band(position: int, said: FloatArray, came: BoolArray) -> Band:
    means = (float(said.mean()), float(came.mean())) if len(said) else (None, None)
    return Band(BANDS[position], BANDS[position + 1], len(said), *means)


def _rows(one: Published) -> tuple[BoolArray, BoolArray, BoolArray]:
    """(steps, entities), three times: inside an episode, followed by one, without it and with a known horizon."""
    gap = round(MERGE_SECONDS / one.step_seconds)
    episodes = merged(one.active, gap)
    present = ~np.isnan(one.probability)
    came, counts = outcome_rows(episodes, present, round(one.horizon_seconds / one.step_seconds), gap)
    return episodes, came, counts & present


def _recalibrated(probability: FloatArray, came: BoolArray) -> FloatArray:
    """(rows,): the rising probabilities that fit best what came, in the order of those given."""
    fitted = IsotonicRegression().fit_transform(probability, came) if len(came) else probability
    return np.asarray(fitted, dtype=np.float64)


def _knowing(known: BoolArray, came: BoolArray) -> FloatArray:
    """(rows,): 1 where the fault is known, else the base rate of the rows where none is."""
    rest = came[~known]
    return np.where(known, 1.0, rest.mean() if len(rest) else 0.0)


def _under_way(
    key: Key, one: Published, ahead: np.ndarray[Any, Any], truth: Mapping[str, Any], share: float
) -> BoolArray:
    """(steps, entities): whether a fault has come so far that lasts until the next onset. ahead: steps until that."""
    kind, issue, _ = key
    position: dict[Name, int] = {name: i for i, name in enumerate(one.entities)}
    found = np.zeros(one.active.shape, dtype=np.bool_)
    onset = one.times[:, None] + ahead * one.step_seconds
    for fault in truth["faults"]:
        if fault["kind"] == kind and fault["issue"] == issue:
            name = name_of(kind, fault["entity"])
            touched = [position[name]] if name in position else []
        else:
            touched = list(range(len(one.entities))) if fault["kind"] in CARRIES[kind] else []
        begun = (one.times >= _there(fault, share))[:, None]
        found[:, touched] |= begun & (ahead[:, touched] > 0) & (onset[:, touched] <= fault["end"] + SETTLE_SECONDS)
    return found


def _there(fault: Mapping[str, Any], share: float) -> float:
    """When this share of what a fault does at its onset is there, in Unix seconds; its start where that never came."""
    if fault["onset"] is None or not fault["ramp_seconds"] or fault["shape"] not in SHAPES:
        return float(fault["start"])
    progress = SHAPES[fault["shape"]].progress
    wanted = min(1.0, progress((fault["onset"] - fault["start"]) / fault["ramp_seconds"]))  # rules wait at the top
    wanted *= share ** (1 / 3 if fault["type"] in CUBED else 1)
    part = next(part for part in np.linspace(0.0, 1.0, PARTS) if part == 1.0 or progress(part) >= wanted)
    return float(fault["start"] + part * fault["ramp_seconds"])
