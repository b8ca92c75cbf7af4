"""kube-state-metrics about nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from emitter.exposition import Column
from emitter.state import BoolArray, FloatArray
from emitter.world import World

PODS_PER_NODE: Final = 110.0
"""The kubelet's --max-pods."""


def _each(w: World, value: float = 1.0) -> FloatArray:
    return np.full(len(w.cluster.nodes), value)


def _inventory(attribute: str, part: float = 1.0) -> Callable[[World], FloatArray]:
    return lambda w: np.array([part * float(getattr(n, attribute)) for n in w.cluster.nodes])


def _condition(name: str, holds: Callable[[World], BoolArray]) -> tuple[Column, ...]:
    """true, false and unknown; everything is unknown once heartbeats stay away."""

    def unknown(w: World) -> BoolArray:
        return np.asarray(w.nodes.ready == 2)

    status: dict[str, Callable[[World], BoolArray]] = {
        "true": lambda w: holds(w) & ~unknown(w),
        "false": lambda w: ~holds(w) & ~unknown(w),
        "unknown": unknown,
    }
    return tuple(
        Column("kube_node_status_condition", f'condition="{name}",status="{s}"', _number(test))
        for s, test in status.items()
    )


def _number(test: Callable[[World], BoolArray]) -> Callable[[World], FloatArray]:
    return lambda w: test(w).astype(np.float64)


def _only(test: Callable[[World], BoolArray]) -> Callable[[World], FloatArray]:
    return lambda w: np.where(test(w), 1.0, np.nan)


def _never(w: World) -> BoolArray:
    return np.zeros(len(w.cluster.nodes), dtype=np.bool_)


def _capacity(family: str, part: float) -> tuple[Column, ...]:
    return (
        Column(family, 'resource="cpu",unit="core"', _inventory("cores")),
        Column(family, 'resource="memory",unit="byte"', _inventory("memory_bytes", part)),
        Column(family, 'resource="ephemeral_storage",unit="byte"', _inventory("root_bytes", part)),
        Column(family, 'resource="pods",unit="integer"', lambda w: _each(w, PODS_PER_NODE)),
    )


NODE_COLUMNS: Final = (
    Column(
        "kube_node_info",
        'container_runtime_version="containerd://1.7.24",internal_ip="{ip}",kernel_version="6.1.0-28-amd64",'
        'kubelet_version="v1.31.4",kubeproxy_version="v1.31.4",os_image="Debian GNU/Linux 12 (bookworm)",'
        'pod_cidr="10.244.{index}.0/24",provider_id="",system_uuid="{uid}"',
        _each,
    ),
    Column("kube_node_created", "", lambda w: w.nodes.joined_at),
    Column("kube_node_role", 'role="worker"', _each),
    *_condition("Ready", lambda w: np.asarray(w.nodes.ready == 0)),
    *_condition("MemoryPressure", lambda w: np.asarray(w.nodes.memory_pressure)),
    *_condition("DiskPressure", lambda w: np.asarray(w.nodes.disk_pressure)),
    *_condition("PIDPressure", _never),
    *_condition("NetworkUnavailable", _never),
    *_capacity("kube_node_status_capacity", 1.0),
    *_capacity("kube_node_status_allocatable", 0.95),
    Column("kube_node_spec_unschedulable", "", _number(lambda w: np.asarray(w.nodes.cordoned))),
    Column(
        "kube_node_spec_taint",
        'effect="NoSchedule",key="node.kubernetes.io/unschedulable",value=""',
        _only(lambda w: np.asarray(w.nodes.cordoned)),
    ),
    *(
        Column(
            "kube_node_spec_taint",
            f'effect="{effect}",key="node.kubernetes.io/unreachable",value=""',
            _only(lambda w: np.asarray(w.nodes.ready == 2)),
        )
        for effect in ("NoSchedule", "NoExecute")
    ),
)
