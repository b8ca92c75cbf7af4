"""What runs inside a pod: it holds, leaks, burns or talks. Nothing but Python's own library, so that it is small.

Usage: python -m benchmarks.kernel.workload KIND JSON, where JSON holds the fields of Life.
"""

from __future__ import annotations

import json
import math
import mmap
import random
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PORT: Final = 7007
STEP_SECONDS: Final = 1.0
SCRATCH_RATIO: Final = 0.02
FULL_RATIO: Final = 1 - 0.75 * SCRATCH_RATIO
"""Of the limit, when one of the next few requests finds no memory: a scratch is at most SCRATCH_RATIO of it."""

NOISE_STEPS: Final = 5
"""A request's scratch memory is held for so many steps."""

WORK_PERIOD_SECONDS: Final = 0.1
"""As long as a CPU bandwidth period."""

DATAGRAMS_PER_SECOND: Final = 50
SMALLEST_BYTES: Final = 60
LARGEST_BYTES: Final = 1400
"""Payloads are drawn evenly between these, so the share that is too long for the wire grows as its MTU shrinks."""


@dataclass(frozen=True)
class Life:
    """What a workload does.

    limit_bytes, cpu_cores: of its container. base_ratio: share of the limit it holds in quiet times. change_at: Unix
    seconds at which its trouble (or its look-alike) begins; change_seconds: how long until the trouble is complete.
    peer: address that echoes datagrams; empty for none. file: a scratch file, for the kind that writes files.
    """

    limit_bytes: int
    base_ratio: float
    change_at: float
    change_seconds: float
    cpu_cores: float = 0.0
    peer: str = ""
    file: str = ""
    seed: int = 0


def leak(life: Life, now: float) -> float:
    """Bytes held by a linear leak that leaves no room for requests after change_seconds, and would go on."""
    progress = max(0.0, (now - life.change_at) / life.change_seconds)
    return life.limit_bytes * (life.base_ratio + (FULL_RATIO - life.base_ratio) * progress)


def steady(life: Life, now: float) -> float:
    """Bytes held by something that does not change."""
    del now
    return life.limit_bytes * life.base_ratio


def cache(life: Life, now: float) -> float:
    """Bytes held by a cache that warms up and levels off at three quarters of the limit."""
    warmth = 1 - math.exp(-4 * max(0.0, now - life.change_at) / life.change_seconds)
    return life.limit_bytes * (life.base_ratio + (0.75 - life.base_ratio) * warmth)


def sawtooth(life: Life, now: float) -> float:
    """Bytes held by a collector of garbage: up to 70 % of the limit within change_seconds, then back, all its life."""
    return life.limit_bytes * (
        life.base_ratio + (0.7 - life.base_ratio) * (now % life.change_seconds) / life.change_seconds
    )


SHAPES: Final[dict[str, Callable[[Life, float], float]]] = {
    "leak": leak,
    "steady": steady,
    "cache": cache,
    "sawtooth": sawtooth,
}


FILE_BYTES_PER_STEP: Final = 256 << 10
"""Fills the limit with page cache in about six minutes, without keeping the disk busy."""


class Held:
    """Anonymous memory of a wanted size; every page is written, so that the kernel must back it."""

    def __init__(self) -> None:
        self._parts: list[mmap.mmap] = []
        self.size_bytes = 0

    def resize(self, wanted_bytes: float) -> None:
        """Grow by the difference, or let go of the youngest parts first."""
        while self._parts and self.size_bytes > wanted_bytes:
            part = self._parts.pop()
            self.size_bytes -= len(part)
            part.close()
        missing = int(wanted_bytes - self.size_bytes) // mmap.PAGESIZE * mmap.PAGESIZE
        if missing > 0:
            part = mmap.mmap(-1, missing, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
            part.madvise(mmap.MADV_NOHUGEPAGE)  # a huge page would make the leak jump by two megabytes
            for offset in range(0, missing, mmap.PAGESIZE):
                part[offset] = 1
            self._parts.append(part)
            self.size_bytes += missing


def hold(kind: str, life: Life) -> None:
    """Hold memory of the kind's shape, with the noise of requests, and beat a heart over the network; for ever."""
    draw = random.Random(life.seed)
    held, scratch, own = Held(), Held(), own_bytes()
    for step in range(sys.maxsize):
        if step % NOISE_STEPS == 0:
            scratch.resize(0)
            scratch.resize(draw.random() * SCRATCH_RATIO * life.limit_bytes)
        held.resize(SHAPES[kind](life, time.time()) - own)
        beat(life, draw)
        time.sleep(STEP_SECONDS)


def files(life: Life) -> None:
    """Write a file over and over: page cache fills the limit, is reclaimed, and nobody is killed."""
    draw = random.Random(life.seed)
    held, own = Held(), own_bytes()
    held.resize(life.limit_bytes * life.base_ratio - own)
    block = bytes(FILE_BYTES_PER_STEP)
    with Path(life.file).open("wb") as file:
        while True:
            if time.time() >= life.change_at:
                file.write(block)
                file.flush()
                if file.tell() > 4 * life.limit_bytes:
                    file.seek(0)
            beat(life, draw)
            time.sleep(STEP_SECONDS)


def burn(life: Life) -> None:
    """Serve requests that cost CPU: a third of the quota in quiet times, then ever more, up to 1.5 times of it."""
    draw = random.Random(life.seed)
    due = time.monotonic()
    while True:
        progress = min(1.0, max(0.0, (time.time() - life.change_at) / life.change_seconds))
        mean = life.cpu_cores * WORK_PERIOD_SECONDS * (0.35 + 1.15 * progress)
        work_until = time.thread_time() + draw.gammavariate(4.0, mean / 4.0)
        while time.thread_time() < work_until:
            pass
        # Work that came too late is not made up for: its clients gave up.
        due = max(due + WORK_PERIOD_SECONDS, time.monotonic() - WORK_PERIOD_SECONDS)
        time.sleep(max(0.0, due - time.monotonic()))


def talk(life: Life) -> None:
    """Send datagrams of all lengths to the peer, and take its answers."""
    draw = random.Random(life.seed)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        # Never fragment: a datagram that is too long for the wire is lost, as one of an overlay network is.
        one.setsockopt(socket.IPPROTO_IP, 10, 3)  # IP_MTU_DISCOVER, IP_PMTUDISC_PROBE (linux/in.h)
        one.setblocking(False)
        while True:
            for _ in range(DATAGRAMS_PER_SECOND // 10):
                with suppress(OSError):
                    one.sendto(bytes(draw.randint(SMALLEST_BYTES, LARGEST_BYTES)), (life.peer, PORT))
                with suppress(BlockingIOError):
                    while True:
                        one.recv(2048)
            time.sleep(0.1)


def echo() -> None:
    """Answer every datagram with a short one; what the node does for all pods."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("0.0.0.0", PORT))
        while True:
            _, sender = one.recvfrom(2048)
            with suppress(OSError):
                one.sendto(b"yes" * 20, sender)


def beat(life: Life, draw: random.Random) -> None:
    """A few short datagrams, as every pod has traffic."""
    if life.peer:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one, suppress(OSError):
            for _ in range(draw.randint(3, 8)):
                one.sendto(bytes(100), (life.peer, PORT))
            one.settimeout(0.05)
            one.recv(2048)


def own_bytes() -> int:
    """Anonymous memory of this process: what its control group is charged for the interpreter."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon:"))


def main(kind: str, text: str) -> None:
    """Live until killed."""
    if kind == "echo":
        echo()
    life = Life(**json.loads(text))
    others = {"files": files, "burn": burn, "talk": talk}
    if kind in others:
        others[kind](life)
    hold(kind, life)


if __name__ == "__main__":
    main(*sys.argv[1:])
