"""What a prediction is about: nodes, pods and services, named as kube-state-metrics names them."""

from __future__ import annotations

from typing import Final, Literal, get_args

Kind = Literal["node", "pod", "service"]
Issue = Literal["pod_failure", "node_failure", "resource_exhaustion", "network_issue", "service_disruption"]
Entity = tuple[str, ...]
"""Label values in the order of LABELS[kind]."""

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
LABELS: Final[dict[Kind, tuple[str, ...]]] = {
    "node": ("node",),
    "pod": ("namespace", "pod"),
    "service": ("namespace", "service"),
}


def namespace_of(kind: Kind, entity: Entity) -> str:
    """The namespace, empty for nodes, which have none."""
    return "" if kind == "node" else entity[0]


def name_of(entity: Entity) -> str:
    """The entity's own name, without its namespace."""
    return entity[-1]
