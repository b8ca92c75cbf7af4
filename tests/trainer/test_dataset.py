"""The dataset: every row before an issue, a share of the others, and the same rows however history is cut."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from predictor.entities import Kind
from predictor.panel import BoolArray, FloatArray
from tests.trainer.pasts import CATALOGUE, HORIZONS, REACH, START, STEP, Past, panel, ramps
from trainer import history
from trainer.dataset import Dataset, gather
from trainer.history import Stretch
from trainer.labels import outcomes_of

STEPS = 700


def gathered(past: Past, max_rows: int = 1_000_000, first: int = 0, last: int = STEPS - 1) -> Mapping[Kind, Dataset]:
    """The datasets of the rows at steps first … last."""
    when = Stretch(START + first * STEP, START + last * STEP, STEP)
    ahead = round(max(HORIZONS) / STEP)
    return gather(history.chunks(past, CATALOGUE, when, ahead), CATALOGUE, when, HORIZONS, max_rows)


def single(values: FloatArray) -> list[float]:
    """The values in the precision of a dataset."""
    return [float(value) for value in values.astype(np.float32)]


def rows_of(dataset: Dataset) -> set[tuple[bytes, bytes]]:
    """The rows as a set; noise makes each of them unlike all others."""
    return {(v.tobytes(), c.tobytes()) for v, c in zip(dataset.values, dataset.came, strict=True)}


def steady() -> Past:
    """Three pods that are always there, with several issues each."""
    strain, active = ramps(STEPS, 3, every=110)
    return Past({"pod": panel("pod", strain, {"pod_failure": active})})


def churning() -> Past:
    """Pods that live for a while one after the other, two nodes with two issues each, and an outage of everything."""
    strain, active = ramps(STEPS, 8, every=150, seed=3)
    for pod in range(8):
        away = np.ones(STEPS, dtype=np.bool_)
        away[70 * pod : 70 * pod + 260] = False
        strain[away, pod], active[away, pod] = np.nan, False
    node_strain, node_active = ramps(STEPS, 2, every=130, seed=4)
    full = np.roll(node_active, 40, axis=0)
    for each in (strain, node_strain):
        each[400:410] = np.nan
    for flags in (active, node_active, full):
        flags[400:410] = False
    return Past(
        {
            "pod": panel("pod", strain, {"pod_failure": active}),
            "node": panel("node", node_strain, {"node_failure": node_active, "resource_exhaustion": full}),
        }
    )


def onsets(active: BoolArray) -> list[tuple[int, int]]:
    """(step, entity) at which an issue begins."""
    begins = active[1:] & ~active[:-1]
    return [(int(step) + 1, int(entity)) for step, entity in np.argwhere(begins)]


def test_quiet_rows_have_nothing_ahead_or_where_none_are_so_nothing_that_began() -> None:
    """Who is broken all the time is not usual while others are well."""
    strain, failed = ramps(STEPS, 3, every=110)
    one_is_full, full = np.zeros_like(failed), np.ones_like(failed)
    one_is_full[:, 0] = True
    some, none = (
        gathered(Past({"node": panel("node", strain, {"node_failure": failed, "resource_exhaustion": of})}))["node"]
        for of in (one_is_full, full)
    )
    exhausted = [i for i, o in enumerate(some.outcomes) if o.issue == "resource_exhaustion"]
    failing = [i for i, o in enumerate(some.outcomes) if o.issue == "node_failure"]
    assert some.quiet.any()
    assert not some.came[some.quiet].any()
    assert none.came[none.quiet][:, exhausted].all()
    assert not none.came[none.quiet][:, failing].any()
    assert 0 < none.quiet.sum() < len(none.quiet)


def test_every_row_before_an_onset_is_kept_while_they_are_few() -> None:
    past = steady()
    whole = past.panels["pod"]
    dataset = gathered(past, 300)["pod"]
    found = set(dataset.values[dataset.came[:, 1], 0].tolist())
    expected: set[float] = set()
    for step, entity in onsets(whole.active[0]):
        # Rows need a whole window, and must not lie in the episode before or have the horizon cut off by the end.
        assert step >= REACH + 15
        expected |= set(single(whole.values[0, step - 15 : min(step, STEPS - 15), entity]))
    assert found == expected
    soon = len(onsets(whole.active[0]))
    assert dataset.came[:, 0].sum() == 5 * soon


def test_a_row_says_what_came_within_each_horizon() -> None:
    past = steady()
    whole = past.panels["pod"]
    dataset = gathered(past)["pod"]
    assert [(o.issue, o.horizon_seconds) for o in dataset.outcomes] == [("pod_failure", h) for h in HORIZONS]
    at = {
        float(np.float32(whole.values[0, i, e])): (i, e)
        for i in range(STEPS)
        for e in range(3)
        if whole.values[0, i, e] < 0.34
    }
    checked = 0
    for value, came in zip(dataset.values[:, 0].tolist(), dataset.came, strict=True):
        if value in at:
            step, entity = at[value]
            assert came.tolist() == [whole.active[0, step + 1 : step + 1 + n, entity].any() for n in (5, 15)]
            checked += 1
    assert checked > 1_000


def test_no_row_lies_inside_the_only_issue_of_its_kind() -> None:
    assert (gathered(steady())["pod"].values[:, 0] < 1.0).all()


def test_a_row_inside_one_issue_of_two_stays_and_says_that_it_is_there() -> None:
    strain, active = ramps(STEPS, 1, every=110)
    past = Past({"node": panel("node", strain, {"node_failure": active})})
    dataset = gathered(past)["node"]
    inside = dataset.values[:, 0] == 1.0
    names = [o.issue for o in dataset.outcomes]
    assert inside.sum() == active[: STEPS - 15].sum()
    assert dataset.came[inside][:, [n == "node_failure" for n in names]].all()
    assert not dataset.came[:, [n == "resource_exhaustion" for n in names]].any()


@pytest.mark.parametrize("max_rows", [40, 200, 1_000])
def test_the_other_rows_are_thinned_to_about_what_was_asked_for_and_always_to_the_same(max_rows: int) -> None:
    past = churning()
    every, some, again = gathered(past), gathered(past, max_rows), gathered(past, max_rows)
    for kind, dataset in some.items():
        np.testing.assert_array_equal(dataset.values, again[kind].values)
        np.testing.assert_array_equal(dataset.came, again[kind].came)
        assert rows_of(dataset) <= rows_of(every[kind])
        assert (~dataset.came.any(axis=1)).sum() <= 2 * max_rows
        for outcome in range(len(dataset.outcomes)):
            assert (dataset.came & ~dataset.during)[:, outcome].sum() <= 2 * max_rows


def test_rows_before_a_frequent_issue_do_not_crowd_out_those_before_a_rare_one() -> None:
    strain, often = ramps(STEPS, 2, every=40)
    rare = np.zeros_like(often)
    rare[600:608, 0] = True
    past = Past({"node": panel("node", strain, {"node_failure": often, "resource_exhaustion": rare})})
    every, some = gathered(past)["node"], gathered(past, 40)["node"]
    column = [str(o) for o in some.outcomes].index("resource_exhaustion within 15m")
    ahead = [(one.came & ~one.during)[:, column].sum() for one in (every, some)]
    assert ahead[0] == ahead[1] > 0


@pytest.mark.parametrize("max_rows", [1_000_000, 100])
@pytest.mark.parametrize("chunk_steps", [5, 37, 300])
def test_how_history_is_cut_into_chunks_does_not_change_the_rows(
    monkeypatch: pytest.MonkeyPatch, chunk_steps: int, max_rows: int
) -> None:
    assert history.CHUNK_STEPS > STEPS
    whole = gathered(churning(), max_rows)
    monkeypatch.setattr(history, "CHUNK_STEPS", chunk_steps)
    cut = gathered(churning(), max_rows)
    assert cut.keys() == whole.keys()
    for kind, dataset in whole.items():
        assert rows_of(cut[kind]) == rows_of(dataset)
        assert len(cut[kind].values) == len(dataset.values)


def test_an_outage_inside_the_horizon_makes_no_negative_rows() -> None:
    strain, active = ramps(STEPS, 1, every=10_000)
    strain[300:320] = np.nan
    whole = gathered(Past({"pod": panel("pod", strain, {"pod_failure": active})}))["pod"]
    kept = set(whole.values[:, 0].tolist())
    assert not kept & set(single(strain[300 - 13 : 300, 0]))
    assert set(single(strain[300 - 14 - 20 : 300 - 13, 0])) <= kept


def test_kinds_and_chunks_without_entities_give_no_rows() -> None:
    assert gathered(Past({})) == {}
    strain, active = ramps(STEPS, 1, every=110)
    strain[:400], active[:400] = np.nan, False
    assert gathered(Past({"node": panel("node", strain, {"node_failure": active})}), last=100) == {}


@pytest.mark.parametrize(
    "strain",
    [np.zeros((STEPS, 2)), np.full((STEPS, 2), np.nan), np.full((STEPS, 2), 9e17)],
    ids=["constant", "all missing", "huge"],
)
def test_dull_signals_give_rows_that_are_finite_or_missing(strain: FloatArray) -> None:
    _, active = ramps(STEPS, 2, every=110)
    found = gathered(Past({"pod": panel("pod", strain, {"pod_failure": active})}))
    for dataset in found.values():
        assert not np.isinf(dataset.values).any()


def test_nothing_behind_the_end_of_the_part_is_read_and_only_a_window_before_it() -> None:
    past = steady()
    gathered(past, first=100, last=500)
    assert min(start for start, _ in past.asked) == START + (100 - REACH + 1) * STEP
    assert max(end for _, end in past.asked) == START + 500 * STEP


def test_outcomes_are_every_issue_with_a_rule_over_every_horizon_the_nearest_first() -> None:
    assert [str(o) for o in outcomes_of(CATALOGUE, "node", (900.0, 300.0))] == [
        "node_failure within 5m",
        "node_failure within 15m",
        "resource_exhaustion within 5m",
        "resource_exhaustion within 15m",
    ]
