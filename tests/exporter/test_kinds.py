"""Kinds of entities of which there are none, of which nothing was learned, or only what is usual."""

from __future__ import annotations

from tests.exporter.conftest import STEP, Bench
from tests.exporter.fake_prometheus import always
from tests.exporter.models import POD_FAILED, SERVICE_ERRORS, plain_model, without_node_issues

WEB_1 = 'kip_issue_probability{issue="pod_failure",horizon="15m",kind="pod",namespace="shop",pod="web-1"}'
WEB_1_ACTIVE = 'kip_issue_active{issue="pod_failure",kind="pod",namespace="shop",pod="web-1"}'
WEB_1_LABELS = {"namespace": "shop", "pod": "web-1"}


def test_a_kind_without_entities_is_zero_and_has_no_coverage(bench: Bench) -> None:
    del bench.fake.table[SERVICE_ERRORS]
    bench.warm()
    assert bench.value('kip_entities{kind="service"}') == 0
    assert bench.value('kip_signal_coverage_ratio{signal="service_errors",kind="service"}') is None
    assert bench.value('kip_signal_coverage_ratio{signal="node_cpu",kind="node"}') == 1
    assert bench.value('kip_signal_coverage_ratio{signal="pod_restarts",kind="pod"}') == 0


def test_a_kind_the_model_never_learned_still_shows_what_is_active(bench: Bench) -> None:
    model = plain_model(STEP)
    only_nodes = type(model)(model.catalogue, model.step_seconds, model.horizons_seconds, {"node": model.kinds["node"]})
    bench.fake.table[POD_FAILED] = [(WEB_1_LABELS, always(1))]
    bench.warm(only_nodes)
    assert bench.value(WEB_1_ACTIVE) == 1
    assert bench.value(WEB_1) is None
    assert "web-2" not in bench.metrics()


def test_of_a_kind_without_any_issue_in_training_the_oddness_is_published(bench: Bench) -> None:
    bench.warm(without_node_issues(STEP))
    (line,) = (one for one in bench.metrics().splitlines() if one.startswith('kip_anomaly_score{kind="node"'))
    assert 0.0 <= float(line.rsplit(" ", 1)[1]) <= 1.0
    assert 'kip_issue_probability{issue="node_failure"' not in bench.metrics()
    for page in ("/", "/model", "/entity/node/worker-1", "/api/v1/predictions", "/api/v1/predictions/node/worker-1"):
        assert bench.client.get(page).status_code == 200, page
