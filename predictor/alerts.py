"""Alerts as outcomes: predict your own alerts before they fire.

Prometheus records every firing alert as the series ALERTS. A catalogue file maps their names to issues; a rule in
PromQL is made of each mapping, beside the default rules or instead of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from predictor.entities import LABELS, Issue, Kind

OutcomesFrom = Literal["rules", "alerts", "both"]

_OF_NODES: Final = (
    'max by (node) ({alerts}node!=""}} or label_replace({alerts}node=""}}, '
    '"node", "$1$2$3", "${{node_label}}", "${{node_name}}"))'
)


class AlertOutcome(BaseModel):
    """An alert of the user's that says an issue is present on the entity its labels name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    alert: str = Field(pattern=r"^[a-zA-Z_][a-zA-Z0-9_ :-]*$")
    issue: Issue
    kind: Kind


def expressions(alerts: Sequence[AlertOutcome]) -> Mapping[tuple[Issue, Kind], str]:
    """One expression per issue and kind: the entities on which any of its alerts fires."""
    names: dict[tuple[Issue, Kind], list[str]] = {}
    for one in alerts:
        names.setdefault((one.issue, one.kind), []).append(one.alert)
    return {key: _expression(key[1], sorted(set(several))) for key, several in names.items()}


def _expression(kind: Kind, names: Sequence[str]) -> str:
    alerts = f'ALERTS{{alertstate="firing",alertname=~"{"|".join(names)}",'
    if kind == "node":
        return _OF_NODES.format(alerts=alerts)
    labels = LABELS[kind]
    return f'max by ({", ".join(labels)}) ({alerts}{labels[-1]}!=""}})'
