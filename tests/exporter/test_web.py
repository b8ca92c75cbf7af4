"""The routes besides /metrics."""

from __future__ import annotations

import math

import pytest

from exporter.telemetry import Telemetry
from predictor.artifact import MANIFEST, read_manifest, write_manifest
from tests.exporter.conftest import START, STEP, Bench
from tests.exporter.fake_prometheus import always
from tests.exporter.models import NODE_CPU, POD_FAILED, POD_MEMORY, POD_RESTARTS, fitted_model, saved


def test_it_is_healthy_before_it_is_ready(bench: Bench) -> None:
    assert bench.client.get("/-/healthy").status_code == 200
    response = bench.client.get("/-/ready")
    assert (response.status_code, response.text) == (503, "the first window is still being read\n")
    bench.warm()
    response = bench.client.get("/-/ready")
    assert (response.status_code, response.text) == (200, "kip-exporter is ready.\n")


def test_what_is_stale_is_not_ready_and_says_since_when(bench: Bench) -> None:
    bench.warm()
    bench.clock.now = START + 5 * STEP + 1
    response = bench.client.get("/-/ready")
    assert response.status_code == 503
    assert response.text == "the last predictions are of 2026-11-18T11:07:00Z, 301 s old; more than 300 s is stale\n"
    assert bench.client.get("/-/healthy").status_code == 200


def test_the_api_lists_what_is_published_highest_first(bench: Bench) -> None:
    bench.warm()
    body = bench.client.get("/api/v1/predictions").json()
    assert body["status"] == "success"
    assert body["data"]["time"] == START
    assert body["data"]["model"]["fingerprint"] == "0123456789abcdef"
    probabilities = [row["probability"] for row in body["data"]["predictions"]]
    assert probabilities == [0.75, 0.5, 0.375, 0.25, 0.1875, 0.125]
    assert body["data"]["predictions"][0] == {
        "kind": "node",
        "namespace": "",
        "name": "worker-1",
        "issue": "node_failure",
        "horizon": "1h",
        "probability": 0.75,
        "active": False,
        "threshold": 0.75,
        "reasons": ["cpu 50 %"],
    }


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("kind=pod", {"web-1"}),
        ("kind=node", {"worker-1"}),
        ("namespace=shop", {"web-1", "web"}),
        ("issue=service_disruption", {"web"}),
        ("min_probability=0.3", {"worker-1", "web-1"}),
        ("kind=pod&namespace=elsewhere", set()),
    ],
)
def test_the_api_filters(bench: Bench, query: str, names: set[str]) -> None:
    bench.warm()
    rows = bench.client.get(f"/api/v1/predictions?{query}").json()["data"]["predictions"]
    assert {row["name"] for row in rows} == names


@pytest.mark.parametrize(
    ("query", "line"),
    [
        ("kind=volume", "unknown kind 'volume'; there are node, pod, service"),
        ("min_probability=high", "min_probability is not a number: 'high'"),
        ("min_probability=nan", "min_probability is not between 0 and 1: 'nan'"),
        ("pod=web-1", "unknown parameter 'pod'; there are kind, namespace, issue, min_probability"),
    ],
)
def test_the_api_refuses_what_it_does_not_know(bench: Bench, query: str, line: str) -> None:
    bench.warm()
    response = bench.client.get(f"/api/v1/predictions?{query}")
    assert response.status_code == 400
    assert response.json() == {"status": "error", "errorType": "bad_data", "error": line}


def test_the_api_tells_everything_about_one_entity_also_below_the_floor(bench: Bench) -> None:
    bench.fake.table[POD_RESTARTS] = [
        ({"namespace": "shop", "pod": "web-2"}, lambda t: 2 if t > START - 3 * STEP else None)
    ]
    bench.warm()
    data = bench.client.get("/api/v1/predictions/pod/shop/web-2").json()["data"]
    assert (data["kind"], data["namespace"], data["name"], data["published"]) == ("pod", "shop", "web-2", False)
    assert data["active"] == {"pod_failure": False}
    assert [row["probability"] for row in data["predictions"]] == [0.001, pytest.approx(0.0015)]
    window = data["window"]
    assert window["times"] == [START - i * STEP for i in range(29, -1, -1)]
    assert [(one["name"], one["unit"]) for one in window["signals"]] == [
        ("pod_memory", "ratio"),
        ("pod_restarts", "restarts"),
    ]
    assert window["signals"][1]["values"] == [None] * 27 + [2.0] * 3
    assert window["active"] == {"pod_failure": [False] * 30}


def test_the_api_knows_nodes_by_name(bench: Bench) -> None:
    bench.warm()
    data = bench.client.get("/api/v1/predictions/node/worker-1").json()["data"]
    assert (data["namespace"], data["name"], data["published"]) == ("", "worker-1", True)


def test_remediation_is_told_of_what_reaches_its_threshold(bench: Bench) -> None:
    bench.fake.table[NODE_CPU] = [({"node": "worker-1"}, always(0.6))]
    bench.warm()
    (found,) = bench.client.get("/api/v1/predictions/node/worker-1").json()["data"]["remediation"]
    assert (found["issue"], found["horizon"]) == ("node_failure", "15m")
    assert (found["runbook"], found["runbook_url"]) == ("docs/runbooks/KipNodeFailurePredicted.md", None)
    assert found["steps"][0] == {
        "do": "Read conditions and events of the node.",
        "command": "kubectl describe node worker-1",
    }


def test_remediation_is_told_of_an_issue_that_is_present(bench: Bench) -> None:
    bench.fake.table[POD_FAILED] = [({"namespace": "shop", "pod": "web-1"}, always(1))]
    bench.warm()
    (found,) = bench.client.get("/api/v1/predictions/pod/shop/web-1").json()["data"]["remediation"]
    assert (found["issue"], found["horizon"]) == ("pod_failure", None)
    assert found["runbook"] == "docs/runbooks/KipPodFailureActive.md"


def test_remediation_knows_a_static_pod_by_its_node(bench: Bench) -> None:
    labels = [{"namespace": "kube-system", "pod": pod} for pod in ("etcd-worker-1", "etcd-other-1")]
    bench.fake.table[POD_MEMORY] = [(one, always(0.9)) for one in labels]
    bench.warm()
    for pod, rolled in (("etcd-worker-1", False), ("etcd-other-1", True)):
        (found,) = bench.client.get(f"/api/v1/predictions/pod/kube-system/{pod}").json()["data"]["remediation"]
        html = bench.client.get(f"/entity/pod/kube-system/{pod}").text
        assert any("rollout" in step["command"] for step in found["steps"]) == rolled
        assert ("kubectl -n kube-system rollout" in html) == rolled
        assert "kubectl -n kube-system describe pod" in html


def test_remediation_is_that_of_the_most_probable_issue_where_none_is_near(bench: Bench) -> None:
    bench.warm()
    (found,) = bench.client.get("/api/v1/predictions/pod/shop/web-1").json()["data"]["remediation"]
    assert (found["issue"], found["horizon"]) == ("pod_failure", "1h")
    assert {"do", "command"} == set(found["steps"][0])


def test_an_explanation_adds_up_to_the_output_and_says_what_each_signal_shows(bench: Bench) -> None:
    bench.warm()
    near, far = bench.client.get("/api/v1/predictions/pod/shop/web-1").json()["data"]["explanations"]
    assert (near["issue"], near["horizon"], far["horizon"]) == ("pod_failure", "15m", "1h")
    assert near["base"] + sum(one["contribution"] for one in near["signals"]) == pytest.approx(near["output"])
    assert near["output"] == pytest.approx(0.25)  # what this model says before calibration, which changes nothing here
    assert near["signals"] == [
        {
            "signal": "pod_memory",
            "words": "memory 25 % of its limit",
            "unit": "ratio",
            "value": 0.25,
            "per_minute": 0.0,
            "seconds_to_limit": None,
            "usual_low": pytest.approx(0.005),
            "usual_high": pytest.approx(0.495),
            "limit": 1.0,
            "contribution": pytest.approx(0.15),
            "share": 1.0,
            "direction": "raises",
        }
    ]


@pytest.mark.parametrize("path", ["pod/shop/web-9", "pod/shop", "pod/", "node/worker-9", "service/shop/a/b"])
def test_the_api_answers_404_for_an_entity_it_does_not_know(bench: Bench, path: str) -> None:
    bench.warm()
    response = bench.client.get(f"/api/v1/predictions/{path}")
    assert response.status_code == 404
    assert response.json()["errorType"] == "not_found"


def test_the_api_answers_503_while_there_is_nothing_fresh(bench: Bench) -> None:
    response = bench.client.get("/api/v1/predictions")
    assert response.status_code == 503
    assert response.json()["error"] == "the first window is still being read"


def test_a_reload_puts_the_new_model_in_place_with_a_whole_window(bench: Bench) -> None:
    bench.warm()
    saved(fitted_model(STEP), bench.model_dir)
    assert bench.client.post("/-/reload").status_code == 200
    assert 'kip_model_info{estimator="random forest"' in bench.metrics()
    assert bench.value("kip_config_last_reload_successful") == 1
    published = bench.live.published
    assert published is not None
    assert len(published.served.window.panels["pod"].times) == 30


def test_a_reload_takes_thresholds_that_were_chosen_again(bench: Bench) -> None:
    bench.warm()
    series = 'kip_alert_threshold{issue="pod_failure",horizon="15m",kind="pod"}'
    assert bench.value(series) not in (None, 0.123)
    manifest = read_manifest(bench.model_dir)
    thresholds = {**manifest.thresholds, "pod": {**manifest.thresholds["pod"], "pod_failure/15m": 0.123}}
    write_manifest(manifest.model_copy(update={"thresholds": thresholds}), bench.model_dir)
    assert bench.client.post("/-/reload").status_code == 200
    bench.step()
    assert bench.value(series) == 0.123


def test_a_model_that_cannot_be_loaded_leaves_the_old_one_in_use(bench: Bench) -> None:
    bench.warm()
    (bench.model_dir / MANIFEST).write_text("{")
    response = bench.client.post("/-/reload")
    assert response.status_code == 500
    assert response.text.count("\n") == 1
    assert "is cut short or not JSON" in response.text
    assert bench.value("kip_config_last_reload_successful") == 0
    assert 'kip_model_info{estimator="plain"' in bench.metrics()
    bench.step()
    assert bench.value("kip_up") == 1


def test_a_reload_without_prometheus_leaves_the_old_model_in_use(bench: Bench) -> None:
    bench.warm()
    bench.fake.misbehave = lambda _: (503, "text/plain", b"starting")
    assert bench.client.post("/-/reload").status_code == 500
    assert bench.value("kip_config_last_reload_successful") == 0
    bench.fake.misbehave = None
    bench.step()
    assert bench.value("kip_up") == 1


def test_only_post_reloads(bench: Bench) -> None:
    assert bench.client.get("/-/reload").status_code == 405


def test_an_unknown_path_of_the_api_is_404_as_json(bench: Bench) -> None:
    response = bench.client.get("/api/v2/predictions")
    assert response.status_code == 404
    assert response.json() == {"status": "error", "errorType": "not_found", "error": "no /api/v2/predictions"}


def test_a_stage_that_fails_is_not_timed() -> None:
    telemetry = Telemetry({}, lambda: math.pi)
    with pytest.raises(ZeroDivisionError), telemetry.stage("read"):
        _ = 1 / 0
    assert b'kip_tick_duration_seconds_count{stage="read"} 0.0' in telemetry.text()
