"""The collector that holds rules and dashboards to the metrics that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.deploy import metric_names as names
from tests.deploy import shipped


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("a", {"a"}),
        ("sum by (x) (rate(a_total[5m])) / on (x) group_left () b", {"a_total", "b"}),
        ("max_over_time((a - -b)[1h:1m] offset 1d)", {"a", "b"}),
        ("histogram_quantile(0.9, sum by (le) (rate(a_bucket[5m])))", {"a_bucket"}),
        ("topk(3, a) unless b or vector(0)", {"a", "b"}),
        ('{__name__="a", x="b"}', {"a"}),
        ("quantile(scalar(q), level:a:sum @ end())", {"q", "level:a:sum"}),
    ],
)
def test_every_metric_of_an_expression_is_found(expression: str, found: set[str]) -> None:
    assert names.metric_names(expression) == found


@pytest.mark.parametrize("expression", ['{job="x"}', '{__name__=~"kip_.+"}', "sum by (", "a b"])
def test_an_expression_that_hides_its_metrics_or_is_invalid_is_refused(expression: str) -> None:
    with pytest.raises(ValueError):
        names.metric_names(expression)


def test_a_renamed_metric_is_caught_in_rules() -> None:
    expressions = [rule["expr"] for rule in shipped.rules()]
    known = frozenset().union(*map(names.metric_names, expressions))
    assert names.unknown_metrics(expressions, known) == []
    assert names.unknown_metrics(expressions, known - {"kip_issue_probability"}) == ["kip_issue_probability"]


@pytest.mark.parametrize("path", shipped.DASHBOARDS, ids=lambda path: path.name)
def test_each_metric_of_a_dashboard_is_caught_when_it_is_renamed(path: Path, tmp_path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for metric in frozenset().union(*map(names.metric_names, _of_board(path))):
        copy = tmp_path / path.name
        copy.write_text(re.sub(rf"\b{metric}(?=[{{ ,])", "renamed", text), encoding="utf-8")
        assert names.unknown_metrics(_of_board(copy), _allowed()) == ["renamed"], metric


def test_every_metric_that_a_rule_names_is_exposed_or_recorded() -> None:
    assert names.unknown_metrics([rule["expr"] for rule in shipped.rules()], _allowed()) == []


def test_every_metric_that_a_dashboard_names_is_exposed_or_recorded() -> None:
    for path in shipped.DASHBOARDS:
        assert names.unknown_metrics(_of_board(path), _allowed()) == [], path.name


def test_every_metric_in_the_tests_of_rules_is_one_that_exists() -> None:
    series = [one["series"] for test in shipped.rule_tests() for one in test["input_series"]]
    assert names.unknown_metrics(series, _allowed()) == []


def _of_board(path: Path) -> list[str]:
    return shipped.expressions(shipped.dashboard(path))


def _allowed() -> frozenset[str]:
    exposed = names.exposed("exporter/metrics.txt", "emitter/*.txt")
    made = names.MADE_BY_PROMETHEUS | names.OF_KUBE_STATE_METRICS | names.of_a_process() | shipped.recorded_names()
    return exposed | made
