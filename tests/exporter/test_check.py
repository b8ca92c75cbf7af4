"""`kip-exporter check` tells what is there, and what cannot be seen, without pretending."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from exporter.cli import main
from predictor.tried import Tried
from tests.exporter.conftest import START
from tests.exporter.fake_prometheus import FakePrometheus, always
from tests.exporter.models import (
    NODE_CPU,
    NODE_NOT_READY,
    POD_FAILED,
    POD_MEMORY,
    POD_RESTARTS,
    QUERIES,
    SERVICE_ERRORS,
    plain_model,
    saved,
    without_node_issues,
)

WEB_1 = {"namespace": "shop", "pod": "web-1"}


@pytest.fixture
def model_dir(tmp_path: Path) -> Path:
    saved(plain_model(), tmp_path / "model")
    return tmp_path / "model"


def check(fake: FakePrometheus, model_dir: Path, *arguments: str) -> int:
    """Run the command at a fixed moment; its exit code."""
    with pytest.raises(SystemExit) as ended:
        main(["check", "--prometheus.url", fake.url, "--model.dir", str(model_dir), "--time", str(START), *arguments])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def lines_of(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What was printed, with runs of blanks as one."""
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


def test_it_counts_the_entities_that_have_each_signal_and_each_issue(
    fake: FakePrometheus, model_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.table[POD_RESTARTS] = [(WEB_1, always(1))]
    fake.table[POD_FAILED] = [(WEB_1, always(1))]
    fake.table[NODE_NOT_READY] = []
    assert check(fake, model_dir) == 0
    lines = lines_of(capsys)
    assert "pod_memory pod cAdvisor 2 of 2 100 %" in lines
    assert "pod_restarts pod kube-state-metrics 1 of 2 50 %" in lines
    assert "pod_failure pod 1 yes" in lines
    assert "node_failure node 0 yes" in lines
    assert lines[-1] == "1 nodes, 2 pods, 1 services; 4 of 4 signals have data"


def test_kinds_of_which_only_the_usual_is_known_are_said(
    fake: FakePrometheus, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved(without_node_issues(), tmp_path / "model")
    assert check(fake, tmp_path / "model") == 0
    lines = lines_of(capsys)
    assert "the model predicts nothing for node: there was nothing to learn from" in lines
    assert "for node it says how odd they look (kip_anomaly_score), and no more" in lines


def test_it_asks_each_query_once_at_the_delayed_moment(fake: FakePrometheus, model_dir: Path) -> None:
    assert check(fake, model_dir) == 0
    assert len(fake.asked) == len({query for query, _, _ in fake.asked}) == QUERIES
    assert {(start, end) for _, start, end in fake.asked} == {(START - 60, START - 60)}


def test_a_source_that_is_absent_is_said_and_its_issues_are_unknown_not_zero(
    fake: FakePrometheus, model_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.table = {POD_MEMORY: [(WEB_1, always(0.5))]}
    assert check(fake, model_dir) == 0
    lines = lines_of(capsys)
    assert "pod_failure pod unknown not at all: no kube-state-metrics" in lines
    assert "resource_exhaustion node unknown not at all: no node_exporter, kube-state-metrics" in lines
    assert (
        "no kube-state-metrics signals: node_failure of nodes, resource_exhaustion of nodes, pod_failure of pods "
        "cannot be seen active"
    ) in lines
    assert "no HTTP signals: service_disruption of services cannot be seen active" in lines
    assert "service_errors service HTTP 0 of 0 -" in lines


def test_http_metrics_that_may_have_another_name_are_asked_for_where_the_model_knows_that_variable(
    fake: FakePrometheus, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.table = {POD_MEMORY: [(WEB_1, always(0.5))]}
    plain = plain_model()
    variables = plain.catalogue.variables | {"http_requests": "http_requests_total"}
    named = replace(plain, catalogue=plain.catalogue.model_copy(update={"variables": variables}))
    asks = "HTTP metrics have other names here? --catalogue.variable http_requests=… (docs/catalogue.md)"
    for model, said in ((plain, False), (named, True)):
        saved(model, tmp_path / "model")
        assert check(fake, tmp_path / "model") == 0
        assert (asks in lines_of(capsys)) is said


def test_an_issue_that_is_seen_only_in_part_says_so(
    fake: FakePrometheus, model_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(fake, model_dir) == 0
    lines = lines_of(capsys)
    assert "resource_exhaustion node 0 in part: no kube-state-metrics" in lines
    assert (
        "no kube-state-metrics signals: node_failure of nodes, pod_failure of pods cannot be seen active; "
        "resource_exhaustion of nodes only in part"
    ) in lines


def test_one_refused_query_names_itself_and_the_rest_is_still_told(
    fake: FakePrometheus, model_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.misbehave = lambda query: (422, "text/plain", b"too many samples") if query == NODE_CPU else None
    assert check(fake, model_dir) == 1
    lines = lines_of(capsys)
    assert "node_cpu node node_exporter failed -" in lines
    assert "pod_memory pod cAdvisor 2 of 2 100 %" in lines
    (failed,) = [line for line in lines if line.startswith("failed: ")]
    assert "refused signal node_cpu" in failed
    assert "too many samples" in failed


def test_two_series_for_one_entity_name_the_signal(
    fake: FakePrometheus, model_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.table[POD_MEMORY] = [(WEB_1 | {"uid": uid}, always(0.5)) for uid in "ab"]
    assert check(fake, model_dir) == 1
    assert any(
        line.startswith("failed: signal pod_memory gave two series for pod shop/web-1") for line in lines_of(capsys)
    )


def test_without_any_entity_it_fails_and_says_where_to_look(
    fake: FakePrometheus, model_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.table = {}
    assert check(fake, model_dir) == 1
    assert lines_of(capsys)[-1] == (
        "nothing to predict: no entity has any signal; check the targets and --catalogue.variable"
    )


def test_series_without_labels_are_said(
    fake: FakePrometheus, model_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.table[SERVICE_ERRORS].append(({}, always(1)))
    assert check(fake, model_dir) == 0
    assert "1 series have no usable entity labels and are left out" in lines_of(capsys)


@pytest.mark.parametrize(
    ("status", "content_type", "body", "part"),
    [
        (200, "text/html", b"<html>", "answered signal node_cpu with something that is not JSON; is it a Prometheus?"),
        (200, "application/json", b'{"status":"succ', "something that is not JSON; is it a Prometheus?"),
        (200, "application/json", b"{}", "without data.result; is it a Prometheus?"),
        (401, "text/plain", b"who are you", "refused signal node_cpu: HTTP Status Code 401"),
        (500, "text/plain", b"oops", "refused signal node_cpu: HTTP Status Code 500"),
    ],
)
def test_where_every_query_fails_there_is_one_line(
    fake: FakePrometheus,
    model_dir: Path,
    capsys: pytest.CaptureFixture[str],
    status: int,
    content_type: str,
    body: bytes,
    part: str,
) -> None:
    fake.misbehave = lambda _: (status, content_type, body)
    assert check(fake, model_dir) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1
    assert output.err.startswith(f"kip-exporter check: {fake.url} ")
    assert part in output.err


def test_variables_of_the_catalogue_reach_the_queries(fake: FakePrometheus, model_dir: Path) -> None:
    check(fake, model_dir, "--catalogue.variable", 'cadvisor=job="kubelet",')
    assert 'pod_memory_ratio{job="kubelet",}' in {query for query, _, _ in fake.asked}


def test_an_unknown_variable_of_the_catalogue_is_one_line(
    fake: FakePrometheus, model_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(fake, model_dir, "--catalogue.variable", "cadviser=x") == 1
    assert capsys.readouterr().err == (
        "kip-exporter check: unknown catalogue variable 'cadviser'; "
        "there are ['cadvisor', 'http', 'kube_state_metrics', 'node_exporter']\n"
    )


def test_limits_under_which_every_prediction_is_stale_are_refused(
    fake: FakePrometheus, model_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(fake, model_dir, "--read-delay", "5m") == 1
    assert capsys.readouterr().err == (
        "kip-exporter check: with --read-delay 5m every prediction would be older than --staleness 5 steps of 1m; "
        "read earlier or allow more steps\n"
    )


def test_what_never_reaches_the_level_of_critical_alerts_is_said(
    fake: FakePrometheus, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    low, high = Tried(13, 9, 0.01, 0.897), Tried(13, 9, 0.01, 0.93)
    saved(plain_model(), tmp_path, scores={
        "pod": {"tried": {"pod_failure/15m": low.document(), "pod_failure/1h": low.document()}},
        "node": {"tried": {"node_failure/15m": high.document()}},
    })  # fmt: skip
    check(fake, tmp_path)
    lines = [line for line in lines_of(capsys) if "critical" in line]
    assert lines == ["never critical: pod_failure of pods: the model says 89.7 % at most, and critical is 90%"]


def test_horizons_that_no_rule_alerts_about_are_said(
    fake: FakePrometheus, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved(replace(plain_model(), horizons_seconds=(1800.0, 3600.0)), tmp_path)
    check(fake, tmp_path)
    lines = lines_of(capsys)
    assert [line for line in lines if line.startswith("as shipped, no rule alerts within 30m ")]
    assert "as shipped, nothing is ever critical: critical alerts look at 15m, which the model leaves out" in lines
