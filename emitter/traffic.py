"""How many requests reach each service: a daily and a weekly curve, slow noise and heavy-tailed bursts."""

from __future__ import annotations

from typing import Final

import numpy as np

from emitter.dependencies import burden
from emitter.state import FloatArray
from emitter.world import World

DAILY_AMPLITUDE: Final = 0.4
"""A shop's night has about 40 % of its evening's traffic."""

PEAK_HOUR: Final = 19.0
DAY_SECONDS: Final = 86_400.0
THURSDAY: Final = 3.0
"""1970-01-01 was one."""

WEEKEND_LOSS: Final = 0.25
WEEKEND_SURPLUS: Final = 0.1
HEAVY_TAIL: Final = 2.5
"""Exponent of the bursts' Pareto tail."""

HIGHEST_BURST: Final = 0.5
"""Clusters are built for more: a burst alone takes no service down."""

NOISE_MEMORY: Final = 0.9
NOISE_SCALE: Final = 0.02
BURST_CHANCE: Final = 0.004
BURST_DECAY: Final = 0.75
DEPENDENCY_AT_REST: Final = 0.3
"""Utilisation of what a service calls, at rest."""


def daily(now: float, phase_hours: FloatArray) -> FloatArray:
    """Traffic over its daily mean at a moment; each service's peak is shifted a little."""
    hours = now / 3600.0 % 24.0 - PEAK_HOUR - phase_hours
    return 1.0 + DAILY_AMPLITUDE * np.cos(hours * np.pi / 12.0)


def weekly(now: float) -> float:
    """Traffic over its weekly mean: less on Saturday and Sunday, without a step at midnight."""
    day = (now / DAY_SECONDS + THURSDAY) % 7.0  # 0 is the beginning of Monday
    begins, ends, last = (1.0 / (1.0 + np.exp((edge - day) * 12.0)) for edge in (5.0, 7.0, 0.0))
    weekend = begins - ends + 1.0 - last
    return float(1.0 + WEEKEND_SURPLUS - (WEEKEND_SURPLUS + WEEKEND_LOSS) * weekend)


def advance(world: World) -> None:
    """Set every service's request rate (requests a second over all its pods)."""
    services, rng = world.services, world.weather
    count = len(services.rate)
    services.noise[:] = NOISE_MEMORY * services.noise + rng.normal(0.0, NOISE_SCALE, count)
    burst = rng.random(count) < BURST_CHANCE
    height = np.minimum(0.1 * (1.0 + rng.pareto(HEAVY_TAIL, count)), HIGHEST_BURST)
    services.burst[:] = np.where(burst, 1.0 + height, 1.0 + (services.burst - 1.0) * BURST_DECAY)
    base = np.array([w.rate * w.replicas for w in world.cluster.workloads])
    shape = weekly(world.now) * daily(world.now, services.phase_hours) * services.burst * np.exp(services.noise)
    services.dependency[:] = DEPENDENCY_AT_REST + world.pressures.dependency + burden(world)
    services.rate[:] = base * shape * world.pressures.traffic_factor
