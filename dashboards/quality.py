"""Model quality: the exporter's own predictions judged, their calibration, lead time, and what the signals reach."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.models import units

from dashboards import judged, links, looks, marks, variables
from dashboards.board import Board, Row, Tile
from dashboards.judged import JUDGED
from dashboards.query import Query, now, rows
from dashboards.selectors import CLUSTER, EXPECTED, per_entity, select

_ISSUES: Final = (CLUSTER, 'issue=~"$issue"', 'kind=~"$kind"')

# What was expected one horizon ago, beside what has come since; both count entities that have the issue already.
_EXPECTED: Final = (
    "sum by (issue) (" + EXPECTED.format(select("kip_issues_expected", *JUDGED) + " offset $horizon") + ")"
)
_CAME: Final = (
    "(count by (issue) (max_over_time("
    + select("entity:kip_issue_active:max", *_ISSUES)
    + f"[$horizon])) and on (issue) {_EXPECTED} or {_EXPECTED} * 0)"
)

_FIRST: Final = "one horizon must have passed since the first prediction"


def quality() -> Board:
    """The board for whoever trains: is the model good enough, and is it time for another one?"""
    return Board(
        uid=links.QUALITY,
        description="How the exporter's own predictions turned out, in the words of kip-trainer evaluate.",
        variables=[variables.CLUSTERS, variables.ISSUES, variables.KINDS_OF_ISSUE, variables.ONE_HORIZON],
        marks=[marks.new_models()],
        start="now-7d",
        rows=[
            judged.outcomes(),
            Row("Reliability", [_expected(), _ratio(), _thresholds()]),
            judged.lead_times(),
            Row("Signals and model", [_coverage(), _lost(), _oddness(), _level(), _age(), _model()]),
        ],
    )


def _expected() -> Tile:
    return Tile(
        "Issues expected and issues that came",
        "Solid: the sum of probabilities one horizon ago, which is the number of entities that were then expected to "
        "have the issue at some moment until now. Dashed: how many did. Calibrated probabilities bring the two "
        "together in the mean, not at each moment.",
        looks.timeline(units.Short, least=0).override_by_regexp("/^came/", looks.dashed()),
        [
            Query(_EXPECTED, "expected: {{issue}}", empty_because=_FIRST),
            Query(_CAME, "came: {{issue}}", empty_because=_FIRST),
        ],
        [links.to(links.OVERVIEW)],
        width=12,
        height=9,
    )


def _ratio() -> Tile:
    came, expected = f"sum_over_time({_CAME}[$__range:10m])", f"sum_over_time(({_EXPECTED})[$__range:10m])"
    return Tile(
        "Came for each one expected",
        "The two of the panel beside, over the chosen time. 1 is calibrated, below 1 the probabilities are too high, "
        "above 1 too low. Few episodes make this swing: look at a week at least.",
        looks.bars(units.Short, most=2),
        [now(f"{came} / ({expected} > 0)", "{{issue}}", _FIRST)],
        [links.to(links.OVERVIEW)],
        width=6,
        height=9,
    )


def _thresholds() -> Tile:
    thresholds = f"max by (issue, kind) ({select('kip_alert_threshold', *JUDGED)})"
    return Tile(
        "Thresholds",
        "The probability from which an alert keeps within the false-alarm budget, as the trainer chose it.",
        looks.bars(units.PercentUnit, most=1),
        [now(thresholds, "{{issue}} of {{kind}}s")],
        [links.to(links.EXPORTER)],
        width=6,
        height=9,
    )


def _coverage() -> Tile:
    covered = select("kind:kip_signal_coverage_ratio:avg", CLUSTER, 'kind=~"$kind"')
    return Tile(
        "Coverage of signals",
        "How many of a kind's entities a signal reaches, in the mean over its signals. KipCoverageLow tells of a fall.",
        looks.timeline(units.PercentUnit, least=0, most=1),
        [Query(f"max by (kind) ({covered})", "{{kind}}")],
        [links.to(links.EXPORTER)],
        width=8,
        height=9,
    )


def _lost() -> Tile:
    signals = "max by (kind, signal) (" + select("signal:kip_signal_coverage_ratio:max", CLUSTER, 'kind=~"$kind"') + ")"
    usual = f"max by (kind, signal) (avg_over_time({signals[signals.index('(signal:') + 1 : -1]}[$__range]))"
    look = looks.grid(
        units.PercentUnit,
        {"kind": "kind", "signal": "signal", "Value #A": "Lost", "Value #B": "Now", "Value #C": "Usual"},
        highest="Lost",
    )
    return Tile(
        "Signals that reach less than they did",
        "Coverage now beside its mean over the chosen time. A model misses what it learned from, and says nothing of "
        "it.",
        look,
        [rows(f"{usual} - {signals}"), rows(signals), rows(usual)],
        [links.to(links.EXPORTER)],
        width=16,
        height=9,
    )


def _oddness() -> Tile:
    scores = "(" + per_entity("kip_anomaly_score", "", CLUSTER, 'kind=~"$kind"') + ")"
    return Tile(
        "Entities odder than 99 % of a quiet life",
        "By its making 1 % of quiet entities, in the long run. A kind that stays far above has drifted away from what "
        "the model was trained on. Pods below the publish floor do not count, so pods lie higher.",
        looks.timeline(units.PercentUnit, least=0, most=1),
        [Query(f"avg by (kind) ({scores} > bool 0.99)", "{{kind}}")],
        [links.to(links.OVERVIEW)],
        width=8,
        height=8,
    )


def _level() -> Tile:
    expected = f"sum by (issue, kind) ({EXPECTED.format(select('kip_issues_expected', *JUDGED))})"
    entities = f"sum by (kind) (max by (cluster, kind) ({select('kip_entities', CLUSTER)}))"
    return Tile(
        "Mean probability",
        "Over all entities of a kind, published singly or not. A level that moves without an issue behind it is drift.",
        looks.timeline(units.PercentUnit, least=0),
        [Query(f"{expected} / on (kind) group_left () ({entities} > 0)", "{{issue}} of {{kind}}s")],
        [links.to(links.OVERVIEW)],
        width=8,
        height=8,
    )


def _age() -> Tile:
    trained = select("kip_model_trained_timestamp_seconds", CLUSTER)
    return Tile(
        "Age of the model",
        "Time since it was trained. KipModelOld tells of one older than 30 days.",
        looks.number(units.Seconds, ((None, "green"), (30 * 86_400, "orange"))),
        [now(f"time() - min by (cluster, instance) ({trained})", "{{instance}}")],
        [links.to(links.EXPORTER)],
        width=8,
        height=4,
    )


def _model() -> Tile:
    columns = {name: name for name in ("estimator", "fingerprint", "horizons", "step", "instance")}
    return Tile(
        "Model in use",
        "Its estimator, its fingerprint, and how far it looks ahead in which steps.",
        looks.grid(units.NoUnit, columns),
        [rows(select("kip_model_info", CLUSTER))],
        [links.to(links.EXPORTER)],
        width=8,
        height=4,
    )
