"""Request metrics as a generic HTTP instrumentation exposes them from each pod."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from emitter.exposition import Column, Family, Source, Table
from emitter.sources.cadvisor import container_keys, pod_context
from emitter.state import BUCKETS, CODES, RUNNING, BoolArray, FloatArray
from emitter.world import World

DURATION: Final = "http_request_duration_seconds"


def _requests(column: int) -> Callable[[World], FloatArray]:
    return lambda w: np.asarray(w.pods.requests[:, column])


def _bucket(index: int) -> Callable[[World], FloatArray]:
    return lambda w: np.asarray(w.pods.buckets[:, index])


COLUMNS: Final = (
    *(
        Column("http_requests_total", f'code="{code}",method="{method}"', _requests(i), smooth=True)
        for i, (method, code) in enumerate(CODES)
    ),
    *(
        Column(DURATION, f'le="{bound}"', _bucket(i), smooth=True, suffix="_bucket")
        for i, bound in enumerate((*(f"{b:g}" for b in BUCKETS), "+Inf"))
    ),
    Column(DURATION, "", lambda w: np.asarray(w.pods.seconds_sum), smooth=True, suffix="_sum"),
    Column(DURATION, "", _bucket(len(BUCKETS)), smooth=True, suffix="_count"),
    Column("http_requests_in_flight", "", lambda w: np.asarray(w.pods.in_flight)),
)


def _serving(world: World) -> BoolArray:
    pods = world.pods
    http = np.array([w.http for w in world.cluster.workloads])[pods.workload]
    return np.asarray(http & (pods.phase == RUNNING) & world.nodes.up[pods.node])


APPS: Final = Source(
    "apps",
    {
        "http_requests_total": Family("http_requests_total", "counter", "Requests answered, by method and code."),
        DURATION: Family(DURATION, "histogram", "Seconds from a request's arrival to its answer.", 3),
        "http_requests_in_flight": Family("http_requests_in_flight", "gauge", "Requests being answered now."),
    },
    (
        Table(
            COLUMNS,
            'namespace="{namespace}",pod="{pod}",service="{service}",instance="{ip}:8080",job="apps"',
            container_keys,
            pod_context,
            _serving,
        ),
    ),
)
