"""kube-state-metrics: the cluster's objects as the API server knows them."""

from __future__ import annotations

from typing import Final

import numpy as np

from emitter.exposition import Column, Family, MetricType, Source, Table
from emitter.sources.cadvisor import pod_context, pod_keys
from emitter.sources.kube_nodes import NODE_COLUMNS
from emitter.sources.kube_objects import (
    CLAIM_COLUMNS,
    DAEMONSET_COLUMNS,
    DEPLOYMENT_COLUMNS,
    REPLICASET_COLUMNS,
    SERVICE_COLUMNS,
    STATEFULSET_COLUMNS,
    claim_context,
    claim_keys,
    keys_of_kind,
    of_kind,
    pod_claim_context,
    workload_context,
)
from emitter.sources.kube_pods import (
    CLAIM_OF_POD_COLUMNS,
    ENDPOINT_COLUMNS,
    JOB_COLUMNS,
    POD_COLUMNS,
    endpoints,
    jobs,
    pods_with_claims,
)
from emitter.sources.node import node_context, node_keys

TARGET: Final = 'instance="kube-state-metrics:8443",job="kube-state-metrics"'
NAMESPACED: Final = f'namespace="{{namespace}}",{TARGET}'
POD: Final = f'namespace="{{namespace}}",pod="{{pod}}",uid="{{uid}}",{TARGET}'
SERVED: Final = ("Deployment", "StatefulSet")
FRACTIONS: Final = frozenset({"kube_pod_container_resource_requests", "kube_pod_container_resource_limits"})
"""Metrics whose values are not whole numbers."""


def _workload(kind: str, columns: tuple[Column, ...], label: str) -> Table:
    return Table(columns, label, keys_of_kind(kind), workload_context, of_kind(kind))


TABLES: Final = (
    Table(POD_COLUMNS, POD, pod_keys, pod_context, lambda w: np.asarray(w.pods.phase > 0)),
    Table(CLAIM_OF_POD_COLUMNS, POD, pod_keys, pod_claim_context, pods_with_claims),
    Table(ENDPOINT_COLUMNS, NAMESPACED, pod_keys, pod_context, endpoints),
    Table(JOB_COLUMNS, f'job_name="{{owner_name}}",{NAMESPACED}', pod_keys, pod_context, jobs),
    Table(
        NODE_COLUMNS,
        f'node="{{node}}",{TARGET}',
        node_keys,
        node_context,
        lambda w: w.nodes.member,
    ),
    _workload("Deployment", DEPLOYMENT_COLUMNS, f'deployment="{{name}}",{NAMESPACED}'),
    _workload("Deployment", REPLICASET_COLUMNS, NAMESPACED),
    _workload("StatefulSet", STATEFULSET_COLUMNS, f'statefulset="{{name}}",{NAMESPACED}'),
    _workload("DaemonSet", DAEMONSET_COLUMNS, f'daemonset="{{name}}",{NAMESPACED}'),
    Table(
        SERVICE_COLUMNS,
        f'service="{{name}}",uid="{{service_uid}}",{NAMESPACED}',
        keys_of_kind(*SERVED),
        workload_context,
        of_kind(*SERVED),
    ),
    Table(
        CLAIM_COLUMNS,
        f'persistentvolumeclaim="{{claim}}",{NAMESPACED}',
        claim_keys,
        claim_context,
        lambda w: np.ones(len(w.volumes.uids), dtype=np.bool_),
    ),
)


def _family(name: str) -> Family:
    kind: MetricType = "counter" if name.endswith("_total") else "gauge"
    words = name.removeprefix("kube_").removesuffix("_total").replace("_", " ")
    return Family(name, kind, f"From the API server: {words}.", 3 if name in FRACTIONS else 0)


KUBE_STATE: Final = Source(
    "kube-state-metrics", {n: _family(n) for n in dict.fromkeys(c.family for t in TABLES for c in t.columns)}, TABLES
)
