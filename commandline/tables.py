"""Tables for people: aligned and without frames, in colour on a terminal, plain elsewhere; NO_COLOR is respected."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text


def table(heading: Sequence[str], rows: Sequence[Sequence[str]], title: str = "") -> None:
    """Print a table to standard output; cells are text, not markup."""
    if sys.stdout.isatty():
        found = Table(
            *heading, box=None, pad_edge=False, header_style="bold", title=title or None, title_justify="left"
        )
        for row in rows:
            found.add_row(*(Text(cell) for cell in row))
        Console().print(found)
        return
    widths = [max(map(len, column)) for column in zip(heading, *rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (heading, *rows)]
    sys.stdout.writelines(f"{line.rstrip()}\n" for line in ([title] if title else []) + lines)
