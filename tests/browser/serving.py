"""An exporter on a loopback port that watches the cluster to look at."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from exporter.serve import WebServer
from exporter.snapshot import Publishing
from exporter.telemetry import Telemetry
from exporter.tick import Limits, Live
from exporter.web import application
from predictor.entities import Entity
from tests.browser.cluster import END, Cluster
from tests.browser.weights import STEP, manifest_of, readable_model

TICKS: Final = 60
DELAY_SECONDS: Final = 10.0
FLOOR: Final = 0.03
"""Above the usual probability of a quiet pod, so that not all are published."""


@dataclass
class Served:
    """The exporter, its address and its clock, which stands until somebody moves it."""

    url: str = ""
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@contextmanager
def exporter(*extra: Entity, ticks: int = TICKS, floor: float = FLOOR) -> Iterator[tuple[Served, Live]]:
    """Serve after so many ticks, the last of them at END. extra: further pods."""
    served = Served(now=END - (ticks - 1) * STEP + DELAY_SECONDS)
    limits = Limits(DELAY_SECONDS, staleness_steps=5, publishing=Publishing(floor, max_series=10_000))
    live = Live(Cluster(*extra), limits, Telemetry({"version": "1.2.3"}), served)
    model = readable_model()
    live.adopt(model, manifest_of(model))
    for _ in range(ticks - 1):
        served.now += STEP
        live.tick()
    listening = socket.create_server(("127.0.0.1", 0))
    web = WebServer(application(live, lambda: "", lifecycle=False), listening)
    web.start()
    served.url = "http://{}:{}/".format(*listening.getsockname()[:2])
    try:
        yield served, live
    finally:
        web.stop()
        listening.close()
