"""Elsewhere: false alarms in a look-alike that stand beside a real fault, which they may be about.

Look-alikes last for hours. Meanwhile a node may lose its disk for real, and its pods are warned of with it: those it
evicts were foretold, the others count as false alarms, but nobody took the look-alike for anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from prometheus_api_client import PrometheusConnect

from benchmarks.holdout.told import SETTLE_SECONDS, Alarm, name_of


def under_way(truth: Mapping[str, Any], alarm: Alarm, node: str | None) -> list[str]:
    """Types of the faults that were under way on the alarm's entity or on its node when it began."""
    return [
        fault["type"]
        for fault in truth["faults"]
        if fault["start"] <= alarm.began <= fault["end"] + SETTLE_SECONDS
        and (fault["kind"], name_of(fault["kind"], fault["entity"]))
        in ((alarm.kind, alarm.entity), ("node", ("", node)))
    ]


def node_of(url: str, alarm: Alarm) -> str | None:
    """The node of the alarm's entity when it began; None of a service, and where kube-state-metrics says nothing."""
    namespace, name = alarm.entity
    if alarm.kind != "pod":
        return name if alarm.kind == "node" else None
    asked = f'kube_pod_info{{namespace="{namespace}",pod="{name}"}}'
    at = datetime.fromtimestamp(alarm.began, UTC)
    found = PrometheusConnect(url).custom_query(asked, {"time": at.timestamp()})
    return str(found[0]["metric"]["node"]) if found else None
