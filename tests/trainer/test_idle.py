"""Idle signals: what never came, and what never moved."""

from __future__ import annotations

import numpy as np

from predictor import catalogue, features
from trainer.dataset import Dataset
from trainer.idle import NEVER_CAME, NEVER_MOVED, idle

SIGNALS = catalogue.default().signals_of("service")
NAMES = features.names(SIGNALS)
ROWS = 50


def columns(signal: str) -> list[int]:
    """The positions of a signal's features."""
    return [i for i, name in enumerate(NAMES) if name.startswith(f"{signal}:")]


def dataset(values: np.ndarray) -> Dataset:
    """Rows with these features and nothing else to tell."""
    never, zero = np.zeros((len(values), 0), dtype=np.bool_), np.zeros(len(values), dtype=np.int64)
    ones, happened = np.ones((1, len(values))), np.zeros(0, dtype=np.bool_)
    return Dataset("service", (), ones, values, never, never, never, zero, zero, happened=happened)


def test_signals_that_say_nothing_are_named_with_the_reason() -> None:
    values = np.random.default_rng(0).random((ROWS, len(NAMES)))
    assert idle(dataset(values), SIGNALS) == {}
    values[:, columns("service_errors")] = np.nan
    values[:, columns("service_latency")] = 0.25
    values[3, columns("service_latency")] = np.nan
    values[:, columns("service_requests")[0]] = 1.0  # the others still move
    assert idle(dataset(values), SIGNALS) == {"service_errors": NEVER_CAME, "service_latency": NEVER_MOVED}
