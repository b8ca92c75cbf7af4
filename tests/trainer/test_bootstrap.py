"""Bootstrap: draws of entities give what drawing the raw record would, and no interval where nothing is to be said."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from predictor.panel import BoolArray, FloatArray
from trainer import events, scores
from trainer.bootstrap import EVENT_FIGURES, FIGURES, averaged, draws, interval, intervals, replicates
from trainer.events import Events
from trainer.outcomes import merged, outcome_rows
from trainer.tally import Tally, of_events, together, with_rows

STEP, HORIZON, THRESHOLD = 60.0, 600.0, 0.6
WAITS = {"horizon_seconds": HORIZON, "pending_seconds": 0.0, "hold_seconds": 300.0}


def past(entities: int, seed: int = 0, steps: int = 120) -> tuple[FloatArray, BoolArray]:
    """Probabilities of two digits that know a little, and one issue per entity but the last."""
    random = np.random.default_rng(seed)
    active = np.zeros((steps, entities), dtype=np.bool_)
    for entity in range(entities - 1):
        onset = 30 + 5 * entity
        active[onset : onset + 6, entity] = True
    probability = random.random(active.shape) ** 4
    probability[:-6] = np.maximum(probability[:-6], random.random((steps - 6, entities)) * active[6:])
    return probability.round(2), active


def judged(probability: FloatArray, active: BoolArray) -> tuple[Events, Tally, FloatArray, BoolArray]:
    """Events, tally, and probability and outcome of the judged rows."""
    present = np.ones_like(active)
    truth = events.truth(active, present, STEP)
    found = events.against(truth, probability, threshold=THRESHOLD, **WAITS)
    came, counts = outcome_rows(merged(active, 2), present, round(HORIZON / STEP), 2)
    tally = with_rows(of_events(found, truth.observed, STEP), probability[counts], came[counts], np.nonzero(counts)[1])
    return found, tally, probability[counts], came[counts]


def test_every_draw_equals_judging_the_drawn_record_itself() -> None:
    probability, active = past(6)
    _, tally, _, _ = judged(probability, active)
    weights = draws("pod", 6, resamples=12)
    again = replicates([tally], [weights], FIGURES)
    edges = scores.edges_of(judged(probability, active)[2], scores.ECE_BINS)
    for i, drawn in enumerate(weights.astype(int)):
        chosen = np.repeat(np.arange(6), drawn)
        found, _, said, came = judged(probability[:, chosen], active[:, chosen])
        figures, rows = found.figures, scores.row_figures(said, came, THRESHOLD)
        for name in EVENT_FIGURES:
            value = getattr(figures, name)
            assert again[name][i] == pytest.approx(np.nan if value is None else value, nan_ok=True), name
        assert again["pr_auc"][i] == pytest.approx(rows.pr_auc)
        assert again["brier_skill"][i] == pytest.approx(rows.brier_skill)
        # The bins of the calibration error stay those of the whole record.
        place = np.searchsorted(edges, said, side="right")
        off = [abs(said[place == b].sum() - came[place == b].sum()) for b in range(len(edges) + 1)]
        assert again["ece"][i] == pytest.approx(sum(off) / len(said))


@given(st.integers(0, 1000), st.integers(3, 8))
def test_intervals_hold_the_figure_they_are_about(seed: int, entities: int) -> None:
    found, tally, said, came = judged(*past(entities, seed))
    rows = scores.row_figures(said, came, THRESHOLD)
    for name, ends in intervals([tally], [draws("pod", entities, resamples=60)]).values.items():
        point = getattr(found.figures, name) if name in EVENT_FIGURES else getattr(rows, name)
        if ends is not None:
            assert ends[0] - 1e-9 <= point <= ends[1] + 1e-9, name


def test_intervals_are_the_same_every_time() -> None:
    _, tally, _, _ = judged(*past(8))
    one, two = (intervals([tally], [draws("pod", 8)]).values for _ in range(2))
    assert one == two
    assert not np.array_equal(draws("pod", 8), draws("node", 8))
    assert (draws("pod", 8).sum(axis=1) == 8).all()


def test_one_entity_gives_a_reason_and_no_interval() -> None:
    probability, active = past(2)  # one with an issue, one without
    probability[25:29, 0] = 0.9
    _, tally, _, _ = judged(probability, active)
    found = intervals([tally], [draws("pod", 2)])
    assert found.values["recall"] is None
    assert found.reasons["recall"] == "only one entity had an episode"
    assert found.reasons["pr_auc"] == "only one entity had a row before an issue"
    assert found.values["ece"] is not None
    alone = judged(probability[:, :1], active[:, :1])[1]
    assert set(intervals([alone], [draws("pod", 1)]).values.values()) == {None}


def test_no_episode_gives_a_reason_and_no_interval() -> None:
    probability, active = past(4)
    _, tally, _, _ = judged(probability, np.zeros_like(active))
    found = intervals([tally], [draws("pod", 4)])
    assert found.reasons["recall"] == "no entity had an episode"
    assert found.reasons["lead_median_seconds"] == "no entity had an announced episode"
    assert found.values["brier_skill"] is None


def test_figures_that_all_entities_agree_on_are_no_certainty() -> None:
    probability, active = past(5)
    _, tally, _, _ = judged(np.zeros_like(probability), active)
    found = intervals([tally], [draws("pod", 5)])
    assert found.values["recall"] is None
    assert found.reasons["recall"] == "entities drawn again always give the same figure"


def test_an_interval_widens_with_the_spread_and_moves_against_the_bias() -> None:
    normal = np.random.default_rng(0).normal(size=4000)
    assert interval(normal, 0.0) == pytest.approx((-1.96, 1.96), abs=0.1)
    assert interval(3 * normal, 0.0) == pytest.approx((-5.88, 5.88), abs=0.3)
    shifted = interval(normal + 0.5, 0.0)  # draws lie too high, so the figure itself must be thought lower
    assert shifted is not None
    assert shifted[0] < -1.96
    assert interval(np.array([np.nan, np.nan]), 0.5) is None


def test_totals_count_an_entitys_day_once_and_its_alerts_all() -> None:
    _, one, _, _ = judged(*past(4, 1))
    _, two, _, _ = judged(*past(4, 5))
    both = together([one, two])
    np.testing.assert_array_equal(both.alerts, one.alerts + two.alerts)
    assert both.entity_days.sum() == pytest.approx(max(one.entity_days.sum(), two.entity_days.sum()))
    assert len(both.leads) == len(one.leads) + len(two.leads)
    again = replicates([one, two], [draws("pod", 4), draws("node", 4)], ["recall"])["recall"]
    apart = [t.recalled[:, None] for t in (one, two)], [t.episodes[:, None] for t in (one, two)]
    weights = [draws("pod", 4), draws("node", 4)]
    above, below = (np.sum([w @ t for w, t in zip(weights, part, strict=True)], axis=0)[:, 0] for part in apart)
    np.testing.assert_allclose(again, above / below)


def test_early_alerts_count_against_precision_in_draws_and_totals_too() -> None:
    active = np.zeros((60, 2), dtype=np.bool_)
    active[50:] = True
    probability = np.zeros((60, 2))
    probability[45, 0] = probability[25, 1] = 0.9  # a hit, and one that is over 15 minutes too soon
    found, tally, _, _ = judged(probability, active)
    assert [a.verdict for a in found.alerts] == ["hit", "early"]
    assert (tally.early.tolist(), tally.false_alarms.tolist()) == ([0.0, 1.0], [0.0, 0.0])
    assert found.figures.precision == 0.5
    weights = np.array([[1.0, 1.0], [2.0, 0.0], [0.0, 2.0]])
    assert replicates([tally], [weights], ["precision"])["precision"].tolist() == [0.5, 1.0, 0.0]
    assert together([tally, tally]).early.tolist() == [0.0, 2.0]


def test_the_mean_of_outcomes_is_drawn_with_the_same_entities() -> None:
    parts = [intervals([judged(*past(6, seed))[1]], [draws("pod", 6)]) for seed in (1, 2)]
    points = [0.3, 0.5]
    ends = averaged(parts, points, "pr_auc")
    mean = np.nanmean([p.again["pr_auc"] for p in parts], axis=0)
    assert ends == interval(mean, 0.4)


def test_many_entities_and_steps_take_seconds() -> None:
    random = np.random.default_rng(0)
    entities, rows = 500, 2_000_000
    probability = random.random(rows) ** 3
    came = random.random(rows) < probability / 10
    entity = random.integers(0, entities, rows)
    nothing = events.truth(np.zeros((10, entities), dtype=np.bool_), np.ones((10, entities), dtype=np.bool_), STEP)
    quiet = events.against(nothing, np.zeros((10, entities)), threshold=1.0, **WAITS)
    begin = time.perf_counter()
    tally = with_rows(of_events(quiet, nothing.observed, STEP), probability, came, entity)
    found = intervals([tally], [draws("pod", entities)])
    assert time.perf_counter() - begin < 20.0
    ends = found.values["pr_auc"]
    assert ends is not None
    exact = scores.row_figures(probability, came, 0.5).pr_auc
    assert exact is not None
    assert ends[0] < exact < ends[1]
