"""Telling features, directions and hard rows: what is chosen is what differs before an onset, the right way round."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from predictor import catalogue, features
from predictor.estimators import Forest, Separate
from predictor.issues import Outcome
from predictor.panel import FloatArray
from tests.trainer.pasts import CATALOGUE, HORIZONS, START, STEP, Past, panel, ramps
from trainer import candidates, history
from trainer.candidates import CANDIDATES, CandidateName, Lessons
from trainer.dataset import Dataset, gather
from trainer.directions import always, directions, floors
from trainer.fit import fit
from trainer.history import Stretch
from trainer.telling import telling
from trainer.thinned import thinned

ROWS = 600
RISING, FALLING, EITHER = 1, -1, 0
NOTHING = np.zeros(0, dtype=np.int64)


def chosen(values: FloatArray, worse: list[int], most: int = 2, always: tuple[int, ...] = ()) -> list[int]:
    """Of rows whose last sixth is before an onset."""
    near = np.arange(len(values)) >= 5 * len(values) // 6
    also = np.array(always, dtype=np.int64)
    return [int(i) for i in telling(values, near, ~near, np.ones(len(values)), np.array(worse), most, 0, also)]


def columns(*shifts: float) -> FloatArray:
    """Noise, its last sixth shifted by so many spreads."""
    random = np.random.default_rng(5)
    values = random.normal(size=(ROWS, len(shifts)))
    values[5 * ROWS // 6 :] += np.array(shifts)
    return values


def test_features_that_differ_before_an_onset_are_chosen() -> None:
    assert chosen(columns(0.0, 3.0, 0.0, 2.0), [RISING] * 4) == [1, 3]


def test_what_alone_tells_of_a_few_onsets_is_chosen_before_what_tells_of_the_rest_once_more() -> None:
    random = np.random.default_rng(7)
    values = random.normal(size=(ROWS, 6))
    near = np.arange(ROWS) >= 5 * ROWS // 6
    values[near, :5] += 3.0  # five ways to see the common cause
    few = np.flatnonzero(near)[:15]
    values[few, :5] -= 3.0
    values[few, 5] += 8.0  # and one to see the rare one
    assert 5 in chosen(values, [RISING] * 6, most=4)
    assert len(chosen(values, [RISING] * 6, most=4)) == 4


def test_what_is_always_chosen_comes_beside_what_tells_unless_it_never_moves() -> None:
    values = columns(0.0, 3.0, 0.0, 2.0)
    assert chosen(values, [RISING] * 4, always=(0,)) == [0, 1, 3]
    assert chosen(values, [RISING] * 4, always=(1, 3)) == [1, 3]
    values[:, 0] = 1.0
    assert chosen(values, [RISING] * 4, always=(0,)) == [1, 3]


def test_the_way_to_each_limit_is_always_looked_at() -> None:
    signals = catalogue.default().signals_of("pod")
    names = features.names(signals)
    found = [names[i] for i in always(signals)]
    assert {"pod_volume_used:now", "pod_memory_of_limit:time_to_limit_5m"} <= set(found)
    assert len(found) == 3 * sum(signal.limit is not None for signal in signals)


def test_context_is_always_looked_at() -> None:
    signals = catalogue.default().signals_of("node")
    names = features.names(signals)
    found = {names[i] for i in always(signals)}
    assert {"node_age:now", "node_running_pods:now"} <= found
    assert found.isdisjoint({"node_load_per_core:now", "node_age:slope_5m"})


def test_a_fall_tells_nothing_of_a_feature_that_trouble_raises() -> None:
    values = columns(-3.0, 0.5, -2.0)
    assert chosen(values, [RISING, RISING, FALLING], most=2) == [1, 2]
    assert chosen(values, [EITHER, RISING, FALLING], most=2) == [0, 2]


def test_what_never_moves_or_never_came_is_not_chosen() -> None:
    values = columns(3.0, 3.0, 3.0)
    values[:, 0], values[:, 1] = 1.0, np.nan
    assert chosen(values, [EITHER] * 3, most=3) == [2]


def test_missing_values_tell_nothing_by_themselves() -> None:
    values = columns(0.0, 1.0)
    values[:, 0] = np.where(np.arange(ROWS) % 7 == 0, np.nan, values[:, 0])
    assert chosen(values, [EITHER] * 2, most=1) == [1]


def test_directions_follow_the_signal_and_the_feature() -> None:
    signals = catalogue.default().signals_of("service")
    found = dict(zip(features.names(signals), directions(signals).tolist(), strict=True))
    assert found["service_errors:now"] == RISING
    assert found["service_errors:time_to_limit_5m"] == FALLING
    assert found["service_ready_backends:now"] == FALLING
    assert found["service_requests:slope_30m"] == EITHER
    assert found["service_errors:spread_5m"] == EITHER


def test_boosting_never_sees_less_risk_in_a_worse_value() -> None:
    random = np.random.default_rng(3)
    values = random.random((800, 3))
    came = (values[:, :1] + 0.3 * random.normal(size=(800, 1))) > 0.7
    lessons = Lessons(values, came, came, np.zeros_like(came), np.ones((1, 800)), np.array([1, 0, -1]), NOTHING, 0)
    model = CANDIDATES["hist_gradient_boosting"](lessons)
    line = np.tile(random.random((1, 3)), (50, 1))
    line[:, 0] = np.linspace(0, 1, 50)
    assert (np.diff(model.predict_proba(line)[0][:, 1]) >= 0).all()


def test_what_is_half_full_tells_nothing_by_itself() -> None:
    signals = catalogue.default().signals_of("node")
    found = dict(zip(features.names(signals), floors(signals).tolist(), strict=True))
    assert {found[name] for name in ("node_inodes_used:now", "node_memory_used:mean_5m")} == {0.5}
    none = ("node_inodes_used:slope_5m", "node_filesystem_used:time_to_limit_5m", "node_network_faulty:now")
    assert {found[name] for name in (*none, "node_load_per_core:now", "node_network_receive:now")} == {-np.inf}
    assert not np.isfinite(floors(catalogue.default().signals_of("pod"))).any()


def test_no_entity_is_known_by_a_level_below_the_floor() -> None:
    random = np.random.default_rng(6)
    came = np.repeat([True, False], 400)[:, None]
    level = np.where(came[:, 0], 0.1, random.choice([0.02, 0.05], 800))  # the one node that failed is never quiet
    level[:200] = random.uniform(0.8, 1.0, 200)  # and half of its failures are of what is full
    values = np.column_stack([level, came[:, 0] + random.normal(size=800)])
    values[::40, 0] = np.nan
    least, both = np.array([0.5, -np.inf]), np.array([RISING, RISING])
    ones, asked = np.ones((1, 800)), values.copy()
    lessons = Lessons(values, came, came, np.zeros_like(came), ones, both, NOTHING, 0, floors=least)
    model = CANDIDATES["hist_gradient_boosting"](lessons)

    def said(level: float) -> FloatArray:
        return model.predict_proba(np.column_stack([np.full(800, level), asked[:, 1]]))[0][:, 1]

    np.testing.assert_array_equal(said(0.02), said(0.1))
    np.testing.assert_array_equal(said(0.1), said(0.5))
    assert (said(0.9) > said(0.5) + 0.1).all()


def test_what_is_fitted_on_the_rows_of_a_kind_knows_its_floors() -> None:
    signals = catalogue.default().signals_of("node")
    names = features.names(signals)
    random = np.random.default_rng(7)
    values = np.zeros((800, len(names)), dtype=np.float64)
    came = np.repeat([True, False], 400)
    values[:, names.index("node_inodes_used:now")] = np.where(came, 0.1, 0.05)
    values[:, names.index("node_load_per_core:now")] = random.normal(size=800)
    nothing, zero = np.zeros((800, 1), dtype=np.bool_), np.zeros(800, dtype=np.int64)
    outcome = (Outcome("resource_exhaustion", 900.0),)
    rows = Dataset(
        "node", outcome, np.ones((1, 800)), values, came[:, None], came[:, None], nothing, zero, zero,
        happened=np.array([True]),
    )  # fmt: skip
    fitted = fit(rows, "hist_gradient_boosting", signals, seed=0)
    assert fitted is not None
    scores = fitted.scores(values)[0]
    assert abs(scores[came].mean() - scores[~came].mean()) < 0.01


def test_seats_learn_each_from_the_rows_of_their_view(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "MOST_FEATURES", 1)
    random = np.random.default_rng(4)
    high, low = random.uniform(0.8, 1.0, (3, 300)), random.uniform(0.0, 0.5, (2, 300))
    before, one, other = np.column_stack([high[0], high[1]]), (low[0], high[2]), (high[2], low[1])
    values = np.concatenate([before, np.column_stack(one), np.column_stack(other)])
    came = np.repeat([True, False, False], 300)[:, None]
    views = np.repeat([[1.0, 1.0, 0.0], [1.0, 0.0, 1.0]], 300, axis=1)
    lessons = Lessons(values, came, came, np.zeros_like(came), views, np.array([RISING] * 2), NOTHING, 0)
    model = CANDIDATES["hist_gradient_boosting"](lessons)
    assert isinstance(model, Separate)
    seats = model.pipelines[0].pipelines
    assert [seat.steps[0][1].kw_args["positions"].tolist() for seat in seats] == [[0], [1], [0], [1]]
    assert [seat.steps[-1][1]._predictors[0][0].nodes["count"][0] for seat in seats] == [600] * 4


@pytest.mark.parametrize("name", ["random_forest", "extra_trees"])
def test_no_byte_of_a_forest_is_left_to_chance(name: CandidateName) -> None:
    random = np.random.default_rng(3)
    came = random.random((300, 1)) > 0.7
    nothing, ones, zero = np.zeros_like(came), np.ones((1, 300)), np.zeros(3, dtype=np.int64)
    model = CANDIDATES[name](Lessons(random.random((300, 3)), came, came, nothing, ones, zero, NOTHING, 0))
    assert isinstance(model, Forest)
    for tree in model.pipeline.steps[-1][1].estimators_:
        nodes = tree.tree_.__getstate__()["nodes"]
        last = nodes.dtype.names[-1]
        kind, offset = nodes.dtype.fields[last][:2]
        between = np.ascontiguousarray(nodes).view(np.uint8).reshape(len(nodes), -1)[:, offset + kind.itemsize :]
        assert between.size
        assert not between.any()


@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_a_forests_scaler_is_the_one_that_is_fitted_on_all_columns_together(missing: float) -> None:
    random = np.random.default_rng(3)
    values = random.normal(50.0, 9.0, (300, 2 * candidates.COLUMNS + 1))
    values[random.random(values.shape) < missing] = np.nan
    came = random.random((300, 1)) > 0.7
    nothing, ones, zero = np.zeros_like(came), np.ones((1, 300)), np.zeros(values.shape[1], dtype=np.int64)
    expected = StandardScaler().fit(values)
    model = CANDIDATES["random_forest"](Lessons(values.copy(), came, came, nothing, ones, zero, NOTHING, 0))
    assert isinstance(model, Forest)
    found = vars(model.pipeline.steps[0][1])
    assert list(found) == list(vars(expected))
    for name, value in vars(expected).items():
        np.testing.assert_array_equal(found[name], value)


@pytest.mark.parametrize(("seats", "trees"), [(4, 60), (2, 30), (1, 15)])
def test_a_share_of_a_committee_is_as_large_a_share_of_a_forest(seats: int, trees: int) -> None:
    random = np.random.default_rng(3)
    came = random.random((300, 1)) > 0.7
    nothing, ones, zero = np.zeros_like(came), np.ones((1, 300)), np.zeros(3, dtype=np.int64)
    lessons = Lessons(random.random((300, 3)), came, came, nothing, ones, zero, NOTHING, 0, seats)
    model = CANDIDATES["extra_trees"](lessons)
    assert isinstance(model, Forest)
    assert len(model.pipeline.steps[-1][1].estimators_) == trees


@pytest.fixture(scope="module")
def read() -> tuple[Stretch, list[object]]:
    """A past of four pods, and its chunks."""
    steps = 900
    when = Stretch(START, START + (steps - 1) * STEP, STEP)
    strain, active = ramps(steps, 4, every=90, seed=0)
    past = Past({"pod": panel("pod", strain, {"pod_failure": active})})
    return when, list(history.chunks(past, CATALOGUE, when, round(max(HORIZONS) / STEP)))


def test_thinned_rows_stand_for_as_many_as_before(read: tuple[Stretch, list]) -> None:  # type: ignore[type-arg]  # chunks as they are read
    when, chunks = read
    drawn = gather(chunks, CATALOGUE, when, HORIZONS, 1_000)["pod"]
    fewer = thinned(drawn, 300, 1)
    assert len(fewer.values) == 300
    assert fewer.weight.sum() == pytest.approx(drawn.weight.sum(), rel=0.2)
    assert thinned(drawn, 10_000_000, 1) is drawn
