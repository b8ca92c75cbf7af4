"""Whoever stops a training waits neither for its Prometheus nor for its patience, and finds nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.exporter.fake_prometheus import FakePrometheus, Value, always, serving

END = 1_795_000_000
HOURS = 24
DEADLINE_SECONDS = 60.0
PROGRAM = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs are started without
from trainer.cli import main
main()
"""
WHO = {"node": "n-1", "namespace": "shop", "pod": "web-1", "service": "web"}


class Everything(dict[str, list[tuple[Mapping[str, str], Value]]]):
    """The same entity in answer to any query."""

    def get(self, query: str, default: object = None) -> list[tuple[Mapping[str, str], Value]]:
        """One series that never moves."""
        del query, default
        return [(WHO, always(0.5))]


@contextmanager
def training_on(fake: FakePrometheus, folder: Path, spools: Path, asks: int) -> Iterator[subprocess.Popen[str]]:
    """A training on a day of this Prometheus that has asked for so many spans; what it reads it keeps in `spools`."""
    command = [sys.executable, "-c", PROGRAM, "train", "--prometheus.url", fake.url]
    command += ["--start", str(END - HOURS * 3600), "--end", str(END), "--model.dir", str(folder / "model")]
    command += ["--prometheus.timeout", "60s"]
    own = {**os.environ, "TMPDIR": str(spools)}
    training = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=own)
    try:
        end = time.monotonic() + DEADLINE_SECONDS
        while len({asked[1:] for asked in fake.asked}) < asks:
            assert time.monotonic() < end, f"it never asks for {asks} spans"
            assert training.poll() is None, training.communicate()[1]
            time.sleep(0.01)
        yield training
    finally:
        fake.released.set()
        training.kill()
        training.communicate()


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopping_does_not_wait_for_a_prometheus_that_hangs(sent: signal.Signals, code: int, tmp_path: Path) -> None:
    spools = tmp_path / "spools"
    spools.mkdir()
    two_looks_for_its_beginning_and_two_chunks = 4
    with (
        serving(FakePrometheus(table=Everything())) as fake,
        training_on(fake, tmp_path, spools, two_looks_for_its_beginning_and_two_chunks) as training,
    ):
        fake.hang = True
        time.sleep(1.0)
        assert list(spools.iterdir()), "what was read so far lies somewhere"
        training.send_signal(sent)
        assert training.wait(10.0) == code
    assert not (tmp_path / "model").exists()
    assert not list(spools.iterdir())


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_nor_for_one_that_never_answered(sent: signal.Signals, code: int, tmp_path: Path) -> None:
    with (
        serving(FakePrometheus(table=Everything(), hang=True)) as fake,
        training_on(fake, tmp_path, tmp_path, 1) as training,
    ):
        training.send_signal(sent)
        assert training.wait(10.0) == code
