"""The kubelets' own metrics: volumes, evictions, pods and PLEG relists."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from emitter.exposition import Column, Family, Source, Table
from emitter.faults import pod_of_volume
from emitter.sources.node import node_context, node_keys
from emitter.state import PLEG_BUCKETS, RUNNING, BoolArray, FloatArray
from emitter.world import World

TARGET: Final = 'instance="{node}:10250",job="kubelet",metrics_path="/metrics",node="{node}"'
INODE_BYTES: Final = 16_384.0


def _running(wanted: str) -> Callable[[World], FloatArray]:
    def count(w: World) -> FloatArray:
        alive = (w.pods.phase == RUNNING) if wanted == "containers" else (w.pods.phase > 0) & (w.pods.phase < 5)
        return np.bincount(w.pods.node[alive], minlength=len(w.nodes.up)).astype(np.float64)

    return count


def _evicted(column: int) -> Callable[[World], FloatArray]:
    return lambda w: np.asarray(w.nodes.evictions[:, column])


def _bucket(index: int) -> Callable[[World], FloatArray]:
    return lambda w: np.asarray(w.nodes.relists[:, index])


RELIST: Final = "kubelet_pleg_relist_duration_seconds"
NODE_COLUMNS: Final = (
    Column("kubelet_node_name", "", lambda w: np.ones(len(w.nodes.up))),
    Column("kubelet_running_pods", "", _running("pods")),
    Column("kubelet_running_containers", 'container_state="running"', _running("containers")),
    Column("kubelet_evictions", 'eviction_signal="nodefs.available"', _evicted(0)),
    Column("kubelet_evictions", 'eviction_signal="memory.available"', _evicted(1)),
    *(
        Column(RELIST, f'le="{bound}"', _bucket(i), smooth=True, suffix="_bucket")
        for i, bound in enumerate((*(f"{b:g}" for b in PLEG_BUCKETS), "+Inf"))
    ),
    Column(RELIST, "", lambda w: np.asarray(w.nodes.relist_sum), smooth=True, suffix="_sum"),
    Column(RELIST, "", _bucket(len(PLEG_BUCKETS)), smooth=True, suffix="_count"),
)

VOLUME_COLUMNS: Final = (
    Column("kubelet_volume_stats_capacity_bytes", "", lambda w: w.volumes.capacity_bytes),
    Column("kubelet_volume_stats_used_bytes", "", lambda w: w.volumes.used_bytes),
    Column("kubelet_volume_stats_available_bytes", "", lambda w: w.volumes.capacity_bytes - w.volumes.used_bytes),
    Column("kubelet_volume_stats_inodes", "", lambda w: np.floor(w.volumes.capacity_bytes / INODE_BYTES)),
    Column("kubelet_volume_stats_inodes_used", "", lambda w: w.volumes.inodes_used),
    Column(
        "kubelet_volume_stats_inodes_free",
        "",
        lambda w: np.floor(w.volumes.capacity_bytes / INODE_BYTES) - w.volumes.inodes_used,
    ),
)


def claim_name(world: World, volume: int) -> str:
    """data-<stateful set>-<ordinal>."""
    spec = world.cluster.workloads[int(world.volumes.workload[volume])]
    return f"data-{spec.name}-{world.volumes.ordinal[volume]}"


def _mounts(world: World) -> list[int | None]:
    return [pod_of_volume(world, k) for k in range(len(world.volumes.uids))]


def _volume_keys(world: World) -> list[str]:
    """A claim reports from the node of its pod, so a move is a new set of series."""
    names = [node.name for node in world.cluster.nodes]
    return [f"{k}@{names[world.pods.node[s]]}" if s is not None else "" for k, s in enumerate(_mounts(world))]


def _volume_context(world: World, volume: int) -> Mapping[str, object]:
    slot = pod_of_volume(world, volume)
    assert slot is not None, "only mounted volumes have labels"
    spec = world.cluster.workloads[int(world.volumes.workload[volume])]
    node = world.cluster.nodes[int(world.pods.node[slot])]
    return {"namespace": spec.namespace, "claim": claim_name(world, volume), "node": node.name}


def _mounted(world: World) -> BoolArray:
    return np.array(
        [s is not None and bool(world.nodes.up[world.pods.node[s]]) for s in _mounts(world)], dtype=np.bool_
    )


KUBELET: Final = Source(
    "kubelet",
    {
        f.name: f
        for f in (
            Family("kubelet_node_name", "gauge", "The node's name; the value is always 1."),
            Family("kubelet_running_pods", "gauge", "Pods whose sandbox runs."),
            Family("kubelet_running_containers", "gauge", "Containers by state."),
            Family("kubelet_evictions", "counter", "Pods evicted, by the signal that was short."),
            Family(RELIST, "histogram", "Seconds one relist of all pods took.", 3),
            Family("kubelet_volume_stats_capacity_bytes", "gauge", "Size of the volume."),
            Family("kubelet_volume_stats_used_bytes", "gauge", "Bytes used in the volume."),
            Family("kubelet_volume_stats_available_bytes", "gauge", "Bytes left in the volume."),
            Family("kubelet_volume_stats_inodes", "gauge", "Inodes the volume has."),
            Family("kubelet_volume_stats_inodes_used", "gauge", "Inodes in use."),
            Family("kubelet_volume_stats_inodes_free", "gauge", "Inodes left."),
        )
    },
    (
        Table(NODE_COLUMNS, TARGET, node_keys, node_context, lambda w: w.nodes.up),
        Table(
            VOLUME_COLUMNS,
            f'namespace="{{namespace}}",persistentvolumeclaim="{{claim}}",{TARGET}',
            _volume_keys,
            _volume_context,
            _mounted,
        ),
    ),
)
