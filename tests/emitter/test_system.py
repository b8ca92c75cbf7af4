"""The emitter with the real promtool and a real Prometheus, on loopback."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from emitter.backfill import backfill
from emitter.live import Live
from emitter.server import SelfMetrics
from emitter.sources import SOURCES
from tests.emitter.cases import START, arguments, samples, still

pytestmark = pytest.mark.system
DEADLINE_SECONDS = 60.0


@contextmanager
def running(*command: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is ended afterwards."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def free_port() -> int:
    """A loopback port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answer(url: str, **parameters: str) -> requests.Response:
    """The first successful answer of a server that is starting."""
    end = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < end:
        try:
            response = requests.get(url, params=parameters, timeout=10)
            if response.ok:
                return response
        except requests.ConnectionError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"no answer from {url}")


def query(port: int, expression: str, moment: float) -> list[dict[str, Any]]:
    """An instant query's vector."""
    body = answer(f"http://127.0.0.1:{port}/api/v1/query", query=expression, time=str(moment)).json()
    return list(body["data"]["result"])


def test_prometheus_opens_a_backfill_and_it_ends_where_serve_begins(tmp_path: Path) -> None:
    history, end = tmp_path / "history", START + 3600.0
    simulated = arguments("train")
    result = backfill(simulated, end, history)
    assert result.blocks == len([p for p in history.iterdir() if p.is_dir()])
    truth = json.loads((history / "truth.json").read_text(encoding="utf-8"))
    assert (truth["scenario"], truth["start"], truth["end"]) == ("train", START, end)
    config = tmp_path / "prometheus.yml"
    config.write_text("{}\n", encoding="utf-8")
    port = free_port()
    with running(
        "prometheus",
        f"--config.file={config}",
        f"--storage.tsdb.path={history}",
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address=127.0.0.1:{port}",
    ):
        answer(f"http://127.0.0.1:{port}/-/ready")
        assert query(port, "count(kube_pod_info)", end)[0]["value"][1] == "24"
        ratio = 'sum by (instance) (rate(node_cpu_seconds_total{job="node-exporter"}[5m]))'
        assert [round(float(r["value"][1])) for r in query(port, ratio, end)] == [8, 8, 8]
        live = dict(samples(still(simulated, end).render("cadvisor")))
        stored = query(port, "container_cpu_usage_seconds_total", end)
        shown = {float(r["value"][1]) for r in stored if r["metric"].get("container") == "checkout"}
        named = {v for s, v in live.items() if s.startswith("container_cpu_usage") and 'container="checkout"' in s}
        assert shown
        assert shown <= named


def test_serve_answers_every_path_and_ends_at_sigterm() -> None:
    port = free_port()
    command = (sys.executable, "-m", "emitter", "serve", "--web.listen-address", f"127.0.0.1:{port}", "--start", "-10m")
    with running(*command) as process:
        for source in SOURCES:
            response = answer(f"http://127.0.0.1:{port}/metrics/{source}")
            assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
            assert len(list(samples(response.text))) > 20
        assert "demo" in answer(f"http://127.0.0.1:{port}/truth.json").json()["scenario"]
        assert "/metrics/node" in answer(f"http://127.0.0.1:{port}/").text
        assert "healthy" in answer(f"http://127.0.0.1:{port}/-/healthy").text
        assert "kip_emitter_scrapes_total" in answer(f"http://127.0.0.1:{port}/metrics").text
        assert requests.get(f"http://127.0.0.1:{port}/nowhere", timeout=10).status_code == 404
        process.terminate()
        assert process.wait(timeout=DEADLINE_SECONDS) == 0


def checked(text: str) -> list[str]:
    """What promtool finds in an exposition."""
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).splitlines()


def test_promtool_is_silent_on_the_emitters_own_metrics() -> None:
    assert checked(SelfMetrics(Live(arguments(), clock=lambda: START)).text()) == []


@pytest.mark.parametrize("source", sorted(SOURCES))
def test_promtool_finds_only_what_the_real_names_cause(source: str) -> None:
    real = re.compile(r"snake_case|(container_memory_failcnt|kubelet_evictions) counter metrics should have")
    findings = checked(still(arguments(), START + 610.0).render(source))
    assert [f for f in findings if not real.search(f)] == []
