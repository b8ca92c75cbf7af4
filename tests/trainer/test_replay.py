"""Replay: every value once, digit for digit, in both formats, and never half a file."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet

from predictor.entities import Kind
from predictor.model import Model
from predictor.panel import Panel
from trainer.replay import SCHEMA, replay

START = 1_700_000_040.0
A, B = ("shop", "a"), ("shop", 'b"\\\n')
THIRD = 1 / 3

Chunk = dict[Kind, Panel]


@pytest.fixture
def chunks(panel_of: Callable[..., Panel]) -> list[Chunk]:
    """Pod b is there from the third step on, and fails in it; the service has a rule but no model."""
    no = np.zeros((2, 1), dtype=np.bool_)
    first = panel_of("pod", (A,), np.array([[0.1], [THIRD]]), no, START)
    service = panel_of("service", (A,), np.array([[0.5], [0.5]]), no, START)
    second = panel_of("pod", (A, B), np.array([[1e-05, 0.2], [0.0, 0.25]]), np.array([[0, 1], [0, 0]]) > 0, START + 120)
    return [{"pod": first, "service": service}, {"pod": second}]


def test_parquet_reads_back_the_rows_that_were_published(model: Model, chunks: list[Chunk], tmp_path: Path) -> None:
    path = tmp_path / "past.parquet"
    assert replay(model, chunks, path) == 12
    file = parquet.ParquetFile(path)
    assert file.metadata.num_row_groups == 2
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"
    assert file.schema_arrow == SCHEMA
    soon = [
        (r["time"] - START, r["kind"], r["namespace"], r["name"], r["issue"], r["probability"], r["active"])
        for r in file.read().to_pylist()
        if r["horizon"] == "10m" and r["threshold"] == 0.5
    ]
    assert soon == [
        (0.0, "pod", "shop", "a", "pod_failure", 0.1, False),
        (60.0, "pod", "shop", "a", "pod_failure", THIRD, False),
        (120.0, "pod", "shop", "a", "pod_failure", 1e-05, False),
        (120.0, "pod", "shop", 'b"\\\n', "pod_failure", 1.0, True),
        (180.0, "pod", "shop", "a", "pod_failure", 0.0, False),
        (180.0, "pod", "shop", 'b"\\\n', "pod_failure", 0.25, False),
    ]


def test_openmetrics_text_is_whole_and_by_series(
    model: Model, chunks: list[Chunk], tmp_path: Path, golden: Callable[[str, str], None]
) -> None:
    path = tmp_path / "past.om"
    assert replay(model, chunks, path) == 12
    golden("trainer/replay.om", path.read_text(encoding="utf-8"))


def test_prometheus_takes_the_openmetrics_text_digit_for_digit(
    model: Model, chunks: list[Chunk], tmp_path: Path
) -> None:
    promtool = shutil.which("promtool")
    assert promtool, "promtool is not on PATH; make setup links it into build/bin"
    replay(model, chunks, tmp_path / "past.om")
    command = [
        promtool,
        "tsdb",
        "create-blocks-from",
        "openmetrics",
        str(tmp_path / "past.om"),
        str(tmp_path / "blocks"),
    ]
    subprocess.run(command, check=True, capture_output=True, text=True)
    (tmp_path / "blocks" / "wal").mkdir()  # promtool dumps nothing without one
    dump = subprocess.run(
        [promtool, "tsdb", "dump", str(tmp_path / "blocks")], check=True, capture_output=True, text=True
    ).stdout
    soon = [line.split("} ")[1].split() for line in dump.splitlines() if 'horizon="10m"' in line and 'pod="a"' in line]
    assert [(float(value), (int(ms) / 1000) - START) for value, ms in soon] == [
        (0.1, 0.0),
        (THIRD, 60.0),
        (1e-05, 120.0),
        (0.0, 180.0),
    ]
    active = [line.split("} ")[1].split()[0] for line in dump.splitlines() if "kip_issue_active" in line]
    assert active == ["1", "0"]


@pytest.mark.parametrize("suffix", [".parquet", ".om"])
def test_steps_that_two_chunks_share_are_written_once(
    model: Model, chunks: list[Chunk], tmp_path: Path, suffix: str
) -> None:
    assert replay(model, [chunks[0], chunks[0], chunks[1]], tmp_path / f"past{suffix}") == 12


@pytest.mark.parametrize("suffix", [".parquet", ".om"])
def test_no_half_written_file_stays_behind(model: Model, chunks: list[Chunk], tmp_path: Path, suffix: str) -> None:
    def broken() -> Iterator[Chunk]:
        yield chunks[0]
        raise ConnectionError("Prometheus went away")

    with pytest.raises(ConnectionError):
        replay(model, broken(), tmp_path / f"past{suffix}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".parquet", ".om"])
def test_an_earlier_file_survives_a_failed_replay(
    model: Model, chunks: list[Chunk], tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"past{suffix}"
    path.write_text("what was there")
    with pytest.raises(ValueError, match="a window has 30 steps"):
        replay(model, [{"pod": chunks[0]["pod"].steps(0, 5)}], path)
    assert path.read_text() == "what was there"


@pytest.mark.parametrize("suffix", [".parquet", ".om"])
def test_no_chunk_gives_an_empty_file_that_can_be_read(model: Model, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / "new" / f"past{suffix}"
    assert replay(model, [], path) == 0
    if suffix == ".parquet":
        assert parquet.read_table(path).num_rows == 0
    else:
        assert path.read_text().endswith("# EOF\n")


def test_another_suffix_is_refused_in_one_line(model: Model, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"past\.csv: replay writes \.parquet or \.om, not \.csv"):
        replay(model, [], tmp_path / "past.csv")
