"""How pods come, start, die, wait and go: the part of the cluster that kubelet and controllers play."""

from hashlib import blake2s
from typing import Final

import numpy as np

from benchmarks.elsewhere.state import (
    SEAT_WORKLOAD,
    SEATS,
    STEP_SECONDS,
    Ended,
    Identity,
    Levers,
    Machines,
    Phase,
    Pods,
    Waiting,
)
from benchmarks.elsewhere.workloads import INDEX, NODES, WORKLOADS, IntArray

BACK_OFF_SECONDS: Final = (0.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0)
"""Kubelet's waits before a container's next start, doubling up to five minutes."""

SPELLS_NOTHING: Final = "bcdfghjklmnpqrstvwxz2456789"
"""https://pkg.go.dev/k8s.io/apimachinery/pkg/util/rand"""

BACK_OFF_RESET_SECONDS: Final = 600.0
"""Kubelet forgets earlier crashes after ten minutes without one."""

CRON_SECONDS: Final = 1200.0
CRON_LISTED_SECONDS: Final = 1800.0
CRON_FAILURE_RATIO: Final = 0.1

STARTUP: Final = np.array([WORKLOADS[w].startup_seconds for w in SEAT_WORKLOAD])
ORDINALS: Final = np.concatenate([np.arange(workload.seats) for workload in WORKLOADS])


class Lifecycle:
    """The pods in their seats and the rules by which they change.

    identities: who sat where, by (seat, generation); grows as pods are replaced.
    """

    def __init__(self, rng: np.random.Generator, start: float) -> None:
        self.pods, self.machines = Pods(), Machines()
        self.identities: dict[tuple[int, int], Identity] = {}
        self.revisions = [0] * len(WORKLOADS)
        self._rng = rng
        self._generations = self._epochs = 0
        for seat in range(SEATS):
            workload = WORKLOADS[SEAT_WORKLOAD[seat]]
            if workload.controller != "CronJob" and ORDINALS[seat] < workload.replicas:
                self.admit(seat, start - rng.uniform(0.5, 20) * 86400)
                self._run(seat, self.pods.created[seat] + STEP_SECONDS)
                self.pods.ready[seat] = True
                self.pods.fill[seat] = 1.0

    def identity(self, seat: int) -> Identity:
        """Who sits, or last sat, in a seat."""
        return self.identities[seat, int(self.pods.generation[seat])]

    def seats(self, workload: int) -> IntArray:
        """The taken seats of a workload, oldest pod first."""
        taken = np.flatnonzero(self.pods.present & (workload == SEAT_WORKLOAD))
        oldest: IntArray = taken[np.argsort(self.pods.created[taken], kind="stable")]
        return oldest

    def free_seat(self, workload: int) -> int | None:
        """A seat where a further pod of the workload could sit."""
        free = np.flatnonzero(~self.pods.present & (workload == SEAT_WORKLOAD))
        return int(free[0]) if len(free) else None

    def admit(self, seat: int, now: float) -> None:
        """A new pod takes the seat, pushing out whoever sits there, and waits for its container to be created."""
        pods, index = self.pods, int(SEAT_WORKLOAD[seat])
        self._generations += 1
        pods.node[seat] = self._place(seat)
        pods.present[seat], pods.generation[seat], pods.created[seat] = True, self._generations, now
        pods.phase[seat], pods.waiting[seat], pods.ready[seat] = Phase.PENDING, Waiting.CREATING, False
        pods.ended[seat] = pods.restarts[seat] = pods.strikes[seat] = 0
        pods.resume[seat] = now + STEP_SECONDS
        for counter in pods.counters.values():
            counter[seat] = 0.0
        if WORKLOADS[index].volume_bytes and pods.volume_used[seat] == 0:
            pods.volume_used[seat] = WORKLOADS[index].volume_bytes * self._rng.uniform(0.35, 0.8)
        self.identities[seat, self._generations] = self._named(seat, now)

    def dismiss(self, seat: int) -> None:
        """The pod is deleted."""
        self.pods.present[seat] = self.pods.ready[seat] = False

    def kill(self, seat: int, why: Ended, now: float) -> None:
        """The container ends and is started anew, at once or after kubelet's back-off."""
        pods = self.pods
        if now - pods.started[seat] > BACK_OFF_RESET_SECONDS:
            pods.strikes[seat] = 0
        wait = BACK_OFF_SECONDS[min(int(pods.strikes[seat]), len(BACK_OFF_SECONDS) - 1)]
        pods.strikes[seat] += why != Ended.COMPLETED
        pods.ended[seat], pods.ready[seat] = why, False
        if wait and why != Ended.COMPLETED:
            pods.waiting[seat], pods.resume[seat] = Waiting.BACK_OFF, now + wait
        else:
            pods.restarts[seat] += 1
            self._run(seat, now)

    def tend(self, levers: Levers, now: float) -> None:
        """What is due at this step: starts, probes, crashes and cron jobs."""
        pods = self.pods
        for seat in np.flatnonzero(pods.present & (pods.waiting != Waiting.NO) & (pods.resume <= now)):
            pods.restarts[seat] += pods.waiting[seat] == Waiting.BACK_OFF
            self._run(int(seat), now)
        for seat in np.flatnonzero(pods.running & pods.doomed):
            self.kill(int(seat), Ended.OOM, now)
        crashing = (levers.crash_seconds > 0) & (now - pods.started >= levers.crash_seconds)
        for seat in np.flatnonzero(pods.running & crashing):
            self.kill(int(seat), Ended.ERROR, now)
        started = pods.running & (now - pods.started >= STARTUP)
        probed = self._rng.random(SEATS) >= levers.unready
        pods.ready[:] = started & probed & self.machines.ready[pods.node]
        self._tend_cron(now)

    def _tend_cron(self, now: float) -> None:
        index, pods = INDEX["cleanup"], self.pods
        for seat in self.seats(index):
            if pods.phase[seat] == Phase.RUNNING and now >= pods.ends[seat]:
                failed = self._rng.random() < CRON_FAILURE_RATIO
                pods.phase[seat] = Phase.FAILED if failed else Phase.SUCCEEDED
            elif pods.phase[seat] in (Phase.SUCCEEDED, Phase.FAILED) and now >= pods.ends[seat] + CRON_LISTED_SECONDS:
                self.dismiss(int(seat))
        seat = self.free_seat(index)
        if now % CRON_SECONDS < STEP_SECONDS and seat is not None:
            self.admit(seat, now)
            pods.ends[seat] = now + self._rng.uniform(120, 360)

    def _run(self, seat: int, now: float) -> None:
        """A fresh container: its process starts counting at zero."""
        pods = self.pods
        self._epochs += 1
        pods.epoch[seat], pods.started[seat] = self._epochs, now
        pods.phase[seat], pods.waiting[seat] = Phase.RUNNING, Waiting.NO
        pods.fill[seat] = pods.backlog_seconds[seat] = pods.latency_sum[seat] = pods.burst[seat] = 0.0
        pods.requests[seat], pods.buckets[seat] = 0.0, 0.0
        for name, counter in pods.counters.items():
            if not name.startswith("container_network"):  # the sandbox of the pod outlives its containers
                counter[seat] = 0.0

    def _place(self, seat: int) -> int:
        """A daemon's own node, a volume's node, or the node with most room."""
        workload = WORKLOADS[SEAT_WORKLOAD[seat]]
        if workload.controller == "DaemonSet":
            return int(ORDINALS[seat])
        if workload.volume_bytes:
            return int(ORDINALS[seat] + len(workload.name)) % len(NODES)
        cores = np.array([WORKLOADS[w].cores for w in SEAT_WORKLOAD])
        taken = np.bincount(self.pods.node, cores * self.pods.present, len(NODES))
        fullness = taken / np.array([node.cores for node in NODES])
        fullness[self.machines.cordoned | self.machines.shunned | ~self.machines.ready] += 100.0
        return int(np.argmin(fullness))

    def _named(self, seat: int, now: float) -> Identity:
        index = int(SEAT_WORKLOAD[seat])
        workload, node = WORKLOADS[index], int(self.pods.node[seat])
        digest = blake2s(f"{seat}/{self._generations}/{now}".encode()).hexdigest()
        revision = suffix(f"{workload.name}/{self.revisions[index]}", 9)
        owner_kind, owner = str(workload.controller), workload.name
        if workload.controller == "Deployment":
            owner_kind, owner = "ReplicaSet", f"{workload.name}-{revision}"
        elif workload.controller == "CronJob":
            owner_kind, owner = "Job", f"{workload.name}-{int(now // 60)}"
        stateful = workload.controller == "StatefulSet"
        name = f"{workload.name}-{ORDINALS[seat]}" if stateful else f"{owner}-{suffix(digest, 5)}"
        uid = f"{digest[:8]}-{digest[8:12]}-4{digest[12:15]}-a{digest[15:18]}-{digest[18:30]}"
        ip = f"10.{64 + node}.{self._generations // 250 % 250}.{self._generations % 250 + 2}"
        claim = f"data-{name}" if workload.volume_bytes else ""
        return Identity(name, uid, ip, node, index, owner_kind, owner, now, claim)


def suffix(of: str, length: int) -> str:
    """What Kubernetes appends to a name: letters and digits that spell no words."""
    return "".join(SPELLS_NOTHING[byte % len(SPELLS_NOTHING)] for byte in blake2s(of.encode()).digest()[:length])


class Replacement:
    """Pods replaced one by one, each only when its successor is ready: what a rolling update with surge does."""

    def __init__(self, lifecycle: Lifecycle, seats: IntArray) -> None:
        self._lifecycle = lifecycle
        self._old = [(int(seat), int(lifecycle.pods.generation[seat])) for seat in seats]
        self._successor: int | None = None

    @property
    def done(self) -> bool:
        """Are all replaced?"""
        return not self._old

    def advance(self, now: float) -> None:
        """Start the next successor, or let the old pod go."""
        lifecycle, pods = self._lifecycle, self._lifecycle.pods
        if self.done:
            return
        seat, generation = self._old[0]
        if pods.generation[seat] != generation or not pods.present[seat]:
            self._old.pop(0)  # gone by itself, so its successor is one too many
            if self._successor is not None:
                lifecycle.dismiss(self._successor)
                self._successor = None
        elif self._successor is None:
            self._successor = lifecycle.free_seat(int(SEAT_WORKLOAD[seat]))
            if self._successor is not None:
                lifecycle.admit(self._successor, now)
        elif pods.ready[self._successor]:
            lifecycle.dismiss(seat)
            self._old.pop(0)
            self._successor = None
