"""Origins: what a model may know of history, so that it can be judged by the rest.

Candidates compete by rolling origins, as in a cluster's life: each model knows what came before, and is judged by what
came after (https://otexts.com/fpp3/tscv.html). What the chosen one's scores are worth is learned from purged folds: all
of history but a stretch, with a gap on either side (López de Prado, Advances in Financial Machine Learning, chapter 7).
So all of history calibrates, by models that know three quarters of the time. Either way a third of the
workloads is left out of each fit, so that the rest has workloads the model has met and ones it has not.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from commandline.times import span_text
from predictor import features
from predictor.panel import BoolArray
from trainer.dataset import GROUPS, Dataset
from trainer.history import HistoryError, Stretch
from trainer.sample import IntArray

SHARES: Final = (0.4, 0.6, 0.8)
NOTHING: Final[IntArray] = np.zeros(0, dtype=np.int64)
FOLDS: Final = 4
LEAST_ISSUES: Final = 0.1
"""The share of all rows with an issue ahead that each fold of equal length must have."""

NEVER: Final = int(np.iinfo(np.int64).max)
ONLY_SHARE: Final = (0.6,)
"""Of a history so short that the part behind an origin would hardly hold a window."""


@dataclass(frozen=True)
class Origin:
    """Rows up to `fit_until` have outcomes that were known at the origin; rows from `first` to `last` look back no
    further than it, and those from `fit_again` on do not reach back to what came of these. All are grid points since
    the start of history; `left_out` is a group of workloads.
    """

    fit_until: int
    first: int
    last: int
    left_out: int
    fit_again: int = NEVER

    def known(self, dataset: Dataset) -> BoolArray:
        """(rows,): what a model of this origin may be fitted on: other workloads, if these had every issue too."""
        before = (dataset.step <= self.fit_until) | (dataset.step >= self.fit_again)
        others = before & (dataset.group != self.left_out)
        fresh = dataset.came & ~dataset.during
        lost = fresh[before].any(axis=0) & ~fresh[others].any(axis=0)
        return before if lost.any() else others


def origins(when: Stretch, horizon_seconds: float, before: IntArray = NOTHING) -> tuple[Origin, ...]:
    """The origins of a history. Raises HistoryError when it is too short for even one.

    before: (rows,) grid points of rows with an issue ahead. Where issues came early and quiet followed, the origins are
    as early: behind a share of the time there would be nothing to judge by.
    """
    ahead, reach = round(horizon_seconds / when.step_seconds), features.reach_steps(when.step_seconds)
    shares = SHARES if when.steps * (SHARES[1] - SHARES[0]) >= 2 * reach + ahead else ONLY_SHARE
    ends = [*(_end(when, share, before, reach + ahead) for share in shares), when.steps]
    found = tuple(
        Origin(here - ahead, here + reach, following - 1, number % GROUPS)
        for number, (here, following) in enumerate(pairwise(ends))
    )
    if found[0].fit_until < reach or found[-1].last - ahead <= found[-1].first:
        raise HistoryError(
            f"{span_text((when.steps - 1) * when.step_seconds)} of history are too short to fit on one part and judge "
            f"on a later one with a horizon of {span_text(horizon_seconds)}; start earlier or choose shorter --horizons"
        )
    return found


def folds(
    when: Stretch, horizon_seconds: float, otherwise: tuple[Origin, ...], before: IntArray = NOTHING
) -> tuple[Origin, ...]:
    """Purged folds over all of history; `otherwise` where their gaps would take the better part of one.

    before: (rows,) grid points of rows with an issue ahead. Where a stretch as long as the others had hardly any of
    them, stretches have as many each instead.
    """
    ahead, reach = round(horizon_seconds / when.step_seconds), features.reach_steps(when.step_seconds)
    ends = np.linspace(0, when.steps, FOLDS + 1).astype(int)
    if len(before) and np.histogram(before, ends)[0].min() < LEAST_ISSUES * len(before):
        ends[1:-1] = np.quantile(before, np.arange(1, FOLDS) / FOLDS).astype(int)
    if np.diff(ends).min() < 2 * (reach + ahead):
        return otherwise
    return tuple(
        Origin(here - ahead, here + reach if here else 0, following - 1, number % GROUPS, following + reach + ahead)
        for number, (here, following) in enumerate(pairwise(ends.tolist()))
    )


def _end(when: Stretch, share: float, before: IntArray, earliest: int) -> int:
    """Where a share of the time has passed, or already where that share of what can be foretold has."""
    passed = int(when.steps * share)
    return min(passed, max(earliest, int(np.quantile(before, share)))) if len(before) else passed
