"""What is asked is what Grafana would ask."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from dashboards.drawn.answers import Prometheus, PrometheusRefused, Span, answered, filled, offered, until
from dashboards.drawn.fields import series_name, table
from tests.dashboards.drawn.sources import Stub

SPAN = Span(end=1_795_624_800.0, seconds=3600, step=15)

RECORDED = {
    "status": "success",
    "data": {
        "resultType": "vector",
        "result": [
            {
                "metric": {"issue": "network_issue", "horizon": "15m", "pod": "cart-m62z", "namespace": "shop"},
                "value": [1795624710.0, "0.98"],
            },
            {
                "metric": {"issue": "pod_failure", "horizon": "1h", "pod": "search-1", "namespace": "platform"},
                "value": [1795624710.0, "0.0753"],
            },
        ],
    },
}
"""What the demo's Prometheus answered to max by (issue, horizon, pod, namespace) (kip_issue_probability)."""


class Recorded(BaseHTTPRequestHandler):
    """Answers one query as recorded, and refuses another."""

    def do_GET(self) -> None:  # the name that http.server calls
        is_bad = "bad" in self.path
        body = b'{"error": "parse error: no such thing"}' if is_bad else json.dumps(RECORDED).encode()
        self.send_response(400 if is_bad else 200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name that http.server gives it
        """Say nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    """Where a Prometheus gives recorded answers."""
    with HTTPServer(("127.0.0.1", 0), Recorded) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_a_recorded_answer_becomes_the_rows_of_a_table(url: str) -> None:
    names = ["issue", "Value", "pod"]
    panel = {
        "transformations": [
            {"id": "merge", "options": {}},
            {"id": "filterFieldsByName", "options": {"include": {"names": names}}},
            {
                "id": "organize",
                "options": {
                    "indexByName": {name: i for i, name in enumerate(names)},
                    "renameByName": {"Value": "Probability"},
                },
            },
        ],
        "options": {"sortBy": [{"displayName": "Probability", "desc": False}]},
    }
    headings, rows = table(panel, [Prometheus(url).instant("kip_issue_probability", 1.0)])
    assert headings == ["issue", "Probability", "pod"]
    assert rows == [["pod_failure", 0.0753, "search-1"], ["network_issue", 0.98, "cart-m62z"]]


def test_a_refusal_quotes_the_query_and_prometheus_word(url: str) -> None:
    with pytest.raises(PrometheusRefused, match=r"answers 400 to .*bad\(.*no such thing"):
        Prometheus(url).instant("bad(", 1.0)


def test_nobody_there_is_said_in_one_line() -> None:
    with pytest.raises(PrometheusRefused, match="does not answer as a Prometheus does"):
        Prometheus("http://127.0.0.1:1").over_time("up", SPAN)


@pytest.mark.parametrize(
    ("seconds", "step", "rate"),
    [(3600, 15, "60s"), (3 * 3600, 15, "60s"), (86_400, 90, "105s"), (604_800, 615, "630s")],
)
def test_steps_are_no_finer_than_scrapes_and_fit_the_width(seconds: int, step: int, rate: str) -> None:
    span = until(1_795_624_807.3, seconds)
    assert (span.step, span.end % step) == (step, 0)
    assert span.intervals() == {"__interval": f"{step}s", "__rate_interval": rate, "__range": f"{seconds}s"}


def test_both_ways_to_write_a_variable_are_filled() -> None:
    assert filled('up{a=~"$a", b="${b}"}[$__range]', {"a": ".*", "b": "x", "__range": "1h"}) == 'up{a=~".*", b="x"}[1h]'
    with pytest.raises(KeyError, match="c"):
        filled("$c", {})


def test_each_variable_narrows_the_ones_after_it() -> None:
    source = Stub(2)
    board = _board(
        _variable("cluster", "label_values(kip_up, cluster)", has_all=True),
        _variable("kind", 'label_values(kip_entities{cluster=~"$cluster"}, kind)'),
        _variable("namespace", 'label_values(kip_entities{kind="$kind"}, namespace)', has_all=True),
        expr='up{cluster=~"$cluster", kind="$kind", namespace=~"$namespace"}',
    )
    answers = answered(board, source, SPAN, {"namespace": "shop.2"})
    assert answers.chosen == {"cluster": "All", "kind": "kind-a", "namespace": "shop.2"}
    assert source.asked == [
        'kind of kip_entities{cluster=~".*"}',
        r'up{cluster=~".*", kind="kind-a", namespace=~"shop\\.2"}',
    ]


def test_a_pattern_picks_the_values_of_a_variable() -> None:
    variable = _variable("entity", "query_result(up)") | {"regex": '/entity="([^"]+)"/'}
    assert offered(variable, Stub(2), SPAN, {}) == ["entity-0", "entity-1"]
    with pytest.raises(ValueError, match="neither label_values"):
        offered(_variable("entity", "metrics(up)"), Stub(2), SPAN, {})


def test_a_legend_names_labels() -> None:
    assert series_name("{{issue}} of {{kind}}s{{cluster}}", {"issue": "pod_failure", "kind": "pod"}) == (
        "pod_failure of pods"
    )


def _variable(name: str, query: str, has_all: bool = False) -> dict[str, Any]:
    return {"name": name, "type": "query", "query": {"query": query}, "regex": "", "includeAll": has_all} | (
        {"allValue": ".*"} if has_all else {}
    )


def _board(*variables: dict[str, Any], expr: str) -> dict[str, Any]:
    panel = {"id": 1, "targets": [{"expr": expr, "instant": True}]}
    return {"templating": {"list": list(variables)}, "annotations": {"list": []}, "panels": [panel]}
