"""Moments that every panel of a board marks: an issue begins, a workload is rolled out, a model is replaced."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.models import dashboard

from dashboards.query import SOURCE
from dashboards.selectors import CLUSTER, select

BEFORE: Final = "offset $__interval"
"""The point before on the grid of the annotation's query, so that a change is marked once however far one zooms out."""


class PrometheusAnnotation(dashboard.AnnotationQuery):
    """The SDK's annotation with what only Prometheus' has: how its text is made of labels, and the least step."""

    def __init__(self, name: str, expr: str, icon_color: str, title: str, text: str) -> None:
        """title, text: Grafana's templates, with {{label}} for the value of a label."""
        super().__init__(name=name, datasource=SOURCE, icon_color=icon_color, expr=expr, hide=False, built_in=None)
        self.title, self.text = title, text

    def to_json(self) -> dict[str, object]:
        """As Grafana's Prometheus plugin reads it."""
        return super().to_json() | {"titleFormat": self.title, "textFormat": self.text, "step": "1m"}


@dataclass(frozen=True)
class Mark:
    """One kind of moment: a point of the expression's result is one mark. empty_because: as in Query."""

    name: str
    color: str
    expression: str
    title: str
    text: str
    empty_because: str = ""

    def model(self) -> PrometheusAnnotation:
        """The annotation as the SDK builds it."""
        return PrometheusAnnotation(self.name, self.expression, self.color, self.title, self.text)


def onsets(active: str, before: str, text: str) -> Mark:
    """Issues that begin.

    active, before: series of kip_issue_active, now and with BEFORE. text: Grafana's template of their labels. What was
    not published before counts as absent; but right after a start of the exporter everything was: nothing is marked.
    """
    expression = f"({active}) == 1 unless ({before}) == 1 and on () max({select('kip_up', CLUSTER)} {BEFORE}) == 1"
    return Mark("Onsets", "red", expression, "{{issue}} begins", text)


def rollouts() -> Mark:
    """Deployments whose specification changed in more than the number of replicas, which autoscaling changes daily."""
    scope = (CLUSTER, 'namespace=~"$namespace"')

    def changed(metric: str) -> str:
        one = "max by (cluster, namespace, deployment) ({})"
        series = select(metric, *scope)
        return f"{one.format(series)} != {one.format(f'{series} {BEFORE}')}"

    generation = changed("kube_deployment_status_observed_generation")
    expression = f"{generation} unless on (cluster, namespace, deployment) ({changed('kube_deployment_spec_replicas')})"
    return Mark(
        "Rollouts",
        "blue",
        expression,
        "rollout of {{deployment}}",
        "{{namespace}}",
        "nobody need have rolled out anything",
    )


def new_models() -> Mark:
    """Exporters that took up another model."""
    trained = select("kip_model_trained_timestamp_seconds", CLUSTER)
    expression = f"max by (cluster, instance) ({trained}) != max by (cluster, instance) ({trained} {BEFORE})"
    return Mark(
        "New models", "purple", expression, "new model", "{{instance}}", "a model stays until it is trained anew"
    )
