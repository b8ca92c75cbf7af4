"""Reader: what the kernel says about one control group and one network namespace, as cAdvisor understands it.

Source: cAdvisor's container/libcontainer/handler.go, which says which file becomes which number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.kernel.cgroups import Cgroups

NO_LIMIT_BYTES: Final = 1 << 62
"""Version 1 writes the largest whole page below 2^63 where there is no limit; cAdvisor then says 0."""


@dataclass(frozen=True)
class Cpu:
    """CPU time, and the bandwidth periods where there is a quota (else None)."""

    used_seconds: float
    periods: int | None = None
    throttled_periods: int | None = None
    throttled_seconds: float | None = None
    quota_microseconds: int | None = None
    period_microseconds: int | None = None


@dataclass(frozen=True)
class Memory:
    """Memory in bytes; refused allocations, faults and kills since the group was made.

    limit_bytes is 0 where there is none. cAdvisor hears of kills from the kernel's log; the group's own counter is the
    same number.
    """

    usage_bytes: int
    inactive_file_bytes: int
    rss_bytes: int
    cache_bytes: int
    limit_bytes: int
    refused: int
    page_faults: int
    major_faults: int
    oom_kills: int

    @property
    def working_set_bytes(self) -> int:
        """What cannot be dropped at once: usage without file pages that nobody used of late."""
        return max(0, self.usage_bytes - self.inactive_file_bytes)


@dataclass(frozen=True)
class Usage:
    """One control group at one moment."""

    memory: Memory
    cpu: Cpu


@dataclass(frozen=True)
class Interface:
    """One line of /proc/net/dev: counters since the interface was made."""

    name: str
    receive: Mapping[str, int]
    transmit: Mapping[str, int]


def usage(groups: Cgroups, group: str) -> Usage | None:
    """What a group uses now; None when it is gone, also while we read."""
    memory, cpu, cpuacct = (root / group.lstrip("/") for root in (groups.memory, groups.cpu, groups.cpuacct))
    try:
        if groups.version == 2:
            return Usage(_memory_v2(memory), _cpu_v2(cpu))
        return Usage(_memory_v1(memory), _cpu_v1(cpu, cpuacct))
    except (FileNotFoundError, OSError):  # ENODEV: the file is open, the group is not there any more
        return None


def interfaces(process: Path) -> list[Interface]:
    """The interfaces that a process sees, but loopback; none when it has ended.

    process: its folder, for example /proc/1234. cAdvisor reads the same file of the pod's first process.
    """
    try:
        lines = (process / "net" / "dev").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError, OSError):
        return []
    return [one for line in lines[2:] if (one := _interface(line)).name != "lo"]


def _interface(line: str) -> Interface:
    name, _, rest = line.partition(":")
    numbers = [int(word) for word in rest.split()]
    fields = ("bytes", "packets", "errors", "packets_dropped")
    return Interface(
        name.strip(), dict(zip(fields, numbers[:4], strict=True)), dict(zip(fields, numbers[8:12], strict=True))
    )


def _memory_v1(folder: Path) -> Memory:
    stat, limit = _table(folder / "memory.stat"), _number(folder / "memory.limit_in_bytes")
    return Memory(
        usage_bytes=_number(folder / "memory.usage_in_bytes"),
        inactive_file_bytes=stat["total_inactive_file"],
        rss_bytes=stat["total_rss"],
        cache_bytes=stat["total_cache"],
        limit_bytes=0 if limit > NO_LIMIT_BYTES else limit,
        refused=_number(folder / "memory.failcnt"),
        page_faults=stat["pgfault"],
        major_faults=stat["pgmajfault"],
        # Before Linux 4.13 the line is missing.
        oom_kills=_table(folder / "memory.oom_control").get("oom_kill", 0),
    )


def _memory_v2(folder: Path) -> Memory:
    stat, events = _table(folder / "memory.stat"), _table(folder / "memory.events")
    limit = (folder / "memory.max").read_text().strip()
    return Memory(
        usage_bytes=_number(folder / "memory.current"),
        inactive_file_bytes=stat["inactive_file"],
        rss_bytes=stat["anon"],
        cache_bytes=stat["file"],
        limit_bytes=0 if limit == "max" else int(limit),
        # The file knows it (max), but libcontainer does not read it, so cAdvisor says 0 on every node with version 2:
        # https://github.com/opencontainers/cgroups/issues/19
        refused=0,
        page_faults=stat["pgfault"],
        major_faults=stat["pgmajfault"],
        oom_kills=events["oom_kill"],
    )


def _cpu_v1(cpu: Path, cpuacct: Path) -> Cpu:
    used = _number(cpuacct / "cpuacct.usage") / 1e9
    quota = _number(cpu / "cpu.cfs_quota_us")
    if quota < 0:
        return Cpu(used)
    stat = _table(cpu / "cpu.stat")
    throttled = stat["throttled_time"] / 1e9
    return Cpu(used, stat["nr_periods"], stat["nr_throttled"], throttled, quota, _number(cpu / "cpu.cfs_period_us"))


def _cpu_v2(folder: Path) -> Cpu:
    stat = _table(folder / "cpu.stat")
    used = stat["usage_usec"] / 1e6
    quota, period = (folder / "cpu.max").read_text().split()
    if quota == "max":
        return Cpu(used)
    throttled = stat["throttled_usec"] / 1e6
    return Cpu(used, stat["nr_periods"], stat["nr_throttled"], throttled, int(quota), int(period))


def _number(path: Path) -> int:
    return int(path.read_text())


def _table(path: Path) -> dict[str, int]:
    return {name: int(value) for name, value in (line.split() for line in path.read_text().splitlines())}
