"""Hiding: a source goes as a whole, comparisons go for themselves, and most rows keep the full picture."""

from __future__ import annotations

import numpy as np
import pytest

from predictor import catalogue, features
from predictor.panel import BoolArray, FloatArray
from trainer.hiding import COMPARISONS, SHARE, SOURCES, columns, dependent, hide

SIGNALS = catalogue.default().signals_of("pod")
NAMES = features.names(SIGNALS)
ROWS = 4_000


def gone(seed: int = 0) -> BoolArray:
    """(rows, features): what is hidden of rows that were whole."""
    values: FloatArray = np.ones((ROWS, len(NAMES)))
    hide(values, SIGNALS, np.random.default_rng(seed))
    return np.isnan(values)


def of(signal: str) -> int:
    """The position of a signal's newest sample."""
    return NAMES.index(f"{signal}:now")


def test_all_features_of_a_signal_go_together() -> None:
    missing = gone()
    signal = np.array([name.split(":")[0] for name in NAMES])
    for name in set(signal.tolist()):
        part = missing[:, signal == name]
        assert (part.all(axis=1) == part.any(axis=1)).all(), name


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_goes_as_a_whole(source: str) -> None:
    mask = columns(SIGNALS, dependent(SIGNALS, source))
    whole = gone()[:, mask].all(axis=1)
    assert 0.5 * SHARE / len(SOURCES) < whole.mean() < SHARE


def test_a_pod_may_lack_siblings_or_a_past_and_nothing_else() -> None:
    missing = gone()
    siblings, past = missing[:, of("pod_memory_of_siblings")], missing[:, of("pod_memory_of_yesterday")]
    memory = missing[:, of("pod_memory_of_limit")]
    for without in (siblings & ~past, past & ~siblings, siblings & past):
        assert (without & ~memory).sum() > 0.03 * ROWS


def test_what_is_compared_with_is_said_of_every_comparison() -> None:
    for kind in ("node", "pod", "service"):
        for signal in catalogue.default().signals_of(kind):
            looks_back = " offset " in signal.promql
            assert (signal.beside == "past") == looks_back, signal.name
            assert (signal.beside == "siblings") == signal.name.endswith("_of_siblings")


def test_most_rows_stay_whole() -> None:
    whole = ~gone().any(axis=1)
    assert whole.mean() == pytest.approx((1 - SHARE) ** (1 + len(COMPARISONS)), abs=0.05)


def test_a_catalogue_of_comparisons_alone_is_not_left_with_nothing() -> None:
    few = tuple(s for s in SIGNALS if s.name == "pod_memory_of_siblings")
    values: FloatArray = np.ones((ROWS, len(features.names(few))))
    hide(values, few, np.random.default_rng(0))
    assert not np.isnan(values).any()
