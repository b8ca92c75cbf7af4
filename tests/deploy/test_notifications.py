"""What a person reads on a phone: the templates, rendered by Alertmanager's own tools."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.deploy import alerting, shipped

TEMPLATES: Final = shipped.ROOT / "prometheus/templates/*.tmpl"


def expected_alerts() -> list[dict[str, Any]]:
    """Alerts whose words promtool has proved, one for each predicted issue, as Alertmanager has them."""
    found: dict[str, dict[str, Any]] = {}
    for test in shipped.document(shipped.ROOT / "prometheus/tests/why.yml")["tests"]:
        for check in test["alert_rule_test"]:
            one = check["exp_alerts"][0]
            labels = {name: str(value) for name, value in one["exp_labels"].items()} | {"alertname": check["alertname"]}
            found.setdefault(labels["issue"], {"labels": labels, "annotations": one["exp_annotations"]})
    return list(found.values())


def data(firing: list[dict[str, Any]], resolved: list[dict[str, Any]], severity: str = "warning") -> dict[str, Any]:
    """The data of a notification. Source: https://prometheus.io/docs/alerting/latest/notifications/#data"""
    alerts = [one | {"status": "firing"} for one in firing] + [one | {"status": "resolved"} for one in resolved]
    return {
        "receiver": "sink",
        "status": "firing" if firing else "resolved",
        "alerts": alerts,
        "groupLabels": {},
        "commonLabels": {"severity": severity},
        "commonAnnotations": {},
        "externalURL": "http://127.0.0.1:9093",
    }


@pytest.fixture
def render(tmp_path: Path) -> Callable[[str, dict[str, Any]], str]:
    """Renders a template by its name."""

    def rendered(name: str, document: dict[str, Any]) -> str:
        path = tmp_path / "data.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        program = shutil.which("amtool") or str(shipped.ROOT / "build/bin/amtool")
        command = [program, "template", "render", f"--template.glob={TEMPLATES}", f"--template.data={path}"]
        text = f'{{{{ template "{name}" . }}}}'
        done = subprocess.run(
            [*command, f"--template.text={text}"], capture_output=True, text=True, check=False, cwd=tmp_path
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.removesuffix("\n")

    return rendered


def test_what_a_phone_shows(render: Callable[[str, dict[str, Any]], str], golden: Callable[[str, str], None]) -> None:
    alerts = expected_alerts()
    shown = [
        data(alerts[:1], [], "critical"),
        data(alerts, []),
        data([*alerts, alerts[0]], alerts[:1]),
        data([], alerts[:2]),
    ]
    parts = [f"Subject: {render('kip.subject', one)}\n\n{render('kip.text', one)}" for one in shown]
    golden("alertmanager/notifications.txt", "\n----\n".join(parts) + "\n")


def test_a_subject_fits_a_phone(render: Callable[[str, dict[str, Any]], str]) -> None:
    for alert in expected_alerts():
        subject = render("kip.subject", data([alert], []))
        assert len(subject) <= 78, subject  # the width that a mail client shows at once (RFC 5322, 2.1.1)
        assert "\n" not in subject

        # The first line of a notification on a locked phone, however long names are.
        crowd = render("kip.subject", data([alert] * 12, [], "critical"))
        assert re.match(r"CRITICAL: 12 alerts: [A-Z][a-z]+ [a-z]+ \d+% within 15m: ", crowd[:60]), crowd


def test_a_subject_of_an_alert_about_the_predictor_is_its_summary(
    render: Callable[[str, dict[str, Any]], str],
) -> None:
    alert = {"labels": {"alertname": "KipExporterDown"}, "annotations": {"summary": "The predictor cannot be scraped"}}
    assert render("kip.subject", data([alert], [])) == "The predictor cannot be scraped"
    assert "First:" not in render("kip.text", data([alert], []))


@pytest.mark.parametrize(
    ("description", "line"),
    [
        ("With a probability of 70%, pod shop/cart-0 will have a pod failure within the next 15m.", "First: look"),
        (
            "The issue pod_failure is present on pod shop/cart-0.",
            "The issue pod_failure is present on pod shop/cart-0.",
        ),
    ],
)
def test_what_has_no_reasons_says_none(
    render: Callable[[str, dict[str, Any]], str], description: str, line: str
) -> None:
    alert = {"labels": {}, "annotations": {"summary": "s", "description": description, "remediation": "look"}}
    assert render("kip.text", data([alert], [])).splitlines()[:2] == ["s", line]


@pytest.mark.system
def test_the_receivers_of_the_readme_send_these_words(tmp_path: Path) -> None:
    text = (shipped.ROOT / "prometheus/README.md").read_text(encoding="utf-8")
    (block,) = [one for one in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if "slack_configs" in one]
    (receiver,) = yaml.safe_load(block)["receivers"]
    (slack,) = receiver["slack_configs"]
    alert = expected_alerts()[0]
    with alerting.alertmanager_alone(tmp_path, {"slack_configs": [slack | {"api_url": "http://sink:9094/"}]}) as stage:
        request = urllib.request.Request(
            f"{stage.alertmanager_url}/api/v2/alerts",
            json.dumps([alert]).encode(),
            {"Content-Type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=5).close()
        alerting.eventually(lambda: bool(stage.notified), "the sink hears of it")
    (attachment,) = stage.notified[0]["attachments"]
    assert attachment["title"] == alert["annotations"]["summary"]
    why = attachment["text"].splitlines()[1]
    assert why.startswith("Why: memory working set 91% of its limit")
    assert alert["annotations"]["description"].endswith(why.removeprefix("Why: "))
    assert f"First: {alert['annotations']['remediation']}" in attachment["text"]
