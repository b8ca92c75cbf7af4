"""cAdvisor of every kubelet: containers, pod cgroups, pod networks and node slices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from emitter.exposition import Column, Family, Source, Table
from emitter.sources.node import node_context, node_keys
from emitter.state import DEAD, EMPTY, FAILED, NETWORK, RUNNING, BoolArray, FloatArray
from emitter.world import World

TARGET: Final = 'instance="{node}:10250",job="kubelet",metrics_path="/metrics/cadvisor",node="{node}"'
CGROUP: Final = "/kubepods/burstable/pod{uid}"
"""As the cgroupfs driver names it; half as long as systemd's, and history is text before it is blocks."""


def _pods(attribute: str, column: int | None = None) -> Callable[[World], FloatArray]:
    if column is None:
        return lambda w: np.asarray(getattr(w.pods, attribute), dtype=np.float64)
    return lambda w: np.asarray(getattr(w.pods, attribute)[:, column])


def _limited(attribute: str) -> Callable[[World], FloatArray]:
    """Only containers with a CPU limit have CFS series."""
    return lambda w: np.where(np.isnan(w.pods.cpu_limit), np.nan, getattr(w.pods, attribute))


def _constant(value: float) -> Callable[[World], FloatArray]:
    return lambda w: np.full(len(w.pods.phase), value)


def _usage(prefix: str) -> list[Column]:
    return [
        Column("container_cpu_usage_seconds_total", 'cpu="total"', _pods(f"{prefix}cpu_seconds"), smooth=True),
        Column("container_cpu_cfs_periods_total", "", _limited(f"{prefix}periods"), smooth=True),
        Column("container_cpu_cfs_throttled_periods_total", "", _limited(f"{prefix}throttled_periods"), smooth=True),
        Column("container_cpu_cfs_throttled_seconds_total", "", _limited(f"{prefix}throttled_seconds"), smooth=True),
        Column("container_memory_working_set_bytes", "", _pods("working_set_bytes")),
        Column("container_memory_usage_bytes", "", _pods("usage_bytes")),
        Column("container_memory_rss", "", _pods("resident_bytes")),
        Column("container_memory_cache", "", _pods("cache_bytes")),
    ]


def _quota(w: World) -> FloatArray:
    return np.asarray(w.pods.cpu_limit * 100_000)


CONTAINER_COLUMNS: Final = (
    *_usage(""),
    Column("container_memory_swap", "", _constant(0.0)),
    Column("container_memory_failcnt", "", _pods("failcnt"), smooth=True),
    Column(
        "container_memory_failures_total",
        'failure_type="pgfault",scope="container"',
        _pods("page_faults"),
        smooth=True,
    ),
    Column(
        "container_memory_failures_total",
        'failure_type="pgmajfault",scope="container"',
        _pods("major_faults"),
        smooth=True,
    ),
    Column("container_oom_events_total", "", _pods("oom_events")),
    Column("container_start_time_seconds", "", _pods("started_at")),
    Column("container_spec_memory_limit_bytes", "", _pods("memory_limit")),
    Column("container_spec_cpu_quota", "", _quota),
    Column("container_spec_cpu_period", "", _constant(100_000.0)),
    Column("container_fs_usage_bytes", 'device="/dev/nvme1n1"', _pods("log_bytes")),
    Column("container_fs_limit_bytes", 'device="/dev/nvme1n1"', _constant(6e10)),
    Column("container_fs_reads_bytes_total", 'device="/dev/nvme1n1"', _pods("read_bytes"), smooth=True),
    Column("container_fs_writes_bytes_total", 'device="/dev/nvme1n1"', _pods("written_bytes"), smooth=True),
)


def _network() -> list[Column]:
    names = {"bytes": "bytes", "packets": "packets", "errors": "errors", "drops": "packets_dropped"}
    columns = []
    for index, field in enumerate(NETWORK):
        short, what = field.split("_")
        direction = "receive" if short == "rx" else "transmit"
        name = f"container_network_{direction}_{names[what]}_total"
        columns.append(Column(name, 'interface="eth0"', _pods("network", index), smooth=True))
    return columns


def _nodes_sum(attribute: str) -> Callable[[World], FloatArray]:
    def total(w: World) -> FloatArray:
        values = getattr(w.pods, attribute) * (w.pods.phase == RUNNING)
        return np.bincount(w.pods.node, weights=values, minlength=len(w.nodes.up)).astype(float)

    return total


def _spent(w: World) -> FloatArray:
    return np.asarray(w.nodes.cpu_seconds.sum(axis=1) - w.nodes.cpu_seconds[:, 0] - w.nodes.cpu_seconds[:, 1])


def _held(w: World) -> FloatArray:
    return np.array([n.memory_bytes for n in w.cluster.nodes]) - w.nodes.available_bytes


SLICE_COLUMNS: Final = (
    Column("container_cpu_usage_seconds_total", 'cpu="total",id="/"', _spent, smooth=True),
    Column("container_memory_working_set_bytes", 'id="/"', _held),
    Column("container_memory_usage_bytes", 'id="/"', lambda w: _held(w) + w.nodes.cached_bytes),
    Column("container_memory_rss", 'id="/"', lambda w: 0.95 * _held(w)),
    Column(
        "container_memory_working_set_bytes", 'id="/system.slice"', lambda w: _held(w) - _nodes_sum("resident_bytes")(w)
    ),
    Column("container_memory_working_set_bytes", 'id="/kubepods"', _nodes_sum("working_set_bytes")),
    Column("container_memory_usage_bytes", 'id="/kubepods"', _nodes_sum("usage_bytes")),
)


def container_keys(world: World) -> list[str]:
    """Container identities: a restart is a new one."""
    return [f"{p.uid}/{p.container_id}" if p else "" for p in world.pods.identity]


def pod_keys(world: World) -> list[str]:
    """Pod identities: uids."""
    return [p.uid if p else "" for p in world.pods.identity]


def pod_context(world: World, slot: int) -> Mapping[str, object]:
    """Label values of one pod and of what it belongs to."""
    pod = world.pods.identity[slot]
    assert pod is not None, "only occupied slots have labels"
    spec = world.cluster.workloads[pod.workload]
    node = world.cluster.nodes[pod.node]
    return {
        "namespace": pod.namespace,
        "pod": pod.name,
        "uid": pod.uid,
        "ip": pod.ip,
        "container": spec.name,
        "service": spec.name,
        "image": spec.image,
        "container_id": pod.container_id,
        "node": node.name,
        "host_ip": node.ip,
        "owner_kind": pod.owner_kind,
        "owner_name": pod.owner_name,
        "revision": pod.revision,
    }


def observed(world: World) -> BoolArray:
    """(slots,) pods that a reachable kubelet reports on."""
    pods = world.pods
    return np.asarray((pods.phase > EMPTY) & (pods.phase < FAILED) & world.nodes.up[pods.node])


def contained(world: World) -> BoolArray:
    """(slots,) pods whose container's cgroup exists; a dead one is seen once more."""
    pods = world.pods
    return np.asarray(observed(world) & ((pods.phase == RUNNING) | (pods.phase == DEAD)))


def _families() -> dict[str, Family]:
    names = dict.fromkeys(c.family for c in (*CONTAINER_COLUMNS, *_network(), *SLICE_COLUMNS))
    made = {}
    for name in names:
        counter = name.endswith("_total") or name == "container_memory_failcnt"
        words = name.removeprefix("container_").removesuffix("_total").replace("_", " ")
        decimals = 3 if "_seconds_total" in name else 0
        made[name] = Family(name, "counter" if counter else "gauge", f"Of the cgroup: {words}.", decimals)
    return made


CADVISOR: Final = Source(
    "cadvisor",
    _families(),
    (
        Table(
            CONTAINER_COLUMNS,
            f'container="{{container}}",id="{CGROUP}/{{container_id}}",image="{{image}}",'
            f'name="{{container_id}}",namespace="{{namespace}}",pod="{{pod}}",{TARGET}',
            container_keys,
            pod_context,
            contained,
        ),
        Table(
            (*_usage("pod_"), *_network()),
            f'id="{CGROUP}",namespace="{{namespace}}",pod="{{pod}}",{TARGET}',
            pod_keys,
            pod_context,
            observed,
        ),
        Table(SLICE_COLUMNS, TARGET, node_keys, node_context, lambda w: w.nodes.up),
    ),
)
