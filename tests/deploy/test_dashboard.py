"""Dashboards that Grafana opens as they stand: nothing missing, nothing twice, every expression valid."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import promql_parser
import pytest

from tests.deploy import shipped

BUILT_IN: Final = re.compile(r"__\w+")
"""Variables that Grafana defines itself, such as $__rate_interval."""


@pytest.fixture(params=shipped.DASHBOARDS, ids=lambda path: path.name)
def board(request: pytest.FixtureRequest) -> dict[str, Any]:
    path: Path = request.param
    return shipped.dashboard(path)


def test_the_overview_is_there_under_its_uid() -> None:
    overview = shipped.dashboard(shipped.ROOT / "grafana/dashboards/overview.json")
    assert overview["uid"] == "kip-overview"
    assert [panel["title"] for panel in overview["panels"] if panel["type"] == "row"] == [
        "What breaks next",
        "Timelines",
        "Expected issues",
        "Alerts",
        "Exporter health",
    ]


def test_the_schema_is_one_that_grafana_11_and_later_open(board: dict[str, Any]) -> None:
    assert board["schemaVersion"] == 41
    assert board["id"] is None, "an id of another Grafana's database"


def test_panel_ids_are_set_and_unique(board: dict[str, Any]) -> None:
    ids = [panel["id"] for panel in shipped.panels(board)]
    assert all(isinstance(one, int) and one > 0 for one in ids)
    assert len(ids) == len(set(ids))


def test_queries_of_a_panel_have_their_own_refs_and_the_chosen_source(board: dict[str, Any]) -> None:
    for panel in shipped.panels(board):
        refs = [target["refId"] for target in panel.get("targets", [])]
        assert all(refs), panel["title"]
        assert len(refs) == len(set(refs)), panel["title"]
        for target in panel.get("targets", []):
            assert target["datasource"] == {"type": "prometheus", "uid": "${datasource}"}, panel["title"]


def test_panels_do_not_overlap_and_stay_on_the_grid(board: dict[str, Any]) -> None:
    placed = [(panel["title"], panel["gridPos"]) for panel in board["panels"]]
    for title, one in placed:
        assert one["x"] >= 0, title
        assert one["x"] + one["w"] <= 24, title
    for (first, a), (second, b) in combinations(placed, 2):
        apart = (
            a["x"] + a["w"] <= b["x"]
            or b["x"] + b["w"] <= a["x"]
            or a["y"] + a["h"] <= b["y"]
            or b["y"] + b["h"] <= a["y"]
        )
        assert apart, f"{first} overlaps {second}"


def test_every_panel_explains_itself_and_has_a_unit(board: dict[str, Any]) -> None:
    for panel in shipped.panels(board):
        if panel["type"] == "row":
            continue
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["targets"], panel["title"]


def test_every_variable_that_is_used_is_defined_before(board: dict[str, Any]) -> None:
    defined: set[str] = set()
    for variable in board["templating"]["list"]:
        used = _variables(str(variable["query"])) | _variables(str(variable.get("datasource", "")))
        assert used <= defined, f"{variable['name']} uses {used - defined} before it is defined"
        defined.add(variable["name"])
    assert _variables(str(board["panels"])) <= defined


def test_every_variable_is_used(board: dict[str, Any]) -> None:
    text = str(board["panels"]) + str([one.get("query") for one in board["templating"]["list"]])
    assert {one["name"] for one in board["templating"]["list"]} <= _variables(text)


def test_every_expression_is_promql_and_rates_follow_the_scrape_interval(board: dict[str, Any]) -> None:
    for expression in shipped.expressions(board):
        promql_parser.parse(expression)
    for panel in shipped.panels(board):
        for target in panel.get("targets", []):
            for window in re.findall(r"(?:rate|increase)\([^\[]*\[([^\]]+)\]", target["expr"]):
                assert window == "$__rate_interval", panel["title"]


def test_every_query_variable_is_read_as_an_expression(board: dict[str, Any]) -> None:
    queries = [one for one in board["templating"]["list"] if one["type"] == "query"]
    of_panels = sum(len(panel.get("targets", [])) for panel in shipped.panels(board))
    assert len(shipped.expressions(board)) == of_panels + len(queries)


def test_the_provisioned_source_and_folder_are_the_mounted_ones() -> None:
    source = shipped.document(shipped.ROOT / "grafana/provisioning/datasources/prometheus.yml")["datasources"][0]
    assert source["url"] == "http://prometheus:9090"
    assert source["jsonData"]["timeInterval"] == "15s"
    provider = shipped.document(shipped.ROOT / "grafana/provisioning/dashboards/kip.yml")["providers"][0]
    targets = [volume.split(":")[1] for volume in shipped.services()["grafana"]["volumes"]]
    assert provider["options"]["path"] in targets


def _variables(text: str) -> set[str]:
    """Names of the variables that a text uses, as $name or ${name}, without Grafana's own."""
    return {name for name in re.findall(r"\$\{?(\w+)", text) if not BUILT_IN.fullmatch(name)}
