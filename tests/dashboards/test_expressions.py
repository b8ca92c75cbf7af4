"""What the boards' expressions say about series that one can check by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboards.entity import entity
from dashboards.marks import Mark, rollouts
from dashboards.overview import overview
from dashboards.quality import quality
from dashboards.selectors import CLUSTER, named, per_entity
from tests.dashboards.promtool import asked, check

POD = 'issue="pod_failure",kind="pod",namespace="shop",pod="cart-0"'
OTHER = 'issue="pod_failure",kind="pod",namespace="shop",pod="web-1"'
NODE = 'issue="node_failure",kind="node",node="worker-1"'
OPERATOR = 'namespace="monitoring",pod="kip-exporter-1",service="kip-exporter"'
"""What the scrape of an operator adds to series that have none of these labels."""


def test_an_entity_is_one_series_whatever_exporters_and_scrapes_add(tmp_path: Path) -> None:
    expression = named(per_entity("kip_issue_active", "issue", CLUSTER))
    series = {
        f'kip_issue_active{{{NODE},{OPERATOR},instance="a"}}': "0x5",
        f'kip_issue_active{{{NODE},{OPERATOR},instance="b"}}': "1x5",
        f'kip_issue_active{{{POD},service="kip-exporter"}}': "0x5",
    }
    expected = {f'{{entity="worker-1",{NODE}}}': 1.0, f'{{entity="cart-0",{POD}}}': 0.0}
    check(tmp_path, expression, series, "3m", expected)


@pytest.mark.parametrize(
    ("chosen", "found"),
    [(".*", ["", 'cluster="east",', 'cluster="west",']), ("east", ['cluster="east",'])],
)
def test_the_cluster_is_a_choice_only_where_there_is_one(tmp_path: Path, chosen: str, found: list[str]) -> None:
    labels = ["", 'cluster="east",', 'cluster="west",']
    series = {f"kip_issue_active{{{label}{POD}}}": "1x5" for label in labels}
    expected = {f"{{{label}{POD}}}": 1.0 for label in found}
    check(tmp_path, per_entity("kip_issue_active", "issue", CLUSTER), series, "3m", expected, cluster=chosen)


def test_what_breaks_next_is_not_what_is_broken(tmp_path: Path) -> None:
    series = {
        f'kip_issue_probability{{{POD},horizon="15m"}}': "1x9",
        f'kip_issue_probability{{{OTHER},horizon="15m"}}': "0.4x9",
        f"kip_issue_active{{{POD}}}": "1x9",
        f"kip_issue_active{{{OTHER}}}": "0x9",
        'kip_alert_threshold{issue="pod_failure",kind="pod",horizon="15m"}': "0.7x9",
    }
    row = f'{{entity="web-1",horizon="15m",{OTHER}}}'
    check(tmp_path, asked(overview(), "What breaks next"), series, "5m", {row: 0.4})
    check(tmp_path, asked(overview(), "What breaks next", 1), series, "5m", {row: 0.7})


def test_a_timeline_says_predicted_until_the_issue_is_present(tmp_path: Path) -> None:
    expression = asked(overview(), "Predicted and present")
    series = {
        f'kip_issue_probability{{{POD},horizon="15m"}}': "0 0 0.9x9",
        f"kip_issue_active{{{POD}}}": "0x4 1x9",
        'kip_alert_threshold{issue="pod_failure",kind="pod",horizon="15m"}': "0.7x20",
    }
    for at, expected in (
        ("1m", {}),
        ("3m", {f'{{entity="cart-0",{POD}}}': 1.0}),
        ("6m", {f'{{entity="cart-0",{POD}}}': 2.0}),
    ):
        check(tmp_path, expression, series, at, expected)


@pytest.mark.parametrize(("at", "marked"), [("2m", False), ("3m", True), ("4m", False)])
def test_an_onset_is_marked_once(tmp_path: Path, at: str, marked: bool) -> None:
    series = {f"kip_issue_active{{{POD}}}": "0 0 0 1x9", "kip_up": "1x20"}
    check(tmp_path, _mark("Onsets").expression, series, at, {f'{{entity="cart-0",{POD}}}': 1.0} if marked else {})


def test_an_issue_is_marked_that_makes_its_pod_worth_publishing(tmp_path: Path) -> None:
    series = {f"kip_issue_active{{{POD}}}": "_ _ _ 1x9", "kip_up": "1x20"}
    check(tmp_path, _mark("Onsets").expression, series, "3m", {f'{{entity="cart-0",{POD}}}': 1.0})


def test_a_start_of_the_exporter_is_no_onset(tmp_path: Path) -> None:
    series = {f"kip_issue_active{{{POD}}}": "_ _ _ 1x9", "kip_up": "_ _ _ 1x20"}
    check(tmp_path, _mark("Onsets").expression, series, "3m", {})


def test_a_rollout_is_marked_once_and_scaling_is_none(tmp_path: Path) -> None:
    series = {
        'kube_deployment_status_observed_generation{namespace="shop",deployment="rolled"}': "1 1 1 2x9",
        'kube_deployment_spec_replicas{namespace="shop",deployment="rolled"}': "3x20",
        'kube_deployment_status_observed_generation{namespace="shop",deployment="scaled"}': "1 1 1 2x9",
        'kube_deployment_spec_replicas{namespace="shop",deployment="scaled"}': "3 3 3 4x9",
    }
    for at, expected in (("2m", {}), ("3m", {'{namespace="shop",deployment="rolled"}': 2.0}), ("4m", {})):
        check(tmp_path, rollouts().expression, series, at, expected)


def test_an_entitys_onsets_are_counted_timed_and_summed(tmp_path: Path) -> None:
    series = {f"kip_issue_active{{{POD}}}": "0 0 1 1 0 0 1 0x9", f"kip_issue_active{{{OTHER}}}": "0 1 0 1 0 1 0 1 0x9"}
    mine = '{issue="pod_failure"}'
    # Present in the minutes 2, 3 and 6, which are six points of the grid of 30 s.
    for query, expected in enumerate((2.0, 6 * 60_000.0, 6 * 30.0)):
        check(tmp_path, asked(entity(), "Onsets", query), series, "10m", {mine: expected})


def test_an_entity_is_not_another_of_its_name(tmp_path: Path) -> None:
    node = 'issue="node_failure",kind="node",node="cart-0"'
    series = {f'kip_issue_probability{{{one},horizon="15m"}}': f"{p}x9" for one, p in ((POD, 0.2), (node, 0.9))}
    for kind, issue, probability in (("pod", "pod_failure", 0.2), ("node", "node_failure", 0.9)):
        expected = {f'{{issue="{issue}",horizon="15m"}}': probability}
        check(tmp_path, asked(entity(), "Probability of each issue and horizon"), series, "5m", expected, kind=kind)


@pytest.mark.parametrize(
    ("panel", "expected"), [("Recall", 0.75), ("Precision", 0.5), ("False alarms per entity-day", 0.2)]
)
def test_own_predictions_are_judged_as_the_trainer_judges(tmp_path: Path, panel: str, expected: float) -> None:
    """Of four episodes three were foretold; of ten alerts four were hits, one late, three early and two false."""
    by = 'issue="pod_failure",kind="pod",horizon="15m"'
    # As many of each in every minute, so that what increase() extrapolates at the ends cancels out.
    grows = {"foretold": 3, "missed": 1, "hit": 4, "late": 1, "early": 3, "false_alarm": 2}
    series = {
        f'kip_prediction_outcomes_total{{{by},outcome="{outcome}"}}': f"0+{each}x30" for outcome, each in grows.items()
    }
    series[f"kip_prediction_entity_seconds_total{{{by}}}"] = "0+864000x30"
    check(tmp_path, asked(quality(), panel), series, "30m", {"{}": expected})


def test_nothing_false_is_zero_and_nothing_judged_is_no_number(tmp_path: Path) -> None:
    by = 'issue="pod_failure",kind="pod",horizon="15m"'
    series = {f'kip_prediction_outcomes_total{{{by},outcome="missed"}}': "0+1x30"}
    check(tmp_path, asked(quality(), "Recall"), series, "30m", {"{}": 0.0})
    check(tmp_path, asked(quality(), "Precision"), series, "30m", {})


def test_expected_issues_stand_beside_those_that_came_within_their_horizon(tmp_path: Path) -> None:
    by = 'issue="pod_failure",kind="pod",namespace="shop"'
    series = {
        f'kip_issues_expected{{{by},horizon="15m"}}': "2x15 9x60",
        f"kip_issue_active{{{POD}}}": "0x20 1 0x60",
        f"kip_issue_active{{{OTHER}}}": "0x60",
    }
    title = "Issues expected and issues that came"
    # At 30 minutes: what was expected at 15, and the one pod that had the issue in between.
    check(tmp_path, asked(quality(), title), series, "30m", {'{issue="pod_failure"}': 2.0})
    check(tmp_path, asked(quality(), title, 1), series, "30m", {'{issue="pod_failure"}': 1.0})
    # An hour later it is forgotten, and 0 came, which is a number.
    check(tmp_path, asked(quality(), title, 1), series, "60m", {'{issue="pod_failure"}': 0.0})


def _mark(name: str) -> Mark:
    (mark,) = [mark for mark in overview().marks if mark.name == name]
    return mark
