"""Fit and calibrate: probabilities rank, lie within 0 and 1, grow with the horizon; dull data never crashes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from predictor.issues import Outcome
from predictor.model import Forest
from predictor.panel import BoolArray, FloatArray
from tests.trainer.pasts import CATALOGUE, HORIZONS, START, STEP, Past, panel, ramps
from trainer import history
from trainer.calibrate import Scored, calibrate, scored
from trainer.dataset import Dataset, gather
from trainer.fit import Fitted, fit
from trainer.history import Stretch
from trainer.thresholds import CANDIDATES

SOON, LATER = (Outcome("pod_failure", h) for h in HORIZONS)
STEPS = 900
RANDOM = np.random.default_rng(11)


def nothing() -> None:
    """Progress that nobody watches."""


def dataset(values: FloatArray, came: BoolArray) -> Dataset:
    """Rows of pods; both outcomes."""
    return Dataset("pod", (SOON, LATER), values, came)


def learnable(rows: int = 400) -> Dataset:
    """Rows whose first feature tells what comes."""
    values = RANDOM.random((rows, 8))
    return dataset(values, np.column_stack([values[:, 0] > 0.8, values[:, 0] > 0.6]))


def past(seed: int = 0) -> Past:
    """Four pods that rise before they fail."""
    strain, active = ramps(STEPS, 4, every=90, seed=seed)
    return Past({"pod": panel("pod", strain, {"pod_failure": active})})


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    """The forest of the past above."""
    when = Stretch(START, START + (STEPS - 1) * STEP, STEP)
    found = fit(gather(past(), CATALOGUE, when, HORIZONS, 30_000, nothing)["pod"], CATALOGUE, 0)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def seen(fitted: Fitted) -> Scored:
    """Its scores over another past."""
    return tracked(fitted)


def tracked(fitted: Fitted) -> Scored:
    """The scores over a past that the forest does not know."""
    when = Stretch(START, START + (STEPS - 1) * STEP, STEP)
    return scored(past(seed=1), CATALOGUE, {"pod": fitted.model}, when, nothing)["pod"]


def test_scores_rank_rows_before_an_issue_above_the_others(seen: Scored) -> None:
    for scores, came, counts in zip(seen.scores, seen.came, seen.counts, strict=True):
        assert np.median(scores[came & counts]) > np.quantile(scores[~came & counts], 0.95)


def test_calibrated_probabilities_rank_lie_within_0_and_1_and_grow_with_the_horizon(
    fitted: Fitted, seen: Scored
) -> None:
    done = calibrate(fitted, seen, STEP, 0.02)
    rows = np.random.default_rng(0).uniform(-1, 2, (500, len(CATALOGUE.signals_of("pod")) * 8))
    rows[np.random.default_rng(1).random(rows.shape) < 0.2] = np.nan
    soon, later = done.model.calibrated(rows)
    for probability in (soon, later):
        assert ((probability > 0) & (probability < 1)).all()
    assert (later >= soon).all()


def test_calibrated_probabilities_say_how_often_it_comes(fitted: Fitted, seen: Scored) -> None:
    """On the rows that calibrate the mean probability is the base rate, up to the two made-up rows."""
    done = calibrate(fitted, seen, STEP, 0.02)
    for i, calibration in enumerate(done.model.calibrations):
        counts = seen.counts[i]
        assert calibration(seen.scores[i][counts]).mean() == pytest.approx(seen.came[i][counts].mean(), abs=0.005)
        assert (np.diff(calibration.scores) >= 0).all()
        assert (np.diff(calibration.probabilities) >= 0).all()


def test_thresholds_are_candidates_and_a_larger_budget_never_raises_them(fitted: Fitted, seen: Scored) -> None:
    found = []
    for budget in (0.02, 2.0, 200.0):
        done = calibrate(fitted, seen, STEP, budget)
        assert set(done.model.thresholds) <= set(CANDIDATES)
        found.append(done.model.thresholds)
    for less, more in pairwise(found):
        assert all(a >= b for a, b in zip(less, more, strict=True))


def test_scores_over_chunks_equal_scores_in_one_piece(
    fitted: Fitted, seen: Scored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "CHUNK_STEPS", 211)
    cut = tracked(fitted)
    for name in ("scores", "came", "counts", "step", "entity"):
        np.testing.assert_array_equal(getattr(cut, name), getattr(seen, name))


def test_an_outcome_that_never_comes_later_is_left_out_with_its_reason(fitted: Fitted, seen: Scored) -> None:
    came = seen.came.copy()
    came[0] = False
    done = calibrate(fitted, Scored(seen.scores, came, seen.counts, seen.step, seen.entity), STEP, 0.02)
    assert done.model.outcomes == (LATER,)
    assert done.untrained == {SOON: "no episode in the later part of history that calibrates"}
    assert len(done.model.thresholds) == len(done.model.calibrations) == 1
    rows = RANDOM.random((20, 8))
    assert done.model.calibrated(rows).shape == (1, 20)
    np.testing.assert_array_equal(done.model.scores(rows)[0], fitted.model.scores(rows)[1])


def test_no_outcome_later_and_no_row_that_counts_give_no_model(fitted: Fitted, seen: Scored) -> None:
    none = np.zeros_like(seen.came)
    assert (
        calibrate(fitted, Scored(seen.scores, none, seen.counts, seen.step, seen.entity), STEP, 0.02).model.outcomes
        == ()
    )
    assert (
        calibrate(fitted, Scored(seen.scores, seen.came, none, seen.step, seen.entity), STEP, 0.02).model.outcomes == ()
    )
    nobody = np.zeros(0, dtype=np.int64)
    empty = Scored(np.zeros((2, 0)), none[:, :0], none[:, :0], nobody, nobody)
    assert calibrate(fitted, empty, STEP, 0.02).model.outcomes == ()


def test_the_same_seed_gives_the_same_forest_and_another_seed_another() -> None:
    rows = learnable()
    one, same, other = (fit(rows, CATALOGUE, seed) for seed in (3, 3, 4))
    assert one is not None
    assert same is not None
    assert other is not None
    unknown = RANDOM.random((200, 8))
    np.testing.assert_array_equal(one.model.scores(unknown), same.model.scores(unknown))
    assert not np.array_equal(one.model.scores(unknown), other.model.scores(unknown))


@pytest.mark.parametrize(
    ("came", "reasons"),
    [
        pytest.param((False, False), None, id="nothing ever came"),
        pytest.param((True, True), None, id="always present"),
        pytest.param((False, None), {SOON: "no episode in the part of history that is fitted on"}, id="one never came"),
        pytest.param((None, True), {LATER: "always present"}, id="one was always there"),
    ],
)
def test_an_outcome_with_one_class_only_is_named_and_not_trained(
    came: tuple[bool | None, bool | None], reasons: dict[Outcome, str] | None
) -> None:
    rows = learnable()
    columns = [rows.came[:, i] if one is None else np.full(len(rows.came), one) for i, one in enumerate(came)]
    found = fit(dataset(rows.values, np.column_stack(columns)), CATALOGUE, 0)
    if reasons is None:
        assert found is None
    else:
        assert found is not None
        assert found.untrained == reasons
        assert set(found.model.outcomes) == {SOON, LATER} - set(reasons)
        assert found.model.calibrated(rows.values).shape == (1, len(rows.values))


def test_no_rows_at_all_give_no_model() -> None:
    assert fit(dataset(np.zeros((0, 8)), np.zeros((0, 2), dtype=np.bool_)), CATALOGUE, 0) is None


@pytest.mark.parametrize(
    "dull",
    [np.nan, 0.0, 1.0, -1e17, 9e17],
    ids=["all missing", "all zero", "all one", "hugely negative", "huge"],
)
@pytest.mark.parametrize("columns", [slice(4, 6), slice(None)], ids=["two of them", "all of them"])
def test_constant_and_missing_columns_do_not_crash_and_give_probabilities(dull: float, columns: slice) -> None:
    rows = learnable()
    values = rows.values.copy()
    values[:, columns] = dull
    found = fit(dataset(values, rows.came), CATALOGUE, 0)
    assert found is not None
    for unknown in (values, RANDOM.random((50, 8)), np.full((3, 8), np.nan), np.full((3, 8), 9e17)):
        probability = found.model.calibrated(unknown)
        assert ((probability >= 0) & (probability <= 1)).all()


def test_one_row_of_each_class_is_enough_not_to_crash() -> None:
    rows = dataset(RANDOM.random((2, 8)), np.array([[True, True], [False, False]]))
    found = fit(rows, CATALOGUE, 0)
    assert found is not None
    assert found.model.scores(rows.values).shape == (2, 2)


def test_the_fitted_forest_adds_its_trees_up_in_one_order() -> None:
    found = fit(learnable(), CATALOGUE, 0)
    assert found is not None
    assert isinstance(found.model.estimator, Forest)
    assert found.model.estimator.pipeline[-1].n_jobs == 1
