"""Summary: the tables that end a training and a judgement."""

from __future__ import annotations

from typing import Any

import pytest

from predictor.artifact import Manifest
from predictor.tried import Tried
from trainer import summary

TRIED = {
    "node_failure/15m": Tried(20, 15, 0.0042, 0.7196).document(),
    "node_failure/1h": Tried(20, 12, None, 0.5).document(),
    "resource_exhaustion/15m": Tried(1, 0, 0.0, 0.2).document(),
}


def manifest(**changes: Any) -> Manifest:
    """A manifest of two outcomes, one of which is not calibrated on anything known."""
    return Manifest(
        schema_version=2, fingerprint="0" * 16, versions={}, trained_at=0.0, training_start=0.0, training_end=86_400.0,
        step_seconds=30.0, horizons_seconds=(900.0,), estimator="node extra_trees", catalogue={},
        thresholds={"node": {"node_failure/15m": 0.25, "node_failure/1h": 0.2, "network_issue/15m": 0.1}},
        untrained={"pod/pod_failure/15m": "no episode in this history"},
        scores={"node": {"calibration_base_rate": {"node_failure/15m": 0.0123}, "tried": TRIED}},
        files={}, false_alarms_per_entity_day=0.02, false_alarms_price=1.0,
    ).model_copy(update=changes)  # fmt: skip


def test_a_training_ends_with_what_is_predicted_and_what_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    summary.trained(manifest())
    assert capsys.readouterr().out.splitlines() == [
        "The model predicts; foretold, false alarms per entity and day: on rows its thresholds saw",
        "issue          of    within  alerts from  base rate  foretold  false alarms  highest",
        "node_failure   node  15m     25%          1.23%      15 of 20  0.004         71.9 %",
        "node_failure   node  1h      20%          -          12 of 20  -             50.0 %",
        "network_issue  node  15m     10%          -          -         -             -",
        "",
        "Thresholds allow 0.02 false alarms per entity and day, or as many as do not show yet that it is more;",
        "each must foretell 1 issue more: --false-alarms.per-entity-day and --false-alarms.price.",
        "",
        "Never critical, which takes 90% within 15m: node_failure of nodes",
        "",
        "It does not predict",
        "of   issue        within  why not",
        "pod  pod_failure  15m     no episode in this history",
    ]


def test_it_is_said_that_issues_were_taken_to_have_come_more_often(capsys: pytest.CaptureFixture[str]) -> None:
    summary.trained(manifest())
    assert "--issues.factor" not in capsys.readouterr().out
    summary.trained(manifest(issues_factor=2.5))
    assert " in which issues are rarer by a factor of 2.5 than in this history:" in capsys.readouterr().out


def test_horizons_that_no_rule_alerts_about_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    summary.trained(manifest(horizons_seconds=(1800.0,)))
    out = capsys.readouterr().out
    assert "\nAs shipped, no rule alerts within 30m " in out
    assert "\nAs shipped, nothing is ever critical: critical alerts look at 15m, which the model leaves out\n" in out


def test_a_model_that_predicts_everything_says_nothing_of_what_it_lacks(capsys: pytest.CaptureFixture[str]) -> None:
    summary.trained(manifest(untrained={}))
    assert "not predict" not in capsys.readouterr().out


def test_a_manifest_that_does_not_say_what_was_allowed_leaves_that_out(capsys: pytest.CaptureFixture[str]) -> None:
    summary.trained(manifest(false_alarms_per_entity_day=None, false_alarms_price=None))
    assert "Thresholds allow" not in capsys.readouterr().out


def test_a_judgement_ends_with_a_line_for_each_outcome(capsys: pytest.CaptureFixture[str]) -> None:
    events = {
        "recalled": 3, "episodes": 4, "lead_median_seconds": 540.0, "false_alarms_per_entity_day": 0.0123,
    }  # fmt: skip
    silent = {"recalled": 0, "episodes": 0, "lead_median_seconds": None, "false_alarms_per_entity_day": None}
    known = {"pr_auc": 0.5, "brier_skill": -0.02, "ece": 0.0042}
    unknown = dict.fromkeys(known)
    one = {"issue": "pod_failure", "kind": "pod", "horizon": "15m", "events": events, "rows": known}
    other = {"issue": "node_failure", "kind": "node", "horizon": "1h", "events": silent, "rows": unknown}
    summary.judged({"start": 0.0, "end": 86_400.0, "outcomes": [one, other]})
    assert capsys.readouterr().out.splitlines() == [
        "Judged over 1d; false alarms per entity and day",
        "issue         of    within  foretold  median lead  false alarms  PR-AUC  Brier skill  ECE",
        "pod_failure   pod   15m     3 of 4    9 min        0.012         0.50    -0.02        0.004",
        "node_failure  node  1h      0 of 0    -            -             -       -            -",
    ]
