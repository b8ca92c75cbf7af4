"""What we ship for Prometheus, Grafana and Compose, read from its files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).parents[2]
RULE_FILES: Final = sorted((ROOT / "prometheus/rules").glob("*.yml"))
RULE_TESTS: Final = sorted((ROOT / "prometheus/tests").glob("*.yml"))
DASHBOARDS: Final = sorted((ROOT / "grafana/dashboards").glob("*.json"))
COMPOSE: Final = ROOT / "docker-compose.yml"


def document(path: Path) -> Any:
    """The one document of a YAML file."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def rules() -> list[dict[str, Any]]:
    """Every rule of every group, as written."""
    return [rule for path in RULE_FILES for group in document(path)["groups"] for rule in group["rules"]]


def alerts() -> list[dict[str, Any]]:
    """The alerting rules; an alert with several severities appears several times."""
    return [rule for rule in rules() if "alert" in rule]


def alert_names() -> list[str]:
    """The names of all alerts, each once, sorted."""
    return sorted({rule["alert"] for rule in alerts()})


def recorded_names() -> frozenset[str]:
    """The names of all recorded series."""
    return frozenset(rule["record"] for rule in rules() if "record" in rule)


def rule_tests() -> list[dict[str, Any]]:
    """Every promtool test of every file."""
    return [test for path in RULE_TESTS for test in document(path)["tests"]]


def services() -> dict[str, dict[str, Any]]:
    """The services of docker-compose.yml, merge keys resolved."""
    found: dict[str, dict[str, Any]] = document(COMPOSE)["services"]
    return found


def stages() -> list[str]:
    """The named stages of the Dockerfile, in order."""
    return re.findall(r"^FROM \S+ AS (\S+)$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)


def dashboard(path: Path) -> dict[str, Any]:
    """One dashboard."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def panels(board: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every panel, rows and the panels inside collapsed rows included."""
    for panel in board["panels"]:
        yield panel
        yield from panel.get("panels", [])


def expressions(board: dict[str, Any]) -> list[str]:
    """Every PromQL expression of panels and variables, with Grafana's intervals filled in."""
    of_panels = [target["expr"] for panel in panels(board) for target in panel.get("targets", [])]
    of_variables = [
        match[1]
        for variable in board["templating"]["list"]
        if variable["type"] == "query"
        and (match := re.fullmatch(r"label_values\((.+), \w+\)", variable["query"]["query"]))
    ]
    return [re.sub(r"\$(__rate_interval|__interval|__range)", "5m", one) for one in of_panels + of_variables]
