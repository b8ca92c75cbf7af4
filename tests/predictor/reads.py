"""Reads of ten steps that several tests of the reader make."""

from __future__ import annotations

from predictor.reader import PrometheusReader
from predictor.series import Reading
from tests.exporter.fake_prometheus import FakePrometheus
from tests.exporter.models import CATALOGUE

STEP = 30.0
START = 1_795_000_020.0
END = START + 9 * STEP
WEB = {"namespace": "shop", "pod": "web-1"}


def read(fake: FakePrometheus, timeout_seconds: float = 5.0) -> Reading:
    """One read of ten steps."""
    return PrometheusReader(fake.url, timeout_seconds).read(CATALOGUE, START, END, STEP)
