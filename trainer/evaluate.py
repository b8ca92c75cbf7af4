"""Evaluate: what a model would have said of the past, judged by what came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from predictor.entities import KINDS, Kind
from predictor.model import Model
from predictor.panel import Panel
from trainer import plots, report
from trainer.events import HOLD_SECONDS, MAX_HORIZONS, MIN_LEAD_SECONDS
from trainer.importances import Importances, importances
from trainer.judged import JudgedOutcome, judge
from trainer.outcomes import MERGE_SECONDS
from trainer.scores import ECE_BINS
from trainer.track import TrackRecord
from trainer.verdict import verdicts

SCHEMA_VERSION = 1


class NothingToJudge(Exception):
    """The panels hold no step that ends a full window."""


def evaluate(
    model: Model,
    panels: Iterable[Mapping[Kind, Panel]],
    results_dir: Path,
    *,
    untrained: Mapping[str, str] | None = None,
    hold_seconds: float = HOLD_SECONDS,
) -> dict[str, Any]:
    """Judge the model and write scores.json, report.html and the PNGs; returns the scores.

    panels: in time order, each with reach - 1 steps of run-up, without a gap between their steps after it. Steps that
    an earlier chunk already had are not counted again. untrained: "kind/issue/horizon" -> why, from the manifest.
    Only probabilities and activity stay in memory. Raises NothingToJudge without a step, ValueError for a gap.
    """
    records = {kind: TrackRecord(kind, model.step_seconds) for kind in KINDS}
    for chunk in panels:
        for kind, panel in chunk.items():
            records[kind].add(model.probabilities(panel))
    outcomes = [
        judge(record.track(outcome), model.step_seconds, hold_seconds)
        for record in records.values()
        for outcome in record.outcomes
    ]
    shares = {kind: found for kind, learned in model.kinds.items() if (found := importances(learned))}
    scores = _scores(model, records, outcomes, shares, hold_seconds)
    scores["untrained"] = dict(sorted((untrained or {}).items()))
    results_dir.mkdir(parents=True, exist_ok=True)
    drawn = {
        kind: plots.write(kind, [o for o in outcomes if o.kind == kind], shares.get(kind), results_dir)
        for kind in KINDS
    }
    report.write(scores, outcomes, drawn, results_dir)
    return scores


def _scores(
    model: Model,
    records: Mapping[Kind, TrackRecord],
    outcomes: list[JudgedOutcome],
    shares: Mapping[Kind, Importances],
    hold_seconds: float,
) -> dict[str, Any]:
    times = max((record.times for record in records.values()), key=len)
    if not len(times):
        raise NothingToJudge(f"no step has a whole window of {model.reach_steps} steps before it; start earlier")
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
            "hold_seconds": hold_seconds,
            "ece_bins": ECE_BINS,
        },
        "verdicts": [asdict(v) for v in verdicts(outcomes)],
        "outcomes": [_document(o) for o in outcomes],
        "importances": {
            kind: {"signals": found.signals, "features": dict(list(found.features.items())[: plots.TOP])}
            for kind, found in shares.items()
        },
    }


def _document(one: JudgedOutcome) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "issue": one.outcome.issue,
        "horizon": one.outcome.horizon,
        "threshold": one.threshold,
        "grade": one.grade,
        "events": asdict(one.events.figures),
        "rows": asdict(one.rows),
    }
