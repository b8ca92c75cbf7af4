"""What the exporters would have shown at every step of a block."""

import numpy as np

from benchmarks.elsewhere.machines import DISK_PRESSURE_RATIO, MEMORY_PRESSURE_RATIO
from benchmarks.elsewhere.pods import volume_bytes
from benchmarks.elsewhere.state import Phase
from benchmarks.elsewhere.workloads import BoolArray, FloatArray, IntArray
from benchmarks.elsewhere.world import World


class Tape:
    """Arrays by name, one row a step; counters under their metric names."""

    def __init__(self) -> None:
        self._times: list[float] = []
        self._rows: dict[str, list[FloatArray]] = {}
        self._arrays: dict[str, FloatArray] = {}

    def note(self, world: World, now: float) -> None:
        """Keep the step."""
        self._times.append(now)
        pods, machines, levers = world.pods, world.machines, world.levers
        for name in ("generation", "epoch", "present", "created", "started", "phase", "waiting", "ended", "restarts",
                     "ready", "working_set", "in_flight", "requests", "buckets", "latency_sum"):  # fmt: skip
            self._keep(name, getattr(pods, name))
        for name in ("available_ratio", "disk_ratio", "load1", "conntrack", "relist"):
            self._keep(name, getattr(machines, name))
        for name, counter in (pods.counters | machines.counters).items():
            self._keep(name, counter)
        self._keep("running", pods.running)
        self._keep("volume", volume_bytes(pods, levers))
        self._keep("node_ready", machines.ready)
        self._keep("exporter_up", levers.no_exporter == 0)
        self._keep("kubelet_up", (levers.no_kubelet == 0) & machines.ready)
        self._keep("memory_pressure", machines.available_ratio < MEMORY_PRESSURE_RATIO)
        self._keep("disk_pressure", 1 - machines.disk_ratio < DISK_PRESSURE_RATIO)
        sandboxes = pods.present & (pods.phase == Phase.RUNNING)
        self._keep("sandbox", sandboxes)
        self._keep("running_pods", np.bincount(pods.node, sandboxes, len(machines.ready)))

    @property
    def times(self) -> FloatArray:
        """(steps,) Unix seconds."""
        return np.array(self._times)

    def __getitem__(self, name: str) -> FloatArray:
        """(steps, ...) numbers."""
        if name not in self._arrays:
            self._arrays[name] = np.stack(self._rows[name])
        return self._arrays[name]

    def flags(self, name: str) -> BoolArray:
        """(steps, ...) the same as truth values."""
        return self[name].astype(np.bool_)

    def integers(self, name: str) -> IntArray:
        """(steps, ...) the same as integers."""
        return self[name].astype(np.int64)

    def _keep(self, name: str, values: FloatArray | IntArray | BoolArray) -> None:
        self._rows.setdefault(name, []).append(values.astype(np.float64))
