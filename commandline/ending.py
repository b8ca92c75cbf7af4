"""Ending: at once, when Python would first join the threads of queries that nobody waits for any more, and tidily."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn


class Terminated(KeyboardInterrupt):
    """SIGTERM, as `docker stop`, a Job's deadline or systemd send it, is as good a reason to stop as Ctrl-C."""


@contextmanager
def heeding_sigterm() -> Iterator[None]:
    """Inside, SIGTERM raises Terminated in the main thread: what lies in temporary folders is cleared away.

    Without it the kernel ignores SIGTERM for a container's first process, and others leave their folders behind.
    Whoever started the program with SIGTERM ignored meant it.
    """
    before = signal.getsignal(signal.SIGTERM)
    if before is signal.SIG_IGN:
        yield
        return
    signal.signal(signal.SIGTERM, _terminated)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _terminated(_number: int, _frame: FrameType | None) -> NoReturn:
    for another in (signal.SIGTERM, signal.SIGINT):
        signal.signal(another, signal.SIG_IGN)  # nothing may interrupt the clearing away
    raise Terminated


def end_now(code: int) -> NoReturn:
    """End the process with this exit code; what was printed is out, where anybody still reads it."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # a closed pipe, a full disk, a closed file
            stream.flush()
    os._exit(code)
