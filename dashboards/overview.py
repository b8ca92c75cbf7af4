"""The overview: what breaks next, for whom and how surely, what is broken already, and who has been told."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders import statetimeline, table
from grafana_foundation_sdk.models import units

from dashboards import links, looks, marks, variables
from dashboards.board import Board, Row, Tile
from dashboards.query import Query, now, rows
from dashboards.selectors import CLUSTER, EXPECTED, IDENTITY, named, per_entity, select, with_threshold

SCOPE: Final = (CLUSTER, 'issue=~"$issue"', 'kind=~"$kind"', 'namespace=~"$namespace"')
AHEAD: Final = (*SCOPE, 'horizon=~"$horizon"')

_PROBABILITY: Final = per_entity("kip_issue_probability", "issue, horizon", *AHEAD)
_PREDICTED: Final = select("entity:kip_issue_probability:predicted", *AHEAD)
_ACTIVE: Final = select("entity:kip_issue_active:max", *SCOPE)
# What is present has probability 1 by definition, and breaks no more.
_COMING: Final = f"({_PROBABILITY}) unless on (cluster, issue, kind, {IDENTITY}) {_ACTIVE}"
"""What is present already has a probability of 1, and would fill every list of the highest."""

_NEXT: Final = f"topk(50, {_COMING})"
_THRESHOLD: Final = "max by (cluster, issue, kind, horizon) (" + select("kip_alert_threshold", CLUSTER) + ")"
_EXPECTED: Final = EXPECTED.format(select("kip_issues_expected", *AHEAD))
# Alerts about the exporter itself have neither issue nor kind.
_ALERTS: Final = ('alertname=~"Kip.+"', 'alertstate="firing"', CLUSTER, 'issue=~"$issue|"', 'kind=~"$kind|"')
_FIRING: Final = select("ALERTS", *_ALERTS, 'namespace=~"$namespace"')

STATES: Final = {1: ("predicted", "orange"), 2: ("present", "red")}


def overview() -> Board:
    """The board that alerts link to, with the variables issue, kind and namespace in their URLs."""
    active = "kip_issue_active"
    return Board(
        uid=links.OVERVIEW,
        description="What breaks next, for whom, how surely; what is broken already; and who has been told.",
        variables=[
            variables.CLUSTERS,
            variables.ISSUES,
            variables.KINDS_OF_ISSUE,
            variables.NAMESPACES,
            variables.HORIZONS,
        ],
        marks=[
            marks.onsets(
                named(per_entity(active, "issue", *SCOPE)),
                named(per_entity(active, "issue", *SCOPE, read=f"{{}} {marks.BEFORE}")),
                "{{kind}} {{namespace}} {{entity}}",
            ),
            marks.rollouts(),
        ],
        rows=[
            Row("What breaks next", [_next(), *_numbers(), _highest()]),
            Row("Timelines", [_timeline(), _probability()]),
            Row("Expected issues", _expected()),
            Row("Alerts", [_firing(), _severities()]),
        ],
    )


def _next() -> Tile:
    columns = {
        "Value #A": "Probability",
        "Value #B": "Threshold",
        **{name: name for name in ("issue", "horizon", "kind", "namespace", "entity", "cluster")},
    }
    look: table.Panel = looks.grid(units.PercentUnit, columns, highest="Probability")
    look.override_by_name("Probability", looks.gauge_cells(looks.RISK))
    look.override_by_name("entity", looks.linked(links.to_row_entity()))
    return Tile(
        "What breaks next",
        "Entities that do not have the issue yet: the calibrated probability that they will within the horizon, "
        "highest first, beside the threshold at which it alerts. Pods below the publish floor are not listed.",
        look,
        [rows(named(_NEXT)), rows(named(with_threshold(_NEXT, _THRESHOLD)))],
        [links.to(links.QUALITY)],
        width=16,
        height=12,
    )


def _numbers() -> list[Tile]:
    counts = [
        ("Predicted", "Issues at or above their threshold that are not present yet.", _PREDICTED, looks.ANY_IS_NOTED),
        ("Present", "Issues that are present at this moment.", _ACTIVE, looks.ANY_IS_BAD),
        ("Alerts", "Alerts that fire, about issues and about the exporter itself.", _FIRING, looks.ANY_IS_NOTED),
    ]
    return [
        Tile(
            title,
            description,
            looks.number(units.Short, colours, sparkline=True),
            [Query(f"count({series}) or vector(0)", title.lower())],
            [links.to(links.QUALITY if series is _PREDICTED else links.ENTITY)],
            width=8 // 3 + (title == "Present") + (title == "Predicted"),
            height=5,
        )
        for title, description, series, colours in counts
    ]


def _highest() -> Tile:
    return Tile(
        "Highest probability of each issue",
        "The most endangered entity of each issue, over the chosen horizons; 1 where the issue is present.",
        looks.bars(units.PercentUnit, looks.RISK, most=1),
        [now(f"max by (issue) ({_PROBABILITY})", "{{issue}}")],
        [links.to(links.QUALITY)],
        width=8,
        height=7,
    )


def _timeline() -> Tile:
    one = f"max by (cluster, issue, kind, {IDENTITY}) ({{}})"
    predicted = f"{one.format(_PREDICTED)} * 0 + 1"
    active = f"{one.format(_ACTIVE)} * 0 + 2"
    look: statetimeline.Panel = looks.states(STATES)
    look.override_by_regexp("/.*/", looks.linked(links.to_series_entity()))
    return Tile(
        "Predicted and present",
        "One bar for each entity and issue: orange from the moment that its probability reaches the threshold, red "
        "while the issue is present. Red without orange before it came unforeseen.",
        look,
        [Query(named(f"{active} or {predicted}"), "{{issue}}: {{namespace}} {{entity}}")],
        [links.to(links.QUALITY)],
        width=24,
        height=10,
    )


def _probability() -> Tile:
    look = looks.timeline(units.PercentUnit, least=0, most=1)
    look.override_by_regexp("/.*/", looks.linked(links.to_series_entity()))
    return Tile(
        "Probability, the ten highest",
        "The ten highest at each moment of issues that are not present. A line ends where the issue begins, and where "
        "the entity leaves or falls below the publish floor.",
        look,
        [Query(named(f"topk(10, {_COMING})"), "{{issue}} {{horizon}}: {{namespace}} {{entity}}")],
        [links.to(links.QUALITY)],
        width=24,
        height=10,
    )


def _expected() -> list[Tile]:
    return [
        Tile(
            "Expected issues by namespace",
            "The sum of probabilities over all entities, published singly or not: how many will have an issue within "
            "the horizon. Nodes have no namespace.",
            looks.timeline(units.Short, least=0),
            [
                Query(
                    f'label_replace(sum by (namespace, horizon) ({_EXPECTED}), "namespace", "nodes", "namespace", "")',
                    "{{namespace}} within {{horizon}}",
                )
            ],
            [links.to(links.QUALITY)],
            width=12,
            height=9,
        ),
        Tile(
            "Expected issues by type",
            "The same by issue and kind of entity.",
            looks.timeline(units.Short, least=0),
            [Query(f"sum by (issue, kind, horizon) ({_EXPECTED})", "{{issue}} of {{kind}}s within {{horizon}}")],
            [links.to(links.QUALITY)],
            width=12,
            height=9,
        ),
    ]


def _firing() -> Tile:
    labels = ("alertname", "severity", "state", "issue", "horizon", "kind", "namespace", "entity", "cluster")
    look = looks.grid(units.NoUnit, {name: name for name in labels})
    look.override_by_name("entity", looks.linked(links.to_row_entity()))
    return Tile(
        "Firing alerts",
        "Alerts of the rules in prometheus/rules that fire now; each has a runbook in docs/runbooks under its name.",
        look,
        # An alert about a pod carries its node, for Alertmanager; here it would be part of the entity's name.
        [rows(named(f'label_replace({_FIRING}, "node", "", "pod", ".+")'))],
        [links.to(links.EXPORTER)],
        width=16,
        height=9,
    )


def _severities() -> Tile:
    return Tile(
        "Firing alerts by severity",
        "How many alerts fire at a time: predicted ones, those about issues that are present, and the exporter's own.",
        looks.timeline(units.Short, stacked=True, least=0),
        [Query(f"count by (severity, state) ({_FIRING})", "{{severity}} {{state}}")],
        [links.to(links.EXPORTER)],
        width=8,
        height=9,
    )
