"""Standings: no baseline has more false alarms than it is allowed, and none is held back without need."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from predictor.entities import Entity, Issue
from predictor.issues import Outcome
from predictor.panel import BoolArray, FloatArray
from trainer import events
from trainer.judged import ground_of
from trainer.outcomes import merged, outcome_rows
from trainer.standings import Ground, levels, ranking, standing
from trainer.thresholds import GRID
from trainer.track import Track

STEP = 60.0


def ground(active: BoolArray, horizon_seconds: float = 600.0) -> Ground:
    """What came, of entities that were always there."""
    present = np.ones_like(active)
    truth = events.truth(active, present, STEP)
    came, counts = outcome_rows(merged(active, 2), present, round(horizon_seconds / STEP), 2)
    return Ground(truth, counts, came, horizon_seconds, 0.0, 300.0)


@pytest.mark.parametrize(("issue", "seconds"), [("pod_failure", 60.0), ("service_disruption", 120.0)])
def test_judging_waits_as_long_as_the_rule_of_the_issue_does(issue: Issue, seconds: float) -> None:
    nothing = np.zeros((40, 1))
    one: Entity = ("shop", "web")
    track = Track("service", Outcome(issue, 900.0), 0.5, np.arange(40.0), (one,), nothing, nothing > 0, nothing == 0)
    assert ground_of(track, 30.0, 300.0).pending_seconds == seconds


def past(seed: int, steps: int = 300, entities: int = 6) -> tuple[FloatArray, BoolArray]:
    """A score that knows a little, and issues of twelve steps."""
    random = np.random.default_rng(seed)
    active = np.zeros((steps, entities), dtype=np.bool_)
    for entity in range(entities):
        for onset in random.choice(np.arange(40, steps - 20, 60), 2, replace=False):
            active[onset : onset + 12, entity] = True
    score = random.random(active.shape)
    score[:-8] += 0.5 * active[8:]
    score[random.random(score.shape) < 0.05] = np.nan
    return score, active


@given(st.integers(0, 10_000), st.integers(0, 12))
def test_no_baseline_exceeds_what_is_allowed(seed: int, allowed: int) -> None:
    score, active = past(seed, steps=160, entities=3)
    found = standing("of a test", score, ground(active), allowed)
    assert found.figures.false_alarms <= max(1, allowed)
    assert len(found.tally) == 3
    assert found.tally.false_alarms.sum() == found.figures.false_alarms


def test_more_false_alarms_never_cost_recall() -> None:
    score, active = past(3)
    score[:-8] -= 0.35 * active[8:]  # it knows less
    recalled = [standing("", score, ground(active), allowed).figures.recalled for allowed in (1, 3, 6, 12, 25)]
    assert recalled == sorted(recalled)
    assert recalled[-1] > recalled[0]


def test_a_score_that_knows_recalls_all_without_a_false_alarm() -> None:
    active = np.zeros((200, 2), dtype=np.bool_)
    active[100:110] = True
    score = np.full(active.shape, 0.1)
    score[92:100] = 0.9
    found = standing("", score, ground(active), 1)
    assert (found.figures.recalled, found.figures.false_alarms) == (2, 0)
    assert 0.1 < found.threshold <= 0.9
    assert found.pr_auc is not None
    assert found.pr_auc > 0.7


def test_one_false_alarm_is_always_allowed_and_an_alert_that_never_ends_is_not_chosen() -> None:
    active = np.zeros((200, 1), dtype=np.bool_)
    active[150:160] = True
    score = np.full(active.shape, 0.1)
    score[20:25] = 0.5  # a false alarm
    score[145:150] = 0.4
    found = standing("", score, ground(active), 0)
    assert (found.figures.recalled, found.figures.false_alarms) == (1, 1)
    assert found.threshold == 0.4


def test_a_baseline_that_never_keeps_to_it_never_alerts() -> None:
    active = np.zeros((300, 3), dtype=np.bool_)
    active[250:260] = True
    found = standing("", np.zeros(active.shape), ground(active), 1)
    assert found.threshold == np.inf
    assert (found.figures.alerts, found.figures.recalled) == (0, 0)
    assert found.pr_auc is not None
    assert not found.silent


def test_a_baseline_without_signals_is_silent_and_scores_the_base_rate() -> None:
    _, active = past(5)
    where = ground(active)
    found = standing("", np.full(active.shape, np.nan), where, 5)
    assert found.silent
    assert found.figures.alerts == 0
    assert found.pr_auc == where.came[where.rows].mean()


def test_what_cannot_be_said_ranks_below_everything_said() -> None:
    assert ranking(np.array([np.nan, 2.0, -3.0])).tolist() == [-4.0, 2.0, -3.0]


def test_levels_are_few_rise_and_end_with_never() -> None:
    grid = levels(np.random.default_rng(0).random(50_000))
    assert len(grid) <= GRID + 1
    assert (np.diff(grid) > 0).all()
    assert grid[-1] == np.inf
    assert levels(np.array([np.nan, 1.0, 1.0, 2.0])).tolist() == [2.0, np.inf]  # from 1 on an alert would never end
