"""The snapshot task: a perfect figure and why it says little on one page, and no zero status for less than perfect."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import snapshot_task
from benchmarks.snapshot_task import SNAPSHOTS, UNUSUAL, USUAL, drawn


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder of its own, with the page that says why."""
    docs = snapshot_task.ROOT / "docs"
    (tmp_path / "docs").symlink_to(docs)
    monkeypatch.setattr(snapshot_task, "ROOT", tmp_path)
    return tmp_path


def test_the_old_headline_is_reached_and_its_page_says_in_three_lines_what_it_is_worth(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert snapshot_task.main() == 0
    figures = "accuracy 100.00%, precision 100.00%, recall 100.00%"
    assert capsys.readouterr().out.count(figures) == 2
    page = (root / "build" / "snapshot_task" / "report.html").read_text(encoding="utf-8")
    assert page.count(figures) == 2
    assert page.count("<li>") == len(snapshot_task.explanation()) == 3
    assert (root / "build" / "snapshot_task" / "confusion.png").read_bytes().startswith(b"\x89PNG")


def test_classes_that_overlap_are_not_told_apart_and_the_status_says_so(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(UNUSUAL, "pod_failure", {})
    assert snapshot_task.main() == 1
    test_line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("test: "))
    assert "accuracy 100.00%" not in test_line


def test_snapshots_lie_in_the_ranges_of_their_class() -> None:
    values, answers = drawn(np.random.default_rng(1))
    assert list(values.columns) == list(USUAL)
    assert len(values) == len(UNUSUAL) * SNAPSHOTS
    for name, unusual in UNUSUAL.items():
        some = values[answers == name]
        for feature, (low, high) in (USUAL | unusual).items():
            assert some[feature].between(low, high).all(), (name, feature)
