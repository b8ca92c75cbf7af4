"""Memory: arrays that are freed between small objects that stay go back to the system."""

from __future__ import annotations

import os
import subprocess
import sys

PROGRAM = """
import resource
import numpy as np
from commandline.memory import arrays_apart

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20

{call}
large = np.ones(30 * 2**17)
del large  # from here on glibc, left alone, keeps arrays of up to 30 MiB among small objects
before = resident()
several = [(np.ones(2 * 2**17), np.ones(500)) for _ in range(100)]
assert resident() - before > 190
kept = [small for _, small in several]
del several
print(resident() - before)
"""


def held_mib(call: str) -> float:
    """What a process still holds of 200 MiB of arrays that it freed."""
    program = [sys.executable, "-c", PROGRAM.format(call=call)]
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_"))}
    return float(subprocess.run(program, capture_output=True, text=True, check=True, env=plain).stdout)


def test_arrays_that_are_freed_go_back_to_the_system() -> None:
    assert held_mib("arrays_apart()") < 20.0


def test_left_alone_they_would_not() -> None:
    assert held_mib("") > 150.0, "if the C library does so by itself, commandline.memory can go"
