"""Training on a past in memory, as several tests do it."""

from __future__ import annotations

from pathlib import Path

from predictor.artifact import Manifest
from predictor.entities import KINDS, Kind
from predictor.panel import Panel
from tests.trainer.pasts import CATALOGUE, HORIZONS, ISSUES, START, STEP, Past, panel, ramps
from trainer.history import Stretch
from trainer.settings import TrainSettings
from trainer.train import train

STEPS = 1_000
NOW = START + STEPS * STEP


def settings(directory: Path, **changes: object) -> TrainSettings:
    """Settings of a training run; nobody listens at the address, the past is in memory."""
    given = {"prometheus_url": "http://127.0.0.1:9", "model_dir": directory, "step": STEP, "horizons": HORIZONS}
    given["estimator"] = "random_forest"
    return TrainSettings.model_validate({**given, **changes})


def trained(past: Past, directory: Path, steps: int = STEPS, **changes: object) -> Manifest:
    """Train on the first steps of a past."""
    when = Stretch(START, START + (steps - 1) * STEP, STEP)
    return train(past, CATALOGUE, when, settings(directory, **changes), NOW)


def risen(kind: Kind, seed: int = 0, steps: int = STEPS) -> Panel:
    """Three entities whose signal rises before each issue."""
    strain, active = ramps(steps, 3, every=100, seed=seed)
    return panel(kind, strain, {ISSUES[kind]: active})


def past_of_all(seed: int = 0) -> Past:
    """Every kind; nodes are never exhausted."""
    return Past({kind: risen(kind, seed + i) for i, kind in enumerate(KINDS)})
