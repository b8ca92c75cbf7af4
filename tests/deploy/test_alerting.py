"""The shipped rules and routes in real servers: a prediction is told, comes true, and goes quiet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.deploy import alerting, shipped

PREDICTED = ("KipPodFailurePredicted", "warning")
FARTHER = ("KipPodFailurePredicted", "info")
ACTIVE = ("KipPodFailureActive", "info")

pytestmark = pytest.mark.system


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[alerting.Stage]:
    with alerting.running(tmp_path) as stage:
        yield stage


def test_a_prediction_is_told_and_goes_quiet_when_the_issue_begins(stage: alerting.Stage) -> None:
    groups = alerting.fetch(f"{stage.prometheus_url}/api/v1/rules")["data"]["groups"]
    loaded = [rule for group in groups for rule in group["rules"]]
    assert len(loaded) == len(shipped.rules())

    stage.probability = 0.8
    alerting.eventually(lambda: PREDICTED in stage.told(), "the prediction reaches the sink")
    alerting.eventually(lambda: FARTHER in stage.alerts(), "the farther horizon fires as well")
    assert stage.alerts()[FARTHER]["status"]["inhibitedBy"], "the nearer horizon speaks for both"
    assert FARTHER not in stage.told()
    prediction = stage.alerts()[PREDICTED]
    assert not prediction["status"]["inhibitedBy"]
    assert "80%" in prediction["annotations"]["description"]
    assert prediction["annotations"]["summary"] == "Pod failure 80% within 15m: pod shop/cart-0"
    assert not {"instance", "job"} & set(prediction["labels"])

    stage.probability, stage.active = 1.0, 1
    alerting.eventually(lambda: ACTIVE in stage.told(), "the issue itself reaches the sink")
    alerting.eventually(lambda: PREDICTED in stage.resolved(), "who was told of the prediction hears that it is over")
    assert ACTIVE not in stage.resolved()
    states = {
        (rule["name"], alert["labels"]["severity"]): alert["state"]
        for group in alerting.fetch(f"{stage.prometheus_url}/api/v1/rules?type=alert")["data"]["groups"]
        for rule in group["rules"]
        for alert in rule["alerts"]
        if alert["labels"].get("namespace") == "shop"
    }
    assert states[ACTIVE] == "firing"
    assert not [one for one in loaded if one["health"] == "err"]


def test_a_node_speaks_for_its_pods_whose_own_alerts_end_but_not_for_the_cause(stage: alerting.Stage) -> None:
    stage.others = [
        'kube_pod_info{namespace="shop",pod="web-0",node="node-1"} 1',
        'kube_pod_info{namespace="shop",pod="web-1",node="node-2"} 1',
        'kube_pod_info{namespace="shop",pod="leak-0",node="node-2"} 1',
    ]
    stage.predict("node", "node_failure", 0.8, node="node-1")
    stage.predict("node", "resource_exhaustion", 0.8, node="node-2")
    stage.predict("pod", "network_issue", 0.7, namespace="shop", pod="web-0")
    stage.predict("pod", "network_issue", 0.7, namespace="shop", pod="web-1")
    stage.predict("pod", "network_issue", 0.7, namespace="shop", pod="nowhere-0")
    stage.predict("pod", "resource_exhaustion", 0.7, namespace="shop", pod="leak-0")
    stage.predict("service", "service_disruption", 0.7, namespace="shop", service="web")

    def inhibited() -> list[bool | None]:
        pods = ("web-0", "web-1", "nowhere-0", "leak-0")
        others = [stage.inhibited(kind="node", node=node) for node in ("node-1", "node-2")]
        return [*others, *(stage.inhibited(pod=pod) for pod in pods), stage.inhibited(service="web")]

    wanted = [False, False, None, None, False, False, False]
    alerting.eventually(lambda: inhibited() == wanted, "two pods have no alert of their own, and nothing is inhibited")
    alerting.eventually(
        lambda: any(
            {"web", "leak-0"} <= {one["labels"].get("service") or one["labels"].get("pod") for one in message["alerts"]}
            for message in stage.notified
        ),
        "the service and the pods of its namespace come in one message",
    )


def test_the_end_of_a_farther_horizon_is_heard_though_the_nearer_one_spoke_for_it(stage: alerting.Stage) -> None:
    farther, nearer = ("KipNetworkIssuePredicted", "info"), ("KipNetworkIssuePredicted", "warning")

    def predict(within_15m: float, within_1h: float) -> None:
        stage.predict("pod", "network_issue", within_15m, threshold=0.4, namespace="shop", pod="web-0")
        stage.predict("pod", "network_issue", within_1h, horizon="1h", threshold=0.7, namespace="shop", pod="web-0")

    predict(0.1, 0.8)
    alerting.eventually(lambda: farther in stage.told(), "the farther horizon is told alone")
    predict(0.6, 0.65)  # above the nearer threshold, no longer above the farther one
    alerting.eventually(lambda: nearer in stage.told(), "the nearer horizon is told")
    firing = 'count_over_time(ALERTS{alertname="KipNetworkIssuePredicted",severity="warning",alertstate="firing"}[1m])'
    query = urlencode({"query": f"{firing} > 15"})  # seconds: longer than anything lingers, and a notification waits
    alerting.eventually(
        lambda: bool(alerting.fetch(f"{stage.prometheus_url}/api/v1/query?{query}")["data"]["result"]),
        "the nearer horizon has spoken for a while",
    )
    # An end that comes while another speaks is lost for good when that lasts for more than the 15 minutes in which
    # Prometheus repeats it, longer than a test can wait; so it must not come.
    assert stage.inhibited(pod="web-0", horizon="1h"), "the farther horizon is there as long as the nearer one"
    predict(0.1, 0.1)
    alerting.eventually(lambda: {farther, nearer} <= stage.resolved(), "both are over for whoever was told of them")


def test_every_expression_of_a_dashboard_is_one_that_prometheus_answers(stage: alerting.Stage) -> None:
    stage.probability = 0.8
    alerting.eventually(lambda: PREDICTED in stage.alerts(), "there is something to show")
    answers = {}
    for path in shipped.DASHBOARDS:
        for expression in shipped.expressions(shipped.dashboard(path)):
            query = urlencode({"query": expression})
            answer = alerting.fetch(f"{stage.prometheus_url}/api/v1/query?{query}")
            answers[expression] = answer["data"]["result"]
    shown = [expression for expression, result in answers.items() if result]
    for metric in ("kip_issue_probability", "entity:kip_issue_probability:predicted", "ALERTS", "kip_up"):
        assert [one for one in shown if metric in one], f"no panel shows {metric}"
