"""The loop on real servers: scraped, predicted, published, alerted, notified; and live equals history."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from demo.processes import binary, ours
from demo.stack import Stack
from demo.watch import Watch
from predictor.entities import LABELS

pytestmark = pytest.mark.timeout(900)  # the first test waits for a model to be trained, on a machine that may be busy

Published = dict[tuple[float, str, str, str, str, str], str]
"""(tick, kind, namespace, name, issue, horizon) -> the probability as Prometheus stored it."""


def get(url: str, **headers: str) -> str:
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30) as response:
        return str(response.read().decode())


def query(stack: Stack, promql: str, at: float | None = None) -> list[dict[str, Any]]:
    """The result of an instant query on the stack's Prometheus."""
    parameters = {"query": promql} | ({"time": f"{at:.3f}"} if at else {})
    answer = json.loads(get(f"{stack.urls['prometheus']}/api/v1/query?{urllib.parse.urlencode(parameters)}"))
    return list(answer["data"]["result"])


def test_every_target_of_the_shipped_configuration_is_scraped(stack: Stack) -> None:
    def all_up() -> bool:
        up = query(stack, "up")
        jobs = {one["metric"]["job"] for one in up if one["value"][1] == "1"}
        return jobs >= {
            *("node-exporter", "kubelet", "kube-state-metrics", "apps"),
            *("kip-emitter", "kip-exporter", "prometheus", "alertmanager"),
        } and all(one["value"][1] == "1" for one in up)

    stack.processes.await_that(all_up, "all targets to be up", 60)


@pytest.mark.parametrize("service", ["exporter", "emitter"])
def test_metrics_about_ourselves_pass_promtools_lint_without_a_word(stack: Stack, service: str) -> None:
    text = get(f"{stack.urls[service]}/metrics")
    lint = subprocess.run(
        [binary("promtool"), "check", "metrics"], input=text, text=True, capture_output=True, check=False
    )
    assert (lint.returncode, lint.stdout, lint.stderr) == (0, "", "")


def test_the_exporter_answers_openmetrics_that_a_parser_reads(stack: Stack) -> None:
    text = get(f"{stack.urls['exporter']}/metrics", Accept="application/openmetrics-text; version=1.0.0")
    parse: Callable[[str], Iterator[Metric]] = text_string_to_metric_families
    names = {family.name for family in parse(text)}
    assert {"kip_issue_probability", "kip_alert_threshold", "kip_up", "kip_tick_duration_seconds"} <= names


def test_history_and_live_join_without_a_seam(stack: Stack) -> None:
    """Series that the backfill began go on live under the same labels: none exists twice, no counter falls."""
    # What a series is about; were its job or instance another one live than in the backfill, it would be there twice.
    identity = {
        "container_memory_working_set_bytes": "node, namespace, pod, container, id",
        "kube_pod_info": "namespace, pod",
        "node_memory_MemTotal_bytes": "instance",
    }
    for metric, labels in identity.items():
        doubles = query(stack, f'count by ({labels}) ({metric}{{instance!="this-machine"}}) > 1', stack.anchor + 60)
        assert doubles == [], metric
    promql = "sum(resets(node_network_receive_bytes_total{instance!='this-machine'}[5m]))"
    assert query(stack, promql, stack.anchor + 90)[0]["value"][1] == "0"


def test_the_hosts_own_node_exporter_is_one_more_node(stack: Stack) -> None:
    def predicted() -> bool:
        answer = json.loads(get(f"{stack.urls['exporter']}/api/v1/predictions?kind=node"))
        return "this-machine" in {row["name"] for row in answer["data"]["predictions"]}

    stack.processes.await_that(predicted, "a prediction for this machine", 120)


def test_an_issue_is_predicted_notified_and_then_happens(stack: Stack) -> None:
    watch = Watch(stack.urls)

    def foretold() -> bool:
        watch.look()
        return any(case.foretold for case in watch.story.foretold.values())

    # The demo's faults begin 2.5 to 4.5 minutes after its anchor; evaluation, `for` and grouping need their time too.
    stack.processes.await_that(foretold, "an issue to be foretold", 360)


def published(stack: Stack) -> Published:
    """What Prometheus scraped from the exporter within ten minutes, by the tick that each scrape showed."""
    # One query: Prometheus shows all of a scrape or nothing, but between two a scrape may end that began before both.
    every = query(stack, '{__name__=~"kip_last_tick_timestamp_seconds|kip_issue_probability"}[10m]', time.time())
    (ticks,) = [one["values"] for one in every if one["metric"]["__name__"] == "kip_last_tick_timestamp_seconds"]
    tick_of = {scraped_at: float(tick) for scraped_at, tick in ticks}
    rows: Published = {}
    for series in (one for one in every if one["metric"]["__name__"] == "kip_issue_probability"):
        labels = series["metric"]
        kind = labels["kind"]
        entity = [labels[name] for name in LABELS[kind]]
        namespace = entity[0] if kind != "node" else ""
        for scraped_at, value in series["values"]:
            rows[tick_of[scraped_at], kind, namespace, entity[-1], labels["issue"], labels["horizon"]] = value
    return rows


def test_replay_reproduces_what_was_published_digit_for_digit(stack: Stack, model_dir: Path, tmp_path: Path) -> None:
    def six_ticks() -> bool:
        return len({key[0] for key in published(stack)}) >= 6

    stack.processes.await_that(six_ticks, "six ticks to be scraped", 240)
    live = published(stack)
    ticks = sorted({key[0] for key in live})
    output = tmp_path / "replay.parquet"
    command = [
        *ours("kip-trainer"),
        "replay",
        "--prometheus.url",
        stack.urls["prometheus"],
        "--model.dir",
        str(model_dir),
    ]
    span = ["--start", f"{ticks[0]:.0f}", "--end", f"{ticks[-1]:.0f}", "--output.file", str(output)]
    subprocess.run([*command, *span], check=True, timeout=120)
    columns = ["time", "kind", "namespace", "name", "issue", "horizon", "probability"]
    replayed: Published = {
        (at, kind, namespace, name, issue, horizon): repr(probability)
        for at, kind, namespace, name, issue, horizon, probability in pd.read_parquet(output)[columns]
        .to_numpy()
        .tolist()
        if at in ticks
    }
    differing = {key: (value, replayed.get(key)) for key, value in live.items() if float(value) != float(replayed[key])}
    assert differing == {}
    calm = {key for key, value in replayed.items() if key[1] == "pod" and float(value) < 0.01}
    quiet_pods = {key[:4] for key in calm}
    unpublished = {key for key in set(replayed) - set(live) if key[:4] not in quiet_pods}
    assert unpublished == set()
