"""Model: probabilities are monotone in the horizon, 1 while active, NaN where nobody is, and live equals history."""

from __future__ import annotations

import numpy as np
import pytest

from predictor.entities import KINDS, LABELS, Kind
from predictor.issues import Outcome, monotone
from predictor.panel import Panel
from tests.predictor.models import tiny_model

MODEL = tiny_model()


def random_panel(kind: Kind, steps: int) -> Panel:
    chosen = MODEL.catalogue
    rng = np.random.default_rng(7)
    signals, rules = chosen.signals_of(kind), chosen.rules_of(kind)
    values = rng.normal(size=(len(signals), steps, 4))
    values[rng.random(values.shape) < 0.05] = np.nan
    values[:, :10, 3] = np.nan  # joins late
    values[:, -3:, 2] = np.nan  # leaves early
    active = rng.random((len(rules), steps, 4)) < 0.1
    entities = tuple((f"{kind}-{i}",) * len(LABELS[kind]) for i in range(4))
    issues = tuple(r.issue for r in rules)
    times = 1_700_000_010.0 + 30.0 * np.arange(steps, dtype=np.float64)
    return Panel(kind, times, entities, tuple(s.name for s in signals), values, issues, active)


@pytest.mark.parametrize("kind", KINDS)
def test_live_and_replay_give_the_same_bits(kind: Kind) -> None:
    panel = random_panel(kind, MODEL.reach_steps + 12)
    history = MODEL.probabilities(panel)
    for step in range(len(history.times)):
        live = MODEL.probabilities(panel.steps(step, step + MODEL.reach_steps))
        assert live.times[0] == history.times[step]
        np.testing.assert_array_equal(live.probability[:, 0], history.probability[:, step])


@pytest.mark.parametrize("kind", KINDS)
def test_probabilities_are_ones_while_active_and_absent_with_the_entity(kind: Kind) -> None:
    prediction = MODEL.probabilities(random_panel(kind, MODEL.reach_steps + 12))
    for i, outcome in enumerate(prediction.outcomes):
        on = prediction.active[prediction.issues.index(outcome.issue)]
        assert (prediction.probability[i][on] == 1.0).all()
        assert np.isnan(prediction.probability[i][~prediction.present & ~on]).all()
        rest = prediction.probability[i][prediction.present & ~on]
        assert ((rest >= 0) & (rest <= 1)).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_longer_horizon_is_never_less_likely(kind: Kind) -> None:
    prediction = MODEL.probabilities(random_panel(kind, MODEL.reach_steps + 12))
    short = prediction.probability[0::2]
    long = prediction.probability[1::2]
    assert (long[~np.isnan(long)] >= short[~np.isnan(short)]).all()


def test_monotone_raises_only_what_is_too_low() -> None:
    outcomes = (Outcome("node_failure", 3600.0), Outcome("node_failure", 900.0), Outcome("network_issue", 900.0))
    raised = monotone(outcomes, np.array([[0.2, 0.9], [0.5, 0.1], [0.7, 0.7]]))
    np.testing.assert_array_equal(raised, [[0.5, 0.9], [0.5, 0.1], [0.7, 0.7]])


def test_a_kind_without_a_model_has_activity_but_no_probability() -> None:
    prediction = tiny_model(kinds=("pod",)).probabilities(random_panel("node", MODEL.reach_steps))
    assert prediction.outcomes == ()
    assert prediction.active.shape == (3, 1, 4)
