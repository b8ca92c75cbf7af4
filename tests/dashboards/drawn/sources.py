"""Sources of answers that need no Prometheus."""

from __future__ import annotations

from dataclasses import dataclass, field

from dashboards.drawn.answers import Series, Span

LABELS = (
    "issue", "horizon", "kind", "namespace", "pod", "node", "service", "entity", "instance", "signal", "stage",
    "reason", "outcome", "severity", "state", "alertname", "alertstate", "estimator", "fingerprint", "horizons", "step",
    "version", "python_version", "scikit_learn", "numpy",
)  # fmt: skip
"""Every label that a legend or a column of our dashboards names."""


@dataclass
class Stub:
    """Answers every question with as many series as it is told, and remembers what it was asked."""

    count: int
    asked: list[str] = field(default_factory=list)

    def labels(self, label: str, series: str, span: Span) -> list[str]:  # noqa: ARG002  # as Source has it
        """Two values, not in their order."""
        self.asked.append(f"{label} of {series}")
        return [f"{label}-b", f"{label}-a"][: self.count]

    def instant(self, promql: str, at: float) -> list[Series]:
        """Series of one value each."""
        self.asked.append(promql)
        return [{"metric": self._labels(i), "value": [at, str(0.3 * (i + 1))]} for i in range(self.count)]

    def over_time(self, promql: str, span: Span) -> list[Series]:
        """Series that begin in the middle of the span; those of annotations too."""
        self.asked.append(promql)
        moments = [span.start + i * span.step for i in range(span.seconds // span.step // 2, span.seconds // span.step)]
        values = [[at, str(i % 3)] for i, at in enumerate(moments)]
        return [{"metric": self._labels(i), "values": values} for i in range(self.count)]

    def _labels(self, number: int) -> dict[str, str]:
        return {name: f"{name}-{number}" for name in LABELS} | {"kind": "pod"}
