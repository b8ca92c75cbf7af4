"""The whole loop for system tests: one model from a real Prometheus' history, one running stack, for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.processes import Processes
from demo.stack import Stack, start_stack
from demo.training import Cluster, make_model

# Smaller than the default model's cluster: enough episodes of every issue to learn and calibrate in under a minute.
SMALL = Cluster("train", nodes=4, pods=40, seed=3, episodes_factor=48.0)
SMALL_HOURS = 10.0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test in this folder starts servers."""
    for item in items:
        if "tests/system/" in item.nodeid:
            item.add_marker(pytest.mark.system)


@pytest.fixture(scope="session")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model trained by kip-trainer from a real Prometheus."""
    directory = tmp_path_factory.mktemp("model")
    make_model(directory, SMALL_HOURS, SMALL)
    return directory


@pytest.fixture(scope="session")
def stack(model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The demo's stack with that model, its exporter ready."""
    folder = tmp_path_factory.mktemp("stack")
    with Processes(folder) as processes:
        running = start_stack(processes, folder)
        running.start_exporter(model_dir)
        yield running
