"""Oddness: what no quiet row looked like is odd, and alone as odd as among others."""

from __future__ import annotations

import numpy as np

from predictor.oddness import Oddness, Tails
from predictor.panel import FloatArray

QUIET: FloatArray = np.random.default_rng(0).normal(size=(5_000, 6))
QUIET[:, 5] = 0.1
SIGNAL = np.array([0, 0, 1, 1, 2, 2])


def fitted() -> Oddness:
    """Three signals of two features; the last feature never moves."""
    tails = Tails(np.quantile(QUIET.astype(np.float32).astype(float), np.linspace(0, 1, 401), axis=0), SIGNAL)
    bare = Oddness(tails, np.zeros(6), np.ones(6), np.zeros(0))
    return Oddness(tails, np.zeros(6), np.ones(6), np.quantile(bare.raw(QUIET), np.linspace(0, 1, 200)))


def test_one_signal_far_out_is_odd_and_a_usual_row_with_a_gap_is_not() -> None:
    rows = np.zeros((3, 6))
    rows[:, 5] = 0.1
    rows[1, 2:4] = 6.0
    rows[2, 0] = np.nan
    usual, far, gap = fitted()(rows)
    assert far == 1.0
    assert max(usual, gap) < 0.05


def test_a_row_is_as_odd_alone_as_among_others() -> None:
    odd = fitted()
    alone = np.concatenate([odd(QUIET[i : i + 1]) for i in range(50)])
    np.testing.assert_array_equal(odd(QUIET[:50]), alone)


def test_one_in_a_hundred_quiet_rows_is_odder_than_the_others() -> None:
    assert abs(float((fitted()(QUIET) > 0.99).mean()) - 0.01) < 0.005
