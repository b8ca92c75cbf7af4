"""What each exporter of a real cluster exposes, read off the simulated state."""

from __future__ import annotations

from typing import Final

from emitter.exposition import Source
from emitter.sources.apps import APPS
from emitter.sources.cadvisor import CADVISOR
from emitter.sources.kube_state import KUBE_STATE
from emitter.sources.kubelet import KUBELET
from emitter.sources.node import NODE

SOURCES: Final[dict[str, Source]] = {s.name: s for s in (NODE, CADVISOR, KUBELET, KUBE_STATE, APPS)}
"""By name, which is also the last part of the path: /metrics/<name>."""
