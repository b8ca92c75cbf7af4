"""Tables: aligned lines in a pipe, colour only on a terminal that wants it, cells that are never markup."""

from __future__ import annotations

import pytest

from commandline.logs import for_people
from commandline.tables import table

ROWS = [("web-1", "91 %"), ("[bold]web[/bold]", "2 %")]


def test_in_a_pipe_columns_are_aligned_and_the_title_stands_above(capsys: pytest.CaptureFixture[str]) -> None:
    table(("pod", "memory"), ROWS, "Pods")
    assert capsys.readouterr().out == "Pods\npod               memory\nweb-1             91 %\n[bold]web[/bold]  2 %\n"


@pytest.mark.parametrize(("variable", "coloured"), [("", True), ("1", False)])
def test_on_a_terminal_there_is_colour_unless_it_is_unwanted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, variable: str, coloured: bool
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    if variable:
        monkeypatch.setenv("NO_COLOR", variable)
    table(("pod", "memory"), ROWS)
    shown = capsys.readouterr().out
    assert ("\x1b[1m" in shown or "\x1b[38" in shown) or not coloured
    assert "\x1b[3" not in shown or coloured
    assert "[bold]web[/bold]" in shown


def test_tables_are_for_people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: False)
    assert [for_people(one) for one in ("auto", "json", "console")] == [False, False, True]
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert [for_people(one) for one in ("auto", "json", "console")] == [True, False, True]
