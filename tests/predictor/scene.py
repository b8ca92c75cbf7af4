"""A scene: series of a made-up cluster, and what the catalogue's expressions must make of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

HA: Final = ("10.0.0.8:8443", "10.0.0.9:8443")
"""Two replicas of kube-state-metrics, both scraped."""


@dataclass(frozen=True)
class Scene:
    """Series by their text, and what a signal or a rule (`issue/kind`) must give ten minutes later, by labels."""

    name: str
    series: Mapping[str, str]
    expected: Mapping[str, Mapping[str, float]]


def twice(series: Mapping[str, str]) -> dict[str, str]:
    """The same series from each replica of kube-state-metrics."""
    return {
        text.replace("}", f',instance="{instance}"}}'): values for text, values in series.items() for instance in HA
    }


def pod_of(name: str) -> str:
    """The labels of a pod in the shop."""
    return f'namespace="shop",pod="{name}"'
