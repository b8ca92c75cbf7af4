"""Which metrics an expression reads, and which metrics exist: a dashboard or rule that names another shows nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import promql_parser
from prometheus_client import CollectorRegistry, ProcessCollector

GOLDEN: Final = Path(__file__).parents[1] / "golden"

MADE_BY_PROMETHEUS: Final = frozenset(
    {"up", "scrape_duration_seconds", "scrape_samples_scraped", "ALERTS", "ALERTS_FOR_STATE"}
)
"""Series that no exposition shows. Source: https://prometheus.io/docs/concepts/jobs_instances/ and alerting rules."""

OF_KUBE_STATE_METRICS: Final = frozenset(
    {
        "kube_deployment_annotations",
        "kube_statefulset_annotations",
        "kube_daemonset_annotations",
        "kube_daemonset_status_number_ready",
    }
)
"""Series that the pretend cluster has none of: it annotates nothing, and its daemons are no pods.

Source: https://github.com/kubernetes/kube-state-metrics/tree/main/docs/metrics/workload
"""

_SAMPLE = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)[{ ]", re.MULTILINE)


def metric_names(expression: str) -> frozenset[str]:
    """Names of all metrics that a PromQL expression selects.

    Raises ValueError for invalid PromQL, and for a selector whose name is not written out, since nobody can tell then
    which metrics it reads.
    """
    found: set[str] = set()

    def visit(node: promql_parser.Expr) -> bool:
        if isinstance(node, promql_parser.VectorSelector):
            found.add(node.name or _matched_name(node))
        return True

    promql_parser.walk(promql_parser.parse(expression), visit)
    return frozenset(found)


def unknown_metrics(expressions: Iterable[str], allowed: frozenset[str]) -> list[str]:
    """Metrics that the expressions name and that nobody exposes or records, sorted."""
    return sorted(set().union(*(metric_names(one) for one in expressions)) - allowed)


def exposed(*names: str) -> frozenset[str]:
    """Metrics in golden expositions, by file name pattern below tests/golden; a missing one is an AssertionError."""
    found: set[str] = set()
    for name in names:
        files = sorted(GOLDEN.glob(name))
        assert files, f"no golden exposition tests/golden/{name}; run pytest --update-golden"
        for file in files:
            found.update(_SAMPLE.findall(file.read_text(encoding="utf-8")))
    return frozenset(found)


def of_a_process() -> frozenset[str]:
    """What prometheus_client says about the process, and the golden exposition does not because it never repeats."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    return frozenset(sample.name for family in registry.collect() for sample in family.samples)


def _matched_name(node: promql_parser.VectorSelector) -> str:
    for matcher in node.matchers.matchers:
        if matcher.name == "__name__" and matcher.op == promql_parser.MatchOp.Equal:
            return str(matcher.value)
    raise ValueError(f"{node} does not write out the metric that it reads")
