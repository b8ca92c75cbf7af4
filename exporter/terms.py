"""Terms: what is judged of one kind, and how long everything waits, in steps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from predictor.issues import Outcome
from predictor.panel import BoolArray, FloatArray
from predictor.waits import (
    AWAY_SECONDS,
    HOLD_SECONDS,
    MAX_HORIZONS,
    MIN_LEAD_SECONDS,
    WAKE_SECONDS,
    pending_seconds,
    pending_steps,
)

SLACK: Final = 1e-9
"""Of a step: horizons that are no multiple of it leave fractions."""

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Terms:
    """What is judged, and its waits in steps. All arrays: (outcomes,)."""

    outcomes: tuple[Outcome, ...]
    issues: tuple[str, ...]
    step_seconds: float

    @cached_property
    def issue(self) -> IntArray:
        """Position of each outcome's issue."""
        return np.array([self.issues.index(one.issue) for one in self.outcomes], dtype=np.int64)

    @cached_property
    def pending(self) -> IntArray:
        """Steps that must have reached the threshold before the one that alerts."""
        waits = [pending_seconds(one.issue, one.horizon_seconds) for one in self.outcomes]
        return np.array([pending_steps(one, self.step_seconds) for one in waits], dtype=np.int64)

    @cached_property
    def horizon(self) -> FloatArray:
        """The horizons."""
        return np.array([one.horizon_seconds for one in self.outcomes]) / self.step_seconds

    @cached_property
    def patience(self) -> IntArray:
        """Greatest age at which an onset still makes an alert a hit, late or early."""
        return np.floor(MAX_HORIZONS * self.horizon + SLACK).astype(np.int64)

    @property
    def hold(self) -> float:
        """Steps below the threshold that do not end an alert yet."""
        return HOLD_SECONDS / self.step_seconds + SLACK

    @property
    def wake(self) -> int:
        """Quiet steps after an episode."""
        return round(WAKE_SECONDS / self.step_seconds)

    @property
    def away(self) -> float:
        """Steps of absence behind which one is somebody new."""
        return AWAY_SECONDS / self.step_seconds + SLACK

    def enough(self, steps: IntArray | int) -> BoolArray:
        """Whether so many steps are warning enough. steps: of any shape."""
        return np.asarray(np.multiply(steps, self.step_seconds) >= MIN_LEAD_SECONDS)
