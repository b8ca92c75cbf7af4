"""Siblings: a workload of two pods, a pod alone in its workload, and a pair of which only one answers requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.predictor.scene import Scene, pod_of

ONE, OTHER, ALONE = "web-7c9d8b6f5d-x2x9q", "web-7c9d8b6f5d-b4b4b", "solo-0"
REQUESTS: Final = (
    (ONE, 200, 30),
    (ONE, 500, 30),
    (OTHER, 200, 60),
    (ALONE, 500, 60),
    ("leader-0", 500, 60),
    ("leader-1", 200, 0),
)
ANSWERS: Final = ((ONE, 60, 60), (OTHER, 12, 60), (ALONE, 60, 60), ("leader-0", 60, 60), ("leader-1", 0, 0))
"""Name, seconds and answers every step."""


def _containers(metric: str, values: Mapping[str, str]) -> dict[str, str]:
    return {f'{metric}{{{pod_of(name)},container="app"}}': series for name, series in values.items()}


def _of_both(one: float, other: float) -> dict[str, float]:
    return {f"{{{pod_of(ONE)}}}": one, f"{{{pod_of(OTHER)}}}": other}


SIBLINGS: Final = Scene(
    "pods are compared with siblings where there are some, and where several answer",
    _containers("container_memory_working_set_bytes", {ONE: "90x60", OTHER: "30x60", ALONE: "50x60"})
    | _containers("container_cpu_usage_seconds_total", {ONE: "0+7.5x60", OTHER: "0+2.5x60", ALONE: "0+5x60"})
    | {
        f'http_requests_total{{{pod_of(name)},service="web",code="{code}"}}': f"0+{count}x60"
        for name, code, count in REQUESTS
    }
    | {
        f'http_request_duration_seconds_{what}{{{pod_of(name)},service="web"}}': f"0+{each}x60"
        for name, seconds, count in ANSWERS
        for what, each in (("sum", seconds), ("count", count))
    },
    {
        "pod_memory_of_siblings": _of_both(1.5, 0.5),
        "pod_cpu_of_siblings": _of_both(1.5, 0.5),
        "pod_errors_of_siblings": _of_both(0.25, -0.25),
        "pod_latency_of_siblings": _of_both(1.667, 0.333),
    },
)
