"""The stack: the servers of docker-compose.yml as plain processes, from the same configuration files."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from commandline.times import on_grid
from demo.loopback import free_ports
from demo.processes import ROOT, Processes, binary, ours
from demo.training import READY_SECONDS, STEP_SECONDS, Cluster, backfill

SERVICES: Final = (
    "emitter:9101",
    "exporter:9877",
    "alertmanager:9093",
    "sink:9094",
    "node-exporter:9100",
    "localhost:9090",
)
"""The host:port pairs of the shipped configuration; each becomes a free loopback port."""

DEMO: Final = Cluster("demo", nodes=6, pods=60, seed=11)
HISTORY_SECONDS: Final = 2 * 3600.0
"""Enough for one window of features, the slowest ramp of the demo, and rates over an hour."""


@dataclass(frozen=True)
class Stack:
    """A running stack: URLs by service name, and the moment around which the demo's faults are arranged."""

    urls: Mapping[str, str]
    anchor: float
    processes: Processes
    folder: Path

    def start_exporter(self, model_dir: Path) -> None:
        """Start the exporter and wait until its first predictions are there. Raises ProcessError."""
        address = self.urls["exporter"].removeprefix("http://")
        command = [*ours("kip-exporter"), "serve", "--prometheus.url", self.urls["prometheus"]]
        self.processes.start("exporter", [*command, "--model.dir", str(model_dir), "--web.listen-address", address])
        self.processes.await_url(f"{self.urls['exporter']}/-/ready", READY_SECONDS + STEP_SECONDS)


def start_stack(processes: Processes, folder: Path, cluster: Cluster = DEMO) -> Stack:
    """Backfill, then start node_exporter, sink, Alertmanager, emitter and Prometheus. Raises ProcessError.

    The exporter comes last, by `Stack.start_exporter`, because it needs a model.
    """
    anchor = on_grid(time.time(), STEP_SECONDS)
    start = anchor - HISTORY_SECONDS
    ports = free_ports(len(SERVICES))
    addresses = {service: f"127.0.0.1:{port}" for service, port in zip(SERVICES, ports, strict=True)}
    by_name = {service.split(":")[0]: address for service, address in addresses.items()}
    urls = {name: f"http://{address}" for name, address in by_name.items()}
    urls["prometheus"] = urls.pop("localhost")
    render(folder, addresses)
    _start_listeners(processes, folder, by_name)
    emitter = [*ours("kip-emitter"), "serve", *cluster.flags, "--web.listen-address", by_name["emitter"]]
    processes.start("emitter", [*emitter, "--start", f"{start:.0f}", "--anchor", f"{anchor:.0f}"])
    backfill(processes, cluster, start, anchor, anchor, folder / "tsdb")
    processes.await_url(f"{urls['emitter']}/-/healthy", READY_SECONDS)
    command = [
        binary("prometheus"),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
    ]
    processes.start("prometheus", [*command, f"--web.listen-address={addresses['localhost:9090']}"])
    processes.await_url(f"{urls['prometheus']}/-/ready", READY_SECONDS)
    return Stack(urls, anchor, processes, folder)


def render(folder: Path, addresses: Mapping[str, str]) -> None:
    """Copy prometheus/ into the folder with every service's host:port replaced by its loopback address."""
    for name in ("rules", "templates"):
        shutil.rmtree(folder / name, ignore_errors=True)
        shutil.copytree(ROOT / "prometheus" / name, folder / name)
    for name in ("prometheus.yml", "alertmanager.yml"):
        text = (ROOT / "prometheus" / name).read_text(encoding="utf-8")
        for service, address in addresses.items():
            text = re.sub(rf"\b{re.escape(service)}\b", address, text)
        (folder / name).write_text(text, encoding="utf-8")


def _start_listeners(processes: Processes, folder: Path, addresses: Mapping[str, str]) -> None:
    """The servers that need nobody else: the host's node_exporter, the sink and Alertmanager."""
    processes.start(
        "node-exporter", [binary("prometheus-node-exporter"), f"--web.listen-address={addresses['node-exporter']}"]
    )
    processes.start("sink", [*ours("demo.sink"), "--web.listen-address", addresses["sink"]])
    alertmanager = [
        binary("prometheus-alertmanager"),
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address={addresses['alertmanager']}",
        "--cluster.listen-address=",  # no gossip: one machine, and no port beside the ones we chose
    ]
    processes.start("alertmanager", alertmanager)
    processes.await_url(f"http://{addresses['alertmanager']}/-/ready", READY_SECONDS)
