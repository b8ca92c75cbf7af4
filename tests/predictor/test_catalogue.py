"""Catalogue: the default is sound, an overlay changes what it says, and a wrong one says why in one line."""

from __future__ import annotations

import os
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from predictor import catalogue
from predictor.catalogue import Catalogue, CatalogueError
from predictor.entities import KINDS


def overlay(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def limit_of(chosen: Catalogue, name: str) -> float | None:
    return next(s.limit for s in chosen.signals if s.name == name)


def test_every_issue_of_the_design_has_a_rule_for_its_kinds() -> None:
    assert {(r.issue, r.kind) for r in catalogue.default().rules} == {
        ("pod_failure", "pod"),
        ("node_failure", "node"),
        ("resource_exhaustion", "node"),
        ("resource_exhaustion", "pod"),
        ("network_issue", "node"),
        ("network_issue", "pod"),
        ("service_disruption", "service"),
    }


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_signals_of_more_than_one_source(kind: str) -> None:
    assert len({s.source for s in catalogue.default().signals if s.kind == kind}) > 1


def test_variables_reach_the_promql_and_leave_the_fingerprint_alone() -> None:
    base = catalogue.default()
    other = catalogue.load(None, {"rate": "4m", "cadvisor": 'job="cadvisor",'})
    cpu = next(s for s in other.signals if s.name == "pod_cpu")
    assert 'container_cpu_usage_seconds_total{job="cadvisor",container!="",container!="POD"}[4m]' in other.promql(
        cpu.promql
    )
    assert other.fingerprint == base.fingerprint


def test_a_limit_may_be_a_variable_and_follows_it_under_one_fingerprint() -> None:
    base = catalogue.default()
    other = catalogue.load(None, {"latency_objective_seconds": "0.3"})
    assert (limit_of(base, "service_latency_p99"), limit_of(other, "service_latency_p99")) == (1.0, 0.3)
    assert other.fingerprint == base.fingerprint
    again = catalogue.from_document(other.model_dump(mode="json"))
    assert limit_of(again.with_variables({"latency_objective_seconds": "2"}), "service_latency_p99") == 2.0
    assert again.fingerprint == base.fingerprint


def test_another_limit_changes_the_fingerprint(tmp_path: Path) -> None:
    signal = next(s for s in catalogue.default().signals if s.name == "service_latency_p99")
    text = yaml.safe_dump({"signals": [signal.model_dump(exclude={"limit", "limit_template"}) | {"limit": 1}]})
    mine = catalogue.load(overlay(tmp_path, text), {"latency_objective_seconds": "5"})
    assert limit_of(mine, "service_latency_p99") == 1.0
    assert mine.fingerprint != catalogue.default().fingerprint


def test_a_replaced_rule_changes_the_fingerprint(tmp_path: Path) -> None:
    text = "rules: [{issue: node_failure, kind: node, description: d, promql: 'up == 0'}]"
    mine = catalogue.load(overlay(tmp_path, text), {})
    assert mine.fingerprint != catalogue.default().fingerprint
    assert len(mine.rules) == len(catalogue.default().rules)


def test_select_and_drop_choose_signals(tmp_path: Path) -> None:
    mine = catalogue.load(overlay(tmp_path, "select: [pod_cpu, pod_memory, node_age]\ndrop: [node_age]"), {})
    assert [s.name for s in mine.signals] == ["pod_cpu", "pod_memory"]


BAD = {
    "variables: {speed: 1}\nsignals: []\ncolour: red": "colour: Extra inputs are not permitted",
    "select: [pod_cpv]": "unknown signal 'pod_cpv'",
    "rules: [{issue: node_failure, kind: node, description: d, promql: 'up =='}]": "rule node_failure/node has invalid",
    "rules: [{issue: node_failure, kind: node, description: d, promql: 'up{${job}}'}]": "${job} is not a variable",
    "rules: [{issue: toothache, kind: node, description: d, promql: up}]": "rules.0.issue: Input should be",
    "variables: {latency_objective_seconds: soon}": "signal service_latency_p99 is 'soon', which is not a number",
    "signals: [{name: a, kind: pod, source: http, unit: s, description: d, promql: up, limit: '${x}'}]": "${x} is not",
    "variables: {rate: 5 minutes}": "has invalid PromQL",
    "signals: [": "is not YAML",
    "- a list": "Input should be a valid dictionary",
}


@pytest.mark.parametrize("text", BAD, ids=[text[:30] for text in BAD])
def test_a_wrong_catalogue_is_refused_with_one_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(CatalogueError) as refused:
        catalogue.load(overlay(tmp_path, text), {})
    assert BAD[text] in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_missing_catalogue_and_an_unknown_variable_are_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"cannot read catalogue .*none\.yaml"):
        catalogue.load(tmp_path / "none.yaml", {})
    with pytest.raises(CatalogueError, match="unknown catalogue variable 'ratio'"):
        catalogue.load(None, {"ratio": "1"})


def test_signals_are_the_same_bytes_in_every_process() -> None:
    code = "import pickle, predictor.catalogue as c; print(pickle.dumps(c.default().signals).hex())"
    several = [
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2", "3")
    ]
    assert len(set(several)) == 1
    assert pickle.loads(bytes.fromhex(several[0].decode())) == catalogue.default().signals


PAGE = (Path(__file__).parents[2] / "docs" / "catalogue.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("text", [*EXAMPLES, "".join(EXAMPLES)])
def test_the_examples_of_the_page_are_catalogue_files_that_change_something(tmp_path: Path, text: str) -> None:
    assert len(EXAMPLES) == 4
    mine = catalogue.load(overlay(tmp_path, text), {})
    assert mine != catalogue.default()


def test_http_metrics_of_another_maker_are_read_everywhere() -> None:
    names = {"http_requests": "served_total", "http_code": "status", "http_duration": "served_seconds"}
    mine = catalogue.load(None, names | {"http_in_flight": "serving"})
    templates = [one.promql for one in mine.signals] + [one.promql for one in mine.rules]
    text = "\n".join(map(mine.promql, templates))
    assert all(part in text for part in ("served_total{", "served_seconds_bucket{", 'status=~"5.."'))
    assert not re.search(r"\bhttp_|\bcode=~", text)
    assert mine.fingerprint == catalogue.default().fingerprint, "the same meaning under other names"


@pytest.mark.parametrize(("name", "text"), [("http2", "a"), ("my_Var", "b"), ("_x", "c")])
def test_a_variable_may_have_any_plain_name_and_a_group_of_a_replacement_is_none(
    tmp_path: Path, name: str, text: str
) -> None:
    promql = f'label_replace(up{{job="${{{name}}}"}}, "node", "${{1}}", "instance", "(.*)")'
    rule = {"issue": "node_failure", "kind": "node", "description": "down", "promql": promql}
    mine = catalogue.load(overlay(tmp_path, yaml.safe_dump({"variables": {name: text}, "rules": [rule]})), {})
    found = next(one for one in mine.rules if one.promql == promql)
    assert mine.promql(found.promql) == f'label_replace(up{{job="{text}"}}, "node", "${{1}}", "instance", "(.*)")'
