"""Totals: the figures of all outcomes of one horizon together, of the model and of its rivals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from predictor.entities import Kind
from predictor.panel import FloatArray
from trainer import bootstrap
from trainer.bootstrap import EVENT_FIGURES
from trainer.judged import JudgedOutcome
from trainer.tally import Tally, together

MEANS: Final = ("pr_auc", "brier_skill", "ece")
UNDRAWN: Final = "no outcome has one that was drawn again"


@dataclass(frozen=True)
class Total:
    """The figures of one horizon over all issues and kinds; None where nothing speaks for a figure.

    false_alarms_per_entity_day: those of all issues together, per day and entity. pr_auc, brier_skill, ece: means over
    the outcomes that have one; the last two None for a rival, whose scores are no probabilities. intervals: of each
    figure, None with the reason in interval_reasons.
    """

    episodes: int
    recalled: int
    recall: float | None
    alerts: int
    early: int
    false_alarms: int
    precision: float | None
    lead_median_seconds: float | None
    lead_p10_seconds: float | None
    entity_days: float
    false_alarms_per_entity_day: float | None
    pr_auc: float | None
    brier_skill: float | None
    ece: float | None
    intervals: Mapping[str, tuple[float, float] | None]
    interval_reasons: Mapping[str, str]


@dataclass(frozen=True)
class Rival:
    """A baseline's figures at no more false alarms than the model.

    advantage: the model's recall less the baseline's; its interval comes from the same draws of entities for both.
    silent: in how many outcomes it had no signal to speak from.
    """

    title: str
    total: Total
    advantage: float | None
    advantage_interval: tuple[float, float] | None
    silent: int


def totals(outcomes: Sequence[JudgedOutcome]) -> tuple[Total, Mapping[str, Rival]]:
    """The model's total over outcomes of one horizon, and every rival's by name."""
    own, recalls = _total(_by_kind(outcomes, [o.tally for o in outcomes]), _own_means(outcomes))
    return own, {name: _rival(name, outcomes, own, recalls) for name in outcomes[0].standings}


def _rival(name: str, outcomes: Sequence[JudgedOutcome], own: Total, recalls: FloatArray) -> Rival:
    standings = [o.standings[name] for o in outcomes]
    areas = [s.pr_auc for s in standings if s.pr_auc is not None]
    means = {"pr_auc": (float(np.mean(areas)), None)} if areas else {}
    total, its_recalls = _total(_by_kind(outcomes, [s.tally for s in standings]), means)
    advantage = None if own.recall is None or total.recall is None else own.recall - total.recall
    known = advantage is not None and own.interval_reasons.get("recall", bootstrap.SAME) == bootstrap.SAME
    return Rival(
        title=standings[0].title,
        total=total,
        advantage=advantage,
        advantage_interval=bootstrap.interval(recalls - its_recalls, advantage)
        if known and advantage is not None
        else None,
        silent=sum(s.silent for s in standings),
    )


def _total(
    tallies: Mapping[Kind, Sequence[Tally]], means: Mapping[str, tuple[float, tuple[float, float] | None]]
) -> tuple[Total, FloatArray]:
    """The total, and the recall of every draw. means: figure -> mean and its interval."""
    kinds = {kind: together(parts) for kind, parts in tallies.items()}
    weights = [bootstrap.draws(kind, len(tally)) for kind, tally in kinds.items()]
    found = bootstrap.intervals(list(kinds.values()), weights, EVENT_FIGURES)
    episodes, recalled, alerts, early, false_alarms = (
        round(sum(float(getattr(t, name).sum()) for t in kinds.values()))
        for name in ("episodes", "recalled", "alerts", "early", "false_alarms")
    )
    leads = np.concatenate([t.leads[:, 1] for t in kinds.values()])
    median, p10 = (float(np.quantile(leads, q)) if len(leads) else None for q in (0.5, 0.1))
    entity_days = sum(float(t.entity_days.sum()) for t in kinds.values())
    total = Total(
        episodes=episodes,
        recalled=recalled,
        recall=recalled / episodes if episodes else None,
        alerts=alerts,
        early=early,
        false_alarms=false_alarms,
        precision=1 - (false_alarms + early) / alerts if alerts else None,
        lead_median_seconds=median,
        lead_p10_seconds=p10,
        entity_days=entity_days,
        false_alarms_per_entity_day=false_alarms / entity_days if entity_days else None,
        **{name: means[name][0] if name in means else None for name in MEANS},
        intervals={**found.values, **{name: means[name][1] if name in means else None for name in MEANS}},
        interval_reasons={
            **found.reasons,
            **{name: UNDRAWN for name in MEANS if name not in means or not means[name][1]},
        },
    )
    return total, found.again["recall"]


def _own_means(outcomes: Sequence[JudgedOutcome]) -> dict[str, tuple[float, tuple[float, float] | None]]:
    means = {}
    for name in MEANS:
        known = [(o.intervals, getattr(o.rows, name)) for o in outcomes if getattr(o.rows, name) is not None]
        if known:
            parts, points = [p for p, _ in known], [v for _, v in known]
            means[name] = (float(np.mean(points)), bootstrap.averaged(parts, points, name))
    return means


def _by_kind(outcomes: Sequence[JudgedOutcome], tallies: Sequence[Tally]) -> dict[Kind, list[Tally]]:
    found: dict[Kind, list[Tally]] = {}
    for one, tally in zip(outcomes, tallies, strict=True):
        found.setdefault(one.kind, []).append(tally)
    return found
