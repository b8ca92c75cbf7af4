"""Tried: what a manifest says of its thresholds is read where it can be, and nothing else breaks who reads it."""

from __future__ import annotations

from typing import Any

import pytest

from predictor.artifact import Manifest
from predictor.tried import Tried, never_critical, tried, unheard

GOOD = Tried(13, 9, 0.01, 0.8996)


def manifest(scores: Any, *names: str) -> Manifest:
    """A manifest that has thresholds of these outcomes of pods."""
    return Manifest(
        schema_version=2, fingerprint="0" * 16, versions={}, trained_at=0.0, training_start=0.0, training_end=86_400.0,
        step_seconds=30.0, horizons_seconds=(900.0,), estimator="pod extra_trees", catalogue={},
        thresholds={"pod": dict.fromkeys(names, 0.5)}, untrained={}, scores={"pod": scores}, files={},
    )  # fmt: skip


def test_what_was_written_is_read_again() -> None:
    assert tried(manifest({"tried": {"pod_failure/15m": GOOD.document()}}), "pod") == {"pod_failure/15m": GOOD}


@pytest.mark.parametrize(
    "document",
    [
        None, 3, [], "0.9", {}, {"onsets": 1},
        {**GOOD.document(), "highest_probability": None},
        {**GOOD.document(), "onsets": "x"},
        {**GOOD.document(), "highest_probability": float("nan")},
        {**GOOD.document(), "highest_probability": 1.5},
        {**GOOD.document(), "false_alarms_per_entity_day": float("inf")},
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_as_if_it_were_not_there(document: Any) -> None:
    one = manifest({"tried": {"pod_failure/15m": document}}, "pod_failure/15m")
    assert tried(one, "pod") == {}
    assert never_critical(one) == []


@pytest.mark.parametrize("scores", [None, 3, [], {"tried": []}, {"tried": None}, {}])
def test_without_a_record_nothing_is_known(scores: Any) -> None:
    assert tried(manifest(scores), "pod") == {}


def test_what_a_newer_trainer_adds_does_no_harm() -> None:
    one = manifest({"tried": {"pod_failure/15m": {**GOOD.document(), "more": 1}}})
    assert tried(one, "pod") == {"pod_failure/15m": GOOD}


def test_never_critical_is_what_stays_below_within_15m_and_has_a_threshold() -> None:
    high = Tried(13, 9, 0.01, 0.9).document()
    record = dict.fromkeys(["pod_failure/15m", "pod_failure/1h", "network_issue/15m"], GOOD.document())
    one = manifest({"tried": {**record, "resource_exhaustion/15m": high}}, *record, "resource_exhaustion/15m")
    assert never_critical(one) == [("pod_failure", "pod", "89.9 %"), ("network_issue", "pod", "89.9 %")]
    assert never_critical(manifest({"tried": record})) == []


def test_what_rules_never_alert_about_is_said_of_horizons_of_ones_own() -> None:
    of = manifest({})
    assert unheard(of.model_copy(update={"horizons_seconds": (900.0, 3600.0)})) == []
    assert unheard(of) == []
    several, far = (of.model_copy(update={"horizons_seconds": h}) for h in ((900.0, 7200.0), (1800.0, 3600.0)))
    (line,) = unheard(several)
    assert line.startswith("as shipped, no rule alerts within 2h (prometheus/rules knows 15m and 1h): ")
    silent, never = unheard(far)
    assert silent.startswith("as shipped, no rule alerts within 30m ")
    assert never == "as shipped, nothing is ever critical: critical alerts look at 15m, which the model leaves out"
