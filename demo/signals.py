"""The signals that end the demo: the first begins the end, and no other one may cut that short."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, a service manager, and the terminal that was closed."""

PR_SET_PDEATHSIG: Final = 1
"""From linux/prctl.h: the signal a process gets when the thread that started it ends."""

Handler = Callable[[int, FrameType | None], None]


def interrupt_once() -> None:
    """From now on the first of these signals raises KeyboardInterrupt, and the ones after it do nothing.

    A signal that is ignored already stays so: that is how nohup asks us to outlive the terminal.
    """

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        for one in ENDING:
            signal.signal(one, signal.SIG_IGN)
        raise KeyboardInterrupt

    for one in _heeded():
        signal.signal(one, interrupt)


@contextmanager
def ignored() -> Iterator[None]:
    """Within the block these signals do nothing: what ends the servers runs to its own end."""
    with _handled(signal.SIG_IGN):
        yield


@contextmanager
def postponed() -> Iterator[None]:
    """Within the block these signals wait: a process that has been started is also written down."""
    arrived: list[int] = []
    try:
        with _handled(lambda number, _frame: arrived.append(number)):
            yield
    finally:
        for number in arrived:
            signal.raise_signal(number)


def end_with_parent() -> Callable[[], None] | None:
    """What a child must call before it becomes another program, so that even our SIGKILL ends it; None without Linux.

    The kernel watches the thread that started the child, so only the main thread, which ends last, asks for it.
    """
    if not sys.platform.startswith("linux") or not _in_main_thread():
        return None
    # Looked up before the fork: the child may not load anything.
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM))
        if os.getppid() != parent:  # it ended before we asked
            os._exit(1)

    return ask


@contextmanager
def _handled(handler: Handler | signal.Handlers) -> Iterator[None]:
    """Python lets only the main thread set handlers; no other thread is ever interrupted by a signal."""
    previous = {one: signal.signal(one, handler) for one in _heeded()} if _in_main_thread() else {}
    try:
        yield
    finally:
        for one, before in previous.items():
            # None: set by something other than Python, which cannot be restored.
            signal.signal(one, before or signal.SIG_DFL)


def _heeded() -> Iterable[signal.Signals]:
    return [one for one in ENDING if signal.getsignal(one) is not signal.SIG_IGN]


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
