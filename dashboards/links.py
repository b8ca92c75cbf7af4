"""Ways from one board to another, which keep the chosen time, data source and cluster."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders.dashboard import DashboardLink
from grafana_foundation_sdk.models.dashboard import DashboardLink as LinkModel
from grafana_foundation_sdk.models.dashboard import DashboardLinkType

OVERVIEW: Final = "kip-overview"
ENTITY: Final = "kip-entity"
QUALITY: Final = "kip-model-quality"
EXPORTER: Final = "kip-exporter"

TITLES: Final = {
    OVERVIEW: "Issue predictions: overview",
    ENTITY: "Issue predictions: one entity",
    QUALITY: "Issue predictions: model quality",
    EXPORTER: "Issue predictions: exporter",
}
"""The title of each board by its uid, which alerts and runbooks link to."""

TAG: Final = "kip"

_KEPT: Final = "${__url_time_range}&${datasource:queryparam}&${cluster:queryparam}"


def to(uid: str, **variables: str) -> LinkModel:
    """A link to a board with further variables set, each to a value or another of Grafana's templates."""
    more = "".join(f"&var-{name}={value}" for name, value in variables.items())
    return _link(TITLES[uid]).url(f"/d/{uid}?{_KEPT}{more}").build()


def to_row_entity() -> LinkModel:
    """From a row of a table, which has the columns kind, namespace and entity, to that entity."""
    return to(
        ENTITY,
        kind="${__data.fields.kind}",
        namespace="${__data.fields.namespace}",
        entity="${__data.fields.entity}",
    )


def to_series_entity() -> LinkModel:
    """From a line with the labels kind, namespace and entity to that entity."""
    return to(
        ENTITY,
        kind="${__field.labels.kind}",
        namespace="${__field.labels.namespace}",
        entity="${__field.labels.entity}",
    )


def among_boards() -> DashboardLink:
    """The list of all boards at the head of each."""
    return _link("Issue predictions").type(DashboardLinkType.DASHBOARDS).tags([TAG]).keep_time(True).include_vars(True)


def _link(title: str) -> DashboardLink:
    return DashboardLink(title).type(DashboardLinkType.LINK).icon("external link")
