"""Real Prometheus and Alertmanager on loopback with the shipped files, between a pretend exporter and a real sink."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

from tests.deploy import shipped

Entity = dict[str, str]


@dataclass
class Stage:
    """What the pretend exporter shows and what the sink was told; the test moves the one and reads the other."""

    prometheus_url: str = ""
    alertmanager_url: str = ""
    probability: float = 0.1
    active: int = 0
    others: list[str] = field(default_factory=list)
    notified: list[dict[str, Any]] = field(default_factory=list)

    def metrics(self) -> str:
        """One pod, one issue, both horizons, in text format 0.0.4."""
        pod = 'issue="pod_failure",kind="pod",namespace="shop",pod="cart-0"'
        lines = [
            "kip_up 1",
            f"kip_last_tick_timestamp_seconds {time.time():.0f}",
            'kip_signal_coverage_ratio{signal="pod_cpu",kind="pod"} 1',
            f"kip_issue_active{{{pod}}} {self.active}",
        ]
        for horizon in ("15m", "1h"):
            lines.append(f'kip_issue_probability{{{pod},horizon="{horizon}"}} {self.probability}')
            lines.append(f'kip_alert_threshold{{issue="pod_failure",kind="pod",horizon="{horizon}"}} 0.5')
        return "\n".join(lines + self.others) + "\n"

    def predict(
        self, kind: str, issue: str, probability: float, horizon: str = "15m", threshold: float = 0.5, **entity: str
    ) -> None:
        """Show another entity's probability beside the pod, in place of one shown before."""
        own = "".join(f',{name}="{value}"' for name, value in entity.items())
        outcome = f'issue="{issue}",kind="{kind}",horizon="{horizon}"'
        said = {f"kip_issue_probability{{{outcome}{own}}}": probability, f"kip_alert_threshold{{{outcome}}}": threshold}
        self.others = [one for one in self.others if one.rsplit(" ", 1)[0] not in said]
        self.others += [f"{series} {value}" for series, value in said.items()]

    def inhibited(self, **labels: str) -> bool | None:
        """Whether the one alert with these labels is silenced by another; None while there is none."""
        for one in fetch(f"{self.alertmanager_url}/api/v2/alerts"):
            if labels.items() <= one["labels"].items():
                return bool(one["status"]["inhibitedBy"])
        return None

    def alerts(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Alertmanager's alerts by name and severity."""
        found = fetch(f"{self.alertmanager_url}/api/v2/alerts")
        return {(one["labels"]["alertname"], one["labels"]["severity"]): one for one in found}

    def told(self) -> set[tuple[str, str]]:
        """Names and severities of all alerts that the sink heard firing."""
        return self._heard("firing")

    def resolved(self) -> set[tuple[str, str]]:
        """Names and severities of all alerts that the sink heard end."""
        return self._heard("resolved")

    def _heard(self, status: str) -> set[tuple[str, str]]:
        return {
            (one["labels"]["alertname"], one["labels"]["severity"])
            for message in self.notified
            for one in message["alerts"]
            if one["status"] == status
        }


def fetch(url: str) -> Any:
    """The JSON document behind a URL."""
    with urllib.request.urlopen(url, timeout=5) as answer:
        return json.load(answer)


def eventually(condition: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    """Return as soon as the condition holds; AssertionError after the deadline."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if condition():
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            pass  # the server is still starting
        time.sleep(0.2)
    raise AssertionError(f"not within {seconds:g} s: {what}")


@contextmanager
def running(folder: Path) -> Iterator[Stage]:
    """All four on free ports; every process and thread has ended afterwards."""
    stage = Stage()
    with ExitStack() as stack:
        exporter = stack.enter_context(_serving(stage))
        prometheus, alertmanager = _free_port(), _free_port()
        stage.prometheus_url = f"http://127.0.0.1:{prometheus}"
        stage.alertmanager_url = f"http://127.0.0.1:{alertmanager}"
        _render(folder, {"exporter:9877": exporter, "sink:9094": exporter, "alertmanager:9093": alertmanager})
        stack.enter_context(_alertmanager(folder, alertmanager))
        stack.enter_context(
            _process(
                folder,
                "prometheus",
                [
                    f"--config.file={folder}/prometheus.yml",
                    f"--storage.tsdb.path={folder}/data",
                    f"--web.listen-address=127.0.0.1:{prometheus}",
                ],
            )
        )
        eventually(lambda: bool(fetch(f"{stage.prometheus_url}/api/v1/status/buildinfo")), "Prometheus answers")
        eventually(lambda: bool(fetch(f"{stage.alertmanager_url}/api/v2/status")), "Alertmanager answers")
        yield stage


@contextmanager
def alertmanager_alone(folder: Path, receiver: dict[str, Any]) -> Iterator[Stage]:
    """Alertmanager with the shipped routes and templates, and one receiver; sink:9094 in its URLs is the sink."""
    stage = Stage()
    with ExitStack() as stack:
        sink, port = stack.enter_context(_serving(stage)), _free_port()
        stage.alertmanager_url = f"http://127.0.0.1:{port}"
        _render(folder, {"sink:9094": sink})
        document = shipped.document(folder / "alertmanager.yml")
        document["receivers"] = [receiver | {"name": "sink"}]
        text = yaml.safe_dump(document, width=10_000).replace("sink:9094", f"127.0.0.1:{sink}")
        (folder / "alertmanager.yml").write_text(text, encoding="utf-8")
        stack.enter_context(_alertmanager(folder, port))
        eventually(lambda: bool(fetch(f"{stage.alertmanager_url}/api/v2/status")), "Alertmanager answers")
        yield stage


def _alertmanager(folder: Path, port: int) -> AbstractContextManager[None]:
    flags = [f"--storage.path={folder}/alertmanager", f"--web.listen-address=127.0.0.1:{port}"]
    config = f"--config.file={folder}/alertmanager.yml"
    return _process(folder, "prometheus-alertmanager", [config, *flags, "--cluster.listen-address="])


def _render(folder: Path, ports: dict[str, int]) -> None:
    """The shipped files with loopback addresses, and with seconds for quarter minutes so that a test can wait."""
    shutil.copytree(shipped.ROOT / "prometheus", folder, dirs_exist_ok=True)
    for path in (folder / "prometheus.yml", folder / "alertmanager.yml"):
        text = path.read_text(encoding="utf-8")
        for address, port in ports.items():
            text = text.replace(address, f"127.0.0.1:{port}")
        text = text.replace("scrape_timeout: 10s", "scrape_timeout: 1s").replace("_interval: 15s", "_interval: 1s")
        text = re.sub(r"group_wait: \d+s", "group_wait: 1s", text).replace("1m", "2s")
        path.write_text(re.sub(r"group_interval: \d+m", "group_interval: 2s", text), encoding="utf-8")
    for path in (folder / "rules").iterdir():
        text = path.read_text(encoding="utf-8")
        text = re.sub(r"^( +keep_firing_for): \dm$", r"\1: 5s", text, flags=re.MULTILINE)
        path.write_text(re.sub(r"^( +for): \dm$", r"\1: 2s", text, flags=re.MULTILINE), encoding="utf-8")


@contextmanager
def _serving(stage: Stage) -> Iterator[int]:
    """The pretend exporter (GET) and the sink (POST) on one port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(stage.metrics().encode(), "text/plain; version=0.0.4")

        def do_POST(self) -> None:
            stage.notified.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self._answer(b"", "text/plain")

        def _answer(self, body: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def _process(folder: Path, name: str, flags: list[str]) -> Iterator[None]:
    program = shutil.which(name, path=f"{os.environ['PATH']}:{shipped.ROOT}/build/bin")
    assert program, f"no {name} on PATH or in build/bin; make setup links it there"
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen([program, *flags], stdout=log, stderr=log)
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
