"""Hiding: what a cluster or an entity may lack taken away from some rows, so that a model learns to do without.

A cluster may lack a whole source. A pod that is alone in its workload has no siblings to be compared with, and what is
new has no past; in a history in which nearly all have both, a model would take their absence for a usual comparison.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.random import Generator

from predictor import features
from predictor.catalogue import Signal
from predictor.panel import BoolArray, FloatArray

SHARE: Final = 0.25
"""Of the rows in each of which one source is hidden, and of those without each comparison: the full picture stays the
usual one."""

SOURCES: Final = ("node_exporter", "cadvisor", "kubelet", "kube_state_metrics", "http")

COMPARISONS: Final = ("siblings", "past")


def dependent(signals: Sequence[Signal], source: str) -> BoolArray:
    """(signals,): whether a signal needs the source, or its expression reads it as well.

    A join with kube-state-metrics is gone without kube-state-metrics, whatever the signal's own source is.
    """
    return np.array([s.source == source or f"${{{source}}}" in s.promql for s in signals], dtype=np.bool_)


def columns(signals: Sequence[Signal], chosen: BoolArray) -> BoolArray:
    """(features,): the columns of the chosen signals."""
    names = {s.name for s, on in zip(signals, chosen.tolist(), strict=True) if on}
    return np.array([name.split(":", 1)[0] in names for name in features.names(signals)], dtype=np.bool_)


def hide(values: FloatArray, signals: Sequence[Signal], random: Generator) -> None:
    """Blank a source or a comparison in each of a share of the rows. values: (rows, features), changed in place."""
    masks = _some([columns(signals, dependent(signals, source)) for source in SOURCES])
    if masks:
        which = random.integers(0, len(masks), len(values))
        some = random.random(len(values)) < SHARE
        for number, mask in enumerate(masks):
            values[np.ix_(some & (which == number), mask)] = np.nan
    for mask in _some([columns(signals, np.array([s.beside == other for s in signals])) for other in COMPARISONS]):
        values[np.ix_(random.random(len(values)) < SHARE, mask)] = np.nan


def _some(masks: Sequence[BoolArray]) -> list[BoolArray]:
    """Those that hide something and leave something."""
    return [mask for mask in masks if 0 < mask.sum() < len(mask)]
