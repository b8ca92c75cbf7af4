"""How many requests reach each service: a daily curve, slow noise and bursts."""

from __future__ import annotations

from typing import Final

import numpy as np

from emitter.state import FloatArray
from emitter.world import World

DAILY_AMPLITUDE: Final = 0.4
"""A shop's night has about 40 % of its evening's traffic."""

PEAK_HOUR: Final = 19.0
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


def advance(world: World) -> None:
    """Set every service's request rate (requests a second over all its pods)."""
    services, rng = world.services, world.weather
    count = len(services.rate)
    services.noise[:] = NOISE_MEMORY * services.noise + rng.normal(0.0, NOISE_SCALE, count)
    burst = rng.random(count) < BURST_CHANCE
    height = rng.uniform(0.15, 0.5, count)
    services.burst[:] = np.where(burst, 1.0 + height, 1.0 + (services.burst - 1.0) * BURST_DECAY)
    base = np.array([w.rate * w.replicas for w in world.cluster.workloads])
    shape = daily(world.now, services.phase_hours) * services.burst * np.exp(services.noise)
    services.dependency[:] = DEPENDENCY_AT_REST + world.pressures.dependency
    services.rate[:] = base * shape * world.pressures.traffic_factor
