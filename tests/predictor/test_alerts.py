"""The user's own alerts as outcomes: beside the rules, instead of them, or left aside; promtool evaluates them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

import pytest
import yaml

from predictor import catalogue
from predictor.catalogue import Catalogue, CatalogueError

ALERTS: Final = [
    {"alert": "KubePodCrashLooping", "issue": "pod_failure", "kind": "pod"},
    {"alert": "KubePodNotReady", "issue": "pod_failure", "kind": "pod"},
    {"alert": "NodeFilesystemAlmostOutOfSpace", "issue": "resource_exhaustion", "kind": "node"},
    {"alert": "CheckoutSlow", "issue": "service_disruption", "kind": "service"},
]
FIRING: Final = 'alertstate="firing",severity="warning"'
SERIES: Final = {
    f'ALERTS{{alertname="KubePodCrashLooping",namespace="shop",pod="cart-0",container="app",{FIRING}}}': "1x60",
    f'ALERTS{{alertname="KubePodNotReady",namespace="shop",pod="cart-0",{FIRING}}}': "1x60",
    'ALERTS{alertname="KubePodNotReady",namespace="shop",pod="cart-1",alertstate="pending"}': "1x60",
    f'ALERTS{{alertname="KubePodNotReadyEither",namespace="shop",pod="cart-2",{FIRING}}}': "1x60",
    f'ALERTS{{alertname="KubePodCrashLooping",namespace="shop",{FIRING}}}': "1x60",
    f'ALERTS{{alertname="NodeFilesystemAlmostOutOfSpace",instance="node-a:9100",device="/dev/sda1",{FIRING}}}': "1x60",
    f'ALERTS{{alertname="NodeFilesystemAlmostOutOfSpace",instance="10.0.0.2:9100",node="node-b",{FIRING}}}': "1x60",
    f'ALERTS{{alertname="CheckoutSlow",namespace="shop",service="checkout",pod="checkout-0",{FIRING}}}': "1x60",
    'kube_pod_status_phase{namespace="shop",pod="cart-9",uid="a",phase="Failed"}': "1x60",
}
CART: Final = '{namespace="shop",pod="cart-0"}'
NODES: Final = ('{node="node-a"}', '{node="node-b"}')


def laid_over(tmp_path: Path, **more: object) -> Catalogue:
    """The default catalogue with the alerts of these tests."""
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump({"alerts": ALERTS, **more}), encoding="utf-8")
    return catalogue.load(path, {})


def rule_of(of: Catalogue, issue: str, kind: str) -> str:
    """The expression of a rule."""
    (rule,) = (one for one in of.rules if (one.issue, one.kind) == (issue, kind))
    return of.promql(rule.promql)


def found(tmp_path: Path, expression: str, *labels: str) -> str:
    """What promtool says when an expression does not give exactly these series; empty when it does."""
    expected = [{"labels": one, "value": 1} for one in labels]
    check = {"expr": f"({expression}) * 0 + 1", "eval_time": "20m", "exp_samples": expected}
    series = [{"series": text, "values": values} for text, values in SERIES.items()]
    test = {"interval": "30s", "input_series": series, "promql_expr_test": [check]}
    path = tmp_path / "scene.yml"
    path.write_text(yaml.safe_dump({"rule_files": [], "tests": [test]}), encoding="utf-8")
    done = subprocess.run(["promtool", "test", "rules", str(path)], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr if done.returncode else ""


def test_a_firing_alert_is_an_issue_of_the_entity_its_labels_name(tmp_path: Path) -> None:
    """One series for each entity however many alerts it has; none for what is pending or names no entity."""
    only = laid_over(tmp_path, outcomes_from="alerts")
    assert {(r.issue, r.kind) for r in only.rules} == {(one["issue"], one["kind"]) for one in ALERTS}
    assert not found(tmp_path, rule_of(only, "pod_failure", "pod"), CART)
    assert not found(tmp_path, rule_of(only, "resource_exhaustion", "node"), *NODES)
    assert not found(tmp_path, rule_of(only, "service_disruption", "service"), '{namespace="shop",service="checkout"}')


def test_a_check_of_these_tests_can_fail(tmp_path: Path) -> None:
    only = laid_over(tmp_path, outcomes_from="alerts")
    assert "cart-0" in found(tmp_path, rule_of(only, "pod_failure", "pod"), '{namespace="shop",pod="cart-1"}')


def test_beside_the_rules_either_is_an_issue(tmp_path: Path) -> None:
    both, plain = laid_over(tmp_path), catalogue.default()
    assert {(r.issue, r.kind) for r in both.rules} == {(r.issue, r.kind) for r in plain.rules}
    failed = '{namespace="shop",pod="cart-9"}'
    assert not found(tmp_path, rule_of(plain, "pod_failure", "pod"), failed)
    assert not found(tmp_path, rule_of(both, "pod_failure", "pod"), failed, CART)
    untouched = ("network_issue", "pod")
    assert rule_of(both, *untouched) == rule_of(plain, *untouched)


def test_alerts_can_be_left_aside(tmp_path: Path) -> None:
    assert laid_over(tmp_path, outcomes_from="rules").rules == catalogue.default().rules


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"alert": 'x"} or vector(1)', "issue": "pod_failure", "kind": "pod"}, "alerts"),
        ({"alert": "KubePodNotReady", "issue": "bad_luck", "kind": "pod"}, "issue"),
        ({"alert": "KubePodNotReady", "issue": "pod_failure", "kind": "volume"}, "kind"),
        ({"name": "KubePodNotReady", "issue": "pod_failure", "kind": "pod"}, "alert"),
    ],
)
def test_a_wrong_mapping_is_one_line_that_names_the_place(tmp_path: Path, wrong: dict[str, str], words: str) -> None:
    with pytest.raises(CatalogueError) as refused:
        laid_over(tmp_path, alerts=[wrong])
    assert words in str(refused.value)
    assert "mine.yaml" in str(refused.value)
    assert "\n" not in str(refused.value)
