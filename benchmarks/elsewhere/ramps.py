"""The shapes in which faults grow: each maps the share of the ramp that has passed to a severity, 0 to 1."""

from collections.abc import Callable
from typing import Final

import numpy as np

Ramp = Callable[[float], float]

STAIRS: Final = 6


def straight(passed: float) -> float:
    """As much every minute."""
    return passed


def convex(passed: float) -> float:
    """Slow at first: late to see."""
    return float(passed**2.6)


def concave(passed: float) -> float:
    """Fast at first."""
    return float(passed**0.45)


def staircase(passed: float) -> float:
    """Jumps with rests between, the last jump at the end."""
    return int(passed * STAIRS + 1e-9) / STAIRS


def wavy(passed: float) -> float:
    """Upward with three dips."""
    return float(np.clip(passed + 0.11 * np.sin(6 * np.pi * passed) * (1 - passed), 0, 1))


def plateau(passed: float) -> float:
    """Slow, then a rest, then fast."""
    return float(np.interp(passed, (0, 0.45, 0.8, 1), (0, 0.35, 0.4, 1)))


RAMPS: Final[dict[str, Ramp]] = {one.__name__: one for one in (straight, convex, concave, staircase, wavy, plateau)}
