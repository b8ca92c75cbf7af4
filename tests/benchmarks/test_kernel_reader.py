"""The reader of control groups and /proc, on small trees written here: what it reads and how it is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.kernel import cgroups
from benchmarks.kernel.cgroups import Cgroups, NoCgroups
from benchmarks.kernel.exposition import Pod, cadvisor, kube_state
from benchmarks.kernel.reader import interfaces, usage

GROUP = "/kip-kernel/pod1/ab"

STAT_V1 = """\
cache 8192
rss 4096
pgfault 12
pgmajfault 2
total_cache 8192
total_rss 40960
total_pgfault 12
total_pgmajfault 2
total_inactive_file 6144
"""

V1 = {
    "memory/memory.usage_in_bytes": "53248\n",
    "memory/memory.limit_in_bytes": "65536\n",
    "memory/memory.failcnt": "7\n",
    "memory/memory.stat": STAT_V1,
    "memory/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n",
    "cpu/cpu.cfs_quota_us": "20000\n",
    "cpu/cpu.cfs_period_us": "100000\n",
    "cpu/cpu.stat": "nr_periods 50\nnr_throttled 20\nthrottled_time 1500000000\n",
    "cpuacct/cpuacct.usage": "2500000000\n",
}

V2 = {
    "memory.current": "53248\n",
    "memory.max": "65536\n",
    "memory.stat": "anon 40960\nfile 8192\ninactive_file 6144\npgfault 12\npgmajfault 2\n",
    "memory.events": "low 0\nhigh 0\nmax 7\noom 1\noom_kill 1\n",
    "cpu.max": "20000 100000\n",
    "cpu.stat": "usage_usec 2500000\nnr_periods 50\nnr_throttled 20\nthrottled_usec 1500000\n",
}

NET_DEV = """\
Inter-| Receive | Transmit
 face |bytes packets errs drop fifo frame compressed multicast|bytes packets errs drop fifo colls carrier compressed
    lo:     100       1    0    0    0     0 0 0      100       1    0    0    0 0 0 0
  eth0:   14238     141    1    2    0     0 0 0   106414     142    3    4    0 0 0 0
"""

Golden = Callable[[str, str], None]


def tree_v1(root: Path, files: Mapping[str, str] = V1) -> Cgroups:
    """A version 1 mount with one group."""
    for name, text in files.items():
        controller, _, file = name.partition("/")
        folder = root / controller / GROUP.lstrip("/")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text)
    return cgroups.found(root)


def tree_v2(root: Path, files: Mapping[str, str] = V2) -> Cgroups:
    """A version 2 mount with one group."""
    folder = root / GROUP.lstrip("/")
    folder.mkdir(parents=True)
    (root / "cgroup.controllers").write_text("cpu memory\n")
    for name, text in files.items():
        (folder / name).write_text(text)
    return cgroups.found(root)


def pod(groups: Cgroups, process: Path) -> Pod:
    """A pod whose container was just killed, as read from a tree."""
    return Pod(
        namespace="kernel",
        name="orders-6c9f7b5d4-x2x9q",
        uid="1",
        container_name="orders",
        container_id="ab",
        group=GROUP,
        pod_group="/kip-kernel/pod1",
        image="registry.example.com/orders:1.0",
        created_at=1000.0,
        started_at=1001.5,
        running=False,
        restarts=0,
        memory_limit_bytes=65536,
        cpu_limit_cores=0.2,
        container=usage(groups, GROUP),
        pod_usage=usage(groups, "/kip-kernel/pod1"),
        network=tuple(interfaces(process)),
        terminated=("OOMKilled", 137),
    )


@pytest.fixture
def process(tmp_path: Path) -> Path:
    """A folder like /proc/1234."""
    folder = tmp_path / "proc" / "1234"
    (folder / "net").mkdir(parents=True)
    (folder / "net" / "dev").write_text(NET_DEV)
    return folder


def test_version_1_is_shown_as_cadvisor_shows_it(tmp_path: Path, process: Path, golden: Golden) -> None:
    golden("benchmarks/kernel-cadvisor-v1.txt", cadvisor([pod(tree_v1(tmp_path / "cgroup"), process)]))


def test_version_2_differs_only_in_the_refused_allocations_cadvisor_does_not_know(
    tmp_path: Path, process: Path
) -> None:
    first = cadvisor([pod(tree_v1(tmp_path / "one"), process)]).splitlines()
    second = cadvisor([pod(tree_v2(tmp_path / "two"), process)]).splitlines()
    differing = [(a, b) for a, b in zip(first, second, strict=True) if a != b]
    assert [(a.split("{")[0], a.split()[-1], b.split()[-1]) for a, b in differing] == [
        ("container_memory_failcnt", "7", "0")
    ]


def test_kube_state_metrics_tells_what_happened_to_the_pod(tmp_path: Path, process: Path, golden: Golden) -> None:
    golden("benchmarks/kernel-kube-state.txt", kube_state([pod(tree_v1(tmp_path / "cgroup"), process)]))


def test_a_pod_that_never_ended_has_no_reason(tmp_path: Path, process: Path) -> None:
    healthy = replace(pod(tree_v1(tmp_path / "cgroup"), process), running=True, terminated=None)
    assert "reason" not in kube_state([healthy])


def test_working_set_is_usage_without_inactive_file_pages_and_never_negative(tmp_path: Path) -> None:
    read = usage(tree_v1(tmp_path), GROUP)
    assert read is not None
    assert read.memory.working_set_bytes == 53248 - 6144
    assert replace(read.memory, inactive_file_bytes=60000).working_set_bytes == 0


@pytest.mark.parametrize(
    ("tree", "changes"),
    [
        (tree_v1, V1 | {"memory/memory.limit_in_bytes": "9223372036854771712\n", "cpu/cpu.cfs_quota_us": "-1\n"}),
        (tree_v2, V2 | {"memory.max": "max\n", "cpu.max": "max 100000\n"}),
    ],
    ids=["version 1", "version 2"],
)
def test_without_limits_the_memory_limit_is_0_and_there_are_no_periods(
    tmp_path: Path, tree: Callable[[Path, Mapping[str, str]], Cgroups], changes: Mapping[str, str]
) -> None:
    read = usage(tree(tmp_path, changes), GROUP)
    assert read is not None
    assert read.memory.limit_bytes == 0
    assert read.cpu.periods is None
    assert read.cpu.used_seconds == 2.5


def test_a_group_or_process_that_is_gone_is_no_error(tmp_path: Path) -> None:
    groups = tree_v1(tmp_path)
    assert usage(groups, "/kip-kernel/pod1/other") is None
    assert interfaces(tmp_path / "proc" / "99") == []


def test_a_machine_without_control_groups_says_so(tmp_path: Path) -> None:
    with pytest.raises(NoCgroups, match="no memory, cpu and cpuacct control groups below"):
        cgroups.found(tmp_path)
