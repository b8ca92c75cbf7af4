"""kube-state-metrics about workloads, services and claims."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from emitter.controllers import desired
from emitter.exposition import Column
from emitter.sources.cadvisor import pod_context
from emitter.sources.kubelet import claim_name
from emitter.state import BACKOFF, PENDING, BoolArray, FloatArray
from emitter.world import World


def _one(w: World) -> FloatArray:
    return np.ones(len(w.cluster.workloads))


def _replicas(w: World) -> FloatArray:
    return desired(w).astype(np.float64)


def _generation(w: World) -> FloatArray:
    return np.array([float(g) for g in w.generations])


def _existing(w: World) -> FloatArray:
    alive = (w.pods.phase >= PENDING) & (w.pods.phase <= BACKOFF)
    return np.bincount(w.pods.workload[alive], minlength=len(w.cluster.workloads)).astype(np.float64)


def _ready(w: World) -> FloatArray:
    return np.bincount(w.pods.workload[w.pods.ready], minlength=len(w.cluster.workloads)).astype(np.float64)


def _missing(w: World) -> FloatArray:
    return np.maximum(_replicas(w) - _ready(w), 0.0)


def _updated(w: World) -> FloatArray:
    """Pods of the current revision."""
    counts = np.zeros(len(w.cluster.workloads))
    alive = (w.pods.phase >= PENDING) & (w.pods.phase <= BACKOFF)
    for slot in np.flatnonzero(alive):
        pod = w.pods.identity[slot]
        if pod is not None and pod.revision == w.versions[pod.workload].revision:
            counts[pod.workload] += 1
    return counts


def _flag(test: Callable[[World], BoolArray]) -> Callable[[World], FloatArray]:
    return lambda w: test(w).astype(np.float64)


def _available(w: World) -> BoolArray:
    """maxUnavailable is a quarter, rounded down."""
    return np.asarray(_ready(w) >= _replicas(w) - np.floor(_replicas(w) * 0.25))


def _created(w: World) -> FloatArray:
    return np.floor(_one(w) * (w.start - 60 * 86_400.0))


def _constant(value: float) -> Callable[[World], FloatArray]:
    return lambda w: value * _one(w)


def _conditions() -> tuple[Column, ...]:
    available = 'condition="Available",reason="MinimumReplicasAvailable",status='
    progressing = 'condition="Progressing",reason="NewReplicaSetAvailable",status='
    family = "kube_deployment_status_condition"
    return (
        Column(family, f'{available}"true"', _flag(_available)),
        Column(family, f'{available}"false"', _flag(lambda w: ~_available(w))),
        Column(family, f'{available}"unknown"', _constant(0.0)),
        *(Column(family, f'{progressing}"{s}"', _constant(float(s == "true"))) for s in ("true", "false", "unknown")),
    )


DEPLOYMENT_COLUMNS: Final = (
    Column("kube_deployment_created", "", _created),
    Column("kube_deployment_spec_replicas", "", _replicas),
    Column("kube_deployment_status_replicas", "", _existing),
    Column("kube_deployment_status_replicas_available", "", _ready),
    Column("kube_deployment_status_replicas_ready", "", _ready),
    Column("kube_deployment_status_replicas_unavailable", "", _missing),
    Column("kube_deployment_status_replicas_updated", "", _updated),
    Column("kube_deployment_metadata_generation", "", _generation),
    Column("kube_deployment_status_observed_generation", "", _generation),
    *_conditions(),
)

OWNER: Final = 'owner_is_controller="true",owner_kind="Deployment",owner_name="{name}"'
REPLICASET_COLUMNS: Final = (
    Column("kube_replicaset_owner", f'{OWNER},replicaset="{{name}}-{{revision}}"', _one),
    Column("kube_replicaset_owner", f'{OWNER},replicaset="{{name}}-{{previous}}"', _one),
)

STATEFULSET_COLUMNS: Final = (
    Column("kube_statefulset_created", "", _created),
    Column("kube_statefulset_replicas", "", _replicas),
    Column("kube_statefulset_status_replicas", "", _existing),
    Column("kube_statefulset_status_replicas_available", "", _ready),
    Column("kube_statefulset_status_replicas_ready", "", _ready),
    Column("kube_statefulset_status_replicas_updated", "", _updated),
    Column("kube_statefulset_metadata_generation", "", _generation),
    Column("kube_statefulset_status_observed_generation", "", _generation),
    Column("kube_statefulset_status_current_revision", 'revision="{name}-{revision}"', _one),
    Column("kube_statefulset_status_update_revision", 'revision="{name}-{revision}"', _one),
)

DAEMONSET_COLUMNS: Final = (
    Column("kube_daemonset_created", "", _created),
    Column("kube_daemonset_status_desired_number_scheduled", "", _replicas),
    Column("kube_daemonset_status_current_number_scheduled", "", _existing),
    Column("kube_daemonset_status_number_available", "", _ready),
    Column("kube_daemonset_status_number_ready", "", _ready),
    Column("kube_daemonset_status_number_unavailable", "", _missing),
    Column("kube_daemonset_status_number_misscheduled", "", lambda w: 0.0 * _one(w)),
    Column("kube_daemonset_status_updated_number_scheduled", "", _existing),
)

SERVICE_COLUMNS: Final = (
    Column(
        "kube_service_info",
        'cluster_ip="{cluster_ip}",external_name="",external_traffic_policy="",load_balancer_ip=""',
        _one,
    ),
    Column("kube_service_spec_type", 'type="ClusterIP"', _one),
)

CLAIM_COLUMNS: Final = (
    Column(
        "kube_persistentvolumeclaim_info",
        'storageclass="standard",volumemode="Filesystem",volumename="pvc-{claim_uid}"',
        lambda w: np.ones(len(w.volumes.uids)),
    ),
    Column(
        "kube_persistentvolumeclaim_access_mode",
        'access_mode="ReadWriteOnce"',
        lambda w: np.ones(len(w.volumes.uids)),
    ),
    Column("kube_persistentvolumeclaim_resource_requests_storage_bytes", "", lambda w: w.volumes.capacity_bytes / 0.98),
    Column("kube_persistentvolumeclaim_status_phase", 'phase="Bound"', lambda w: np.ones(len(w.volumes.uids))),
    Column("kube_persistentvolumeclaim_status_phase", 'phase="Lost"', lambda w: np.zeros(len(w.volumes.uids))),
    Column("kube_persistentvolumeclaim_status_phase", 'phase="Pending"', lambda w: np.zeros(len(w.volumes.uids))),
)


def keys_of_kind(*kinds: str) -> Callable[[World], list[str]]:
    """Identities of the workloads of these kinds, "" for the others; a new revision is a new identity."""
    return lambda w: [
        f"{s.label}@{w.versions[i].revision}" if s.kind in kinds else "" for i, s in enumerate(w.cluster.workloads)
    ]


def of_kind(*kinds: str) -> Callable[[World], BoolArray]:
    """(workloads,) those of these kinds."""
    return lambda w: np.array([s.kind in kinds for s in w.cluster.workloads])


def workload_context(world: World, index: int) -> Mapping[str, object]:
    """Label values of one workload and its service."""
    spec = world.cluster.workloads[index]
    return {
        "namespace": spec.namespace,
        "name": spec.name,
        "service_uid": spec.service_uid,
        "cluster_ip": spec.cluster_ip,
        "revision": world.versions[index].revision,
        "previous": world.previous_versions[index].revision,
    }


def claim_keys(world: World) -> list[str]:
    """Claim identities, which never change."""
    return world.volumes.uids


def claim_context(world: World, volume: int) -> Mapping[str, object]:
    """Label values of one claim."""
    spec = world.cluster.workloads[int(world.volumes.workload[volume])]
    return {"namespace": spec.namespace, "claim": claim_name(world, volume), "claim_uid": world.volumes.uids[volume]}


def pod_claim_context(world: World, slot: int) -> Mapping[str, object]:
    """Label values of a pod and the claim it mounts."""
    pod = world.pods.identity[slot]
    assert pod is not None, "only occupied slots have labels"
    return {**pod_context(world, slot), "claim": f"data-{pod.name}"}
