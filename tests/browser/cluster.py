"""A cluster to look at: real names and the default catalogue's signals, one pod that leaks and one that crashes.

It stands in the place of Prometheus: every value is a plain function of entity, signal and time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from zlib import crc32

import numpy as np

from predictor.catalogue import Catalogue
from predictor.entities import KINDS, Entity, Kind
from predictor.panel import FloatArray, Panel
from predictor.series import Reading

END: Final = 1_795_003_200.0
"""A multiple of the step, 2026-11-18."""

LEAKING: Final = ("shop", "cart-7c9d8b6f5d-x2x9q")
CRASHING: Final = ("payments", "ledger-0")
FAILING: Final = ("shop", "checkout")
FILLING: Final = ("worker-2",)

_WORKLOADS: Final = {
    ("shop", "cart-7c9d8b6f5d"): ("x2x9q", "4kzwd", "m8t7b"),
    ("shop", "checkout-5d4f7c8b9c"): ("b6tqn", "zr2hx", "kd9vf"),
    ("shop", "catalog-6b7d9f5c4d"): ("2xw7p", "9hcjv", "qf5sl"),
    ("shop", "frontend-84c9d6b7f5"): ("7gk4t", "cn2xz", "rw8dq", "vl5hb"),
    ("shop", "recommendation-59bd8c7f6d"): ("jx6mc", "t4wzk"),
    ("payments", "api-gateway-6f8b7d9c5b"): ("hz4qd", "wk7vn"),
    ("payments", "ledger"): ("0", "1", "2"),
    ("payments", "fraud-check-7d5c9b8f64"): ("mq2zs", "xv8kt"),
    ("search", "query-78f6c9d5b4"): ("4wpln", "dk7zr", "sj9cx"),
    ("search", "indexer-5c7b9d8f6c"): ("gv5tn", "zl2kd"),
    ("search", "opensearch"): ("0", "1", "2"),
    ("monitoring", "prometheus-k8s"): ("0", "1"),
    ("monitoring", "grafana-6d9c8b7f5c"): ("t8xkz",),
    ("monitoring", "alertmanager-main"): ("0",),
    ("kube-system", "coredns-5d78c9869d"): ("nm4rw", "xq7bt"),
    ("kube-system", "metrics-server-6f6cdbf67d"): ("z9jvk",),
    ("ingress-nginx", "ingress-nginx-controller-7799c6795f"): ("h8dlm", "p2zqs"),
}
ENTITIES: Final[dict[Kind, tuple[Entity, ...]]] = {
    "node": (("control-plane-1",), ("worker-1",), ("worker-2",), ("worker-3",)),
    "pod": tuple(sorted((space, f"{name}-{end}") for (space, name), ends in _WORKLOADS.items() for end in ends)),
    "service": (
        ("payments", "api-gateway"),
        ("search", "query"),
        ("shop", "cart"),
        ("shop", "catalog"),
        ("shop", "checkout"),
        ("shop", "frontend"),
    ),
}

_MIB: Final = 2.0**20
_LEVELS: Final[dict[str, tuple[float, float]]] = {
    "node_cpu_busy": (0.35, 0.04),
    "node_load_per_core": (0.6, 0.1),
    "node_cpu_waiting": (0.03, 0.01),
    "node_memory_used": (0.55, 0.01),
    "node_io_waiting": (0.01, 0.004),
    "node_disk_busy": (0.12, 0.04),
    "node_filesystem_used": (0.46, 0.002),
    "node_inodes_used": (0.11, 0.001),
    "node_network_receive": (24 * _MIB, 3 * _MIB),
    "node_network_faulty": (0.00002, 0.00002),
    "node_tcp_retransmitted": (0.002, 0.0008),
    "node_conntrack_used": (0.08, 0.01),
    "node_relist_latency": (0.012, 0.002),
    "node_running_pods": (14.0, 0.0),
    "node_not_ready": (0.0, 0.0),
    "node_others_not_ready": (0.0, 0.0),
    "pod_cpu": (0.12, 0.02),
    "pod_cpu_of_limit": (0.24, 0.05),
    "pod_throttled": (0.01, 0.008),
    "pod_memory_of_limit": (0.44, 0.008),
    "pod_memory": (226 * _MIB, 4 * _MIB),
    "pod_memory_of_siblings": (1.0, 0.03),
    "pod_memory_refused": (0.0, 0.0),
    "pod_major_faults": (0.2, 0.2),
    "pod_network_receive": (0.6 * _MIB, 0.1 * _MIB),
    "pod_network_transmit": (0.8 * _MIB, 0.1 * _MIB),
    "pod_restarts": (0.0, 0.0),
    "pod_not_ready": (0.0, 0.0),
    "pod_node_memory_used": (0.55, 0.01),
    "pod_node_cpu_busy": (0.35, 0.04),
    "pod_requests": (42.0, 5.0),
    "pod_errors": (0.002, 0.001),
    "pod_latency": (0.038, 0.004),
    "service_requests": (160.0, 14.0),
    "service_errors": (0.002, 0.001),
    "service_latency": (0.041, 0.004),
    "service_latency_p99": (0.21, 0.03),
    "service_in_flight": (6.0, 1.2),
    "service_ready_backends": (1.0, 0.0),
    "service_backend_cpu": (0.31, 0.05),
    "service_backend_memory": (0.47, 0.01),
    "service_backend_restarts": (0.0, 0.0),
}
"""Level and spread of a quiet life; signals that are not here nobody has."""

_Shape = Callable[[FloatArray], FloatArray]
"""What comes on top, by the seconds before END (negative after it)."""


def _ramp(total: float, seconds: float) -> _Shape:
    return lambda before: total * np.clip(1.0 - before / seconds, 0.0, None)


_TROUBLE: Final[dict[tuple[Entity, str], _Shape]] = {
    (LEAKING, "pod_memory_of_limit"): _ramp(0.46, 1500.0),
    (LEAKING, "pod_memory"): _ramp(236 * _MIB, 1500.0),
    (LEAKING, "pod_memory_of_siblings"): _ramp(1.05, 1500.0),
    (LEAKING, "pod_major_faults"): _ramp(22.0, 300.0),
    (LEAKING, "pod_latency"): _ramp(0.06, 600.0),
    (CRASHING, "pod_restarts"): lambda before: np.where(before < 900.0, np.ceil((900.0 - before) / 280.0), 0.0),
    (CRASHING, "pod_not_ready"): _ramp(0.7, 900.0),
    (FAILING, "service_errors"): _ramp(0.033, 900.0),
    (FAILING, "service_latency_p99"): _ramp(0.52, 900.0),
    (FILLING, "node_filesystem_used"): _ramp(0.36, 5400.0),
}


class Cluster:
    """Answers as a Reader does. extra: pods besides those of the cluster, as quiet as the others."""

    def __init__(self, *extra: Entity) -> None:
        self._entities = {**ENTITIES, "pod": tuple(sorted({*ENTITIES["pod"], *extra}))}

    def read(self, catalogue: Catalogue, start: float, end: float, step_seconds: float) -> Reading:
        """All signals and rules at start, start + step, … end."""
        times = np.arange(start, end + step_seconds / 2, step_seconds)
        return Reading({kind: self._panel(catalogue, kind, times) for kind in KINDS}, 0)

    def _panel(self, catalogue: Catalogue, kind: Kind, times: FloatArray) -> Panel:
        entities = self._entities[kind]
        signals = tuple(s.name for s in catalogue.signals_of(kind))
        issues = tuple(str(r.issue) for r in catalogue.rules_of(kind))
        values = np.full((len(signals), len(times), len(entities)), np.nan)
        active = np.zeros((len(issues), len(times), len(entities)), dtype=np.bool_)
        for column, entity in enumerate(entities):
            for i, signal in enumerate(signals):
                if signal in _LEVELS:
                    values[i, :, column] = _values(entity, signal, times)
            if entity == CRASHING:
                active[issues.index("pod_failure"), :, column] = times > END - 420.0
        return Panel(kind, times, entities, signals, values, issues, active)


def _values(entity: Entity, signal: str, times: FloatArray) -> FloatArray:
    """(steps,): the signal, never below zero, with two slow waves and some noise around its level."""
    level, spread = _LEVELS[signal]
    seed = crc32("/".join((*entity, signal)).encode("utf-8", "replace"))
    own = level * (0.85 + 0.3 * (seed % 997) / 997) if spread else level
    waves = np.sin(times / 370.0 + seed % 7) + 0.6 * np.sin(times / 131.0 + seed % 11)
    noise = np.sin(times * (1.0 + seed % 13) * 12.9898) * 43758.5453 % 1.0 - 0.5
    shape = _TROUBLE.get((entity, signal))
    extra = shape(END - times) if shape else 0.0
    return np.maximum(0.0, own + spread * (0.5 * waves + noise) + extra)
