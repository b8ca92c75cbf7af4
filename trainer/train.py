"""Train: history to artifact, in five steps a reader can follow: gather, choose, calibrate, fit on all, write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import structlog

from predictor import artifact
from predictor.catalogue import Catalogue
from predictor.entities import Kind
from predictor.estimators import Separate
from predictor.model import KindModel, Model
from predictor.reader import Reader
from trainer import record
from trainer.calibrate import Calibrated, calibrate
from trainer.candidates import CandidateName
from trainer.dataset import Dataset, gather
from trainer.explained import explained, usual_rows
from trainer.fit import fit, untrainable
from trainer.hard import with_hard
from trainer.history import Chunks, HistoryError, Stretch, chunk_count, trimmed
from trainer.idle import idle
from trainer.ladders import FILE, Ladders, written
from trainer.oddness import oddness
from trainer.origins import folds, origins
from trainer.progress import Progress
from trainer.reference import reference
from trainer.scored import Behind
from trainer.selection import contest
from trainer.settings import TrainSettings
from trainer.spool import Spool

log = structlog.get_logger()


@dataclass(frozen=True)
class Learned:
    """What one history gave: the model, what to compare it with, and what is to be said about both."""

    model: Model
    references: Mapping[Kind, KindModel]
    estimator: str
    untrained: Mapping[str, str]
    idle: Mapping[Kind, Mapping[str, str]]
    scores: Mapping[str, Any]
    ladders: Ladders


def train(
    reader: Reader, catalogue: Catalogue, when: Stretch, settings: TrainSettings, now: float
) -> artifact.Manifest:
    """Learn from history and write the artifact.

    Raises HistoryError when history holds nothing to learn, ReadError when it cannot be read, ArtifactError when the
    result cannot be written.
    """
    when = trimmed(reader, catalogue, when)
    ahead = round(max(settings.horizons) / when.step_seconds)
    with Progress() as progress:
        reading = progress.stage("reading history", chunk_count(when))
        with Spool(reader, catalogue, when, ahead, reading) as history:
            found = learned(history, catalogue, when, settings, progress)
    for name, why in found.untrained.items():
        log.warning("not trained", outcome=name, why=why)
    for kind, of in found.idle.items():
        for why in sorted(set(of.values())):
            names = ", ".join(name for name, reason in of.items() if reason == why)
            log.warning("trained without signals", kind=kind, why=why, signals=names)
    return artifact.save(
        found.model,
        settings.model_dir,
        references=found.references,
        trained_at=now,
        training_range=(when.start, when.end),
        estimator=found.estimator,
        untrained=found.untrained,
        scores=found.scores,
        false_alarms_per_entity_day=settings.budget.per_entity_day,
        false_alarms_price=settings.budget.price,
        others={FILE: written(found.ladders)},
    )


def learned(
    history: Chunks,
    catalogue: Catalogue,
    when: Stretch,
    settings: TrainSettings,
    progress: Progress,
) -> Learned:
    """Everything from chunks of history that can be gone through several times. Raises HistoryError."""
    origins(when, max(settings.horizons))  # that a history is too short is known before it is gone through
    datasets = gather(history, catalogue, when, settings.horizons, settings.max_rows)
    if not any(why == "" for one in datasets.values() for why in untrainable(one)):
        raise HistoryError(f"nothing can be learned from this history: {record.hopeless(datasets)}; start earlier")
    before = np.concatenate([one.step[(one.came & ~one.during).any(axis=1)] for one in datasets.values()])
    cuts = origins(when, max(settings.horizons), before)
    datasets = with_hard(history, catalogue, when, datasets, settings.seed, settings.max_rows)
    behind = Behind(history, catalogue, when, settings.seed)
    chosen = contest(behind, datasets, cuts, settings, progress)
    parts = folds(when, max(settings.horizons), cuts, before)
    tracks = behind.scored(datasets, parts, {k: (one.name,) for k, one in chosen.items()}, progress)
    last = progress.stage("fitting on all of history", len(datasets))
    worth = {k: calibrate(tracks[k], one.outcomes, when.step_seconds) for k, one in datasets.items()}
    every: dict[Kind, KindModel] = {}
    for kind, one in datasets.items():
        if found := _model(one, chosen[kind].name, worth[kind], catalogue, settings):
            every[kind] = found
        last()
    kinds = {kind: one for kind, one in every.items() if one.outcomes}
    if not kinds:
        raise HistoryError(
            "no issue came in more than one part of history, so none can be learned and calibrated; start earlier"
        )
    model = Model(catalogue, when.step_seconds, tuple(sorted(settings.horizons)), every)
    still = {kind: idle(datasets[kind], one.signals) for kind, one in kinds.items()}
    return Learned(
        model,
        references={kind: reference(datasets[kind], one, settings.seed) for kind, one in kinds.items()},
        estimator=", ".join(f"{kind} {chosen[kind].name}" for kind in kinds),
        untrained=record.untrained(model, datasets),
        idle=still,
        scores={
            k: record.scores(datasets[k], tracks[k], chosen[k], worth[k].tried(settings.budget), still[k])
            for k in kinds
        },
        ladders={k: record.ladders(datasets[k], worth[k]) for k in kinds},
    )


def _model(
    dataset: Dataset, name: CandidateName, worth: Calibrated, catalogue: Catalogue, settings: TrainSettings
) -> KindModel | None:
    """The chosen candidate on all rows; only what is usual when no outcome is both learned and calibrated, and None
    when not even that is known.
    """
    signals = catalogue.signals_of(dataset.kind)
    odd = oddness(dataset, signals, settings.seed)
    fitted = fit(dataset, name, signals, settings.seed)
    given = [i for i in fitted.trained if worth.maps[i] is not None] if fitted else []
    if fitted is None or not given:
        return KindModel(dataset.kind, signals, (), Separate(()), (), (), odd) if odd else None
    maps = [worth.maps[i] for i in given]
    thresholds = worth.thresholds(settings.budget)
    estimator = fitted.estimator.only(tuple(fitted.trained.index(i) for i in given))
    return KindModel(
        kind=dataset.kind,
        signals=signals,
        outcomes=tuple(dataset.outcomes[i] for i in given),
        estimator=estimator,
        calibrations=tuple(one for one in maps if one is not None),
        thresholds=tuple(one for i in given if (one := thresholds[i]) is not None),
        oddness=odd,
        explained=explained(estimator, usual_rows(dataset, settings.seed)),
    )
