"""The servers' binaries, as `make setup` links them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

BINARIES = Path(__file__).parents[2] / "build" / "bin"


@pytest.fixture(autouse=True)
def binaries_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """PATH with build/bin in front, so that tests run without make, too."""
    monkeypatch.setenv("PATH", f"{BINARIES}{os.pathsep}{os.environ['PATH']}")
    for name in [n for n in os.environ if n.startswith("KIP_")]:
        monkeypatch.delenv(name)
