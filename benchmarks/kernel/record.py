"""Record: the live experiment. Everything it sees stays in a Prometheus database, and what happened in events.json."""

from __future__ import annotations

import json
import platform
import shutil
import time
import urllib.parse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from benchmarks.kernel import plan
from benchmarks.kernel.answers import READ_DELAY_SECONDS
from benchmarks.kernel.cgroups import Cgroups
from benchmarks.kernel.exposition import NODE
from benchmarks.kernel.plan import Spec
from benchmarks.kernel.pods import Pods, living
from benchmarks.kernel.server import serving
from demo.loopback import fetch, free_ports
from demo.processes import Processes, binary, ours
from demo.training import READY_SECONDS, STEP_SECONDS

LOOK_SECONDS: Final = 0.2
"""So exactly are the moments of the kills known."""

TAIL_SECONDS: Final = 90.0
"""After the last thing planned: restarts become visible, and so do the exporter's last ticks."""

LATE_SECONDS: Final = 120.0
"""A leak whose kill comes this much later than planned has failed to be a leak of the planned length."""

CONFIG: Final = """\
global: {{scrape_interval: 15s, scrape_timeout: 10s}}
scrape_configs:
  - job_name: kubelet
    honor_labels: true
    metrics_path: /metrics/cadvisor
    static_configs:
      - targets: ["{pods}"]
        labels: {{instance: "{node}:10250", node: "{node}", metrics_path: /metrics/cadvisor}}
  - job_name: kube-state-metrics
    honor_labels: true
    metrics_path: /metrics/kube-state-metrics
    static_configs: [{{targets: ["{pods}"], labels: {{instance: "kube-state-metrics:8443"}}}}]
  - job_name: node-exporter
    static_configs: [{{targets: ["{node_exporter}"], labels: {{instance: "{node}"}}}}]
  - job_name: kip-exporter
    honor_labels: true
    static_configs: [{{targets: ["{exporter}"]}}]
"""
"""Targets as kube-prometheus labels them; every 15 s as prometheus/prometheus.yml does."""


def record(groups: Cgroups, folder: Path, model_dir: Path, quiet_seconds: float, leak_seconds: float) -> None:
    """Run the experiment to its end, in about quiet_seconds + 1.2 leak_seconds + 2 min. Raises ProcessError."""
    shutil.rmtree(folder, ignore_errors=True)
    events: dict[str, Any] = {"kernel": platform.release(), "cgroup_version": groups.version, "ends": []}

    def tell(event: dict[str, Any]) -> None:
        events["ends"].append(event)
        _write(folder, events)
        _say(f"{event['pod']} ended: {event['reason']}, oom_kill counter {event['oom_kills']}")

    with Processes(folder) as processes, living(groups, folder, tell) as pods:
        pod_port, *ports = free_ports(4)
        with serving(pods.seen, pod_port) as address:
            started_at = time.time()
            specs = plan.pods(started_at, quiet_seconds, leak_seconds)
            events |= {"started_at": started_at, "pods": [asdict(spec) for spec in specs]}
            for spec in specs:
                pods.start(spec)
            prometheus, exporter = _start_servers(processes, folder, address, ports)
            _start_exporter(processes, model_dir, prometheus, exporter)
            begin = (started_at + quiet_seconds - time.time()) / 60
            _say(f"{len(specs)} pods live and are predicted; the leaks begin in {begin:.1f} min")
            _follow(processes, pods, specs, events)
            events["ended_at"] = time.time()
            _write(folder, events)


def _start_servers(processes: Processes, folder: Path, pods: str, ports: Sequence[int]) -> tuple[str, str]:
    """node_exporter and Prometheus; the addresses of Prometheus and of the exporter to come. Raises ProcessError."""
    prometheus, node_exporter, exporter = (f"127.0.0.1:{port}" for port in ports)
    text = CONFIG.format(pods=pods, node=NODE, node_exporter=node_exporter, exporter=exporter)
    (folder / "prometheus.yml").write_text(text, encoding="utf-8")
    processes.start("node-exporter", [binary("prometheus-node-exporter"), f"--web.listen-address={node_exporter}"])
    command = [binary("prometheus"), f"--config.file={folder / 'prometheus.yml'}"]
    command += [f"--storage.tsdb.path={folder / 'tsdb'}", f"--web.listen-address={prometheus}"]
    processes.start("prometheus", command)
    processes.await_url(f"http://{prometheus}/-/ready", READY_SECONDS)
    return prometheus, exporter


def _start_exporter(processes: Processes, model_dir: Path, prometheus: str, exporter: str) -> None:
    """The exporter, as soon as there is something for its first read; it would end where there is nothing."""
    processes.await_that(lambda: _has_series(prometheus), "Prometheus to have scraped the pods", READY_SECONDS * 2)
    command = [*ours("kip-exporter"), "serve", "--prometheus.url", f"http://{prometheus}"]
    processes.start("exporter", [*command, "--model.dir", str(model_dir), "--web.listen-address", exporter])
    processes.await_url(f"http://{exporter}/-/ready", READY_SECONDS + STEP_SECONDS)


def _has_series(prometheus: str) -> bool:
    """Whether pods were there at the last step whose samples the exporter would read."""
    query = f"container_memory_working_set_bytes offset {STEP_SECONDS + READ_DELAY_SECONDS:.0f}s"
    answer = fetch(f"http://{prometheus}/api/v1/query?{urllib.parse.urlencode({'query': query})}")
    return bool(answer and answer["data"]["result"])


def _follow(processes: Processes, pods: Pods, specs: tuple[Spec, ...], events: dict[str, Any]) -> None:
    """Look until all that was planned has happened, or is far too late."""
    leaks = {spec.name for spec in specs if spec.role == "leak"}
    planned_end = plan.end(specs)
    enough_at = planned_end + LATE_SECONDS
    while time.time() < enough_at + TAIL_SECONDS:
        pods.look()
        processes.check()
        now = time.time()
        if leaks <= {one["pod"] for one in events["ends"]} and now > planned_end:
            enough_at = min(enough_at, now)
        time.sleep(LOOK_SECONDS)


def _write(folder: Path, events: dict[str, Any]) -> None:
    (folder / "events.json").write_text(json.dumps(events, indent=1) + "\n", encoding="utf-8")


def _say(line: str) -> None:
    print(f"kernel: {time.strftime('%H:%M:%S', time.gmtime())} {line}", flush=True)
