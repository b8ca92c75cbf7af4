"""kube-state-metrics about pods, their endpoints and jobs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from emitter.exposition import Column
from emitter.lifecycle import ENDED, WAITING
from emitter.state import DEAD, EMPTY, FAILED, PENDING, RUNNING, SUCCEEDED, BoolArray, FloatArray
from emitter.world import World

CONTAINER: Final = 'container="{container}"'
PLACED: Final = 'container="{container}",node="{node}"'


def _when(test: Callable[[World], BoolArray]) -> Callable[[World], FloatArray]:
    """1 or 0."""
    return lambda w: test(w).astype(np.float64)


def _only(test: Callable[[World], BoolArray]) -> Callable[[World], FloatArray]:
    """1 or absent: a reason that is not set has no series."""
    return lambda w: np.where(test(w), 1.0, np.nan)


def _one(w: World) -> FloatArray:
    return np.ones(len(w.pods.phase))


def _phase(name: str) -> Callable[[World], BoolArray]:
    sets = {"Pending": (PENDING,), "Failed": (FAILED,), "Succeeded": (SUCCEEDED,), "Unknown": ()}
    wanted = sets.get(name)
    if wanted is None:  # Running: every state between start and end
        return lambda w: (w.pods.phase >= RUNNING) & (w.pods.phase < FAILED)
    return lambda w: np.isin(w.pods.phase, wanted)


def _waiting(reason: str) -> Callable[[World], BoolArray]:
    index = WAITING.index(reason)
    return lambda w: np.asarray((w.pods.waiting == index) & (w.pods.phase < FAILED))


def _ended(reason: str) -> Callable[[World], BoolArray]:
    index = ENDED.index(reason)
    return lambda w: np.asarray((w.pods.ended == index) & ((w.pods.phase == DEAD) | (w.pods.phase == SUCCEEDED)))


def _last_ended(reason: str) -> Callable[[World], BoolArray]:
    index = ENDED.index(reason)
    return lambda w: np.asarray((w.pods.last_ended == index) & (w.pods.restarts > 0))


def _resource(field: str) -> Callable[[World], FloatArray]:
    return lambda w: np.array([getattr(s, field) for s in w.cluster.workloads])[w.pods.workload]


def _ready(w: World) -> BoolArray:
    return np.asarray(w.pods.ready)


def _running(w: World) -> BoolArray:
    return np.asarray(w.pods.phase == RUNNING)


POD_COLUMNS: Final = (
    Column(
        "kube_pod_info",
        'created_by_kind="{owner_kind}",created_by_name="{owner_name}",host_ip="{host_ip}",host_network="false",'
        'node="{node}",pod_ip="{ip}",priority_class=""',
        _one,
    ),
    Column("kube_pod_owner", 'owner_is_controller="true",owner_kind="{owner_kind}",owner_name="{owner_name}"', _one),
    Column("kube_pod_labels", 'label_app="{service}",label_pod_template_hash="{revision}"', _one),
    Column("kube_pod_created", "", lambda w: w.pods.created_at),
    Column("kube_pod_start_time", "", lambda w: w.pods.created_at),
    *(
        Column("kube_pod_status_phase", f'phase="{phase}"', _when(_phase(phase)))
        for phase in ("Pending", "Running", "Succeeded", "Failed", "Unknown")
    ),
    Column("kube_pod_status_ready", 'condition="true"', _when(_ready)),
    Column("kube_pod_status_ready", 'condition="false"', _when(lambda w: ~_ready(w))),
    Column("kube_pod_status_ready", 'condition="unknown"', lambda w: 0.0 * _one(w)),
    Column("kube_pod_status_scheduled", 'condition="true"', _one),
    Column("kube_pod_status_scheduled", 'condition="false"', lambda w: 0.0 * _one(w)),
    Column("kube_pod_status_scheduled", 'condition="unknown"', lambda w: 0.0 * _one(w)),
    Column("kube_pod_status_unschedulable", "", _only(lambda w: w.pods.node < 0)),
    Column("kube_pod_status_reason", 'reason="Evicted"', _only(lambda w: w.pods.phase == FAILED)),
    Column(
        "kube_pod_status_reason",
        'reason="NodeLost"',
        _only(lambda w: (w.nodes.ready[w.pods.node] != 0) & (w.pods.phase < FAILED)),
    ),
    Column("kube_pod_container_info", f'{CONTAINER},container_id="containerd://{{uid}}",image="{{image}}"', _one),
    Column("kube_pod_container_status_running", CONTAINER, _when(_running)),
    Column("kube_pod_container_status_ready", CONTAINER, _when(_ready)),
    Column("kube_pod_container_status_restarts_total", CONTAINER, lambda w: w.pods.restarts),
    *(
        Column("kube_pod_container_status_waiting_reason", f'{CONTAINER},reason="{r}"', _only(_waiting(r)))
        for r in WAITING[1:3]
    ),
    *(
        Column("kube_pod_container_status_terminated_reason", f'{CONTAINER},reason="{r}"', _only(_ended(r)))
        for r in ENDED[1:]
    ),
    *(
        Column("kube_pod_container_status_last_terminated_reason", f'{CONTAINER},reason="{r}"', _only(_last_ended(r)))
        for r in ENDED[1:3]
    ),
    Column(
        "kube_pod_container_status_last_terminated_exitcode",
        CONTAINER,
        lambda w: np.where((w.pods.restarts > 0) & (w.pods.last_ended > 0), w.pods.last_exit_code, np.nan),
    ),
    Column("kube_pod_container_resource_requests", f'{PLACED},resource="cpu",unit="core"', _resource("cpu_request")),
    Column(
        "kube_pod_container_resource_requests", f'{PLACED},resource="memory",unit="byte"', _resource("memory_request")
    ),
    Column("kube_pod_container_resource_limits", f'{PLACED},resource="cpu",unit="core"', _resource("cpu_limit")),
    Column("kube_pod_container_resource_limits", f'{PLACED},resource="memory",unit="byte"', _resource("memory_limit")),
)

CLAIM_OF_POD_COLUMNS: Final = (
    Column(
        "kube_pod_spec_volumes_persistentvolumeclaims_info",
        'persistentvolumeclaim="{claim}",volume="data"',
        _one,
    ),
)

ADDRESS: Final = 'endpoint="{service}",ip="{ip}",port_name="http",port_number="8080",port_protocol="TCP"'
ENDPOINT_COLUMNS: Final = (
    Column("kube_endpoint_address", f'{ADDRESS},ready="true"', _only(_ready)),
    Column("kube_endpoint_address", f'{ADDRESS},ready="false"', _only(lambda w: ~_ready(w))),
)


def _done(w: World) -> BoolArray:
    return np.asarray(w.pods.phase == SUCCEEDED)


JOB_COLUMNS: Final = (
    Column("kube_job_info", "", _one),
    Column("kube_job_created", "", lambda w: w.pods.created_at),
    Column("kube_job_status_start_time", "", lambda w: w.pods.created_at),
    Column("kube_job_status_active", "", _when(lambda w: w.pods.phase < FAILED)),
    Column("kube_job_status_succeeded", "", _when(_done)),
    Column("kube_job_status_failed", "", _when(lambda w: w.pods.phase == FAILED)),
    Column("kube_job_status_completion_time", "", lambda w: np.where(_done(w), w.pods.resume_at, np.nan)),
    Column("kube_job_complete", 'condition="true"', _only(_done)),
    Column("kube_job_failed", 'condition="true"', _only(lambda w: w.pods.phase == FAILED)),
    Column("kube_job_spec_completions", "", _one),
    Column("kube_job_owner", 'owner_is_controller="true",owner_kind="CronJob",owner_name="{service}"', _one),
)


def endpoints(world: World) -> BoolArray:
    """(slots,) pods that are addresses of a service."""
    kinds = np.array([w.kind in ("Deployment", "StatefulSet") for w in world.cluster.workloads])
    pods = world.pods
    return np.asarray(kinds[pods.workload] & (pods.phase > PENDING) & (pods.phase < FAILED))


def jobs(world: World) -> BoolArray:
    """(slots,) pods of jobs."""
    kinds = np.array([w.kind == "Job" for w in world.cluster.workloads])
    return np.asarray(kinds[world.pods.workload] & (world.pods.phase > EMPTY))


def pods_with_claims(world: World) -> BoolArray:
    """(slots,) pods of stateful sets that mount a claim."""
    claims = np.array([w.volume_bytes > 0 for w in world.cluster.workloads])
    return np.asarray(claims[world.pods.workload] & (world.pods.phase > EMPTY))
