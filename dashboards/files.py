"""The committed JSON of all boards, and how it differs from what the code says."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from dashboards.board import Board
from dashboards.entity import entity
from dashboards.health import health
from dashboards.overview import overview
from dashboards.quality import quality

FOLDER: Final = Path(__file__).resolve().parents[1] / "grafana" / "dashboards"
"""Where Grafana's provisioning reads them."""


def boards() -> tuple[Board, ...]:
    """All boards, each anew: what the SDK builds can be changed by whoever holds it."""
    return overview(), entity(), quality(), health()


def write(folder: Path = FOLDER) -> None:
    """Write every board's file, and leave other files alone."""
    for board in boards():
        (folder / board.file_name).write_text(board.text(), encoding="utf-8")


def differences(folder: Path = FOLDER) -> list[str]:
    """One line for each file that is missing, differs from the code, or is no board's; none when they agree."""
    expected = {board.file_name: board.text() for board in boards()}
    found = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    return [
        *(f"{name} is missing" for name in sorted(expected.keys() - found.keys())),
        *(f"{name} is no board's" for name in sorted(found.keys() - expected.keys())),
        *(f"{name} differs" for name in sorted(expected.keys() & found.keys()) if expected[name] != found[name]),
    ]
