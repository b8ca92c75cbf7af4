"""Rechosen: a model's thresholds chosen again for another budget or price, without its history."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from predictor import artifact
from predictor.artifact import ArtifactError, Manifest
from predictor.tried import SCORE
from trainer import ladders
from trainer.ladders import Ladder
from trainer.thresholds import Budget


def rechosen(directory: Path, per_entity_day: float | None, price: float | None) -> Manifest:
    """Write a model's manifest again with the thresholds that the budget gives; all else stays as it was trained.

    So does the estimator: where it was chosen by `auto`, with another budget the contest might have ended otherwise.
    per_entity_day, price: of false alarms; None keeps the model's. Raises ArtifactError when the manifest cannot be
    read or written, or an older release trained the model.
    """
    manifest = artifact.read_manifest(directory)
    kept = ladders.read(directory, manifest)
    budget = _budget(manifest, per_entity_day, price)
    thresholds: dict[str, dict[str, float]] = {}
    scores = dict(manifest.scores)
    for kind, names in manifest.thresholds.items():
        own = {name: _of(kept, kind, name, directory) for name in names}
        thresholds[kind] = {name: ladder.threshold(budget) for name, ladder in own.items()}
        tried = {name: ladder.tried(thresholds[kind][name]).document() for name, ladder in own.items()}
        scores[kind] = _with_tried(scores.get(kind), tried)
    found = manifest.model_copy(
        update={
            "thresholds": thresholds,
            "scores": scores,
            "false_alarms_per_entity_day": budget.per_entity_day,
            "false_alarms_price": budget.price,
        }
    )
    if artifact.read_manifest(directory) != manifest:
        raise ArtifactError(f"the model in {directory} was written anew meanwhile; choose its thresholds again")
    artifact.write_manifest(found, directory)
    return found


def _budget(manifest: Manifest, per_entity_day: float | None, price: float | None) -> Budget:
    rate = manifest.false_alarms_per_entity_day if per_entity_day is None else per_entity_day
    own = manifest.false_alarms_price if price is None else price
    if rate is None or own is None:
        raise ArtifactError("the model does not say its budget: give --false-alarms.per-entity-day and .price")
    return Budget(rate, own)


def _of(kept: ladders.Ladders, kind: str, name: str, directory: Path) -> Ladder:
    try:
        return kept[kind][name]
    except KeyError:
        path = directory / ladders.FILE
        raise ArtifactError(f"{path} lacks {name} of {kind}s, which the model predicts; train it again") from None


def _with_tried(scores: Any, tried: dict[str, Any]) -> dict[str, Any]:
    """A kind's scores, in which outcomes that are not predicted keep theirs."""
    known = scores if isinstance(scores, dict) else {}
    before = known.get(SCORE)
    return {**known, SCORE: {**(before if isinstance(before, dict) else {}), **tried}}
