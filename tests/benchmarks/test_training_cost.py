"""What training costs: time and memory are those of the one process, and a failure is no figure."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks import training_cost

MIB = 2**20


def instead(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Run this Python in place of kip-trainer."""
    monkeypatch.setattr(training_cost, "ours", lambda _: [sys.executable, "-c", program])


def test_time_and_memory_are_those_of_the_training_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    instead(monkeypatch, f"import time; block = bytearray(b'x') * (900 * {MIB}); time.sleep(0.5)")
    seconds, peak_bytes = training_cost.trained("http://127.0.0.1:9", 0.0, tmp_path)
    assert seconds >= 0.5
    assert 900 * MIB < peak_bytes < 1_000 * MIB
    instead(monkeypatch, "pass")
    _, less_bytes = training_cost.trained("http://127.0.0.1:9", 0.0, tmp_path)
    assert less_bytes < 500 * MIB


def test_a_large_process_that_measures_is_not_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    instead(monkeypatch, "pass")
    large = bytearray(b"x") * (1_000 * MIB)
    _, peak_bytes = training_cost.trained("http://127.0.0.1:9", 0.0, tmp_path)
    assert peak_bytes < 500 * MIB < len(large)


def test_a_training_that_fails_is_no_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    instead(monkeypatch, "import sys; sys.exit(2)")
    with pytest.raises(SystemExit, match="kip-trainer ended with status"):
        training_cost.trained("http://127.0.0.1:9", 0.0, tmp_path)
