"""A block's samples as OpenMetrics text."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from benchmarks.elsewhere.workloads import BoolArray, FloatArray, IntArray

UNTYPED: Final = ("node_vmstat_", "node_netstat_", "container_memory_failcnt")
"""node_exporter declares these untyped; the last is a counter that OpenMetrics does not admit without its suffix."""

DECIMALS: Final = 3


class Text:
    """Samples of one block, by metric. times: Unix seconds of its steps."""

    def __init__(self, times: FloatArray) -> None:
        self._stamps = [f"{time:.0f}\n" for time in times]
        self._families: dict[str, list[str]] = {}

    def add(self, name: str, labels: str, values: FloatArray, steps: IntArray) -> None:
        """One series. values: of every step of the block; steps: those at which it was scraped."""
        if not len(steps):
            return
        head = f"{name}{{{labels}}} "
        taken = values[steps]
        stamps = self._stamps
        if (taken == taken[0]).all():  # most of what kube-state-metrics says
            head = f"{head}{_short(float(taken[0]))} "
            lines = [head + stamps[step] for step in steps.tolist()]
        else:
            numbers = np.round(taken, DECIMALS).tolist()
            lines = [f"{head}{value} {stamps[step]}" for value, step in zip(numbers, steps.tolist(), strict=True)]
        self._families.setdefault(family(name), []).append("".join(lines))

    def parts(self) -> Iterator[str]:
        """The whole text, piece by piece."""
        for name, series in self._families.items():
            yield f"# TYPE {name} {_kind(name, series[0])}\n"
            yield from series
        yield "# EOF\n"


def labels(**pairs: str) -> str:
    """The pairs as Prometheus writes them; an empty label is no label."""
    return ",".join(f'{name}="{value}"' for name, value in pairs.items() if value)


def family(name: str) -> str:
    """The metric family of a series' name."""
    for suffix in ("_total", "_bucket", "_sum", "_count"):
        if name.endswith(suffix) and not name.startswith(UNTYPED):
            return name.removesuffix(suffix)
    return name


def runs(values: IntArray, where: BoolArray) -> Iterator[tuple[int, IntArray]]:
    """Each value that stays for a while, and the steps at which it does. values, where: (steps,)."""
    steps = np.flatnonzero(where)
    if len(steps):
        for run in np.split(steps, np.flatnonzero(np.diff(values[steps])) + 1):
            yield int(values[run[0]]), run


def bound(seconds: float) -> str:
    """A bucket's bound as the client libraries write it."""
    return "+Inf" if np.isinf(seconds) else str(float(seconds))


def _short(value: float) -> str:
    return str(int(value)) if value.is_integer() else str(round(value, DECIMALS))


def _kind(name: str, series: str) -> str:
    if name.startswith(UNTYPED):
        return "unknown"
    if series.startswith(f"{name}_total"):
        return "counter"
    return "histogram" if series.startswith(f"{name}_") else "gauge"
