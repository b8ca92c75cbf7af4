"""Alerts come with everything that whoever is told needs, and with proof that they speak and stay quiet."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from demo import story
from predictor.entities import Issue
from predictor.tried import ALERTED
from predictor.waits import CRITICAL, HOLD_SECONDS, WAKE_SECONDS, pending_seconds
from tests.deploy import shipped

RUNBOOKS: Final = shipped.ROOT / "docs/runbooks"
RUNBOOK_BASE: Final = "https://runbooks.example.com/kip/"

VARIABLES: Final = ["var-kind", "var-namespace", "var-entity"]
ISSUES: Final[tuple[Issue, ...]] = (
    "pod_failure",
    "node_failure",
    "resource_exhaustion",
    "network_issue",
    "service_disruption",
)


@pytest.mark.parametrize("alert", shipped.alert_names())
def test_every_alert_has_a_runbook_of_four_parts(alert: str) -> None:
    page = RUNBOOKS / f"{alert}.md"
    assert page.exists(), f"{alert} has no docs/runbooks/{alert}.md"
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {alert}\n")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Meaning", "Impact", "Diagnosis", "Mitigation"]
    assert "```sh\n" in text, "a runbook names the commands"
    assert [link for link in re.findall(r"\]\((\w+\.md)\)", text) if not (RUNBOOKS / link).exists()] == []


def test_no_runbook_is_left_of_an_alert_that_is_gone() -> None:
    assert sorted(page.stem for page in RUNBOOKS.glob("Kip*.md")) == shipped.alert_names()


@pytest.mark.parametrize("rule", shipped.alerts(), ids=lambda rule: f"{rule['alert']}-{rule['labels']['severity']}")
def test_every_alert_says_what_where_and_what_to_do(rule: dict[str, Any]) -> None:
    annotations = rule["annotations"]
    assert set(annotations) == {"summary", "description", "remediation", "runbook_url", "dashboard_url"}
    assert annotations["runbook_url"] == RUNBOOK_BASE + rule["alert"]
    (board,) = re.findall(r"^http://127\.0\.0\.1:3000/d/([a-z-]+)(?:[?]|$)", annotations["dashboard_url"])
    assert board == ("kip-entity" if "state" in rule["labels"] else "kip-exporter")
    assert board in {shipped.dashboard(path)["uid"] for path in shipped.DASHBOARDS}
    assert rule["labels"]["severity"] in {"info", "warning", "critical"}
    if rule["labels"].get("state") == "predicted":
        assert "{{ $value | humanizePercentage }}" in annotations["description"]
        assert "{{ $labels.horizon }}" in annotations["description"]
        assert re.findall(r"[?&](var-\w+)=", annotations["dashboard_url"]) == VARIABLES
        assert "for" in rule
    if "state" in rule["labels"]:
        assert "kubectl" in annotations["remediation"]
        assert rule["keep_firing_for"] == f"{HOLD_SECONDS / 60:g}m"


@pytest.mark.parametrize("issue", ISSUES)
def test_only_what_matters_is_critical(issue: str) -> None:
    (grave,) = [rule for rule in shipped.rules() if rule.get("record") == "entity:kip_issue_probability:grave"]
    assert re.findall(r">= ([0-9.]+)", grave["expr"]) == [f"{CRITICAL}"] * 2
    (critical,) = [
        rule
        for rule in shipped.alerts()
        if rule["labels"]["severity"] == "critical" and f'issue="{issue}"' in rule["expr"]
    ]
    assert critical["expr"] == f'entity:kip_issue_probability:urgent{{issue="{issue}", horizon="15m"}}'
    (urgent,) = [rule for rule in shipped.rules() if rule.get("record") == "entity:kip_issue_probability:urgent"]
    assert set(re.findall(r"entity:\w+:\w+", urgent["expr"])) == {grave["record"]}


@pytest.mark.parametrize("issue", ISSUES)
def test_the_words_of_every_issue_are_seen_whole_with_their_reasons(issue: str) -> None:
    texts = [
        check["exp_annotations"]["description"]
        for test in shipped.rule_tests()
        for one in test.get("alert_rule_test", [])
        for check in one["exp_alerts"]
        if check["exp_labels"].get("issue") == issue and check["exp_labels"]["state"] == "predicted"
    ]
    assert [text for text in texts if re.search(r"within the next 15m: .+[.]$", text)], "none says why"
    assert [text for text in texts if text.endswith("within the next 15m.")], "none without reasons"


@pytest.mark.parametrize("issue", ISSUES)
def test_every_issue_is_alerted_at_both_horizons_and_when_present(issue: str) -> None:
    mine = [rule for rule in shipped.alerts() if f'issue="{issue}"' in rule["expr"]]
    predicted = [rule for rule in mine if rule["labels"]["state"] == "predicted"]
    assert {horizon for rule in predicted for horizon in re.findall(r'horizon="(\w+)"', rule["expr"])} == set(ALERTED)
    assert len([rule for rule in mine if rule["labels"]["state"] == "active"]) == 1


def test_predictions_are_quiet_after_an_issue_for_as_long_as_the_trainer_judges_them_to_be() -> None:
    (predicted,) = [rule for rule in shipped.rules() if rule.get("record") == "entity:kip_issue_probability:predicted"]
    assert re.findall(r"max_over_time\(entity:kip_issue_active:max\[(\d+)m\]\)", predicted["expr"]) == ["15"]
    assert WAKE_SECONDS == story.WAKE_SECONDS == 15 * 60


@pytest.mark.parametrize(("severity", "horizon"), [("warning", "15m"), ("info", "1h")])
@pytest.mark.parametrize("issue", ISSUES)
def test_predictions_last_as_long_before_they_alert_as_the_trainer_judges_them_to(
    issue: Issue, severity: str, horizon: str
) -> None:
    minutes = round(pending_seconds(issue, {"15m": 900.0, "1h": 3600.0}[horizon]) / 60)
    found = [r for r in shipped.alerts() if r["labels"].get("state") == "predicted" and f'"{horizon}"' in r["expr"]]
    mine = [r for r in found if r["labels"]["severity"] == severity and f'issue="{issue}"' in r["expr"]]
    assert {rule["for"] for rule in mine} == {f"{minutes}m"}
    words = {1: "after one minute", 2: "after two minutes", 4: "after four"}[minutes]
    for name in {rule["alert"] for rule in mine}:
        said = " ".join((RUNBOOKS / f"{name}.md").read_text(encoding="utf-8").split())
        assert re.search(rf"`{severity}` (is )?the {horizon} horizon {words}", said), f"{name}.md says otherwise"
    readme = (shipped.ROOT / "prometheus" / "README.md").read_text(encoding="utf-8")
    assert re.search(rf"`{severity}` \| probability within {horizon} .* for {minutes} minutes?( |,)", readme)


@pytest.mark.parametrize("rule", shipped.alerts(), ids=lambda rule: f"{rule['alert']}-{rule['labels']['severity']}")
def test_every_alert_is_seen_firing_in_each_severity_and_staying_quiet(rule: dict[str, Any]) -> None:
    checks = [
        check
        for test in shipped.rule_tests()
        for check in test.get("alert_rule_test", [])
        if check["alertname"] == rule["alert"]
    ]
    fired = {one["exp_labels"]["severity"] for check in checks for one in check["exp_alerts"]}
    assert rule["labels"]["severity"] in fired, "no promtool test sees it fire"
    assert [check for check in checks if not check["exp_alerts"]], "no promtool test sees it stay quiet"


def test_the_rules_script_passes_where_nothing_is_wrong(tmp_path: Path) -> None:
    done = _rules_script(tmp_path, "recorded.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FAILED" not in done.stdout


@pytest.mark.parametrize(
    ("tests", "file", "old", "new"),
    [
        ("health.yml", "rules/health.yml", "alert: KipReloadFailed", "alert: KipReloadFailedd"),  # unseen by its test
        ("recorded.yml", "rules/health.yml", "kip_up[5m]) < 0.75", "kip_up[5m]) < "),  # no PromQL
        ("pod_failure.yml", "rules/predictions.yml", "for: 1m", "for: 3m"),  # later than its test says
        ("pod_failure.yml", "rules/predictions.yml", "unless on", "and on"),
        ("why.yml", "rules/predictions.yml", "sort_desc(topk(3", "sort(topk(3"),  # the weakest reason first
        ("why.yml", "rules/predictions.yml", "kip_issue_contribution{", "kip_contribution{"),
        (
            "workloads.yml",
            "rules/predictions.yml",
            "kube_statefulset_status_replicas_ready <= 1",
            "kube_statefulset_status_replicas_ready <= 2",
        ),
        ("workloads.yml", "rules/predictions.yml", 'annotation_kip_example_com_mute="true"', 'mute="true"'),
        ("workloads.yml", "rules/predictions.yml", ") / 100", ") / 10"),
        ("recorded.yml", "prometheus.yml", "scrape_interval", "scrape_intervall"),
        ("recorded.yml", "alertmanager.yml", "receiver: sink", "receiver: nobody"),
    ],
)
def test_the_rules_script_fails_on_a_finding(tmp_path: Path, tests: str, file: str, old: str, new: str) -> None:
    done = _rules_script(tmp_path, tests, file, old, new)
    assert done.returncode == 1, done.stdout
    assert "FAILED" in done.stdout


def test_the_rules_script_fails_on_a_lint_finding_that_promtool_forgives(tmp_path: Path) -> None:
    text = (shipped.ROOT / "prometheus/rules/health.yml").read_text(encoding="utf-8")
    last = text[text.rindex("      - alert:") :]
    done = _rules_script(tmp_path, "recorded.yml", "rules/health.yml", last, last + last)
    assert done.returncode == 1
    assert "FAILED  rules health.yml" in done.stdout


def _rules_script(
    folder: Path, tests: str, file: str = "", old: str = "", new: str = ""
) -> subprocess.CompletedProcess[str]:
    """The script run over a copy of what we ship, with one file of tests (make rules runs all) and one change."""
    shutil.copytree(shipped.ROOT / "prometheus", folder / "prometheus")
    for path in (folder / "prometheus/tests").iterdir():
        if path.name != tests:
            path.unlink()
    (folder / "scripts").mkdir()
    shutil.copy(shipped.ROOT / "scripts/rules.sh", folder / "scripts")
    if file:
        path = folder / "prometheus" / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return subprocess.run(["sh", str(folder / "scripts/rules.sh")], capture_output=True, text=True, check=False)


REASONS = (
    "kip_issue_contribution",
    "kip_signal_value",
    "kip_signal_per_minute",
    "kip_signal_seconds_to_limit",
    "kip_issue_remediation_info",
)
"""What the words of alerts are made of, by labels that no metric's name shows."""


@pytest.mark.parametrize("metric", REASONS)
def test_the_words_of_alerts_are_tested_with_the_labels_that_the_exporter_writes(metric: str) -> None:
    golden = (shipped.ROOT / "tests" / "golden" / "exporter" / "metrics.txt").read_text(encoding="utf-8")
    entity = {"namespace", "pod", "node", "service", "instance"}  # and what a scrape adds
    written = {
        frozenset(re.findall(r"(\w+)=\"", one)) - entity for one in re.findall(rf"^{metric}{{(.*)}} ", golden, re.M)
    }
    series = [one["series"] for test in shipped.rule_tests() for one in test["input_series"]]
    tested = {frozenset(re.findall(r"(\w+)=\"", one)) - entity for one in series if one.startswith(f"{metric}{{")}
    assert tested == written
    assert len(written) == 1
