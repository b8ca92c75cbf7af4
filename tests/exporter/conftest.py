"""What the exporter's tests share: a Prometheus that can misbehave, and an exporter in this process with its clock."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
import structlog
from starlette.testclient import TestClient

from exporter.reload import ModelSource
from exporter.snapshot import Publishing
from exporter.telemetry import Telemetry
from exporter.tick import Limits, Live
from exporter.web import application
from predictor.model import Model
from predictor.reader import PrometheusReader
from tests.exporter.fake_prometheus import FakePrometheus, Value, always, serving
from tests.exporter.models import NODE_CPU, POD_MEMORY, SERVICE_ERRORS, plain_model, saved

STEP = 60.0
START = 1_795_000_020.0  # a multiple of the step


@dataclass
class Clock:
    """A clock that stands until a test moves it."""

    now: float

    def __call__(self) -> float:
        return self.now


@dataclass
class Bench:
    """An exporter in this process, its Prometheus and its clock."""

    fake: FakePrometheus
    clock: Clock
    live: Live
    client: TestClient
    model_dir: Path

    def warm(self, model: Model | None = None) -> None:
        """Read the first window with the given model, or with one whose probability is the first signal."""
        chosen = model or plain_model(STEP)
        manifest = saved(chosen, self.model_dir, "plain")
        named = manifest.model_copy(update={"fingerprint": "0123456789abcdef", "versions": {"scikit-learn": "1.0.0"}})
        self.live.adopt(chosen, named)

    def step(self, steps: int = 1) -> None:
        """Let time pass, then tick once."""
        self.clock.now += steps * STEP
        self.live.tick()

    def metrics(self) -> str:
        """/metrics as text."""
        return str(self.client.get("/metrics").text)

    def value(self, series: str) -> float | None:
        """The value of a series of /metrics, given as name and labels as they stand there."""
        found = [line for line in self.metrics().splitlines() if line.rsplit(" ", 1)[0] == series]
        return float(found[0].rsplit(" ", 1)[1]) if found else None

    def failures(self) -> dict[str, float]:
        """Failed ticks by reason, without those that never happened."""
        lines = [line for line in self.metrics().splitlines() if line.startswith("kip_tick_failures_total{")]
        pairs = ((line.split('"')[1], float(line.rsplit(" ", 1)[1])) for line in lines)
        return {reason: number for reason, number in pairs if number}


@pytest.fixture(autouse=True)
def _quiet_logs() -> Iterator[None]:
    """Forget how a command that ran in this process set up its logs: its standard error is gone after its test."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def fake() -> Iterator[FakePrometheus]:
    """Two pods, a node and a service, all quiet."""
    table: dict[str, list[tuple[Mapping[str, str], Value]]] = {
        POD_MEMORY: [
            ({"namespace": "shop", "pod": "web-1"}, always(0.25)),
            ({"namespace": "shop", "pod": "web-2"}, always(0.001)),
        ],
        NODE_CPU: [({"node": "worker-1"}, always(0.5))],
        SERVICE_ERRORS: [({"namespace": "shop", "service": "web"}, always(0.125))],
    }
    with serving(FakePrometheus(table)) as server:
        yield server


@pytest.fixture
def bench(fake: FakePrometheus, tmp_path: Path) -> Bench:
    """An exporter that has not read anything yet; its clock stands 10 s after a grid point."""
    ticks = count()
    telemetry = Telemetry({"version": "1.2.3", "python_version": "3.11.0"}, lambda: next(ticks) / 64)
    clock = Clock(START + 10.0)
    limits = Limits(read_delay_seconds=10.0, staleness_steps=5, publishing=Publishing(floor=0.01, max_series=1000))
    live = Live(PrometheusReader(fake.url, 0.5), limits, telemetry, clock)
    source = ModelSource(tmp_path / "model", {}, limits)
    client = TestClient(application(live, lambda: source.replace(live), lifecycle=True))
    return Bench(fake, clock, live, client, tmp_path / "model")
