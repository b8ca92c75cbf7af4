"""Train: history to artifact, in four steps a reader can follow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

from commandline.times import span_text
from predictor import artifact, features
from predictor.catalogue import Catalogue
from predictor.entities import KINDS, Kind
from predictor.model import KindModel, Model
from predictor.reader import Reader
from trainer.calibrate import Scored, calibrate, scored
from trainer.dataset import Dataset, gather
from trainer.fit import ESTIMATOR, Fitted, fit
from trainer.history import HistoryError, Stretch, chunk_count, trimmed
from trainer.progress import Progress
from trainer.settings import TrainSettings

log = structlog.get_logger()

FIT_SHARE = 0.6
"""The rest, minus the gap, calibrates: rare issues need episodes on both sides."""


def train(
    reader: Reader, catalogue: Catalogue, when: Stretch, settings: TrainSettings, now: float
) -> artifact.Manifest:
    """Fit on early history, calibrate on later, write the artifact.

    Raises HistoryError when history holds nothing to learn, ReadError when it cannot be read, ArtifactError when the
    result cannot be written.
    """
    when = trimmed(reader, catalogue, when)
    # Outcomes of the early part look no further than its end, so a gap of one window keeps the two parts disjoint.
    early, late = when.split(FIT_SHARE, features.REACH_SECONDS)
    with Progress() as progress:
        reading = progress.stage("reading the part to fit on", chunk_count(early))
        datasets = gather(reader, catalogue, early, settings.horizons, settings.max_rows, reading)
        fitting = progress.stage("fitting", len(datasets))
        fitted = _fitted(datasets, catalogue, settings.seed, fitting)
        judging = progress.stage("calibrating on later history", chunk_count(late))
        tracks = scored(reader, catalogue, {kind: one.model for kind, one in fitted.items()}, late, judging)
    calibrated = {
        kind: calibrate(one, tracks[kind], when.step_seconds, settings.false_alarms_per_entity_day)
        for kind, one in fitted.items()
    }
    done = {kind: one for kind, one in calibrated.items() if one.model.outcomes}
    if not done:
        raise HistoryError("no issue came in both parts of history, so there is nothing to calibrate; start earlier")
    model = Model(catalogue, when.step_seconds, tuple(sorted(settings.horizons)), {k: f.model for k, f in done.items()})
    untrained = _untrained(catalogue, model, calibrated)
    for name, why in untrained.items():
        log.warning("not trained", outcome=name, why=why)
    return artifact.save(
        model,
        settings.model_dir,
        trained_at=now,
        training_range=(when.start, when.end),
        estimator=ESTIMATOR,
        untrained=untrained,
        scores=_scores(datasets, tracks, {kind: fitted[kind].model for kind in done}),
    )


def _fitted(datasets: Mapping[Kind, Dataset], catalogue: Catalogue, seed: int, advance: Any) -> Mapping[Kind, Fitted]:
    fitted = {}
    for kind, dataset in datasets.items():
        if one := fit(dataset, catalogue, seed):
            fitted[kind] = one
        advance()
    if not fitted:
        raise HistoryError("no issue was ever present in this history, so there is nothing to learn; start earlier")
    return fitted


def _untrained(catalogue: Catalogue, model: Model, calibrated: Mapping[Kind, Fitted]) -> dict[str, str]:
    """Every outcome of the catalogue that the model does not give, with the reason."""
    reasons: dict[str, str] = {}
    for kind in KINDS:
        given = {(o.issue, o.horizon_seconds) for o in model.kinds[kind].outcomes} if kind in model.kinds else set()
        source = calibrated.get(kind)
        why = {(o.issue, o.horizon_seconds): text for o, text in source.untrained.items()} if source else {}
        for rule in catalogue.rules_of(kind):
            for horizon in model.horizons_seconds:
                key = (rule.issue, horizon)
                if key not in given:
                    reasons[f"{kind}/{rule.issue}/{span_text(horizon)}"] = why.get(key, "no episode in this history")
    return reasons


def _scores(
    datasets: Mapping[Kind, Dataset], tracks: Mapping[Kind, Scored], models: Mapping[Kind, KindModel]
) -> dict[str, Any]:
    """What the model was made from; how good it is only `evaluate` on other history can say."""
    return {
        kind: {
            "fitted_rows": len(datasets[kind].values),
            "calibration_rows": int(tracks[kind].scores.shape[1]),
            "calibration_base_rate": {
                f"{o.issue}/{o.horizon}": _base_rate(tracks[kind], i) for i, o in enumerate(model.outcomes)
            },
        }
        for kind, model in models.items()
    }


def _base_rate(seen: Scored, column: int) -> float:
    counted = seen.came[column][seen.counts[column]]
    return round(float(counted.mean()), 6) if len(counted) else 0.0
