"""Scored: of a long history loud quarter days stay first, and what is left still speaks for all of it."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np
import pytest

from tests.trainer.pasts import CATALOGUE, HORIZONS, START, STEP, Kept, Past, panel, ramps
from trainer import history
from trainer import parts as parts_module
from trainer import scored as scored_module
from trainer.dataset import gather
from trainer.fit import Fitted, fit
from trainer.history import Stretch
from trainer.origins import origins
from trainer.progress import Progress
from trainer.scored import Behind, Scored

STEPS = 2_000
WHEN = Stretch(START, START + (STEPS - 1) * STEP, STEP)
TROUBLED, QUIET = 4, 36
AHEAD = round(max(HORIZONS) / STEP)


def scored(most: int) -> Scored:
    """What boosting says of four troubled pods and 36 quiet ones: a seventh of the rows is loud, to forests a third."""
    strain, active = ramps(STEPS, TROUBLED, every=90)
    calm = np.random.default_rng(5).uniform(0.1, 0.3, (STEPS, QUIET))
    strain, active = np.hstack([strain, calm]), np.hstack([active, np.zeros(calm.shape, dtype=np.bool_)])
    past = Past({"pod": panel("pod", strain, {"pod_failure": active})})
    read = Kept(history.chunks(past, CATALOGUE, WHEN, AHEAD))
    datasets = gather(read, CATALOGUE, WHEN, HORIZONS, 30_000)
    with Progress() as progress:
        behind = Behind(read, CATALOGUE, WHEN, 0)
        parts = origins(WHEN, max(HORIZONS))
        return behind.scored(datasets, parts, {"pod": ("hist_gradient_boosting",)}, progress, most)["pod"]


@pytest.fixture(scope="module")
def whole() -> Scored:
    """Every row."""
    return scored(1_000_000)


def test_all_rows_of_a_short_history_stay_and_stand_for_themselves(whole: Scored) -> None:
    assert whole.weight.tolist() == [1.0] * len(whole.step)


@pytest.mark.parametrize("part", [2, 3])
def test_rows_before_an_issue_stay_and_the_rest_is_spoken_for(whole: Scored, part: int) -> None:
    most = len(whole.step) // part
    some = scored(most)
    assert len(some.step) <= most
    before = (some.ahead > 0) & some.counts
    assert before.sum() == ((whole.ahead > 0) & whole.counts).sum(), "an onset was lost"
    assert some.weight[before.any(axis=0)].tolist() == [1.0] * int(before.any(axis=0).sum())
    assert some.weight.max() > 1.0
    assert some.weight.sum() == pytest.approx(len(whole.step), rel=0.25)


def test_what_stays_is_what_the_whole_holds(whole: Scored) -> None:
    some = scored(len(whole.step) // 2)
    place = {key: i for i, key in enumerate(zip(whole.entity.tolist(), whole.step.tolist(), strict=True))}
    at = [place[key] for key in zip(some.entity.tolist(), some.step.tolist(), strict=True)]
    np.testing.assert_array_equal(some.scores, whole.scores[:, :, at])
    np.testing.assert_array_equal(some.ahead, whole.ahead[:, at])


@pytest.mark.parametrize(("rows", "chunk_steps"), [(40_000, 1_000), (900, 130)])
def test_every_row_behind_an_origin_is_asked_about_once(
    monkeypatch: pytest.MonkeyPatch, rows: int, chunk_steps: int
) -> None:
    monkeypatch.setattr(parts_module, "ROWS", rows)
    monkeypatch.setattr(history, "CHUNK_STEPS", chunk_steps)
    whole = scored(1_000_000)
    behind = [(one.first, one.last) for one in origins(WHEN, max(HORIZONS))]
    decided = STEPS - round(min(HORIZONS) / STEP)
    known = [step for first, last in behind for step in range(first, min(last + 1, decided))]
    asked = [whole.step[whole.entity == entity].tolist() for entity in range(TROUBLED + QUIET)]
    assert sum(steps == known for steps in asked) == QUIET
    assert all(len(set(steps)) == len(steps) and set(steps) < set(known) for steps in asked if steps != known)


def test_the_models_of_an_origin_are_gone_before_those_of_the_next_are_fitted(monkeypatch: pytest.MonkeyPatch) -> None:
    fitted: list[weakref.ref[Fitted]] = []

    def watched(*arguments: Any) -> Fitted | None:
        assert all(one() is None for one in fitted)
        found = fit(*arguments)
        assert found is not None
        fitted.append(weakref.ref(found))
        return found

    monkeypatch.setattr(scored_module, "fit", watched)
    assert len(scored(1_000).step)
    assert len(fitted) == len(origins(WHEN, max(HORIZONS))) > 1
