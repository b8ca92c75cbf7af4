"""Dashboards that Grafana opens as they stand: nothing missing, nothing twice, every expression valid."""

from __future__ import annotations

import json
import re
from itertools import combinations
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import promql_parser
import pytest

from dashboards import files
from tests.deploy import shipped

BUILT_IN: Final = re.compile(r"__\w+")
"""Variables that Grafana defines itself, such as $__rate_interval."""


@pytest.fixture(params=shipped.DASHBOARDS, ids=lambda path: path.name)
def board(request: pytest.FixtureRequest) -> dict[str, Any]:
    path: Path = request.param
    return shipped.dashboard(path)


def test_the_files_are_what_the_code_writes() -> None:
    assert files.differences() == [], "run python -m dashboards and read the diff"


def test_the_four_boards_are_there_under_their_uids() -> None:
    uids = {path.name: shipped.dashboard(path)["uid"] for path in shipped.DASHBOARDS}
    assert uids == {
        "overview.json": "kip-overview",
        "entity.json": "kip-entity",
        "model-quality.json": "kip-model-quality",
        "exporter.json": "kip-exporter",
    }
    home = shipped.services()["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert Path(home).name in uids


@pytest.mark.parametrize("rule", shipped.alerts(), ids=lambda rule: f"{rule['alert']}-{rule['labels']['severity']}")
def test_links_of_alerts_lead_to_a_board_with_the_variables_they_set(rule: dict[str, Any]) -> None:
    url = urlsplit(re.sub(r"{{.*?}}", "", rule["annotations"]["dashboard_url"]))
    boards = {one["uid"]: one for one in map(shipped.dashboard, shipped.DASHBOARDS)}
    board = boards[url.path.removeprefix("/d/")]
    assert set(parse_qs(url.query, keep_blank_values=True)) <= {f"var-{one['name']}" for one in _variables_of(board)}


def test_the_schema_is_one_that_grafana_11_and_later_open(board: dict[str, Any]) -> None:
    assert board["schemaVersion"] == 41
    assert board.get("id") is None, "an id of another Grafana's database"
    assert board["version"] == 1, "Grafana counts versions itself"


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


def test_every_panel_explains_itself_has_a_unit_and_leads_on(board: dict[str, Any]) -> None:
    for panel in shipped.panels(board):
        if panel["type"] == "row":
            continue
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["targets"], panel["title"]
        assert panel["links"], panel["title"]
    titles = [panel["title"] for panel in shipped.panels(board) if panel["type"] != "row"]
    assert len(titles) == len(set(titles))


def test_columns_of_tables_are_results_of_their_queries(board: dict[str, Any]) -> None:
    """Grafana calls the number `Value`, and `Value #A`, `Value #B` and so on where a table has several queries."""
    for panel in shipped.panels(board):
        if panel["type"] != "table":
            continue
        refs = [target["refId"] for target in panel["targets"]]
        numbers = {f"Value #{ref}" for ref in refs} if len(refs) > 1 else {"Value"}
        (organized,) = [one["options"] for one in panel["transformations"] if one["id"] == "organize"]
        shown = set(organized["indexByName"])
        assert {name for name in shown if name.startswith("Value")} <= numbers, panel["title"]
        assert len(refs) == 1 or numbers <= shown, panel["title"]
        headings = shown - set(organized["renameByName"]) | set(organized["renameByName"].values())
        overridden = {one["matcher"]["options"] for one in panel["fieldConfig"]["overrides"]}
        sorted_by = {one["displayName"] for one in panel["options"].get("sortBy", [])}
        assert overridden | sorted_by <= headings, panel["title"]
        assert all(target["format"] == "table" and target["instant"] for target in panel["targets"]), panel["title"]


def test_every_link_leads_to_a_board_with_the_variables_it_sets(board: dict[str, Any]) -> None:
    boards = {one["uid"]: one for one in map(shipped.dashboard, shipped.DASHBOARDS)}
    for url in re.findall(r'"(/d/[^"]+)"', json.dumps(board)):
        path, _, query = url.partition("?")
        there = {one["name"] for one in _variables_of(boards[path.removeprefix("/d/")])}
        kept = set(re.findall(r"\$\{(\w+):queryparam\}", query))
        assert set(re.findall(r"var-(\w+)=", query)) | kept <= there, url
        assert kept == {"datasource", "cluster"}, url
        assert "${__url_time_range}" in query, url


def test_every_variable_that_is_used_is_defined_before(board: dict[str, Any]) -> None:
    defined: set[str] = set()
    for variable in _variables_of(board):
        used = _variables(str(variable["query"])) | _variables(str(variable.get("datasource", "")))
        assert used <= defined, f"{variable['name']} uses {used - defined} before it is defined"
        defined.add(variable["name"])
    assert _variables(str(board["panels"]) + str(board["annotations"])) <= defined


def test_every_variable_is_used(board: dict[str, Any]) -> None:
    text = str(board["panels"]) + str([one.get("query") for one in _variables_of(board)])
    assert {one["name"] for one in _variables_of(board)} <= _variables(text)


def test_variables_narrow_each_other(board: dict[str, Any]) -> None:
    """Source and cluster come first; each later one asks within the clusters, and an entity within its namespace."""
    first, second, *rest = _variables_of(board)
    assert (first["name"], first["type"], first["query"]) == ("datasource", "datasource", "prometheus")
    assert second["name"] == "cluster"
    for variable in rest:
        assert 'cluster=~"$cluster"' in variable["query"]["query"], variable["name"]
    for variable in rest:
        if variable["name"] == "namespace":
            assert "kind" in _variables(variable["query"]["query"])
        if variable["name"] == "entity":
            assert {"kind", "namespace"} <= _variables(variable["query"]["query"])


def test_all_matches_series_without_the_label(board: dict[str, Any]) -> None:
    for variable in _variables_of(board):
        if variable.get("includeAll"):
            assert variable["allValue"] == ".*", variable["name"]
            assert f'=~"${variable["name"]}' in str(board["panels"]), "an exact matcher would compare with .* itself"
            assert f'="${variable["name"]}' not in str(board["panels"]), variable["name"]


def test_every_selector_of_ours_stays_in_the_chosen_clusters(board: dict[str, Any]) -> None:
    asked = [target["expr"] for panel in shipped.panels(board) for target in panel.get("targets", [])]
    asked += [one["expr"] for one in board["annotations"]["list"]]
    for expression in asked:
        selectors = re.findall(r"[a-zA-Z_:]+\{[^}]*\}", expression)
        assert selectors
        for selector in selectors:
            assert 'cluster=~"$cluster"' in selector, selector


def test_every_expression_is_promql_and_rates_follow_the_scrape_interval(board: dict[str, Any]) -> None:
    for expression in shipped.expressions(board):
        promql_parser.parse(expression)
    for panel in shipped.panels(board):
        for target in panel.get("targets", []):
            for function, window in re.findall(r"\b(i?rate|increase)\([^\[]*\[([^\]]+)\]", target["expr"]):
                # A number now may count over the whole chosen time; a line never does.
                whole = {"$__range"} if function == "increase" and target.get("instant") else set()
                assert window in {"$__rate_interval", *whole}, panel["title"]


def test_counters_are_read_as_rates(board: dict[str, Any]) -> None:
    for expression in shipped.expressions(board):
        for name, what_follows in re.findall(r"(\w+_total|\w+_bucket)\{[^}]*\}(.)", expression):
            assert what_follows == "[", f"{name} in {expression}"


def test_annotations_mark_onsets_and_rollouts_where_one_looks_at_issues() -> None:
    marks = {
        board["uid"]: [one["name"] for one in board["annotations"]["list"]]
        for board in map(shipped.dashboard, shipped.DASHBOARDS)
    }
    assert marks["kip-overview"] == marks["kip-entity"] == ["Onsets", "Rollouts"]
    assert marks["kip-model-quality"] == marks["kip-exporter"] == ["New models"]
    for path in shipped.DASHBOARDS:
        for one in shipped.dashboard(path)["annotations"]["list"]:
            assert one["enable"]
            assert one["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


def test_colours_follow_the_theme(board: dict[str, Any]) -> None:
    """Names of Grafana's palette have a dark and a light shade; a number of its own has one."""
    assert board.get("style") is None
    assert not re.findall(r'"#[0-9a-fA-F]{3,8}"|"rgba?\(', json.dumps(board))


def test_every_query_variable_is_read_as_an_expression(board: dict[str, Any]) -> None:
    queries = [one for one in _variables_of(board) if one["type"] == "query"]
    of_panels = sum(len(panel.get("targets", [])) for panel in shipped.panels(board))
    of_annotations = len(board["annotations"]["list"])
    assert len(shipped.expressions(board)) == of_panels + of_annotations + len(queries)


def test_the_provisioned_source_and_folder_are_the_mounted_ones() -> None:
    source = shipped.document(shipped.ROOT / "grafana/provisioning/datasources/prometheus.yml")["datasources"][0]
    assert source["url"] == "http://prometheus:9090"
    assert source["jsonData"]["timeInterval"] == "15s"
    provider = shipped.document(shipped.ROOT / "grafana/provisioning/dashboards/kip.yml")["providers"][0]
    targets = [volume.split(":")[1] for volume in shipped.services()["grafana"]["volumes"]]
    assert provider["options"]["path"] in targets


def _variables_of(board: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = board["templating"]["list"]
    return found


def _variables(text: str) -> set[str]:
    """Names of the variables that a text uses, as $name or ${name}, without Grafana's own."""
    return {name for name in re.findall(r"\$\{?(\w+)", text) if not BUILT_IN.fullmatch(name)}
