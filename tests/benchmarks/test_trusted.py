"""What the holdout benchmark says of probabilities: calibration, skill, and the skill of who knows every fault."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from benchmarks.holdout.published import Key, Published
from benchmarks.holdout.trial import Trial, counted, judged
from benchmarks.holdout.trusted import BANDS, Band, Trusted, bands, trusted
from tests.benchmarks.test_holdout import KEY, LATER, STEP, STEPS, fault, published

NODES_FAULT: dict[str, Any] = {**fault(0, 170, 200), "kind": "node", "issue": "node_failure", "entity": {"node": "n-1"}}


def figures(*faults: dict[str, Any]) -> Trusted:
    """Of one pod with an issue from step 200 to 210, announced from step 180 on; the horizon is 30 steps."""
    one = published({0: (180, 200)}, {0: 200})
    key: Key = KEY
    return trusted([trial({key: one}, *faults)])[key]


def trial(said: dict[Key, Published], *faults: dict[str, Any]) -> Trial:
    """A history in which what was seen is what was published."""
    return Trial({"faults": list(faults)}, judged(said, said), "http://nowhere")


def test_rows_are_those_without_the_issue_whose_horizon_is_known() -> None:
    found = figures()
    assert found.positives == 30
    assert found.rows == 3 * (STEPS - 30) - 10
    said, came = np.full(found.rows, 0.1), np.zeros(found.rows)
    said[:20], came[:30] = 0.9, 1.0
    assert found.brier_skill == pytest.approx(1 - np.mean((said - came) ** 2) / np.var(came))


def test_calibration_in_hindsight_keeps_the_order_and_says_what_came() -> None:
    found = figures()
    came = np.zeros(found.rows)
    came[:30] = 1.0
    said = np.full(found.rows, 10 / (found.rows - 20))  # of the calm ones ten came, of the twenty alarmed all
    said[:20] = 1.0
    assert found.discriminating == pytest.approx(1 - np.mean((said - came) ** 2) / np.var(came))
    assert found.brier_skill is not None
    assert found.discriminating is not None
    assert found.discriminating > found.brier_skill


def test_probabilities_in_the_wrong_order_discriminate_nothing() -> None:
    one = published({1: (0, 400), 2: (0, 400)}, {0: 200})
    found = trusted([trial({KEY: one})])[KEY]
    assert found.discriminating == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("faults", "known"),
    [
        pytest.param([], 0, id="nothing is known of what nobody arranged"),
        pytest.param([fault(0, 100, 200)], 30, id="a fault that began before the horizon"),
        pytest.param([fault(0, 190, 200)], 10, id="one that began ten steps before the issue"),
        pytest.param([fault(1, 100, 200)], 0, id="another pod's"),
        pytest.param([fault(0, 100, 150)], 0, id="one that was over long before"),
        pytest.param([NODES_FAULT], 30, id="a node's may bring trouble to its pods"),
    ],
)
def test_the_ceiling_is_the_skill_of_who_knows_every_fault_that_has_begun(
    faults: list[dict[str, Any]], known: int
) -> None:
    found = figures(*faults)
    unknown, rest = 30 - known, found.rows - known
    rate = unknown / rest
    wrong = unknown * (1 - rate) ** 2 + (rest - unknown) * rate**2
    base = 30 / found.rows
    assert found.ceiling == pytest.approx(1 - wrong / (found.rows * base * (1 - base)), abs=1e-9)


@pytest.mark.parametrize(
    ("shape", "kind", "steps"),
    [
        pytest.param("linear", "memory_leak", 20, id="a tenth of a straight line"),
        pytest.param("stepwise", "memory_leak", 20, id="the first of ten stairs"),
        pytest.param("accelerating", "memory_leak", 93, id="a cube shows after its first half"),
        pytest.param("linear", "pod_packet_loss", 93, id="and so does a loss, whatever its shape"),
    ],
)
def test_what_shows_is_a_tenth_of_what_is_there_at_the_onset(shape: str, kind: str, steps: int) -> None:
    ramp = {"shape": shape, "type": kind, "ramp_seconds": 200 * STEP}
    one = published({}, {0: 200}, horizon=200 * STEP)
    found = trusted([trial({KEY: one}, {**fault(0, 0, 200), **ramp})])[KEY]
    shown = 200 - steps
    unknown, rest = 200 - shown, found.rows - shown
    rate = unknown / rest
    wrong = unknown * (1 - rate) ** 2 + (rest - unknown) * rate**2
    base = found.positives / found.rows
    assert found.positives == 200
    assert found.visible == pytest.approx(1 - wrong / (found.rows * base * (1 - base)), abs=1e-9)
    assert found.ceiling == pytest.approx(1.0)


def test_what_shows_of_a_shape_of_another_world_is_not_known() -> None:
    one = published({}, {0: 200})
    found = trusted([trial({KEY: one}, fault(0, 100, 200) | {"shape": "wavy"})])[KEY]
    assert found.ceiling is not None
    assert found.visible is None


def test_bands_hold_what_was_said_against_what_came() -> None:
    one = published({0: (180, 200)}, {0: 200})
    horizon = KEY[2]
    found = bands([trial({KEY: one})], horizon)
    assert [(band.low, band.high) for band in found] == list(pairwise(BANDS))
    filled = {band.low: band for band in found if band.rows}
    assert set(filled) == {0.05, 0.8}
    assert filled[0.8] == Band(0.8, 0.95, 20, filled[0.8].said, 1.0)
    assert filled[0.8].said == pytest.approx(0.9)
    calm = filled[0.05]
    assert calm.rows == 3 * (STEPS - 30) - 10 - 20
    assert calm.said == pytest.approx(0.1)
    assert calm.came == pytest.approx(10 / calm.rows)
    assert not any(band.rows for band in bands([trial({KEY: one})], "7h"))


def test_certainty_is_in_the_last_band() -> None:
    one = published({0: (180, 200)}, {0: 200})
    sure = replace(one, probability=np.where(one.probability > 0.5, 1.0, 0.0))
    found = bands([trial({KEY: sure})], KEY[2])
    assert (found[-1].rows, found[-1].said, found[-1].came) == (20, 1.0, 1.0)
    assert sum(band.rows for band in found) == found[0].rows + 20


def test_several_histories_are_judged_as_one() -> None:
    foretold = trial({KEY: published({0: (180, 200)}, {0: 200})}, fault(0, 100, 200))
    missed = trial({KEY: published({1: (20, 30)}, {0: 200}), LATER: published({}, {}, 3600.0)})
    alone = [trusted([one])[KEY] for one in (foretold, missed)]
    together = trusted([foretold, missed])
    assert set(together) == {KEY, LATER}
    assert together[KEY].rows == sum(one.rows for one in alone)
    assert together[KEY].positives == sum(one.positives for one in alone)
    skills = [one.brier_skill for one in (*alone, together[KEY]) if one.brier_skill is not None]
    assert skills[1] < skills[2] < skills[0]
    events = counted([foretold, missed], KEY)
    assert (events.recalled, events.episodes, events.false_alarms) == (1, 2, 1)
    assert events.false_alarms_per_entity_day == pytest.approx(1 / events.entity_days)
    assert counted([foretold], LATER).false_alarms_per_entity_day is None
    said = bands([foretold, missed], KEY[2])
    assert sum(band.rows for band in said) == together[KEY].rows
