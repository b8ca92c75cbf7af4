"""Artifact: a model on disk, and the manifest that says whether this process may use it."""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final

import joblib
import numpy as np
import sklearn
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from commandline.times import span_text
from predictor import catalogue as catalogues
from predictor import features
from predictor.catalogue import Catalogue, CatalogueError
from predictor.entities import Kind
from predictor.model import KindModel, Model

SCHEMA_VERSION: Final = 2
MANIFEST: Final = "manifest.json"
MODEL: Final = "model.joblib"
REFERENCES: Final = "references.joblib"
# A pickled forest is promised to load only in the very release that wrote it:
# https://scikit-learn.org/stable/model_persistence.html
EXACT_VERSIONS: Final = ("scikit-learn",)


class ArtifactError(Exception):
    """One line that says why a model directory cannot be used and what to do."""


Probability = Annotated[float, Field(ge=0, le=1)]


class Manifest(BaseModel):
    """Everything about a model that can be known without loading it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: int
    fingerprint: str
    versions: dict[str, str]
    trained_at: float  # Unix seconds
    training_start: float
    training_end: float
    step_seconds: float
    horizons_seconds: tuple[float, ...]
    estimator: str
    catalogue: dict[str, Any]
    thresholds: dict[str, dict[str, Probability]]  # kind -> "issue/horizon"; these count, not those in the model's file
    false_alarms_per_entity_day: float | None = None  # what the thresholds were allowed; older trainers did not say
    false_alarms_price: float | None = None  # how many onsets each had to foretell
    issues_factor: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0  # how many times rarer they will be
    untrained: dict[str, str]  # "kind/issue/horizon" -> why
    scores: dict[str, Any]
    files: dict[str, str]  # name -> sha256


def fingerprint(catalogue: Catalogue, step_seconds: float, horizons_seconds: tuple[float, ...]) -> str:
    """Digest of all that must be the same in training and serving: PromQL, features, step, reach, horizons."""
    columns = {kind: features.names(catalogue.signals_of(kind)) for kind in ("node", "pod", "service")}
    text = json.dumps(
        {
            "catalogue": catalogue.fingerprint,
            "features": columns,
            "reach_seconds": features.REACH_SECONDS,
            "step_seconds": step_seconds,
            "horizons_seconds": horizons_seconds,
        },
        sort_keys=True,
    )
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def versions() -> dict[str, str]:
    """The versions of what a model's numbers depend on."""
    return {
        "kubernetes-issue-predictor": version("kubernetes-issue-predictor"),
        "python": platform.python_version(),
        "scikit-learn": sklearn.__version__,
        "numpy": np.__version__,
        "joblib": joblib.__version__,
    }


def save(
    model: Model,
    directory: Path,
    *,
    trained_at: float,
    training_range: tuple[float, float],
    references: Mapping[Kind, KindModel],
    estimator: str,
    untrained: Mapping[str, str],
    scores: Mapping[str, Any],
    false_alarms_per_entity_day: float | None = None,
    false_alarms_price: float | None = None,
    issues_factor: float = 1.0,
    others: Mapping[str, bytes] = MappingProxyType({}),
) -> Manifest:
    """Write the model and, last, its manifest, each appearing whole or not at all. Raises ArtifactError.

    others: what else belongs to the model, by the names of files.
    """
    contents = {MODEL: _pickled(model.kinds), REFERENCES: _pickled(references), **others}
    manifest = Manifest(
        schema_version=SCHEMA_VERSION,
        fingerprint=fingerprint(model.catalogue, model.step_seconds, model.horizons_seconds),
        versions=versions(),
        trained_at=trained_at,
        training_start=training_range[0],
        training_end=training_range[1],
        step_seconds=model.step_seconds,
        horizons_seconds=model.horizons_seconds,
        estimator=estimator,
        catalogue=model.catalogue.model_dump(mode="json"),
        thresholds={
            kind: {f"{o.issue}/{o.horizon}": float(t) for o, t in zip(k.outcomes, k.thresholds, strict=True)}
            for kind, k in model.kinds.items()
            if k.outcomes
        },
        false_alarms_per_entity_day=false_alarms_per_entity_day,
        false_alarms_price=false_alarms_price,
        issues_factor=issues_factor,
        untrained=dict(untrained),
        scores=dict(scores),
        files={name: hashlib.sha256(data).hexdigest() for name, data in contents.items()},
    )
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, data in contents.items():
            _replace(directory / name, data)
    except OSError as error:
        raise ArtifactError(f"cannot write the model to {directory}: {error}") from error
    write_manifest(manifest, directory)
    return manifest


def write_manifest(manifest: Manifest, directory: Path) -> None:
    """Write the manifest alone, whole or not at all. Raises ArtifactError."""
    try:
        _replace(directory / MANIFEST, (manifest.model_dump_json(indent=2) + "\n").encode())
    except OSError as error:
        raise ArtifactError(f"cannot write the model to {directory}: {error}") from error


def load(directory: Path, variables: Mapping[str, str]) -> tuple[Model, Manifest]:
    """The model of a directory, its catalogue set to this cluster's variables.

    Raises ArtifactError when it is missing, damaged, changed, or of other versions; nothing is unpickled before its
    digest matched. Raises CatalogueError for an unknown variable.
    """
    manifest = read_manifest(directory)
    _refuse_foreign(manifest, directory)
    try:
        catalogue = catalogues.from_document(manifest.catalogue)
    except CatalogueError as error:
        raise ArtifactError(f"{directory / MANIFEST}: {error}; train the model again") from error
    expected = fingerprint(catalogue, manifest.step_seconds, manifest.horizons_seconds)
    if manifest.fingerprint != expected:
        raise ArtifactError(
            f"the model in {directory} was trained with other signals or features ({manifest.fingerprint}, "
            f"this version has {expected}); train it again with kip-trainer train"
        )
    learned: dict[Kind, KindModel] = joblib.load(io.BytesIO(content(directory / MODEL, manifest)))
    kinds = {kind: replace(one, thresholds=_thresholds(one, manifest, directory)) for kind, one in learned.items()}
    model = Model(catalogue.with_variables(variables), manifest.step_seconds, manifest.horizons_seconds, kinds)
    return model, manifest


def load_references(directory: Path, manifest: Manifest) -> Mapping[Kind, KindModel]:
    """The snapshot forests that `evaluate` compares a model with. Raises ArtifactError."""
    found: dict[Kind, KindModel] = joblib.load(io.BytesIO(content(directory / REFERENCES, manifest)))
    return found


def describe(manifest: Manifest) -> str:
    """One line about a model for people."""
    horizons = ", ".join(span_text(h) for h in manifest.horizons_seconds)
    days = (manifest.training_end - manifest.training_start) / 86400
    return f"{manifest.estimator} on {days:.1f} days at {span_text(manifest.step_seconds)}, horizons {horizons}"


def _pickled(kinds: Mapping[Kind, KindModel]) -> bytes:
    buffer = io.BytesIO()
    joblib.dump(dict(kinds), buffer, compress=3)
    return buffer.getvalue()


def _thresholds(model: KindModel, manifest: Manifest, directory: Path) -> tuple[float, ...]:
    """The manifest's, which older releases rounded: a rounded one may lie above all that its model can say."""
    try:
        told = [manifest.thresholds[model.kind][f"{o.issue}/{o.horizon}"] for o in model.outcomes]
        return tuple(
            own if round(own, 6) == one else one for own, one in zip(map(float, model.thresholds), told, strict=True)
        )
    except KeyError as error:
        raise ArtifactError(
            f"{directory / MANIFEST} has no threshold for {error.args[0]} of {model.kind}s; train the model again"
        ) from error


def read_manifest(directory: Path) -> Manifest:
    """The manifest of a model's directory. Raises ArtifactError."""
    path = directory / MANIFEST
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ArtifactError(f"no model in {path.parent} ({path.name} is missing); run kip-trainer train") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ArtifactError(f"cannot read {path}: {error}") from error
    try:
        document = json.loads(text)
    except ValueError as error:
        raise ArtifactError(f"{path} is cut short or not JSON ({error}); train the model again") from error
    found = document.get("schema_version") if isinstance(document, dict) else None
    if found != SCHEMA_VERSION:
        raise ArtifactError(f"{path} has schema version {found!r}, this release reads {SCHEMA_VERSION}; train again")
    try:
        return Manifest.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ArtifactError(f"{path} is damaged at {place}: {first['msg']}; train the model again") from error


def _refuse_foreign(manifest: Manifest, directory: Path) -> None:
    here = versions()
    python = ".".join(here["python"].split(".")[:2])
    differing = [name for name in EXACT_VERSIONS if manifest.versions.get(name) != here[name]]
    if not str(manifest.versions.get("python", "")).startswith(f"{python}."):
        differing.append("python")
    if differing:
        name = differing[0]
        raise ArtifactError(
            f"the model in {directory} was trained with {name} {manifest.versions.get(name)}, here is {here[name]}; "
            "train it again with kip-trainer train"
        )


def content(path: Path, manifest: Manifest) -> bytes:
    """The bytes of one of a model's files. Raises ArtifactError for a file that is not the manifest's."""
    try:
        found = path.read_bytes()
    except OSError as error:
        raise ArtifactError(f"cannot read {path}: {error}; train the model again") from error
    if hashlib.sha256(found).hexdigest() != manifest.files.get(path.name):
        raise ArtifactError(f"{path} is not the file its manifest names (sha256 differs); train the model again")
    return found


def _replace(path: Path, data: bytes) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)  # of a full disk, not a byte more than it had
        raise
