"""Memory: what is freed goes back to the system."""

from __future__ import annotations

import ctypes
from typing import Final

LARGE_BYTES: Final = 2**20
"""Smaller arrays are many, and asking the system for each takes longer than using it."""

_M_MMAP_THRESHOLD: Final = -3  # malloc.h


def arrays_apart() -> None:
    """Let glibc give each array of LARGE_BYTES and more memory of its own, which is returned when the array goes.

    Left alone it raises that size to the largest that was freed, up to 32 MiB. From then on arrays of several threads
    lie between small objects that stay, and a training holds twice the memory it uses. Source: mallopt(3). Other C
    libraries are left as they are.
    """
    _call("mallopt", _M_MMAP_THRESHOLD, LARGE_BYTES)


def give_back() -> None:
    """Return what smaller arrays that are gone left between others: milliseconds of work. Source: malloc_trim(3)."""
    _call("malloc_trim", 0)


def _call(name: str, *arguments: int) -> None:
    try:
        function = getattr(ctypes.CDLL(None), name)
    except (OSError, AttributeError, TypeError):  # musl, macOS, Windows
        return
    function(*arguments)
