"""A model that can be read: a weighted sum of a few features for each outcome, over the default catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import expit

from predictor import catalogue as catalogues
from predictor import features
from predictor.artifact import Manifest, fingerprint, versions
from predictor.contributions import Contributions, IntArray
from predictor.entities import KINDS, Issue, Kind
from predictor.issues import Outcome
from predictor.model import Calibration, KindModel, Model
from predictor.oddness import Oddness, Tails
from predictor.panel import FloatArray
from predictor.tried import Tried
from tests.browser.cluster import CRASHING, END, FAILING, FILLING, LEAKING, Cluster

STEP: Final = 30.0
HORIZONS: Final = (900.0, 3600.0)
_IDENTITY: Final = Calibration(np.array([0.0, 1.0]), np.array([0.0, 1.0]))

# What a unit of a feature adds to the log-odds, and what is usual; first within 15m, then the bias of each horizon.
_WEIGHTS: Final[dict[tuple[Kind, Issue], dict[str, tuple[float, float]]]] = {
    ("node", "node_failure"): {"node_memory_used:now": (3.0, 0.55), "node_relist_latency:now": (30.0, 0.012)},
    ("node", "resource_exhaustion"): {
        "node_filesystem_used:now": (7.0, 0.46),
        "node_filesystem_used:change_30m": (9.0, 0.0),
        "node_memory_used:now": (4.0, 0.55),
    },
    ("node", "network_issue"): {"node_tcp_retransmitted:now": (120.0, 0.002), "node_network_faulty:now": (300.0, 0.0)},
    ("pod", "pod_failure"): {
        "pod_memory_of_limit:now": (4.5, 0.44),
        "pod_memory_of_limit:change_30m": (3.0, 0.0),
        "pod_memory_of_siblings:now": (1.2, 1.0),
        "pod_major_faults:now": (0.06, 0.2),
        "pod_restarts:now": (1.4, 0.0),
        "pod_not_ready:now": (2.0, 0.0),
        "pod_requests:now": (-0.02, 42.0),
    },
    ("pod", "resource_exhaustion"): {
        "pod_memory_of_limit:now": (7.0, 0.44),
        "pod_memory_of_limit:change_30m": (4.0, 0.0),
        "pod_throttled:now": (5.0, 0.01),
        "pod_cpu_of_limit:now": (3.0, 0.24),
    },
    ("service", "service_disruption"): {
        "service_errors:now": (55.0, 0.002),
        "service_latency_p99:now": (2.6, 0.21),
        "service_requests:now": (0.004, 160.0),
    },
}
_BIAS: Final = (-4.4, -3.4)
_THRESHOLDS: Final = (0.32, 0.46)


@dataclass(frozen=True)
class WeightedSum:
    """Log-odds of each outcome. weights: (outcomes, features); usual: (features,); bias: (outcomes,)."""

    weights: FloatArray
    usual: FloatArray
    bias: FloatArray

    def predict_proba(self, values: FloatArray) -> list[FloatArray]:
        """One (rows, 2) array per outcome."""
        odds = self.bias[:, None] + self.weights @ self._moved(values).T
        return [np.stack([1 - p, p], axis=1) for p in expit(odds)]

    def contributions(self, values: FloatArray, signals: IntArray) -> Contributions:
        """What each signal adds to the log-odds."""
        parts = np.zeros((len(self.bias), len(values), int(signals.max()) + 1))
        each = self._moved(values)[None] * self.weights[:, None]
        for column, number in enumerate(signals.tolist()):
            parts[:, :, number] += each[:, :, column]
        return Contributions(self.bias, parts)

    def _moved(self, values: FloatArray) -> FloatArray:
        return np.nan_to_num(values - self.usual)


def readable_model() -> Model:
    """The model of all three kinds. What is usual of them was taken from the quiet part of the cluster."""
    catalogue = catalogues.default()
    kinds = {kind: _kind(catalogue, kind) for kind in KINDS}
    return Model(catalogue, STEP, HORIZONS, kinds)


def manifest_of(model: Model) -> Manifest:
    """The manifest that a trainer would have written."""
    return Manifest(
        schema_version=2,
        fingerprint=fingerprint(model.catalogue, STEP, HORIZONS),
        versions=versions(),
        trained_at=END - 86_400.0,
        training_start=END - 15 * 86_400.0,
        training_end=END - 86_400.0,
        step_seconds=STEP,
        horizons_seconds=HORIZONS,
        estimator="node hist_gradient_boosting, pod hist_gradient_boosting, service hist_gradient_boosting",
        catalogue=model.catalogue.model_dump(mode="json"),
        thresholds={
            kind: {f"{o.issue}/{o.horizon}": t for o, t in zip(one.outcomes, one.thresholds, strict=True)}
            for kind, one in model.kinds.items()
        },
        false_alarms_per_entity_day=0.02,
        false_alarms_price=1.5,
        untrained={"pod/network_issue/15m": "it came only once", "pod/network_issue/1h": "it came only once"},
        scores={kind: _scores(one) for kind, one in model.kinds.items()},
        files={},
    )


def _scores(learned: KindModel) -> Mapping[str, object]:
    return {
        "fitted_rows": 18_880,
        "calibration_rows": 21_785,
        "calibration_base_rate": {
            f"{o.issue}/{o.horizon}": 0.004 + 0.006 * (o.horizon_seconds > 900) for o in learned.outcomes
        },
        "candidates": {
            "hist_gradient_boosting": {"recall": 0.52, "average_precision": 0.47},
            "logistic_regression": {"recall": 0.44, "average_precision": 0.39},
        },
        "tried": {
            f"{o.issue}/{o.horizon}": Tried(41, 33, 0.0042, 0.87 if learned.kind == "service" else 0.97).document()
            for o in learned.outcomes
        },
        "trained_without": {f"{learned.kind}_cpu_of_yesterday": "no sample in this history"},
    }


def _kind(catalogue: catalogues.Catalogue, kind: Kind) -> KindModel:
    signals = catalogue.signals_of(kind)
    names = features.names(signals)
    several = [(issue, weights) for (of, issue), weights in _WEIGHTS.items() if of == kind]
    weights = np.zeros((2 * len(several), len(names)))
    usual = np.zeros(len(names))
    for i, (_, own) in enumerate(several):
        for name, (weight, level) in own.items():
            weights[[2 * i, 2 * i + 1], names.index(name)] = weight
            usual[names.index(name)] = level
    estimator = WeightedSum(weights, usual, np.array(_BIAS * len(several)))
    return KindModel(
        kind,
        signals,
        tuple(Outcome(issue, horizon) for issue, _ in several for horizon in HORIZONS),
        estimator,
        (_IDENTITY,) * 2 * len(several),
        _THRESHOLDS * len(several),
        _oddness(catalogue, kind),
        estimator,
    )


def _oddness(catalogue: catalogues.Catalogue, kind: Kind) -> Oddness:
    """Oddness by the life of the entities without trouble, in the hour before END."""
    panel = Cluster().read(catalogue, END - 3600.0, END, STEP).panels[kind]
    troubled = {LEAKING, CRASHING, FAILING, FILLING}
    signals = catalogue.signals_of(kind)
    rows = features.rows(panel.of([e for e in panel.entities if e not in troubled]), signals, STEP).values
    knots = np.nan_to_num(np.nanquantile(np.nan_to_num(rows), np.linspace(0, 1, 101), axis=0))
    number = {signal.name: i for i, signal in enumerate(signals)}
    of = np.array([number[name.split(":", 1)[0]] for name in features.names(signals)], dtype=np.intp)
    bare = Oddness(Tails(knots, of), np.zeros(knots.shape[1]), np.ones(knots.shape[1]), np.array([0.0, 1.0]))
    return Oddness(bare.forest, bare.centre, bare.width, np.quantile(bare.raw(rows), np.linspace(0, 1, 101)))
