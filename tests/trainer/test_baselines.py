"""Baselines: scores that can be worked out by hand, on the steps a model speaks of and no others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from predictor import catalogue, features
from predictor.catalogue import Catalogue
from predictor.entities import Kind
from predictor.issues import Outcome
from predictor.model import Model
from predictor.panel import FloatArray, Panel
from tests.trainer.conftest import Echo
from trainer import stock
from trainer.baselines import Baseline, BaseRate, LinearExtrapolation, RobustZ, StaticThresholds, everyone, usual

STEP = 60.0
REACH = 30
START = 1_795_000_020.0
EXHAUSTION = Outcome("resource_exhaustion", 900.0)
LATER = Outcome("resource_exhaustion", 3600.0)
FAILURE = Outcome("pod_failure", 900.0)


def of(*signals: tuple[str, float | None], kind: Kind = "pod") -> Catalogue:
    """A catalogue of signals, each a name and a limit."""
    rest = {"kind": kind, "source": "kubelet", "unit": "ratio", "description": "of a test"}
    rule = {"issue": "resource_exhaustion", "kind": kind, "description": "of a test", "promql": "full == 1"}
    listed = [{"name": name, "promql": name, "limit": limit, **rest} for name, limit in signals]
    return catalogue.from_document({"variables": {}, "signals": listed, "rules": [rule]})


def panel(values: Mapping[str, FloatArray], kind: Kind = "pod") -> Panel:
    """Signals of one entity. values: name -> (steps,)."""
    stacked = np.stack([v.astype(np.float64) for v in values.values()])[:, :, None]
    steps = stacked.shape[1]
    times = START + STEP * np.arange(steps, dtype=np.float64)
    return Panel(kind, times, (("shop", "a"),), tuple(values), stacked, (), np.zeros((0, steps, 1), dtype=np.bool_))


def test_static_score_is_the_largest_share_of_a_stock_alerts_level() -> None:
    chosen = of(("pod_memory_of_limit", 1), ("pod_throttled", 0.5))
    memory, throttled = np.full(REACH + 2, 0.4), np.full(REACH + 2, 0.05)
    throttled[-1] = 0.25
    (score,) = StaticThresholds(chosen, STEP).scores(
        panel({"pod_memory_of_limit": memory, "pod_throttled": throttled}), [EXHAUSTION]
    )
    np.testing.assert_allclose(score[:, 0], [0.5, 0.5, 1.0])  # 0.4 of 0.8, and then the quarter of CPUThrottlingHigh


def test_a_level_below_which_an_alert_fires_counts_from_all_is_well() -> None:
    chosen = of(("service_ready_backends", None), kind="service")
    ready = np.concatenate([np.ones(REACH), [0.75, 0.5, 0.0]])
    (score,) = StaticThresholds(chosen, STEP).scores(
        panel({"service_ready_backends": ready}, "service"), [Outcome("service_disruption", 900.0)]
    )
    np.testing.assert_allclose(score[:, 0], [0.0, 0.5, 1.0, 2.0])


def test_static_score_bridges_a_missed_scrape_and_then_says_nothing() -> None:
    memory = np.full(REACH + 4, 0.4)
    memory[REACH:] = np.nan
    (score,) = StaticThresholds(of(("pod_memory_of_limit", 1)), STEP).scores(
        panel({"pod_memory_of_limit": memory}), [EXHAUSTION]
    )
    held = round(features.HOLD_SECONDS / STEP)
    assert np.isnan(score[:, 0]).tolist() == [False] * (1 + held) + [True] * (4 - held)


def test_a_catalogue_without_stock_signals_falls_back_on_its_limits() -> None:
    (score,) = StaticThresholds(of(("fill", 4.0), ("temperature", None)), STEP).scores(
        panel({"fill": np.full(REACH, 3.0), "temperature": np.full(REACH, 90.0)}), [FAILURE]
    )
    np.testing.assert_allclose(score, [[0.75]])


@pytest.mark.parametrize("one", [StaticThresholds, LinearExtrapolation])
def test_without_any_limit_rules_about_limits_cannot_say(one: type[StaticThresholds | LinearExtrapolation]) -> None:
    (score,) = one(of(("temperature", None)), STEP).scores(panel({"temperature": np.full(REACH, 9.0)}), [FAILURE])
    assert np.isnan(score).all()


def test_a_straight_line_reaches_its_limit_when_it_does() -> None:
    rising = np.linspace(0.0, 0.58, REACH)  # 0.02 a minute
    falling = rising[::-1]
    scores = LinearExtrapolation(of(("pod_memory_of_limit", 1), ("pod_volume_used", 1)), STEP)
    (score,) = scores.scores(panel({"pod_memory_of_limit": rising, "pod_volume_used": falling}), [EXHAUSTION])
    np.testing.assert_allclose(score, [[-(0.42 / 0.02) * 60]], rtol=1e-6)
    (never,) = scores.scores(panel({"pod_memory_of_limit": falling, "pod_volume_used": falling}), [EXHAUSTION])
    np.testing.assert_allclose(never, [[-features.MAX_TIME_TO_LIMIT_SECONDS]])
    nothing = np.full(REACH, np.nan)
    (gone,) = scores.scores(panel({"pod_memory_of_limit": nothing, "pod_volume_used": nothing}), [EXHAUSTION])
    assert np.isnan(gone).all()


def test_robust_z_is_the_distance_from_the_median_in_median_deviations() -> None:
    values = np.tile([1.0, 1.0, 2.0, 2.0, 3.0, 3.0], 6)[: REACH + 1]
    values[-1] = 7.0  # seen now, and not yet among the usual values
    one, two = RobustZ(of(("fill", None)), STEP).scores(panel({"fill": values}), [EXHAUSTION, LATER])
    assert one is two
    median, mad = 2.0, 1.0
    assert one[-1, 0] == pytest.approx((7.0 - median) / (1.4826 * mad))


def test_robust_z_asks_the_signals_that_speak_for_the_issue() -> None:
    chosen = of(("pod_memory_of_limit", 1), ("pod_not_ready", None))
    calm = 0.4 + 0.1 * np.random.default_rng(2).random(REACH + 1)
    odd = 0.001 * np.random.default_rng(3).random(REACH + 1)
    odd[-1] = 1.0
    shown = panel({"pod_memory_of_limit": calm, "pod_not_ready": odd})
    memory, either = (score[-1, 0] for score in RobustZ(chosen, STEP).scores(shown, [EXHAUSTION, FAILURE]))
    assert memory < 5
    assert either > 100


def test_usual_values_by_hand() -> None:
    centre, spread = usual(np.array([[1.0, 0.0, 5.0], [2.0, 0.0, 5.0], [9.0, 0.0, 5.0], [np.nan, 3.0, 5.0]]), 4)
    np.testing.assert_allclose(centre, [[2.0, 0.0, 5.0]])
    # |1-2|, 0, |9-2| have the median 1; three zeros and a 3 have none, so their mean 0.75; the last never moved.
    np.testing.assert_allclose(spread, [[1.4826, 1.253314 * 0.75, np.nan]])


def test_usual_median_is_numpys() -> None:
    random = np.random.default_rng(0)
    values = random.normal(size=(40, 5))
    values[random.random(values.shape) < 0.3] = np.nan
    centre, _ = usual(values, 15)
    window = np.lib.stride_tricks.sliding_window_view(values, 15, axis=0)
    np.testing.assert_allclose(centre, np.nanmedian(window, axis=-1))


def test_base_rate_tells_no_moment_from_another() -> None:
    (score,) = BaseRate(STEP).scores(panel({"fill": np.arange(REACH + 3.0)}), [FAILURE])
    assert score.shape == (4, 1)
    assert np.ptp(score) == 0


def baselines() -> list[Baseline]:
    chosen = of(("pod_memory_of_limit", 1), ("pod_throttled", 0.5))
    return [StaticThresholds(chosen, STEP), LinearExtrapolation(chosen, STEP), RobustZ(chosen, STEP), BaseRate(STEP)]


@pytest.mark.parametrize("one", baselines(), ids=lambda one: one.name)
def test_scores_do_not_depend_on_how_history_is_cut(one: Baseline) -> None:
    random = np.random.default_rng(1)
    values = random.random((2, 90))
    values[:, 40:43] = np.nan
    whole = panel({"pod_memory_of_limit": values[0], "pod_throttled": values[1]})
    (score,) = one.scores(whole, [EXHAUSTION])
    for first in (0, 7, 30):
        (part,) = one.scores(whole.steps(first, first + REACH + 5), [EXHAUSTION])
        np.testing.assert_array_equal(part, score[first : first + 6])
        assert part.dtype == np.float32


def test_the_forest_speaks_for_what_it_was_given_and_no_more(model: Model) -> None:
    pods = model.kinds["pod"]
    given = replace(pods, outcomes=pods.outcomes[:1], calibrations=pods.calibrations[:1], estimator=Echo(1))
    forest = next(b for b in everyone(model, {"pod": given}) if b.name == "snapshot_forest")
    shown = panel({"strain": np.linspace(0.1, 0.5, REACH + 2)})
    shown = replace(shown, issues=("pod_failure",), active=np.zeros((1, REACH + 2, 1), dtype=np.bool_))
    values = np.linspace(0.1, 0.5, REACH + 2)
    nearer, later = forest.scores(shown, pods.outcomes)
    np.testing.assert_allclose(nearer[:, 0], values[REACH - 1 :], rtol=1e-6)
    assert np.isnan(later).all()
    assert [b.name for b in everyone(model, {})] == [
        "static_threshold",
        "linear_extrapolation",
        "robust_z",
        "base_rate",
    ]


def test_every_level_of_the_table_names_a_signal_of_the_catalogue_and_has_a_value() -> None:
    default = catalogue.default()
    for (issue, kind), table in stock.SPEAKS.items():
        signals = default.signals_of(kind)
        assert len(stock.levels(issue, kind, signals)) == len(table), (issue, kind)
        for i, level in stock.levels(issue, kind, signals):
            offset, factor = level.share(signals[i])
            assert np.isfinite([offset, factor]).all()
    assert set(stock.SPEAKS) == {(rule.issue, rule.kind) for rule in default.rules}
