"""What we ship for Prometheus, Grafana and Compose, read from its files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).parents[2]
RULE_FILES: Final = sorted((ROOT / "prometheus/rules").glob("*.yml"))
RULE_TESTS: Final = sorted((ROOT / "prometheus/tests").glob("*.yml"))
DASHBOARDS: Final = sorted((ROOT / "grafana/dashboards").glob("*.json"))
COMPOSE: Final = ROOT / "docker-compose.yml"
FILLED: Final = {
    "__rate_interval": "5m",
    "__interval": "1m",
    "__range": "1h",
    "cluster": ".*",
    "instance": ".*",
    "issue": ".*",
    "kind": "pod",
    "namespace": ".*",
    "horizon": "15m",
    "entity": "cart-0",
}
"""A value for every variable that a dashboard may use."""


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


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with Grafana's variables, $name or ${name}, replaced. Raises KeyError for one without a value."""
    return re.sub(r"\$\{?(\w+)\}?", lambda found: values[found[1]], text)


def expressions(board: dict[str, Any]) -> list[str]:
    """Every PromQL expression of panels, annotations and variables, with all variables filled in."""
    of_panels = [target["expr"] for panel in panels(board) for target in panel.get("targets", [])]
    of_annotations = [one["expr"] for one in board["annotations"]["list"]]
    of_variables = [asked(one["query"]["query"]) for one in board["templating"]["list"] if one["type"] == "query"]
    return [filled(one, FILLED) for one in of_panels + of_annotations + of_variables]


def asked(variable: str) -> str:
    """The expression in the query of a variable. Raises ValueError for a query that is of neither form."""
    found = re.fullmatch(r"label_values\((?P<series>.+), \w+\)|query_result\((?P<result>.+)\)", variable)
    if not found:
        raise ValueError(f"{variable} is neither label_values(SERIES, LABEL) nor query_result(EXPRESSION)")
    return found["series"] or found["result"]
