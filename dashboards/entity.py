"""One entity: how likely each issue is and why, what its signals do, and what happened to it."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.models import units

from dashboards import links, looks, marks, variables
from dashboards.board import Board, Row, Tile
from dashboards.overview import STATES
from dashboards.query import Query, now, rows
from dashboards.selectors import CLUSTER, KIND, of_entity, select, this_entity
from dashboards.units import PLAIN, with_units
from predictor.catalogue import default
from predictor.entities import KINDS

_PROBABILITY: Final = of_entity("kip_issue_probability", "issue, horizon")
_THRESHOLD: Final = "max by (issue, horizon) (" + select("kip_alert_threshold", CLUSTER, 'kind="$kind"') + ")"
_ACTIVE: Final = of_entity("kip_issue_active", "issue")
_LIMIT: Final = of_entity("kip_signal_seconds_to_limit", "signal")

STEP: Final = "30s"
"""The exporter's usual step, the grid on which the past is searched for onsets."""

_NO_LIMIT: Final = "few signals have a limit, and none need be on its way there"


def entity() -> Board:
    """The board that the tables and lines of the overview lead to."""
    before = of_entity("kip_issue_active", "issue, kind", read=f"{{}} {marks.BEFORE}")
    return Board(
        uid=links.ENTITY,
        description="One pod, node or service: the probability of each issue, what speaks for it, and what happened.",
        variables=[
            variables.CLUSTERS,
            variables.ONE_KIND,
            variables.NAMESPACE_OF_KIND,
            variables.ONE_ENTITY,
        ],
        marks=[
            marks.onsets(of_entity("kip_issue_active", "issue, kind"), before, "{{kind}}"),
            marks.rollouts(),
        ],
        rows=[
            Row("Now", [_now(), _why(), *_numbers()]),
            Row("Probability", [_probability()]),
            Row("Signals behind it", [_contributions(), _signals(), _limits()]),
            Row("Events", [_events(), _onsets(), _alerts()]),
        ],
    )


def _now() -> Tile:
    columns = {
        "issue": "issue",
        "horizon": "horizon",
        "Value #A": "Probability",
        "Value #B": "Threshold",
        "Value #C": "Present",
    }
    look = looks.grid(units.PercentUnit, columns, highest="Probability")
    look.override_by_name("Probability", looks.gauge_cells(looks.RISK))
    look.override_by_name("Present", looks.measured(units.Short))
    matching = f"({_PROBABILITY}) * 0 + on (issue, horizon) {_THRESHOLD}"
    present = f"({_PROBABILITY}) * 0 + on (issue) group_left () ({_ACTIVE})"
    return Tile(
        "Probability beside its threshold",
        "The calibrated probability of each issue within each horizon, the threshold at which it alerts, and 1 where "
        "the issue is present, which makes the probability 1.",
        look,
        [rows(_PROBABILITY), rows(matching), rows(present)],
        [links.to(links.QUALITY)],
        width=10,
        height=9,
    )


def _why() -> Tile:
    return Tile(
        "What raised it",
        "The signals with the largest shares in what raised a probability that is at or above its threshold, at most "
        "three. No bar means that no probability is that high.",
        looks.bars(units.PercentUnit, most=1),
        [
            now(
                of_entity("kip_issue_contribution", "issue, horizon, signal"),
                "{{issue}} {{horizon}}: {{signal}}",
            )
        ],
        [links.to(links.QUALITY)],
        width=9,
        height=9,
    )


def _numbers() -> list[Tile]:
    odd: looks.Steps = ((None, "green"), (0.99, "orange"))
    soon: looks.Steps = ((None, "red"), (900, "orange"), (3600, "green"))
    return [
        Tile(
            "How odd it looks",
            "The share of a quiet life that looks less odd than this entity now; above 99 % something is unusual, even "
            "if no issue is predicted.",
            looks.number(units.PercentUnit, odd, sparkline=True),
            [Query("max(" + of_entity("kip_anomaly_score", "kind") + ")", "anomaly")],
            [links.to(links.QUALITY)],
            width=5,
            height=4,
        ),
        Tile(
            "First limit reached in",
            "The time in which the first of its signals reaches its limit if it goes on in a straight line.",
            looks.number(units.Seconds, soon),
            [now(f"min({_LIMIT})", "limit", empty_because=_NO_LIMIT)],
            [links.to(links.OVERVIEW)],
            width=5,
            height=5,
        ),
    ]


def _probability() -> Tile:
    look = looks.timeline(units.PercentUnit, least=0, most=1)
    look.override_by_regexp("/^threshold/", looks.dashed())
    return Tile(
        "Probability of each issue and horizon",
        "Lines of probability beside the dashed thresholds at which they alert. Gaps are times without predictions.",
        look,
        [
            Query(_PROBABILITY, "{{issue}} {{horizon}}"),
            Query(
                f"{_THRESHOLD} and on (issue, horizon) ({_PROBABILITY})",
                "threshold of {{issue}} {{horizon}}",
            ),
        ],
        [links.to(links.OVERVIEW), links.to(links.QUALITY)],
        width=24,
        height=10,
    )


def _contributions() -> Tile:
    return Tile(
        "Contributions of signals",
        "The share of each signal in what raised a probability, while that is at or above its threshold; of several "
        "issues and horizons the highest.",
        looks.timeline(units.PercentUnit, least=0, most=1),
        [
            Query(
                "max by (signal) (" + of_entity("kip_issue_contribution", "issue, horizon, signal") + ")",
                "{{signal}}",
            )
        ],
        [links.to(links.QUALITY)],
        width=8,
        height=10,
    )


def _signals() -> Tile:
    return Tile(
        "Values of these signals",
        "What the contributing signals measured, each in its own unit and on an axis for it. What a signal is and how "
        "it is asked for stands in predictor/catalogue.yaml.",
        with_units(looks.timeline(PLAIN), default()),
        [Query(of_entity("kip_signal_value", "signal"), "{{signal}}")],
        [links.to(links.EXPORTER)],
        width=8,
        height=10,
    )


def _limits() -> Tile:
    return Tile(
        "Time until a limit",
        "When a rising signal reaches its limit in a straight line from how it rises now.",
        looks.timeline(units.Seconds, least=0),
        [Query(_LIMIT, "{{signal}}", empty_because=_NO_LIMIT)],
        [links.to(links.OVERVIEW)],
        width=8,
        height=10,
    )


def _events() -> Tile:
    predicted = of_entity("entity:kip_issue_probability:predicted", "issue")
    return Tile(
        "Predicted and present",
        "Orange from the moment that a probability reaches its threshold, red while the issue is present.",
        looks.states(STATES | {0: ("quiet", "green")}),
        [Query(f"(({_ACTIVE}) == 1) * 2 or ({predicted}) * 0 + 1 or ({_ACTIVE})", "{{issue}}")],
        [links.to(links.OVERVIEW)],
        width=24,
        height=7,
    )


def _onsets() -> Tile:
    before = of_entity("kip_issue_active", "issue", read=f"{{}} offset {STEP}")
    begins = f"(({_ACTIVE}) > ({before}))"
    columns = {"issue": "issue", "Value #A": "Onsets", "Value #B": "Last onset", "Value #C": "Present for"}
    look = looks.grid(units.Short, columns, highest="Last onset")
    look.override_by_name("Last onset", looks.measured(units.DateTimeFromNow))
    look.override_by_name("Present for", looks.measured(units.Seconds))
    return Tile(
        "Onsets",
        "How often each issue began within the chosen time, when it last did, and how long it was present altogether.",
        look,
        [
            rows(f"count_over_time({begins}[$__range:{STEP}]) or ({_ACTIVE}) * 0"),
            rows(
                f"max_over_time((({begins}) * 0 + time() * 1000)[$__range:{STEP}])",
                "where no issue began, there is no last time",
            ),
            rows(f"sum_over_time(({_ACTIVE})[$__range:{STEP}]) * {STEP.removesuffix('s')}"),
        ],
        [links.to(links.OVERVIEW)],
        width=12,
        height=8,
    )


def _alerts() -> Tile:
    firing = " or ".join(
        select("ALERTS", 'alertname=~"Kip.+"', KIND.format(kind), *this_entity(kind)) for kind in KINDS
    )
    labels = ("alertname", "alertstate", "severity", "state", "issue", "horizon")
    return Tile(
        "Alerts",
        "Alerts about this entity that fire or wait for their time.",
        looks.grid(units.NoUnit, {name: name for name in labels}),
        [rows(firing)],
        [links.to(links.OVERVIEW)],
        width=12,
        height=8,
    )
