"""Shapes: how a fault grows from its start (0) to its full severity (1)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

SPELLS: Final = 8
"""How often an intermittent fault comes and goes before it stays."""

GONE_SHARE: Final = 0.3
"""Of each spell: the part in which an intermittent fault lets go, …"""

LEFT_OVER: Final = 0.35
"""… and what is left of it meanwhile."""

SIGMOID: Final = 10.0


@dataclass(frozen=True)
class Shape:
    """grown: elapsed part of the ramp, 0 to 1 -> severity, 0 to 1, never falling. reached: severity -> the part at
    which it is there. comes_and_goes: whether pressure lets go in between, where a fault's nature allows.
    """

    grown: Callable[[float], float]
    reached: Callable[[float], float]
    comes_and_goes: bool = False

    def progress(self, part: float) -> float:
        """Severity over the elapsed part; beyond the ramp it grows on in a straight line."""
        return part if part > 1.0 else self.grown(max(0.0, part))

    def holding(self, part: float) -> float:
        """What is left of the severity at this moment, 1 except in the pauses of an intermittent fault."""
        paused = self.comes_and_goes and part < 1.0 and part * SPELLS % 1.0 > 1.0 - GONE_SHARE
        return LEFT_OVER if paused else 1.0


def _bursts(part: float) -> float:
    """Grows in the first part of each spell, and stands still while it pauses."""
    spell, inside = divmod(part * SPELLS, 1.0)
    return min(1.0, (spell + min(1.0, inside / (1.0 - GONE_SHARE))) / SPELLS)


def _at_the_end(severity: float) -> float:
    """Rules wait for minutes, so that what comes and goes counts only once it stays."""
    del severity
    return 1.0


def _sigmoid(part: float) -> float:
    return 1.0 / (1.0 + math.exp(-SIGMOID * (part - 0.5)))


_LOW: Final = _sigmoid(0.0)


def _exponential(steepness: float) -> Shape:
    """Ever faster, or ever slower where the steepness is below zero."""
    whole = math.expm1(steepness)
    return Shape(
        lambda part: math.expm1(steepness * part) / whole,
        lambda severity: math.log1p(severity * whole) / steepness,
    )


def _stepwise(stairs: int) -> Shape:
    return Shape(
        lambda part: math.floor(part * stairs) / stairs, lambda severity: math.ceil(severity * stairs - 1e-9) / stairs
    )


SHAPES: Final[Mapping[str, Shape]] = {
    "linear": Shape(lambda part: part, lambda severity: severity),
    "exponential": _exponential(4.0),
    "exponential-2": _exponential(2.0),
    "exponential-6": _exponential(6.0),
    "stepwise": _stepwise(10),
    "stepwise-5": _stepwise(5),
    "stepwise-20": _stepwise(20),
    "saturating-1": _exponential(-1.0),
    "saturating-2": _exponential(-2.0),
    "intermittent": Shape(_bursts, _at_the_end, comes_and_goes=True),
    "accelerating": Shape(lambda part: part**3, lambda severity: severity ** (1 / 3)),
    "logistic": Shape(
        lambda part: (_sigmoid(part) - _LOW) / (1.0 - 2.0 * _LOW),
        lambda severity: 0.5 - math.log(1.0 / (_LOW + severity * (1.0 - 2.0 * _LOW)) - 1.0) / SIGMOID,
    ),
}

TRAINING_SHAPES: Final = (
    *("linear",) * 3,
    *("exponential-2", "exponential", "exponential-6"),
    *("stepwise-5", "stepwise", "stepwise-20"),
    *("saturating-1", "saturating-2"),
)
"""Drawn from evenly. Of three curves only, a model would learn these three by heart. Steepness and stairs lie on either
side of those that `holdout` has too; at -2 the last tenth takes a quarter of the ramp already.
"""

HOLDOUT_SHAPES: Final = ("linear", "exponential", "stepwise", "intermittent", "accelerating", "logistic")
"""The last three are drawn nowhere else."""
