"""Document: everything that was judged, as scores.json has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from predictor.entities import Kind
from predictor.model import Model
from predictor.waits import MAX_HORIZONS, MIN_LEAD_SECONDS, WAKE_SECONDS
from trainer.bootstrap import LEVEL, RESAMPLES
from trainer.cases import NONE, CaseName
from trainer.closer import Timeline
from trainer.events import EventFigures
from trainer.importances import REPEATS, Importances
from trainer.judged import JudgedOutcome
from trainer.outcomes import MERGE_SECONDS
from trainer.scores import ECE_BINS
from trainer.standings import Standing
from trainer.track import TrackRecord
from trainer.verdict import HorizonVerdict

SCHEMA_VERSION: Final = 2
TOP: Final = 20


def scores(
    model: Model,
    records: Mapping[Kind, TrackRecord],
    outcomes: Sequence[JudgedOutcome],
    verdicts: Sequence[HorizonVerdict],
    weighed: Mapping[Kind, Importances],
    timelines: Mapping[CaseName, Timeline | None],
    hold_seconds: float,
) -> dict[str, Any]:
    """The document, with numpy's numbers and NaN still in it."""
    times = max((record.times for record in records.values()), key=len)
    return {
        "schema_version": SCHEMA_VERSION,
        "start": float(times[0]),
        "end": float(times[-1]),
        "steps": len(times),
        "step_seconds": model.step_seconds,
        "entities": {kind: len(record.entities) for kind, record in records.items()},
        "judged_by": {
            "min_lead_seconds": MIN_LEAD_SECONDS,
            "max_horizons": MAX_HORIZONS,
            "merge_seconds": MERGE_SECONDS,
            "wake_seconds": WAKE_SECONDS,
            "hold_seconds": hold_seconds,
            "ece_bins": ECE_BINS,
            "interval_level": LEVEL,
            "resamples": RESAMPLES,
            "shuffles": REPEATS,
        },
        "verdicts": [_verdict(v) for v in verdicts],
        "outcomes": [_outcome(o) for o in outcomes],
        "importances": {kind: _importances(found) for kind, found in weighed.items()},
        "timelines": {name: _timeline(one) if one else NONE[name] for name, one in timelines.items()},
    }


def _verdict(one: HorizonVerdict) -> dict[str, Any]:
    return {
        "horizon": one.horizon,
        "sentence": one.sentence,
        "comparison": one.comparison,
        "model": asdict(one.model),
        "baselines": {name: asdict(rival) for name, rival in one.rivals.items()},
    }


def _outcome(one: JudgedOutcome) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "issue": one.outcome.issue,
        "horizon": one.outcome.horizon,
        "threshold": one.threshold,
        "grade": one.grade,
        "events": asdict(one.events.figures),
        "rows": asdict(one.rows),
        "intervals": dict(one.intervals.values),
        "interval_reasons": dict(one.intervals.reasons),
        "baselines": {name: _standing(standing) for name, standing in one.standings.items()},
    }


def _standing(one: Standing) -> dict[str, Any]:
    """Threshold null: at no level did it keep to the false alarms, so it never alerts."""
    figures: EventFigures = one.figures
    names = (
        "recalled",
        "recall",
        "alerts",
        "late",
        "early",
        "precision",
        "lead_median_seconds",
        "lead_p10_seconds",
        "false_alarms",
        "false_alarms_per_entity_day",
    )
    return {
        "threshold": one.threshold,
        "silent": one.silent,
        **{name: getattr(figures, name) for name in names},
        "pr_auc": one.pr_auc,
    }


def _importances(found: Importances) -> dict[str, Any]:
    top = dict(list(found.signals.items())[:TOP])
    return {
        "average_precision": found.whole,
        "outcomes": found.outcomes,
        "rows": found.rows,
        "signals": {name: {"drop": drop.mean, "spread": drop.spread} for name, drop in top.items()},
    }


def _timeline(one: Timeline) -> dict[str, Any]:
    case = one.case
    return {
        "kind": case.kind,
        "entity": list(case.entity),
        "issue": case.outcome.outcome.issue,
        "horizon": case.outcome.outcome.horizon,
        "decisive": case.time(case.decisive),
        "alert": [case.time(step) for step in case.alert] if case.alert else None,
        "onset": None if case.onset is None else case.time(case.onset),
        "drivers": [{"signal": driver.signal, "fall": driver.fall} for driver, _ in one.drivers],
    }
