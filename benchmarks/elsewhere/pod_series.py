"""The series of pods: kube-state-metrics', cAdvisor's, the kubelet's about volumes, and the applications' own."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from benchmarks.elsewhere.exposition import Text, bound, labels, runs
from benchmarks.elsewhere.habits import CPU_LIMITED, MEMORY, MEMORY_LIMITED, VOLUME
from benchmarks.elsewhere.node_series import STATE_METRICS, STATUSES, kubelet_target
from benchmarks.elsewhere.state import (
    BUCKETS,
    CODES,
    CONTAINER_COUNTERS,
    POD_COUNTERS,
    SEATS,
    Ended,
    Identity,
    Phase,
    Waiting,
)
from benchmarks.elsewhere.tape import Tape
from benchmarks.elsewhere.workloads import NODES, WORKLOADS, FloatArray, IntArray

PHASES: Final = {"Pending": Phase.PENDING, "Running": Phase.RUNNING, "Succeeded": Phase.SUCCEEDED,
                 "Failed": Phase.FAILED, "Unknown": -1}  # fmt: skip
WAITS: Final = {"ContainerCreating": Waiting.CREATING, "CrashLoopBackOff": Waiting.BACK_OFF}
ENDS: Final = {"OOMKilled": Ended.OOM, "Error": Ended.ERROR, "Completed": Ended.COMPLETED}

Identities = Mapping[tuple[int, int], Identity]


def write_pods(text: Text, tape: Tape, identities: Identities) -> None:
    """Every series of every pod that sat in a seat during the block."""
    for seat in range(SEATS):
        generations = tape.integers("generation")[:, seat]
        for generation, steps in runs(generations, tape.flags("present")[:, seat]):
            who = identities[seat, generation]
            heard = steps[tape.flags("kubelet_up")[steps, who.node]]
            _write_status(text, tape, seat, who, steps)
            _write_containers(text, tape, seat, who, heard)
            _write_pod(text, tape, seat, who, heard[tape.flags("sandbox")[heard, seat]])
            if who.claim:
                _write_volume(text, tape, seat, who, steps, heard)
            if WORKLOADS[who.workload].serves:
                _write_endpoint(text, tape, seat, who, steps)
                _write_requests(text, tape, seat, who, steps[tape.flags("running")[steps, seat]])


def _write_status(text: Text, tape: Tape, seat: int, who: Identity, steps: IntArray) -> None:
    workload, node = WORKLOADS[who.workload], NODES[who.node].name
    own = {"namespace": workload.namespace, "pod": who.name, "uid": who.uid}
    pod, container = {**STATE_METRICS, **own}, {**STATE_METRICS, **own, "container": workload.name}
    info = {
        "host_ip": f"192.168.7.{11 + who.node}", "pod_ip": who.ip, "node": node, "host_network": "false",
        "created_by_kind": who.owner_kind, "created_by_name": who.owner_name,
    }  # fmt: skip
    text.add("kube_pod_info", labels(**pod, **info), np.ones(len(tape.times)), steps)
    text.add("kube_pod_created", labels(**pod), np.rint(tape["created"][:, seat]), steps)
    for phase, number in PHASES.items():
        value = (tape["phase"][:, seat] == number).astype(np.float64)
        text.add("kube_pod_status_phase", labels(**pod, phase=phase), value, steps)
    ready = tape["ready"][:, seat]
    for condition, value in zip(STATUSES, (ready, 1 - ready, 0 * ready), strict=True):
        text.add("kube_pod_status_ready", labels(**pod, condition=condition), value, steps)
    text.add("kube_pod_container_status_restarts_total", labels(**container), tape["restarts"][:, seat], steps)
    _write_reasons(text, "waiting", WAITS, container, tape["waiting"][:, seat], steps)
    _write_reasons(text, "last_terminated", ENDS, container, tape["ended"][:, seat], steps)
    limits = {("cpu", "core"): workload.cores * workload.cpu_limited,
              ("memory", "byte"): workload.memory_bytes * workload.memory_limited}  # fmt: skip
    for (resource, unit), limit in limits.items():
        where = labels(**container, node=node, resource=resource, unit=unit)
        limited = steps if limit else steps[:0]
        text.add("kube_pod_container_resource_limits", where, np.full(len(tape.times), limit), limited)


def _write_reasons(
    text: Text, what: str, reasons: Mapping[str, int], container: dict[str, str], state: FloatArray, steps: IntArray
) -> None:
    """A series exists only while its reason is set."""
    for reason, number in reasons.items():
        where = labels(**container, reason=reason)
        name = f"kube_pod_container_status_{what}_reason"
        text.add(name, where, np.ones(len(state)), steps[state[steps] == number])


def _write_containers(text: Text, tape: Tape, seat: int, who: Identity, steps: IntArray) -> None:
    """A container that restarts has a new cgroup, hence new series."""
    workload = WORKLOADS[who.workload]
    running = np.zeros(len(tape.times), dtype=np.bool_)
    running[steps[tape.flags("running")[steps, seat]]] = True
    target = kubelet_target(who.node, "/metrics/cadvisor") | {"namespace": workload.namespace, "pod": who.name}
    for epoch, lived in runs(tape.integers("epoch")[:, seat], running):
        name = f"{who.uid[:6]}{epoch:06x}"
        own = target | {"container": workload.name, "id": f"{_cgroup(who)}/{name}", "name": name}
        own["image"] = f"registry.example/{workload.name}:1"
        where = labels(**own)
        limit = np.full(len(running), MEMORY[seat] if MEMORY_LIMITED[seat] else 0.0)
        text.add("container_memory_working_set_bytes", where, np.rint(tape["working_set"][:, seat]), lived)
        text.add("container_spec_memory_limit_bytes", where, limit, lived)
        text.add("container_start_time_seconds", where, np.rint(tape["started"][:, seat]), lived)
        _write_counters(text, tape, seat, own, lived)


def _write_counters(text: Text, tape: Tape, seat: int, own: dict[str, str], steps: IntArray) -> None:
    for name in CONTAINER_COUNTERS:
        values = tape[name][:, seat]
        if name.startswith("pg"):
            for scope in ("container", "hierarchy"):
                where = labels(**own, failure_type=name, scope=scope)
                text.add("container_memory_failures_total", where, values, steps)
        elif "cpu_usage" in name:
            text.add(name, labels(**own, cpu="total"), values, steps)
        elif CPU_LIMITED[seat] or "cfs" not in name:
            text.add(name, labels(**own), values, steps)


def _write_pod(text: Text, tape: Tape, seat: int, who: Identity, steps: IntArray) -> None:
    """The pod's cgroup, which sums its containers, and its sandbox's network."""
    namespace = WORKLOADS[who.workload].namespace
    target = kubelet_target(who.node, "/metrics/cadvisor") | {"namespace": namespace, "pod": who.name}
    where = labels(**target, id=_cgroup(who))
    text.add("container_memory_working_set_bytes", where, np.rint(tape["working_set"][:, seat]), steps)
    for name in POD_COUNTERS:
        text.add(name, labels(**target, id=_cgroup(who), interface="eth0"), tape[name][:, seat], steps)


def _write_volume(text: Text, tape: Tape, seat: int, who: Identity, steps: IntArray, heard: IntArray) -> None:
    namespace = WORKLOADS[who.workload].namespace
    claim = {"namespace": namespace, "persistentvolumeclaim": who.claim}
    bound_to = labels(**STATE_METRICS, **claim, pod=who.name, uid=who.uid, volume="data")
    text.add("kube_pod_spec_volumes_persistentvolumeclaims_info", bound_to, np.ones(len(tape.times)), steps)
    where = labels(**kubelet_target(who.node, "/metrics"), **claim)
    text.add("kubelet_volume_stats_used_bytes", where, np.rint(tape["volume"][:, seat]), heard)
    text.add("kubelet_volume_stats_capacity_bytes", where, np.full(len(tape.times), VOLUME[seat]), heard)


def _write_endpoint(text: Text, tape: Tape, seat: int, who: Identity, steps: IntArray) -> None:
    """A pod is an address of its service as soon as it has an IP, ready or not."""
    workload = WORKLOADS[who.workload]
    own = {"endpoint": workload.name, "namespace": workload.namespace, "ip": who.ip}
    port = {"port_name": "http", "port_protocol": "TCP", "port_number": "8080"}
    known = steps[tape["phase"][steps, seat] == Phase.RUNNING]
    for answer in (True, False):
        where = labels(**STATE_METRICS, **own, **port, ready=str(answer).lower())
        chosen = known[tape.flags("ready")[known, seat] == answer]
        text.add("kube_endpoint_address", where, np.ones(len(tape.times)), chosen)


def _write_requests(text: Text, tape: Tape, seat: int, who: Identity, steps: IntArray) -> None:
    workload = WORKLOADS[who.workload]
    target = {
        "job": workload.name, "instance": f"{who.ip}:8080", "namespace": workload.namespace, "pod": who.name,
        "service": workload.name, "container": workload.name, "endpoint": "http",
    }  # fmt: skip
    for number, code in enumerate(CODES):
        values = tape["requests"][:, seat, number]
        text.add("http_requests_total", labels(**target, method="GET", code=code), values, steps)
    for number, seconds in enumerate(BUCKETS):
        where = labels(**target, method="GET", le=bound(seconds))
        text.add("http_request_duration_seconds_bucket", where, tape["buckets"][:, seat, number], steps)
    method = labels(**target, method="GET")
    text.add("http_request_duration_seconds_sum", method, tape["latency_sum"][:, seat], steps)
    text.add("http_request_duration_seconds_count", method, tape["buckets"][:, seat, -1], steps)
    text.add("http_requests_in_flight", labels(**target), tape["in_flight"][:, seat], steps)


def _cgroup(who: Identity) -> str:
    return f"/kubepods.slice/pod{who.uid}"
