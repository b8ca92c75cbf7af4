"""Pods: started in their control group and namespace, watched for their end, and started again, as a kubelet does."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from benchmarks.kernel import cgroups, namespaces, plan, reader
from benchmarks.kernel.cgroups import Cgroups
from benchmarks.kernel.exposition import Pod
from benchmarks.kernel.plan import Spec
from benchmarks.kernel.workload import LARGEST_BYTES, SMALLEST_BYTES, Life
from demo import signals
from demo.processes import Processes

RESTART_SECONDS: Final = 20.0
"""Between a container's end and its next start: the kubelet's first back-off, and long enough for one scrape to see the
dead container's group."""

NEVER: Final = 1e12
"""Unix seconds of a change that does not come: who was killed once leaks no more."""

SIGKILLED: Final = -9
Tell = Callable[[dict[str, Any]], None]


@dataclass
class _Running:
    """One pod's state: its present container and what became of the ones before."""

    spec: Spec
    number: int
    uid: str
    peer: str
    created_at: float
    process: subprocess.Popen[bytes]
    container_id: str
    started_at: float
    restarts: int = 0
    ended_at: float | None = None
    terminated: tuple[str, int] | None = None
    mtu: int = plan.WIRE_MTU_BYTES

    @property
    def pod_group(self) -> str:
        return f"{cgroups.PARENT}/pod{self.uid}"

    @property
    def group(self) -> str:
        return f"{self.pod_group}/{self.container_id}"


@contextmanager
def living(groups: Cgroups, folder: Path, tell: Tell) -> Iterator[Pods]:
    """No pods yet, on a node that answers. Left in any way, processes, groups and namespaces are gone.

    folder: for logs and scratch files. tell: called with each end of a container. Raises OSError, NoNamespaces.
    """
    _clear(groups, folder)
    try:
        with Processes(folder / "pods") as processes:
            (folder / "scratch").mkdir(parents=True)
            namespaces.make_node()
            echo = [sys.executable, "-m", "benchmarks.kernel.workload", "echo", ""]
            processes.start("echo", namespaces.inside(namespaces.NODE, echo))
            yield Pods(groups, folder, processes, tell)
    finally:
        with signals.ignored():
            _clear(groups, folder)


class Pods:
    """All pods of the plan: state that one thread changes, by start and look, and others may look at, by seen."""

    def __init__(self, groups: Cgroups, folder: Path, processes: Processes, tell: Tell) -> None:
        self._groups = groups
        self._folder = folder
        self._processes = processes
        self._tell = tell
        self._running: list[_Running] = []
        self._lock = threading.Lock()

    def start(self, spec: Spec) -> None:
        """Make a pod's namespace and start its first container."""
        number, now = len(self._running), time.time()
        peer = namespaces.make_pod(spec.container, number)
        uid, container_id = str(uuid.uuid4()), _container_id()
        process = self._start_container(spec, f"{cgroups.PARENT}/pod{uid}/{container_id}", peer)
        with self._lock:
            self._running.append(_Running(spec, number, uid, peer, now, process, container_id, now))

    def look(self) -> None:
        """See who has ended, start again who waited long enough, narrow the wires; for several calls a second."""
        now = time.time()
        for pod in self._running:
            if pod.ended_at is None and pod.process.poll() is not None:
                self._ended(pod, now)
            elif pod.ended_at is not None and now >= pod.ended_at + RESTART_SECONDS:
                self._restart(pod, now)
            if pod.spec.role == "network":
                self._narrow(pod, now)

    def seen(self) -> list[Pod]:
        """Every pod as it is at this moment, read from the kernel."""
        with self._lock:
            running = [replace(pod) for pod in self._running]
        return [self._seen(pod) for pod in running]

    def _seen(self, pod: _Running) -> Pod:
        return Pod(
            namespace=plan.NAMESPACE,
            name=pod.spec.name,
            uid=pod.uid,
            container_name=pod.spec.container,
            container_id=pod.container_id,
            group=pod.group,
            pod_group=pod.pod_group,
            image=f"registry.example.com/{pod.spec.container}:1.0",
            created_at=pod.created_at,
            started_at=pod.started_at,
            running=pod.ended_at is None,
            restarts=pod.restarts,
            memory_limit_bytes=pod.spec.limit_bytes,
            cpu_limit_cores=pod.spec.cpu_cores,
            container=reader.usage(self._groups, pod.group),
            pod_usage=reader.usage(self._groups, pod.pod_group),
            network=tuple(reader.interfaces(Path(f"/proc/{pod.process.pid}"))),
            terminated=pod.terminated,
        )

    def _ended(self, pod: _Running, now: float) -> None:
        usage = reader.usage(self._groups, pod.group)
        kills = usage.memory.oom_kills if usage else 0
        code = pod.process.returncode
        # As the kubelet has it: a process ended by a signal has the code 128 + signal.
        reason = "OOMKilled" if code == SIGKILLED and kills else "Error"
        with self._lock:
            pod.ended_at, pod.terminated = now, (reason, 128 - code if code < 0 else code)
        self._tell({"pod": pod.spec.name, "at": now, "reason": reason, "oom_kills": kills, "code": code})

    def _restart(self, pod: _Running, now: float) -> None:
        cgroups.remove(self._groups, pod.group)
        spec, container_id = replace(pod.spec, change_at=NEVER), _container_id()
        process = self._start_container(spec, f"{pod.pod_group}/{container_id}", pod.peer)
        with self._lock:
            pod.process, pod.container_id = process, container_id
            pod.started_at, pod.ended_at, pod.restarts = now, None, pod.restarts + 1

    def _start_container(self, spec: Spec, group: str, peer: str) -> subprocess.Popen[bytes]:
        cgroups.make(self._groups, group, spec.limit_bytes, spec.cpu_cores)
        scratch = self._folder / "scratch" / spec.container
        life = Life(
            *(spec.limit_bytes, spec.base_ratio, spec.change_at, spec.change_seconds, spec.cpu_cores),
            *(peer, str(scratch), spec.limit_bytes),
        )
        command = [sys.executable, "-m", "benchmarks.kernel.workload", spec.kind, json.dumps(asdict(life))]
        joined = cgroups.joined(self._groups, group, namespaces.inside(spec.container, command))
        return self._processes.start(spec.container, joined)

    def _narrow(self, pod: _Running, now: float) -> None:
        mtu = plan.wire_mtu(pod.spec, now, SMALLEST_BYTES, LARGEST_BYTES)
        if mtu != pod.mtu:
            namespaces.narrow(pod.number, mtu)
            pod.mtu = mtu


def _container_id() -> str:
    """64 hexadecimal digits, as containerd draws them."""
    return uuid.uuid4().hex + uuid.uuid4().hex


def _clear(groups: Cgroups, folder: Path) -> None:
    """Remove what we, or a run before us, have made."""
    cgroups.remove(groups, cgroups.PARENT)
    namespaces.remove_all()
    shutil.rmtree(folder / "scratch", ignore_errors=True)
