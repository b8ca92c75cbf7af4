"""Progress of long work: bars on a terminal, one log line per stage elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

import structlog
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

log = structlog.get_logger()


class Progress:
    """Shows one bar per stage while it is entered."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._terminal = console.is_terminal
        self._bars = Bars(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
        )

    def __enter__(self) -> Progress:
        if self._terminal:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def stage(self, what: str, parts: int) -> Callable[[], None]:
        """Announce a stage of so many parts; call what comes back after each."""
        if not self._terminal:
            log.info(what, parts=parts)
            return lambda: None
        task = self._bars.add_task(what, total=parts)
        return lambda: self._bars.advance(task)
