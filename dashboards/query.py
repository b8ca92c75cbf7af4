"""What a dashboard asks Prometheus: one expression, the shape of its answer, and whether the answer may be empty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from grafana_foundation_sdk.builders import prometheus
from grafana_foundation_sdk.models import dashboard
from grafana_foundation_sdk.models.prometheus import PromQueryFormat, QueryEditorMode

SOURCE: Final = dashboard.DataSourceRef(type_val="prometheus", uid="${datasource}")
"""The data source that the first variable of every board chooses."""

Shape = Literal["range", "instant", "table"]
"""A line over the chosen time, one number per series now, or the same as rows with a column for each label."""


@dataclass(frozen=True)
class Query:
    """One target of a panel.

    legend: Grafana's template of a series' name. empty_because: why there may be no data even minutes after an issue
    was predicted, told and came; empty where there must be, which a test on the running demo holds it to.
    """

    expression: str
    legend: str = ""
    shape: Shape = "range"
    empty_because: str = ""

    def target(self, ref_id: str) -> prometheus.Dataquery:
        """The target as the SDK builds it. ref_id: unique in its panel, which the SDK leaves empty."""
        target = (
            prometheus.Dataquery()
            .ref_id(ref_id)
            .datasource(SOURCE)
            .editor_mode(QueryEditorMode.CODE)
            .expr(self.expression)
            .legend_format(self.legend or "__auto")
        )
        if self.shape == "range":
            return target.range()
        is_table = self.shape == "table"
        return target.instant().format(PromQueryFormat.TABLE if is_table else PromQueryFormat.TIME_SERIES)


def now(expression: str, legend: str = "", empty_because: str = "") -> Query:
    """One number per series, at the end of the chosen time."""
    return Query(expression, legend, "instant", empty_because)


def rows(expression: str, empty_because: str = "") -> Query:
    """The same as rows of a table."""
    return Query(expression, "", "table", empty_because)
