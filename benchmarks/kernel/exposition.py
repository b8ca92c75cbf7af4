"""Exposition: pods as cAdvisor and kube-state-metrics would show them, in Prometheus' text format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from benchmarks.kernel.reader import Interface, Usage

NODE: Final = "this-machine"
PHASES: Final = ("Pending", "Running", "Succeeded", "Failed", "Unknown")

Sample = tuple[str, Mapping[str, str], float]
"""Metric, labels, value."""


@dataclass(frozen=True)
class Pod:
    """A pod with one container at one moment.

    container, pod_usage: None where the control group is gone. memory_limit_bytes and cpu_limit_cores: as specified;
    None for no limit. terminated: reason and exit code of the last container that ended; None when none has.
    """

    namespace: str
    name: str
    uid: str
    container_name: str
    container_id: str
    group: str
    pod_group: str
    image: str
    created_at: float
    started_at: float
    running: bool
    restarts: int
    memory_limit_bytes: int | None
    cpu_limit_cores: float | None
    container: Usage | None = None
    pod_usage: Usage | None = None
    network: tuple[Interface, ...] = ()
    terminated: tuple[str, int] | None = None


def cadvisor(pods: Iterable[Pod]) -> str:
    """The text of a kubelet's /metrics/cadvisor for these pods."""
    return _text(sample for pod in pods for sample in _cadvisor(pod))


def kube_state(pods: Iterable[Pod]) -> str:
    """The text of a few metrics of kube-state-metrics, each known from what happened to these pods."""
    return _text(sample for pod in pods for sample in _kube_state(pod))


def _cadvisor(pod: Pod) -> Iterator[Sample]:
    whose = {"namespace": pod.namespace, "pod": pod.name}
    own = {"container": pod.container_name, "id": pod.group, "image": pod.image, "name": pod.container_id, **whose}
    whole = {"container": "", "id": pod.pod_group, "image": "", "name": "", **whose}
    if pod.container:
        yield "container_start_time_seconds", own, pod.started_at
        yield from _of_group(own, pod.container)
    if pod.pod_usage:
        yield from _of_group(whole, pod.pod_usage)
    for interface in pod.network:
        labels = {**whole, "interface": interface.name}
        for direction, counters in (("receive", interface.receive), ("transmit", interface.transmit)):
            for what, value in counters.items():
                yield f"container_network_{direction}_{what}_total", labels, value


def _of_group(labels: Mapping[str, str], usage: Usage) -> Iterator[Sample]:
    memory, cpu = usage.memory, usage.cpu
    yield "container_memory_usage_bytes", labels, memory.usage_bytes
    yield "container_memory_working_set_bytes", labels, memory.working_set_bytes
    yield "container_memory_rss", labels, memory.rss_bytes
    yield "container_memory_cache", labels, memory.cache_bytes
    yield "container_memory_failcnt", labels, memory.refused
    for kind, count in (("pgfault", memory.page_faults), ("pgmajfault", memory.major_faults)):
        for scope in ("container", "hierarchy"):
            yield "container_memory_failures_total", {**labels, "failure_type": kind, "scope": scope}, count
    yield "container_oom_events_total", labels, memory.oom_kills
    yield "container_spec_memory_limit_bytes", labels, memory.limit_bytes
    yield "container_cpu_usage_seconds_total", {**labels, "cpu": "total"}, cpu.used_seconds
    limited = (
        ("container_cpu_cfs_periods_total", cpu.periods),
        ("container_cpu_cfs_throttled_periods_total", cpu.throttled_periods),
        ("container_cpu_cfs_throttled_seconds_total", cpu.throttled_seconds),
        ("container_spec_cpu_quota", cpu.quota_microseconds),
        ("container_spec_cpu_period", cpu.period_microseconds),
    )
    for name, value in limited:
        if value is not None:
            yield name, labels, value


def _kube_state(pod: Pod) -> Iterator[Sample]:
    whose = {"namespace": pod.namespace, "pod": pod.name, "uid": pod.uid}
    container = {**whose, "container": pod.container_name}
    yield "kube_pod_info", {**whose, "node": NODE}, 1
    yield "kube_pod_created", whose, pod.created_at
    for phase in PHASES:  # a pod whose container is about to be restarted is still Running
        yield "kube_pod_status_phase", {**whose, "phase": phase}, float(phase == "Running")
    for condition in ("true", "false", "unknown"):
        yield "kube_pod_status_ready", {**whose, "condition": condition}, float(condition == str(pod.running).lower())
    yield "kube_pod_container_status_running", container, float(pod.running)
    yield "kube_pod_container_status_restarts_total", container, pod.restarts
    if pod.terminated:
        reason, code = pod.terminated
        if not pod.running:
            yield "kube_pod_container_status_terminated_reason", {**container, "reason": reason}, 1
        yield "kube_pod_container_status_last_terminated_reason", {**container, "reason": reason}, 1
        yield "kube_pod_container_status_last_terminated_exitcode", container, code
    for resource, unit, limit in (
        ("memory", "byte", pod.memory_limit_bytes),
        ("cpu", "core", pod.cpu_limit_cores),
    ):
        if limit is not None:
            labels = {**container, "node": NODE, "resource": resource, "unit": unit}
            yield "kube_pod_container_resource_limits", labels, limit


def _text(samples: Iterable[Sample]) -> str:
    """Samples by metric, in the order in which metrics first came."""
    by_metric: dict[str, list[str]] = {}
    for name, labels, value in samples:
        pairs = ",".join(f'{key}="{text}"' for key, text in labels.items())
        number = repr(float(value)).removesuffix(".0")
        by_metric.setdefault(name, []).append(f"{name}{{{pairs}}} {number}\n")
    return "".join(f"# TYPE {name} {_type(name)}\n{''.join(lines)}" for name, lines in by_metric.items())


def _type(name: str) -> str:
    return "counter" if name.endswith("_total") or name == "container_memory_failcnt" else "gauge"
