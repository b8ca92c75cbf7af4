"""Code and committed JSON are held together by a command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dashboards import files
from dashboards.__main__ import main


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the command writes, in a folder of its own."""
    assert main(["--output.dir", str(tmp_path)]) == 0
    return tmp_path


def test_what_is_written_passes_the_check(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check", "--output.dir", str(folder)]) == 0
    assert capsys.readouterr() == ("", "")


def test_a_changed_a_missing_and_a_foreign_file_fail_the_check(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = folder / "entity.json"
    changed.write_text(changed.read_text(encoding="utf-8").replace("kip_issue_active", "kip_issue_activ", 1), "utf-8")
    (folder / "exporter.json").unlink()
    (folder / "foreign.json").write_text("{}", encoding="utf-8")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert main(["--check", "--output.dir", str(folder)]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "dashboards: exporter.json is missing; run python -m dashboards and read the diff",
        "dashboards: foreign.json is no board's; run python -m dashboards and read the diff",
        "dashboards: entity.json differs; run python -m dashboards and read the diff",
    ]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before, "a check writes nothing"


def test_writing_twice_gives_the_same_bytes(folder: Path) -> None:
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    files.write(folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == first
    for text in first.values():
        assert json.loads(text)["uid"].startswith("kip-")
