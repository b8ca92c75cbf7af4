"""Fit, score and calibrate: scores rank, probabilities lie within 0 and 1 and grow; dull data never crashes."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from predictor import features
from predictor.issues import Outcome, monotone
from predictor.panel import BoolArray, FloatArray
from tests.trainer.pasts import CATALOGUE, HORIZONS, START, STEP, Kept, Past, panel, ramps
from trainer import history
from trainer.calibrate import HIGHEST, LOWEST, RISE, calibrate
from trainer.candidates import CANDIDATES, CandidateName
from trainer.dataset import Dataset, gather
from trainer.fit import ALWAYS, NO_EPISODE, fit, untrainable
from trainer.history import HistoryError, Stretch
from trainer.origins import FOLDS, folds, origins
from trainer.progress import Progress
from trainer.scored import Behind, Scored
from trainer.thresholds import Budget

OUTCOMES = (Outcome("pod_failure", HORIZONS[0]), Outcome("pod_failure", HORIZONS[1]))
SIGNALS = CATALOGUE.signals_of("pod")
WIDTH = len(features.names(SIGNALS))
STEPS = 900
WHEN = Stretch(START, START + (STEPS - 1) * STEP, STEP)
RANDOM = np.random.default_rng(11)


def dataset(values: FloatArray, came: BoolArray) -> Dataset:
    """Rows of pods; both outcomes."""
    nothing = np.zeros(len(values), dtype=np.int64)
    never, ones = np.zeros_like(came), np.ones((1, len(values)))
    return Dataset(
        "pod", OUTCOMES, ones, values, came, came, never, nothing, nothing, happened=np.asarray(came.any(axis=0))
    )


def learnable(rows: int = 400) -> Dataset:
    """Rows whose first feature tells what comes."""
    values = RANDOM.random((rows, WIDTH))
    return dataset(values, np.column_stack([values[:, 0] > 0.8, values[:, 0] > 0.6]))


def past(seed: int = 0) -> Past:
    """Four pods that rise before they fail."""
    strain, active = ramps(STEPS, 4, every=90, seed=seed)
    return Past({"pod": panel("pod", strain, {"pod_failure": active})})


def tracked(one: Past) -> Scored:
    """The scores of the forest behind the origins of a past."""
    ahead = round(max(HORIZONS) / STEP)
    read = Kept(history.chunks(one, CATALOGUE, WHEN, ahead))
    datasets = gather(read, CATALOGUE, WHEN, HORIZONS, 30_000)
    with Progress() as progress:
        behind = Behind(read, CATALOGUE, WHEN, 0)
        return behind.scored(datasets, origins(WHEN, max(HORIZONS)), {"pod": ("random_forest",)}, progress)["pod"]


@pytest.fixture(scope="module")
def seen() -> Scored:
    """The scores of the past above."""
    return tracked(past())


def test_scores_rank_rows_before_an_issue_above_the_others(seen: Scored) -> None:
    for scores, ahead, counts in zip(seen.scores[0], seen.ahead, seen.counts, strict=True):
        assert np.median(scores[(ahead > 0) & counts]) > np.quantile(scores[(ahead == 0) & counts], 0.95)


def test_no_row_is_scored_by_a_model_that_knew_what_came(seen: Scored) -> None:
    cuts = origins(WHEN, max(HORIZONS))
    for number, origin in enumerate(cuts):
        step = seen.step[seen.origin == number]
        assert step.min() >= origin.first
        assert step.max() <= origin.last
        assert origin.fit_until + max(HORIZONS) / STEP <= origin.first - 30


def test_scores_over_chunks_equal_scores_in_one_piece(seen: Scored, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "CHUNK_STEPS", 211)
    cut = tracked(past())
    for name in ("scores", "ahead", "counts", "step", "entity", "origin"):
        np.testing.assert_array_equal(getattr(cut, name), getattr(seen, name))


def test_calibrated_probabilities_say_how_often_it_comes(seen: Scored) -> None:
    """On the rows that calibrate the mean probability is the base rate, up to the two made-up rows."""
    done = calibrate(seen, OUTCOMES, STEP)
    for i, calibration in enumerate(done.maps):
        assert calibration is not None
        rows = seen.counts[i]
        said = calibration(seen.scores[0, i][rows]).mean()
        assert said == pytest.approx((seen.ahead[i] > 0)[rows].mean(), abs=0.005)
        assert (np.diff(calibration.scores) >= 0).all()
        assert (np.diff(calibration.probabilities) >= 0).all()
        # Rows of the last step are as probable as each other, and yet one threshold can tell them apart.
        *_, last, top = calibration.probabilities
        assert last < top == pytest.approx(last, abs=RISE)
        assert 0 < calibration.probabilities[0] <= calibration.probabilities[-1] < 1
    both = np.stack([m(np.linspace(-1, 2, 50)) for m in done.maps if m is not None])
    raised = monotone(OUTCOMES, both)
    assert (raised[1] >= raised[0]).all()


def test_a_history_that_lost_half_of_its_quiet_says_what_the_whole_one_says_when_told_so(seen: Scored) -> None:
    whole = replace(seen, scores=(seen.scores + 3 * RANDOM.random(seen.scores.shape)) / 4)
    quiet = np.flatnonzero(whole.expected_weight != replace(whole, issues_factor=2.0).expected_weight)
    assert not (whole.ahead[:, quiet] > 0).any(), "what leads to an issue is as crowded as the issue"
    assert ((whole.ahead[0] == 0) & (whole.ahead[1] > 0)).sum() > 20, "a row may be quiet within one horizon only"
    kept = np.ones(len(whole.step), dtype=np.bool_)
    kept[quiet[::2]] = False
    crowded = Scored(
        **{name: getattr(whole, name)[:, kept] for name in ("ahead", "counts", "settled")},
        **{name: getattr(whole, name)[kept] for name in ("step", "entity", "origin", "weight")},
        scores=whole.scores[:, :, kept],
    )
    expected, told, untold = (
        calibrate(one, OUTCOMES, STEP).maps for one in (whole, replace(crowded, issues_factor=2.0), crowded)
    )
    for i, maps in enumerate(zip(expected, told, untold, strict=True)):
        right, same, high = (one(whole.scores[0, i]) for one in maps if one is not None)
        assert same.mean() == pytest.approx(right.mean(), rel=0.05)
        assert high.mean() > 1.2 * right.mean()
        assert np.abs(same - right).mean() < 0.6 * np.abs(high - right).mean()  # not all is lost by the half that went


def test_it_is_recorded_how_each_threshold_did_on_the_rows_it_was_chosen_by(seen: Scored) -> None:
    done = calibrate(seen, OUTCOMES, STEP)
    days = len(np.unique(seen.step)) * STEP / 86_400 * len(np.unique(seen.entity))
    for one in done.tried(Budget(0.02)):
        assert one is not None
        assert 0 < one.foretold <= one.onsets
        assert one.false_alarms_per_entity_day is not None
        assert one.false_alarms_per_entity_day * days <= max(1.0, 0.02 * days)
    highest = [one.highest_probability for one in done.tried(Budget(0.02)) if one is not None]
    assert highest == [
        max(m.probabilities[-1] for m in done.maps[: i + 1] if m is not None) for i in range(len(OUTCOMES))
    ]


def test_thresholds_keep_to_their_bounds_and_a_larger_budget_never_raises_them(seen: Scored) -> None:
    found = [calibrate(seen, OUTCOMES, STEP).thresholds(Budget(budget)) for budget in (0.02, 2.0, 200.0)]
    assert all(t is not None and LOWEST <= t <= HIGHEST for thresholds in found for t in thresholds)
    for less, more in pairwise(found):
        assert all(a >= b for a, b in zip(less, more, strict=True) if a is not None and b is not None)


def test_an_outcome_that_never_comes_behind_the_origins_has_no_map_and_no_threshold(seen: Scored) -> None:
    ahead = seen.ahead.copy()
    ahead[0] = 0
    done = calibrate(replace(seen, ahead=ahead), OUTCOMES, STEP)
    assert done.maps[0] is None
    assert done.ladders[0] is None
    assert done.maps[1] is not None


@pytest.mark.parametrize("name", CANDIDATES)
def test_the_same_seed_gives_the_same_scores(name: CandidateName) -> None:
    rows = learnable()
    one, same = (fit(rows, name, SIGNALS, 3) for _ in range(2))
    assert one is not None
    assert same is not None
    unknown = RANDOM.random((200, WIDTH))
    np.testing.assert_array_equal(one.scores(unknown), same.scores(unknown))


@pytest.mark.parametrize("name", CANDIDATES)
def test_only_known_rows_are_learned_from_and_none_is_changed(name: CandidateName) -> None:
    rows = learnable()
    values, known = rows.values.copy(), RANDOM.random(len(rows.values)) < 0.5
    some, same = fit(rows, name, SIGNALS, 3, known=known), fit(rows.where(known), name, SIGNALS, 3)
    assert some is not None
    assert same is not None
    np.testing.assert_array_equal(rows.values, values)
    np.testing.assert_array_equal(some.scores(values), same.scores(values))


@pytest.mark.parametrize("name", CANDIDATES)
@pytest.mark.parametrize(
    ("came", "reasons"),
    [
        pytest.param((False, False), (NO_EPISODE, NO_EPISODE), id="nothing ever came"),
        pytest.param((True, True), (ALWAYS, ALWAYS), id="ahead of every row"),
        pytest.param((False, None), (NO_EPISODE, ""), id="one never came"),
        pytest.param((None, True), ("", ALWAYS), id="one was ahead of every row"),
    ],
)
def test_an_outcome_with_one_class_only_is_named_and_not_trained(
    name: CandidateName, came: tuple[bool | None, bool | None], reasons: tuple[str, str]
) -> None:
    rows = learnable()
    columns = [rows.came[:, i] if one is None else np.full(len(rows.came), one) for i, one in enumerate(came)]
    given = dataset(rows.values, np.column_stack(columns))
    found = fit(given, name, SIGNALS, 0)
    assert untrainable(given) == reasons
    if all(reasons):
        assert found is None
    else:
        assert found is not None
        scores = found.scores(rows.values)
        assert [bool(np.isnan(one).all()) for one in scores] == [bool(why) for why in reasons]


def test_no_rows_at_all_give_no_model() -> None:
    assert fit(dataset(np.zeros((0, WIDTH)), np.zeros((0, 2), dtype=np.bool_)), "random_forest", SIGNALS, 0) is None


@pytest.mark.parametrize("name", CANDIDATES)
@pytest.mark.parametrize("dull", [np.nan, 0.0, 1.0, -1e17, 9e17], ids=["missing", "zero", "one", "negative", "huge"])
@pytest.mark.parametrize("columns", [slice(4, 6), slice(None)], ids=["two of them", "all of them"])
def test_constant_and_missing_columns_do_not_crash(name: CandidateName, dull: float, columns: slice) -> None:
    rows = learnable()
    values = rows.values.copy()
    values[:, columns] = dull
    found = fit(dataset(values, rows.came), name, SIGNALS, 0)
    assert found is not None
    for unknown in (values, RANDOM.random((50, WIDTH)), np.full((3, WIDTH), np.nan), np.full((3, WIDTH), 9e17)):
        scores = found.scores(unknown)
        assert ((scores >= 0) & (scores <= 1)).all()


@pytest.mark.parametrize("steps", [60, 75])
def test_a_history_too_short_for_one_origin_is_one_line(steps: int) -> None:
    with pytest.raises(HistoryError, match="of history are too short to fit on one part and judge on a later one"):
        origins(Stretch(START, START + (steps - 1) * STEP, STEP), 900.0)


def test_origins_follow_issues_that_came_early_and_not_those_that_came_evenly() -> None:
    when = Stretch(START, START + 999 * STEP, STEP)
    evenly, early = np.arange(1000), np.arange(300)
    plain = [o.first for o in origins(when, 900.0)]
    assert [o.first for o in origins(when, 900.0, evenly)] == pytest.approx(plain, abs=1)
    assert [o.first for o in origins(when, 900.0, early)] == [119 + 30, 179 + 30, 239 + 30]
    assert origins(when, 900.0, early)[-1].last == 999
    assert [o.first for o in origins(when, 900.0, evenly + 700)] == plain, "late issues leave enough behind as it is"
    assert origins(when, 900.0, np.zeros(5, dtype=np.int64))[0].fit_until == 30, "a window fits before the first"


def test_folds_judge_all_of_history_and_keep_a_gap_on_either_side() -> None:
    when = Stretch(START, START + 3999 * STEP, STEP)
    reach, ahead = 30, 15
    found = folds(when, 900.0, origins(when, 900.0))
    judged = [step for one in found for step in range(one.first, one.last + 1)]
    assert len(found) == FOLDS
    assert len(judged) == len(set(judged)) == 4000 - (FOLDS - 1) * reach
    for one in found:
        fitted = np.array([s for s in range(4000) if s <= one.fit_until or s >= one.fit_again])
        assert len(fitted) > 0.7 * 4000
        before, after = fitted[fitted < one.first], fitted[fitted > one.last]
        assert not len(before) or before.max() + ahead <= one.first - reach, "known, and their window is new"
        assert not len(after) or after.min() - reach >= one.last + ahead, "its window begins behind theirs"


def test_folds_follow_issues_that_came_in_one_part_of_history() -> None:
    when = Stretch(START, START + 3999 * STEP, STEP)
    cuts = origins(when, 900.0)
    evenly = folds(when, 900.0, cuts, np.arange(0, 4000, 7))
    assert evenly == folds(when, 900.0, cuts)
    crowded = folds(when, 900.0, cuts, np.arange(1000, 2000))
    assert [one.last for one in crowded] == [1248, 1498, 1748, 3999]
    assert folds(when, 900.0, cuts, np.arange(1000, 1100)) is cuts, "a fold would be all gap"


def test_a_history_too_short_for_folds_keeps_its_origins() -> None:
    when = Stretch(START, START + 300 * STEP, STEP)
    cuts = origins(when, 900.0)
    assert folds(when, 900.0, cuts) is cuts
