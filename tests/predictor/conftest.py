"""A Prometheus that tests of the reader ask."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.exporter.fake_prometheus import FakePrometheus, always, serving
from tests.exporter.models import POD_MEMORY
from tests.predictor.reads import WEB


@pytest.fixture
def fake() -> Iterator[FakePrometheus]:
    with serving(FakePrometheus()) as one:
        one.table = {POD_MEMORY: [(WEB, always(0.5))]}
        yield one
