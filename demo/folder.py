"""Folder: one run at a time may work in it, because a run begins by deleting what the last one left."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from demo.processes import ProcessError


@contextmanager
def held(folder: Path, run: str) -> Iterator[None]:
    """Within the block no other process holds this folder; the lock lies beside it, so that the folder may go.

    run: what works there, for the message. Raises ProcessError that names the other process. The kernel gives the lock
    back when we end in any way, so no file that was left behind can lock anybody out.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            pid = lock.read().strip() or "unknown"
            raise ProcessError(f"another {run} runs in this folder (pid {pid}); end it first") from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield
