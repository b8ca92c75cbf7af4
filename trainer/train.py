"""Train: history to artifact, in five steps a reader can follow: gather, choose, calibrate, fit on all, write."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
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
from trainer.ladders import FILE, Ladder, Ladders, written
from trainer.oddness import oddness
from trainer.origins import Origin, folds, origins
from trainer.progress import Progress
from trainer.reference import reference
from trainer.scored import Behind, Scored
from trainer.selection import Chosen, contest
from trainer.settings import TrainSettings
from trainer.shelf import Shelf
from trainer.spool import PREFIX, Spool

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
        issues_factor=settings.issues_factor,
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
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
        datasets = Shelf(Path(folder))
        datasets.put(gather(history, catalogue, when, settings.horizons, settings.max_rows))
        bare = datasets.bare
        if not any(why == "" for one in bare.values() for why in untrainable(one)):
            raise HistoryError(f"nothing can be learned from this history: {record.hopeless(bare)}; start earlier")
        before = np.concatenate([one.step[(one.came & ~one.during).any(axis=1)] for one in bare.values()])
        cuts = origins(when, max(settings.horizons), before)
        datasets.put(with_hard(history, catalogue, when, datasets, settings.seed, settings.max_rows))
        parts = folds(when, max(settings.horizons), cuts, before)
        behind = Behind(history, catalogue, when, settings.seed, settings.issues_factor)
        every = _of_every_kind(behind, datasets, cuts, parts, settings, progress)
    models = {kind: found.model for kind, found in every.items()}
    model = Model(catalogue, when.step_seconds, tuple(sorted(settings.horizons)), models)
    kinds = {kind: found for kind, found in every.items() if found.model.outcomes}
    if not kinds:
        raise HistoryError(
            "no issue came in more than one part of history, so none can be learned and calibrated; start earlier"
        )
    return Learned(
        model,
        references={kind: one.reference for kind, one in kinds.items() if one.reference},
        estimator=", ".join(f"{kind} {one.name}" for kind, one in kinds.items()),
        untrained=record.untrained(model, datasets.bare),
        idle={kind: one.idle for kind, one in kinds.items()},
        scores={kind: one.scores for kind, one in kinds.items()},
        ladders={kind: one.ladders for kind, one in kinds.items()},
    )


@dataclass(frozen=True)
class _OfKind:
    """What was learned of one kind, by which candidate; nothing beside the model where that has no outcome."""

    name: CandidateName
    model: KindModel
    reference: KindModel | None = None
    idle: Mapping[str, str] = field(default_factory=dict)
    scores: Mapping[str, Any] = field(default_factory=dict)
    ladders: Mapping[str, Ladder] = field(default_factory=dict)


def _of_every_kind(
    behind: Behind,
    datasets: Mapping[Kind, Dataset],
    cuts: tuple[Origin, ...],
    parts: tuple[Origin, ...],
    settings: TrainSettings,
    progress: Progress,
) -> Mapping[Kind, _OfKind]:
    """One kind after the other: candidates compete behind the cuts, the chosen one is calibrated by all parts."""
    chosen = contest(behind, datasets, cuts, settings, progress)
    tracks = dict(behind.scored(datasets, parts, {k: (one.name,) for k, one in chosen.items()}, progress))
    last = progress.stage("fitting on all of history", len(datasets))
    every: dict[Kind, _OfKind] = {}
    for kind, one in chosen.items():
        seen, step_seconds = tracks.pop(kind), behind.when.step_seconds
        if found := _of_kind(datasets[kind], seen, one, behind.catalogue, step_seconds, settings):
            every[kind] = found
        last()
    return every


def _of_kind(
    dataset: Dataset, seen: Scored, chosen: Chosen, catalogue: Catalogue, step_seconds: float, settings: TrainSettings
) -> _OfKind | None:
    """Calibrated by what was seen, then fitted on all rows; None when not even what is usual is known."""
    worth = calibrate(seen, dataset.outcomes, step_seconds)
    model = _model(dataset, chosen.name, worth, catalogue, settings)
    if model is None or not model.outcomes:
        return _OfKind(chosen.name, model) if model else None
    still = idle(dataset, model.signals)
    return _OfKind(
        chosen.name,
        model,
        reference(dataset, model, settings.seed),
        still,
        record.scores(dataset, seen, chosen, worth.tried(settings.budget), still),
        record.ladders(dataset, worth),
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
