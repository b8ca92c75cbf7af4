"""Small models: a real one fitted on random features, and one whose answers can be checked by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from predictor import artifact, features
from predictor.artifact import Manifest
from predictor.catalogue import Catalogue, Rule, Signal
from predictor.contributions import Contributions, IntArray, nothing
from predictor.entities import Issue, Kind
from predictor.estimators import Estimator, Forest, Separate
from predictor.issues import Outcome
from predictor.model import Calibration, KindModel, Model
from predictor.oddness import Oddness
from predictor.panel import FloatArray

HORIZONS = (900.0, 3600.0)
ISSUES: dict[Kind, Issue] = {"node": "node_failure", "pod": "pod_failure", "service": "service_disruption"}
IDENTITY = Calibration(np.array([0.0, 1.0]), np.array([0.0, 1.0]))

CATALOGUE = Catalogue(
    variables={"node_exporter": "", "cadvisor": "", "kube_state_metrics": "", "http": ""},
    signals=(
        Signal(
            name="node_cpu",
            kind="node",
            source="node_exporter",
            unit="ratio",
            description="CPU in use",
            promql="node_cpu_ratio{${node_exporter}}",
        ),
        Signal(
            name="pod_memory",
            kind="pod",
            source="cadvisor",
            unit="ratio",
            limit=1,
            description="memory in use",
            phrase="memory {} of its limit",
            promql="pod_memory_ratio{${cadvisor}}",
        ),
        Signal(
            name="pod_restarts",
            kind="pod",
            source="kube_state_metrics",
            unit="restarts",
            description="restarts",
            promql="pod_restarts_total{${kube_state_metrics}}",
        ),
        Signal(
            name="service_errors",
            kind="service",
            source="http",
            unit="ratio",
            description="server errors",
            promql="service_errors_ratio{${http}}",
        ),
    ),
    rules=(
        Rule(
            issue="node_failure",
            kind="node",
            description="not ready",
            promql="node_ready{${kube_state_metrics}} == 0",
        ),
        Rule(
            issue="resource_exhaustion",
            kind="node",
            description="full",
            promql="node_full{${node_exporter}} == 1 or node_pressure{${kube_state_metrics}} == 1",
        ),
        Rule(
            issue="pod_failure",
            kind="pod",
            description="failed",
            promql="pod_failed{${kube_state_metrics}} == 1",
        ),
        Rule(
            issue="service_disruption",
            kind="service",
            description="down",
            promql="service_down{${http}} == 1",
        ),
    ),
)
NODE_CPU = "node_cpu_ratio{}"
POD_MEMORY = "pod_memory_ratio{}"
POD_RESTARTS = "pod_restarts_total{}"
SERVICE_ERRORS = "service_errors_ratio{}"
NODE_NOT_READY = "node_ready{} == 0"
POD_FAILED = "pod_failed{} == 1"
QUERIES = 8


@dataclass(frozen=True)
class FirstFeature:
    """Scores every row with its first feature: the newest value of the kind's first signal.

    The longer horizon gets half as much again.
    """

    def predict_proba(self, values: FloatArray) -> list[FloatArray]:
        """One (rows, 2) array per outcome."""
        shorter = np.clip(np.nan_to_num(values[:, 0]), 0.0, 1.0)
        return [np.stack([1 - p, p], axis=1) for p in (shorter, np.minimum(1.0, 1.5 * shorter))]

    def contributions(self, values: FloatArray, signals: IntArray) -> Contributions:
        """A tenth is usual, and the rest is the first signal's doing."""
        found = nothing(2, len(values), signals)
        for part, of in zip(found.parts, self.predict_proba(values), strict=True):
            part[:, 0] = of[:, 1] - 0.1
        return Contributions(found.base + 0.1, found.parts)


@dataclass(frozen=True)
class FirstColumn:
    """In the place of an isolation forest: a row is as odd as its first scaled feature."""

    knots: FloatArray

    def score_samples(self, values: FloatArray) -> FloatArray:
        """(rows,): the lower the odder, as scikit-learn has it."""
        return -values[:, 0]


def odd(kind: Kind) -> Oddness:
    """Oddness equal to the kind's first signal between 0 and 1."""
    count = len(features.names(CATALOGUE.signals_of(kind)))
    knots = np.linspace(0, 0.5, 101)[:, None] * np.ones(count)  # a usual life lies between 0.005 and 0.495
    return Oddness(FirstColumn(knots), np.zeros(count), np.ones(count), np.array([0.0, 1.0]))


def plain_model(step_seconds: float = 60.0) -> Model:
    """A model whose probability is the entity's first signal."""
    bare = _model(step_seconds, dict.fromkeys(ISSUES, FirstFeature()))
    kinds = {kind: replace(one, explained=FirstFeature()) for kind, one in bare.kinds.items()}
    return replace(bare, kinds=kinds)


def without_node_issues(step_seconds: float = 60.0) -> Model:
    """A model whose history had no issue of a node: it knows what is usual for them, and no more."""
    whole = plain_model(step_seconds)
    bare = replace(
        whole.kinds["node"], outcomes=(), estimator=Separate(()), calibrations=(), thresholds=(), explained=None
    )
    return replace(whole, kinds={**whole.kinds, "node": bare})


def fitted_model(step_seconds: float = 60.0, seed: int = 1) -> Model:
    """A scaler and a small forest, fitted on random features."""
    return _model(step_seconds, {kind: _fitted(kind, seed) for kind in ISSUES})


def saved(
    model: Model, directory: Path, estimator: str = "random forest", scores: Mapping[str, Any] | None = None
) -> Manifest:
    """Write the model as the trainer would."""
    return artifact.save(
        model,
        directory,
        references={},
        trained_at=1_790_000_000.0,
        training_range=(1_789_000_000.0, 1_789_864_000.0),
        estimator=estimator,
        untrained={},
        scores=scores or {},
    )


def _model(step_seconds: float, estimators: dict[Kind, Estimator]) -> Model:
    kinds: dict[Kind, KindModel] = {
        kind: KindModel(
            kind,
            CATALOGUE.signals_of(kind),
            tuple(Outcome(ISSUES[kind], horizon) for horizon in HORIZONS),
            estimator,
            (IDENTITY, IDENTITY),
            (0.5, 0.75),
            odd(kind),
        )
        for kind, estimator in estimators.items()
    }
    return Model(CATALOGUE, step_seconds, HORIZONS, kinds)


def _fitted(kind: Kind, seed: int) -> Estimator:
    random = np.random.default_rng(seed)
    rows = random.random((200, len(features.names(CATALOGUE.signals_of(kind)))))
    outcomes = np.stack([rows[:, 0] > 0.7, rows[:, 0] > 0.4], axis=1)
    rows[random.random(rows.shape) < 0.1] = np.nan
    forest = RandomForestClassifier(n_estimators=10, max_depth=4, random_state=seed)
    return Forest(make_pipeline(StandardScaler(), forest).fit(rows, outcomes), (0, 1))
