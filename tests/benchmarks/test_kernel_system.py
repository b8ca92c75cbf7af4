"""A real leak of twenty seconds to a real OOM kill, and a wire that really drops, seen by the reader."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.kernel import cgroups, namespaces
from benchmarks.kernel.cgroups import Cgroups, NoCgroups
from benchmarks.kernel.plan import MIB, Role, Spec
from benchmarks.kernel.pods import NEVER, RESTART_SECONDS, Pods, living
from benchmarks.kernel.reader import usage
from benchmarks.kernel.workload import Life
from demo.processes import Processes

pytestmark = pytest.mark.system
LEAK_SECONDS = 20.0
QUIET_SECONDS = 5.0
DEADLINE_SECONDS = 60.0


@pytest.fixture
def groups() -> Cgroups:
    """Control groups that we can make; without them there is nothing to test."""
    try:
        found = cgroups.usable()
    except NoCgroups as error:
        pytest.skip(str(error))
    if lacking := namespaces.missing():
        pytest.skip(f"a program is missing: {lacking}")
    return found


@pytest.fixture
def ends() -> list[dict[str, Any]]:
    """What the pods tell about containers that ended."""
    return []


@pytest.fixture
def pods(
    groups: Cgroups, tmp_path: Path, ends: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Pods]:
    """No pods yet, below a group and namespaces that no running benchmark uses."""
    monkeypatch.setattr(cgroups, "PARENT", "/kip-kernel-test")
    monkeypatch.setattr(namespaces, "PREFIX", "kip-test-")
    monkeypatch.setattr(namespaces, "NODE", "kip-test-node")
    with living(groups, tmp_path, ends.append) as none_yet:
        yield none_yet
    assert not any(folder.exists() for folder in groups.folders("/kip-kernel-test"))
    assert not list(namespaces.FOLDER.glob("kip-test-*"))


def spec(role: Role, kind: str, seconds: float) -> Spec:
    """A pod of 48 MiB whose trouble begins in five seconds."""
    began = time.time() + QUIET_SECONDS
    return Spec("orders-6c9f7b5d4-x2x9q", role, kind, 48 * MIB, 0.5, 0.5, began, seconds)


def test_a_leak_is_seen_to_rise_until_the_kernel_kills_and_the_pod_is_started_again(
    pods: Pods, ends: list[dict[str, Any]]
) -> None:
    leak = spec("leak", "leak", LEAK_SECONDS)
    pods.start(leak)
    shares: list[float] = []
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not ends and time.monotonic() < deadline:
        pods.look()
        (seen,) = pods.seen()
        assert seen.container is not None
        if not ends:
            shares.append(seen.container.memory.working_set_bytes / leak.limit_bytes)
        time.sleep(0.2)
    (end,) = ends
    assert (end["reason"], end["code"], end["oom_kills"]) == ("OOMKilled", -9, 1)
    assert end["at"] - leak.change_at == pytest.approx(LEAK_SECONDS, abs=4.0)
    quiet = shares[round(4 / 0.2)]  # one second before the leak
    assert 0.45 < quiet < 0.6
    assert max(shares) > 0.95
    (dead,) = pods.seen()
    assert dead.container is not None
    assert (dead.running, dead.terminated, dead.container.memory.oom_kills) == (False, ("OOMKilled", 137), 1)
    old_group = dead.group
    while time.time() < end["at"] + RESTART_SECONDS + 1:
        pods.look()
        time.sleep(0.2)
    (again,) = pods.seen()
    assert (again.running, again.restarts) == (True, 1)
    assert again.group != old_group
    assert again.container is not None
    assert again.container.memory.oom_kills == 0


def test_a_narrow_wire_shows_as_drops_of_the_pods_interface(pods: Pods) -> None:
    pods.start(spec("network", "talk", 0.01))  # as narrow as it gets as soon as its trouble begins
    deadline = time.monotonic() + DEADLINE_SECONDS
    dropped = 0
    while dropped < 10 and time.monotonic() < deadline:
        pods.look()
        (seen,) = pods.seen()
        dropped = sum(one.transmit["packets_dropped"] for one in seen.network if one.name == "eth0")
        time.sleep(0.2)
    assert dropped >= 10
    (interface,) = pods.seen()[0].network
    assert interface.receive["packets"] > 0


def test_what_a_queueing_discipline_drops_is_no_drop_of_the_interface(pods: Pods) -> None:
    pods.start(replace(spec("network", "talk", 1.0), change_at=NEVER))
    shaper = ["tbf", "rate", "50kbit", "burst", "3kb", "limit", "3kb"]
    tc = ["tc", "-netns", "kip-test-orders", "qdisc", "replace", "dev", "eth0", "root", *shaper]
    subprocess.run(tc, check=True)
    deadline = time.monotonic() + DEADLINE_SECONDS
    dropped_by_queue = 0
    while dropped_by_queue < 50 and time.monotonic() < deadline:
        time.sleep(0.2)
        show = ["tc", "-netns", "kip-test-orders", "-s", "-json", "qdisc", "show", "dev", "eth0"]
        dropped_by_queue = json.loads(subprocess.run(show, check=True, capture_output=True).stdout)[0]["drops"]
    assert dropped_by_queue >= 50
    (interface,) = pods.seen()[0].network
    assert interface.transmit["packets_dropped"] == 0
    assert interface.transmit["packets"] > 0


def test_a_greedy_container_is_throttled(groups: Cgroups, tmp_path: Path) -> None:
    group = "/kip-kernel-test/throttled"
    life = Life(limit_bytes=48 * MIB, base_ratio=0.3, change_at=0.0, change_seconds=1.0, cpu_cores=0.2)
    command = [sys.executable, "-m", "benchmarks.kernel.workload", "burn", json.dumps(asdict(life))]
    cgroups.make(groups, group, life.limit_bytes, life.cpu_cores)
    try:
        with Processes(tmp_path) as processes:
            processes.start("burn", cgroups.joined(groups, group, command))
            deadline = time.monotonic() + DEADLINE_SECONDS
            periods = throttled = 0
            while periods < 50 and time.monotonic() < deadline:
                time.sleep(0.2)
                periods, throttled = _periods(groups, group)
        assert periods >= 50
        assert throttled > 0.5 * periods
    finally:
        cgroups.remove(groups, "/kip-kernel-test")


def _periods(groups: Cgroups, group: str) -> tuple[int, int]:
    read = usage(groups, group)
    assert read is not None
    return read.cpu.periods or 0, read.cpu.throttled_periods or 0
