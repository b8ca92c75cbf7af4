"""The exporter's own predictions, judged as kip-trainer evaluate judges: outcomes of alerts, of episodes, lead time."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.models import units

from dashboards import links, looks
from dashboards.board import Row, Tile
from dashboards.query import Query, now, rows
from dashboards.selectors import CLUSTER, select

JUDGED: Final = (CLUSTER, 'issue=~"$issue"', 'kind=~"$kind"', 'horizon="$horizon"')

_UNJUDGED: Final = "an alert is judged four horizons after it began at the latest, an episode when it begins"
DAY_SECONDS: Final = 86_400


def outcomes() -> Row:
    """How many alerts were right and how many episodes foretold."""
    return Row("Own predictions, judged", [*_figures(), _table(), _alerts(), _episodes()])


def lead_times() -> Row:
    """How long before the onset the foretold episodes were announced."""
    return Row("Lead time", [_lead_now(), _lead()])


def _increase(metric: str, *matchers: str, by: str = "") -> str:
    """How much a counter grew within the chosen time, over everything or by the given labels."""
    grouped = f" by ({by})" if by else ""
    return f"sum{grouped} (increase({select(metric, *JUDGED, *matchers)}[$__range]))"


def _outcome(pattern: str, by: str = "") -> str:
    return _increase("kip_prediction_outcomes_total", f'outcome=~"{pattern}"', by=by)


def _share(part: str, whole: str, by: str = "") -> str:
    """One group of outcomes over another, 0 where the part never occurred, absent where the whole did not."""
    below = f"({_outcome(whole, by)} > 0)"
    return f"({_outcome(part, by)} or {below} * 0) / {below}"


def _recall(by: str = "") -> str:
    return _share("foretold", "foretold|missed", by)


def _precision(by: str = "") -> str:
    # As the trainer counts: a late alert was true, an early one was not.
    return _share("hit|late", "hit|late|early|false_alarm", by)


def _false_alarms_a_day(by: str = "") -> str:
    days = f"({_increase('kip_prediction_entity_seconds_total', by=by)} / {DAY_SECONDS} > 0)"
    return f"({_outcome('false_alarm', by)} or {days} * 0) / {days}"


def _figures() -> list[Tile]:
    figures = [
        ("Recall", "The share of episodes that an alert had announced in time.", _recall(), units.PercentUnit),
        (
            "Precision",
            "The share of decided alerts that the issue followed, soon or late; early alerts and false alarms count "
            "against it.",
            _precision(),
            units.PercentUnit,
        ),
        (
            "False alarms per entity-day",
            "Alerts that no onset followed, for each day of each entity; the trainer chose thresholds for a budget of "
            "this.",
            _false_alarms_a_day(),
            units.Short,
        ),
    ]
    return [
        Tile(
            title,
            f"{description} Over the chosen time.",
            looks.number(unit),
            [now(expression, title, _UNJUDGED)],
            [links.to(links.OVERVIEW)],
            width=8,
            height=4,
        )
        for title, description, expression, unit in figures
    ]


def _table() -> Tile:
    by = "issue, kind, horizon"
    counts = {"Foretold": "foretold", "Missed": "missed", "Hits": "hit", "Late": "late", "Early": "early"}
    counts |= {"False alarms": "false_alarm"}
    headings = ["Recall", "Precision", "False alarms per entity-day", *counts]
    columns = {label: label for label in by.split(", ")}
    columns |= {f"Value #{ref}": heading for ref, heading in zip("ABCDEFGHI", headings, strict=True)}
    days = _increase("kip_prediction_entity_seconds_total", by=by)
    look = looks.grid(units.Short, columns)
    for heading in ("Recall", "Precision"):
        look.override_by_name(heading, looks.measured(units.PercentUnit))
    return Tile(
        "Every issue and kind",
        "The same figures apart, with the counts behind them: episodes that were foretold or missed; alerts that were "
        "hits, late (too short before to act), early (over before the onset), or false.",
        look,
        [
            rows(_recall(by), _UNJUDGED),
            rows(_precision(by), _UNJUDGED),
            rows(_false_alarms_a_day(by), _UNJUDGED),
            *(rows(f"round({_outcome(outcome, by)} or {days} * 0)") for outcome in counts.values()),
        ],
        [links.to(links.OVERVIEW)],
        width=24,
        height=8,
    )


def _alerts() -> Tile:
    return _counted(
        "Alerts, by how they turned out",
        "Decided alerts in each interval. Whether an alert was false shows only four horizons after it began.",
        "hit|late|early|false_alarm",
    )


def _episodes() -> Tile:
    return _counted(
        "Episodes, foretold and missed",
        "Onsets in each interval, by whether an alert had announced them. Nothing can foresee what begins at once.",
        "foretold|missed",
    )


def _counted(title: str, description: str, outcomes: str) -> Tile:
    series = select("kip_prediction_outcomes_total", *JUDGED, f'outcome=~"{outcomes}"')
    return Tile(
        title,
        description,
        looks.timeline(units.Short, stacked=True, least=0),
        [Query(f"sum by (outcome) (increase({series}[$__rate_interval]))", "{{outcome}}", empty_because=_UNJUDGED)],
        [links.to(links.OVERVIEW)],
        width=12,
        height=8,
    )


def _quantile(share: float, window: str, by: str = "") -> str:
    labels = f"{by}, le" if by else "le"
    buckets = select("kip_prediction_lead_seconds_bucket", *JUDGED)
    return f"histogram_quantile({share:g}, sum by ({labels}) (increase({buckets}[{window}])))"


def _lead_now() -> Tile:
    return Tile(
        "Median lead time",
        "How long before the onset a foretold episode was announced, in the middle of all within the chosen time.",
        looks.bars(units.Seconds),
        [now(f"{_quantile(0.5, '$__range', 'issue, kind')} >= 0", "{{issue}} of {{kind}}s", _UNJUDGED)],
        [links.to(links.OVERVIEW)],
        width=8,
        height=8,
    )


def _lead() -> Tile:
    sums, counts = (select(f"kip_prediction_lead_seconds_{part}", *JUDGED) for part in ("sum", "count"))
    mean = f"sum(rate({sums}[$__rate_interval])) / (sum(rate({counts}[$__rate_interval])) > 0)"
    return Tile(
        "Lead time",
        "Of the episodes that were foretold in each interval: the mean, and what nine in ten exceeded.",
        looks.timeline(units.Seconds, least=0),
        [
            Query(mean, "mean", empty_because=_UNJUDGED),
            Query(f"{_quantile(0.1, '$__rate_interval')} >= 0", "nine in ten exceed", empty_because=_UNJUDGED),
        ],
        [links.to(links.OVERVIEW)],
        width=16,
        height=8,
    )
