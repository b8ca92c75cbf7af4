"""The variables at the head of a board. Each narrows the ones after it.

Every All is the pattern .*, so that series without the label are chosen as well, and a board shows everything before
its variables have answered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models import dashboard

from dashboards.query import SOURCE
from dashboards.selectors import CLUSTER, KIND, its_neighbours, named, select
from predictor.entities import KINDS, LABELS

ALL: Final = ".*"
_ENTITY: Final = '/entity="([^"]+)"/'
"""What a series of `named` is called, out of the text that Grafana makes of a result."""


@dataclass(frozen=True)
class Variable:
    """A variable with the values of one label, or with what a pattern finds in the result of a query.

    query: in Grafana's words, label_values(SERIES, LABEL) or query_result(EXPRESSION). many: several values may be
    chosen. has_all: All is offered and chosen at first. regex: what of each result is the value. empty_because: as in
    Query.
    """

    name: str
    label: str
    query: str
    description: str
    many: bool = True
    has_all: bool = True
    regex: str = ""
    empty_because: str = ""

    def model(self) -> dashboard.VariableModel:
        """The variable as the SDK builds it."""
        variable = (
            build.QueryVariable(self.name)
            .label(self.label)
            .description(self.description)
            .datasource(SOURCE)
            .query({"query": self.query, "refId": f"Variable{self.name.title()}"})
            .refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED)
            .sort(dashboard.VariableSort.ALPHABETICAL_ASC)
            .regex(self.regex)
            .multi(self.many)
            .include_all(self.has_all)
        )
        if not self.has_all:
            return variable.build()
        text, value = (["All"], ["$__all"]) if self.many else ("All", "$__all")
        return variable.all_value(ALL).current(dashboard.VariableOption(text=text, value=value)).build()


def values(label: str, metric: str, *matchers: str) -> str:
    """The query for all values of a label on the series that match, in the chosen clusters."""
    return f"label_values({select(metric, CLUSTER, *matchers)}, {label})"


def data_source() -> dashboard.VariableModel:
    """Which Prometheus, the first variable of every board."""
    return build.DatasourceVariable("datasource").label("Data source").type("prometheus").build()


def _listed() -> str:
    """Every published entity of the chosen kind and namespace."""
    return " or ".join(
        f"max by ({', '.join(LABELS[kind])}) ({select('kip_issue_active', KIND.format(kind), *its_neighbours(kind))})"
        for kind in KINDS
    )


CLUSTERS: Final = Variable(
    "cluster",
    "Cluster",
    "label_values(kip_up, cluster)",
    "The label cluster, where your Prometheus has one.",
    empty_because="the label is optional: one cluster's own Prometheus has none",
)

ISSUES: Final = Variable(
    "issue",
    "Issue",
    values("issue", "kip_alert_threshold"),
    "What is predicted.",
)

KINDS_OF_ISSUE: Final = Variable(
    "kind",
    "Kind",
    values("kind", "kip_alert_threshold", 'issue=~"$issue"'),
    "Pods, nodes or services.",
)

NAMESPACES: Final = Variable(
    "namespace",
    "Namespace",
    # Of all entities, also of those too quiet to be published singly; nodes have none, whatever a scrape added.
    values("namespace", "kip_issues_expected", 'issue=~"$issue"', 'kind=~"$kind"', 'kind!="node"'),
    "Nodes have none: any choice but All leaves them out.",
)

HORIZONS: Final = Variable(
    "horizon",
    "Horizon",
    values("horizon", "kip_alert_threshold", 'issue=~"$issue"', 'kind=~"$kind"'),
    "How far ahead the predictions look.",
)

ONE_HORIZON: Final = Variable(
    HORIZONS.name,
    HORIZONS.label,
    HORIZONS.query,
    "How far ahead the predictions look that are judged; it is also how far back the outcomes reach.",
    many=False,
    has_all=False,
)

ONE_KIND: Final = Variable(
    "kind",
    "Kind",
    values("kind", "kip_entities"),
    "A pod, a node or a service.",
    many=False,
    has_all=False,
)

NAMESPACE_OF_KIND: Final = Variable(
    "namespace",
    "Namespace",
    values("namespace", "kip_issues_expected", 'kind="$kind"', 'kind!="node"'),
    "Where the entity lives; nodes live in none.",
    many=False,
)

ONE_ENTITY: Final = Variable(
    "entity",
    "Entity",
    f"query_result({named(_listed())})",
    "Its name. Pods below the exporter's publish floor are not listed.",
    many=False,
    has_all=False,
    regex=_ENTITY,
)

INSTANCES: Final = Variable(
    "instance",
    "Exporter",
    values("instance", "kip_up"),
    "Which exporter, where several run.",
)
