"""Memory: arrays that are freed between small objects that stay go back to the system."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

MIB = 2**20

PROGRAM = """
import resource
import numpy as np
from commandline.memory import arrays_apart, give_back

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20

{first}
large = np.ones(30 * 2**17)
del large  # from here on glibc, left alone, keeps arrays of up to 30 MiB among small objects
before = resident()
several = [(np.ones({size}), np.ones(500)) for _ in range({count})]
assert resident() - before > 190
kept = [small for _, small in several]
del several
{then}
print(resident() - before)
"""


def held_mib(size_bytes: int, first: str = "", then: str = "") -> float:
    """What a process still holds of 200 MiB of arrays that it freed, each beside a small one that it did not."""
    code = PROGRAM.format(size=size_bytes // 8, count=200 * MIB // size_bytes, first=first, then=then)
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_"))}
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=plain)
    return float(found.stdout)


def test_large_arrays_that_are_freed_go_back_to_the_system() -> None:
    assert held_mib(2 * MIB, first="arrays_apart()") < 20.0


def test_smaller_ones_do_when_they_are_asked_for() -> None:
    assert held_mib(MIB // 4, first="arrays_apart()", then="give_back()") < 20.0


@pytest.mark.parametrize(("size_bytes", "first"), [(2 * MIB, ""), (MIB // 4, "arrays_apart()")])
def test_left_alone_they_would_not(size_bytes: int, first: str) -> None:
    assert held_mib(size_bytes, first) > 150.0, "if the C library does so by itself, commandline.memory can go"
