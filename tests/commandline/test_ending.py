"""Ending now: with the code, with what was printed, whatever still runs and whoever still listens."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import IO

PROGRAM = """
import sys, threading, time
from commandline.ending import end_now
threading.Thread(target=time.sleep, args=(60,)).start()
print("said")
end_now(7)
"""


def ended(stdout: int | IO[str]) -> subprocess.CompletedProcess[str]:
    """The program, run to its end; what it prints waits in a buffer, as for any user's pipe or file."""
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    command = [sys.executable, "-c", PROGRAM]
    return subprocess.run(
        command, stdout=stdout, stderr=subprocess.PIPE, text=True, env=buffered, timeout=30, check=False
    )


def test_no_thread_is_waited_for_and_what_was_printed_is_out() -> None:
    found = ended(subprocess.PIPE)
    assert (found.returncode, found.stdout, found.stderr) == (7, "said\n", "")


def test_nobody_has_to_read_what_was_printed() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        found = ended(writer)
    finally:
        os.close(writer)
    assert (found.returncode, found.stderr) == (7, "")


def test_a_full_disk_does_not_keep_it() -> None:
    with Path("/dev/full").open("w") as full:
        found = ended(full)
    assert (found.returncode, found.stderr) == (7, "")
