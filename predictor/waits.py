"""Waits: how long a probability stays up before it alerts, how long things stay quiet, and what counts as in time.

The rules in prometheus/rules say the same as `for`, `keep_firing_for` and the silence after an issue; tests hold both
together. The trainer judges history by it, the exporter its own predictions.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from predictor.entities import Issue
from predictor.panel import BoolArray

MAX_PENDING_SECONDS: Final = 600.0
"""A horizon of a day would otherwise wait for an hour and a half."""

HOLD_SECONDS: Final = 300.0
"""The usual keep_firing_for of alert rules on a noisy number."""

WAKE_SECONDS: Final = 900.0
"""After an episode its traces are in every window for a while, and somebody is there already; our rules keep quiet for
as long."""

MIN_LEAD_SECONDS: Final = 120.0
"""Less is no warning: it takes a person longer to read the notification and open a terminal."""

CRITICAL: Final = 0.9
"""Within 15m: what may wake somebody, as in prometheus/rules."""

MAX_HORIZONS: Final = 4.0
"""How many horizons before the onset a hit may have begun."""

SERVICE_SECONDS: Final = 120.0
"""So long one slow or failing moment of a service stands in its rates, which the catalogue takes over two minutes if
nobody says otherwise: a 99th percentile, or a share of requests, is all that moment's. What lasts longer is more."""

AWAY_SECONDS: Final = 14_400.0
"""Who comes back under a name after that long is somebody new; a StatefulSet's pod is away for minutes."""


def pending_seconds(issue: Issue, horizon_seconds: float) -> float:
    """How long a probability must stay up before it alerts: a minute for each quarter of an hour, at most ten.

    A single step above a threshold is mostly chance, and what is over a minute later needed nobody. What comes within
    minutes the short horizon tells; who is told of the next hour has time to wait for what stays. Disruptions of
    services wait for SERVICE_SECONDS at least, but within less than a quarter of an hour nothing waits.
    """
    usual = min(MAX_PENDING_SECONDS, 60.0 * (horizon_seconds // 900.0))
    return max(usual, SERVICE_SECONDS) if usual and issue == "service_disruption" else usual


def pending_steps(seconds: float, step_seconds: float) -> int:
    """So many steps must reach the threshold before the one at which the alert fires. seconds: of pending_seconds."""
    return int(np.ceil(seconds / step_seconds))


def lasting(mask: BoolArray, steps: int) -> BoolArray:
    """True where it was so for `steps` steps already. mask: (steps, …)."""
    found = mask.copy()
    for back in range(1, steps + 1):
        found[back:] &= mask[:-back]
        found[back - 1 : back] = False
    return found
