"""Control groups of version 1 or 2: where they lie, how one is made, joined and removed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path("/sys/fs/cgroup")
PARENT: Final = "/kip-kernel"
"""All our groups lie below this one; nothing else is ever touched."""

CPU_PERIOD_MICROSECONDS: Final = 100_000
"""The kernel's default and the kubelet's (--cpu-cfs-quota-period)."""

REMOVAL_SECONDS: Final = 5.0
"""A group can be removed when its last process has left, which takes the kernel a moment after a kill."""


class NoCgroups(Exception):
    """One line that says what this machine lacks."""


@dataclass(frozen=True)
class Cgroups:
    """The hierarchies that hold memory and CPU: three folders in version 1, one and the same in version 2."""

    version: int
    memory: Path
    cpu: Path
    cpuacct: Path

    def folders(self, group: str) -> tuple[Path, ...]:
        """Every folder of one group, given by its id such as /kip-kernel/pod1/ab."""
        roots = dict.fromkeys((self.memory, self.cpu, self.cpuacct))
        return tuple(root / group.lstrip("/") for root in roots)


def found(root: Path = ROOT) -> Cgroups:
    """The hierarchies below a mount point. Raises NoCgroups."""
    if (root / "cgroup.controllers").exists():
        return Cgroups(2, root, root, root)
    if (root / "memory").is_dir() and (root / "cpu").is_dir() and (root / "cpuacct").is_dir():
        # Where cpu and cpuacct are mounted as one, both names are links to the same folder.
        return Cgroups(1, root / "memory", (root / "cpu").resolve(), (root / "cpuacct").resolve())
    raise NoCgroups(f"no memory, cpu and cpuacct control groups below {root}")


def usable() -> Cgroups:
    """The hierarchies, after a group was made in them and removed. Raises NoCgroups."""
    groups = found()
    if os.geteuid() != 0:
        raise NoCgroups("needs root, to make control groups and network namespaces")
    try:
        make(groups, f"{PARENT}/probe", 64 << 20, 0.5)
        remove(groups, f"{PARENT}/probe")
    except OSError as error:
        raise NoCgroups(f"cannot make control groups: {error}") from error
    return groups


def make(groups: Cgroups, group: str, memory_bytes: int | None = None, cpu_cores: float | None = None) -> None:
    """Make a group and its parents, with limits; an existing one gets them anew. Raises OSError."""
    for folder in groups.folders(group):
        folder.mkdir(parents=True, exist_ok=True)
    if groups.version == 2:
        _delegate(groups.memory, group)
    memory, cpu = groups.memory / group.lstrip("/"), groups.cpu / group.lstrip("/")
    if memory_bytes is not None:
        name = "memory.max" if groups.version == 2 else "memory.limit_in_bytes"
        (memory / name).write_text(str(memory_bytes))
    if cpu_cores is not None:
        quota = round(cpu_cores * CPU_PERIOD_MICROSECONDS)
        if groups.version == 2:
            (cpu / "cpu.max").write_text(f"{quota} {CPU_PERIOD_MICROSECONDS}")
        else:
            (cpu / "cpu.cfs_period_us").write_text(str(CPU_PERIOD_MICROSECONDS))
            (cpu / "cpu.cfs_quota_us").write_text(str(quota))


def joined(groups: Cgroups, group: str, command: list[str]) -> list[str]:
    """The command that joins a group and then becomes another: so even its first page is charged to the group."""
    joins = " && ".join(f"echo $$ > {folder}/cgroup.procs" for folder in groups.folders(group))
    return ["sh", "-c", f'{joins} && exec "$@"', "sh", *command]


def remove(groups: Cgroups, group: str) -> None:
    """Kill what runs in a group and those below it, and remove them; absent ones are no error.

    Raises OSError when a group is still busy after REMOVAL_SECONDS.
    """
    for folder in groups.folders(group):
        for each in _deepest_first(folder):
            _kill_members(each)
            _remove_folder(each)


def _delegate(root: Path, group: str) -> None:
    """Version 2 wants the controllers named in every group above."""
    folder = root
    for part in group.strip("/").split("/"):
        (folder / "cgroup.subtree_control").write_text("+memory +cpu")
        folder /= part


def _deepest_first(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        for below in sorted(folder.iterdir()):
            if below.is_dir():
                yield from _deepest_first(below)
        yield folder


def _kill_members(folder: Path) -> None:
    for pid in (folder / "cgroup.procs").read_text().split():
        with suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)


def _remove_folder(folder: Path) -> None:
    deadline = time.monotonic() + REMOVAL_SECONDS
    while folder.exists():
        try:
            folder.rmdir()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
