"""Hard rows: both views speak for all of history, each with its own near misses, and no onset is lost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from predictor.panel import FloatArray
from tests.trainer.pasts import CATALOGUE, HORIZONS, START, STEP, Past, panel, ramps
from trainer import history
from trainer.dataset import Dataset, gather
from trainer.hard import with_hard
from trainer.history import Stretch

STEPS = 1_500
TROUBLED, TEMPTING, QUIET = 3, 3, 18
WHEN = Stretch(START, START + (STEPS - 1) * STEP, STEP)
MOST = 1_500


@dataclass(frozen=True)
class Found:
    """Every row of history, those that were drawn, and the dataset in two views."""

    every: Dataset
    drawn: Dataset
    seen: Dataset


@pytest.fixture(scope="module")
def found() -> Found:
    """Nodes of which some fail in two ways, some climb half as far and recover, and most do nothing."""
    strain, failed = ramps(STEPS, TROUBLED, every=110)
    tempting, _ = ramps(STEPS, TEMPTING, every=90, seed=6)
    calm = np.random.default_rng(5).uniform(0.1, 0.3, (STEPS, QUIET))
    never = np.zeros((STEPS, TEMPTING + QUIET), dtype=np.bool_)
    full = np.roll(failed, 300, axis=0)
    full[:300] = False
    flags = {"node_failure": np.hstack([failed, never]), "resource_exhaustion": np.hstack([full, never])}
    past = Past({"node": panel("node", np.hstack([strain, 0.7 * tempting, calm]), flags)})
    read = list(history.chunks(past, CATALOGUE, WHEN, round(max(HORIZONS) / STEP)))
    every = gather(read, CATALOGUE, WHEN, HORIZONS, 1_000_000)
    drawn = gather(read, CATALOGUE, WHEN, HORIZONS, MOST)
    seen = with_hard(read, CATALOGUE, WHEN, drawn, 0, MOST)
    return Found(every["node"], drawn["node"], seen["node"])


def quiet(dataset: Dataset) -> np.ndarray:
    """(rows,): with nothing ahead."""
    return np.asarray(~(dataset.came & ~dataset.during).any(axis=1))


def keys(dataset: Dataset) -> np.ndarray:
    """(rows,): what tells them apart; noise makes each unlike all others."""
    return np.array([f"{s} {v.tobytes().hex()}" for s, v in zip(dataset.step, dataset.values, strict=True)])


def highest(dataset: Dataset) -> FloatArray:
    """The mean strain of the last minutes, which is what tempts."""
    return np.nan_to_num(dataset.values[:, 1])


def test_each_view_stands_for_all_rows(found: Found) -> None:
    assert len(found.seen.weights) == 2
    for view in found.seen.weights:
        assert view.sum() == pytest.approx(len(found.every.values), rel=0.1)


def test_rows_that_precede_an_issue_stay_as_they_were_drawn(found: Found) -> None:
    before = ~quiet(found.drawn)
    for view in found.seen.weights:
        rows = ~quiet(found.seen) & (view > 0)
        assert sorted(found.seen.step[rows].tolist()) == sorted(found.drawn.step[before].tolist())
        assert view[rows].sum() == pytest.approx(found.drawn.weight[before].sum())


def test_either_view_has_more_near_misses_than_the_draw(found: Found) -> None:
    level = float(np.quantile(highest(found.every)[quiet(found.every)], 0.995))
    drawn = int((highest(found.drawn)[quiet(found.drawn)] >= level).sum())
    for view in found.seen.weights:
        rows = quiet(found.seen) & (view > 0)
        assert (highest(found.seen)[rows] >= level).sum() > drawn


def test_of_hard_rows_there_are_at_most_as_many_as_were_drawn(found: Found) -> None:
    others = ~np.isin(keys(found.seen), keys(found.drawn))
    for view in found.seen.weights:
        assert 0 < (others & (view > 0)).sum() <= MOST


def test_the_views_differ_and_leave_no_row_unseen(found: Found) -> None:
    one, other = found.seen.weights > 0
    assert (one | other).all()
    assert (one & ~other).any()
    assert (other & ~one).any()


def test_no_row_is_twice_in_a_view(found: Found) -> None:
    for view in found.seen.weights:
        rows = view > 0
        assert len(set(keys(found.seen)[rows])) == rows.sum()
