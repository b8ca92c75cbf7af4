"""Coincident: what else went on where a false alarm was raised: a fault on the same node, or a node's look-alike.

Look-alikes last for hours. Meanwhile a node may lose its disk for real, and its pods are warned of with it: those it
evicts were foretold, the others count as false alarms, in the look-alike as everywhere. Which of them stand beside a
fault is listed, and takes none of them away: a fault under way need not be what the alarm was about.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from prometheus_api_client import PrometheusConnect

from benchmarks.holdout.told import AFTER_SECONDS, SETTLE_SECONDS, FalseAlarm, Judged, false_alarms, name_of

NodeOf = Callable[[FalseAlarm], str | None]
"""The node of an alarm's entity when it began; None of a service, and where nobody knows."""


def node_of(url: str) -> NodeOf:
    """What kube-state-metrics said to the Prometheus behind the URL."""
    client = PrometheusConnect(url)

    def found(alarm: FalseAlarm) -> str | None:
        namespace, name = alarm.entity
        if alarm.kind != "pod":
            return name if alarm.kind == "node" else None
        # One of a StatefulSet that was moved may for five minutes be on two nodes; the newest sample is right.
        asked = f'topk(1, timestamp(kube_pod_info{{namespace="{namespace}",pod="{name}",node!=""}}))'
        series = client.custom_query(asked, {"time": alarm.began})
        return str(series[0]["metric"]["node"]) if series else None

    return found


def faults_beside(truth: Mapping[str, Any], alarm: FalseAlarm, node: str | None) -> list[str]:
    """Types of the faults with an issue that were under way on the alarm's entity or on its node when it began."""
    places = ((alarm.kind, alarm.entity), ("node", ("", node)))
    return [
        fault["type"]
        for fault in truth["faults"]
        if fault["onset"] is not None
        and fault["start"] <= alarm.began <= fault["end"] + SETTLE_SECONDS
        and (fault["kind"], name_of(fault["kind"], fault["entity"])) in places
    ]


def of_pods(truth: Mapping[str, Any], judged: Judged, node: NodeOf) -> list[tuple[str, FalseAlarm]]:
    """Each false alarm of a pod while its node had a look-alike, once, with the type of the first of these."""
    nodes = [one for one in truth["lookalikes"] if one["kind"] == "node"]
    found = []
    for alarm in (one for one in false_alarms(judged) if one.kind == "pod"):
        during = [one for one in nodes if one["start"] <= alarm.began <= one["end"] + AFTER_SECONDS]
        types = [one["type"] for one in during if one["entity"]["node"] == node(alarm)]
        found += [(kind, alarm) for kind in types[:1]]
    return found
