"""A pretend model that anyone can follow: its score is the newest value of its first signal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from predictor import catalogue
from predictor.entities import Entity, Kind
from predictor.issues import Outcome
from predictor.model import Calibration, KindModel, Model
from predictor.panel import BoolArray, FloatArray, Panel

STEP_SECONDS = 60.0


@dataclass(frozen=True)
class Echo:
    """Scores every outcome with the first feature, `strain:now`."""

    outcomes: int

    def predict_proba(self, values: FloatArray) -> list[FloatArray]:
        """One (rows, 2) array per outcome."""
        return [np.column_stack([1 - values[:, 0], values[:, 0]])] * self.outcomes


@pytest.fixture(scope="session")
def model() -> Model:
    """Pods only, one issue within 10m and 20m, alerts from 0.5; services have a rule, but nothing was learned."""
    signal = {"source": "kubelet", "unit": "ratio", "description": "what the echo repeats"}
    rule = {"description": "given by the test"}
    chosen = catalogue.from_document(
        {
            "variables": {},
            "signals": [
                {"name": "strain", "kind": "pod", "promql": "strain", **signal},
                {"name": "load", "kind": "service", "promql": "load", **signal},
            ],
            "rules": [
                {"issue": "pod_failure", "kind": "pod", "promql": "failed == 1", **rule},
                {"issue": "service_disruption", "kind": "service", "promql": "down == 1", **rule},
            ],
        }
    )
    outcomes = (Outcome("pod_failure", 600.0), Outcome("pod_failure", 1200.0))
    same = Calibration(np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    pods = KindModel("pod", chosen.signals_of("pod"), outcomes, Echo(2), (same, same), (0.5, 0.5))
    return Model(chosen, STEP_SECONDS, (600.0, 1200.0), {"pod": pods})


@pytest.fixture(scope="session")
def panel_of(model: Model) -> Callable[..., Panel]:
    """Panels whose first judged step has the given time: the run-up repeats the first step."""

    def panel(
        kind: Kind, entities: tuple[Entity, ...], strain: FloatArray, active: BoolArray, first_time: float
    ) -> Panel:
        """strain, active: (steps, entities)."""
        before = model.reach_steps - 1
        values = np.concatenate([np.repeat(strain[:1], before, axis=0), strain])
        was = np.concatenate([np.repeat(active[:1], before, axis=0), active])
        times = first_time + STEP_SECONDS * np.arange(-before, len(strain), dtype=np.float64)
        signals = tuple(s.name for s in model.catalogue.signals_of(kind))
        issues = tuple(r.issue for r in model.catalogue.rules_of(kind))
        return Panel(kind, times, entities, signals, values[None], issues, was[None])

    return panel
