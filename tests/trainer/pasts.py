"""A past in memory, read like Prometheus: one signal and one issue per kind, entities that come and go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from predictor import catalogue
from predictor.catalogue import Catalogue
from predictor.entities import KINDS, Entity, Kind
from predictor.panel import BoolArray, FloatArray, Panel
from predictor.series import Reading
from trainer.history import Stretch

STEP = 60.0
START = 1_795_000_020.0  # a multiple of the step
REACH = 30
HORIZONS = (300.0, 900.0)
ISSUES = {"node": "node_failure", "pod": "pod_failure", "service": "service_disruption"}


def tiny_catalogue() -> Catalogue:
    """One signal with a limit and one rule per kind, and a second rule for nodes."""
    signal = {"source": "kubelet", "unit": "ratio", "limit": 1, "description": "what a test makes of it"}
    rule = {"description": "given by the test"}
    rules = [{"issue": ISSUES[kind], "kind": kind, "promql": f"{kind}_failed == 1", **rule} for kind in KINDS]
    return catalogue.from_document(
        {
            "variables": {},
            "signals": [
                {"name": f"{kind}_strain", "kind": kind, "promql": f"{kind}_strain", **signal} for kind in KINDS
            ],
            "rules": [
                *rules,
                {"issue": "resource_exhaustion", "kind": "node", "promql": "node_full == 1", **rule},
            ],
        }
    )


CATALOGUE = tiny_catalogue()


def panel(
    kind: Kind, strain: FloatArray, active: Mapping[str, BoolArray], entities: tuple[Entity, ...] | None = None
) -> Panel:
    """A whole past of one kind from START on. strain and each of active: (steps, entities)."""
    steps, count = strain.shape
    names = entities or tuple((f"{kind}-{i}",) if kind == "node" else ("shop", f"{kind}-{i}") for i in range(count))
    issues = tuple(rule.issue for rule in CATALOGUE.rules_of(kind))
    nothing = np.zeros((steps, count), dtype=np.bool_)
    return Panel(
        kind,
        START + STEP * np.arange(steps, dtype=np.float64),
        names,
        (f"{kind}_strain",),
        strain[None].astype(np.float64),
        issues,
        np.stack([active.get(issue, nothing) for issue in issues]),
    )


@dataclass
class Past:
    """A reader of panels in memory; what lies outside of them is empty. asked: the first and last moment of each read.

    Entities without a sample or issue in what is asked for are not in the answer, as Prometheus does not return them.
    """

    panels: Mapping[Kind, Panel]
    asked: list[tuple[float, float]] = field(default_factory=list)

    def read(self, catalogue: Catalogue, start: float, end: float, step_seconds: float) -> Reading:
        """The panels of the moments asked for."""
        assert set(catalogue.signals) <= set(CATALOGUE.signals)
        self.asked.append((start, end))
        times = np.arange(start, end + step_seconds / 2, step_seconds)
        return Reading({kind: self._cut(kind, times) for kind in KINDS}, 0)

    def _cut(self, kind: Kind, times: FloatArray) -> Panel:
        whole = self.panels.get(kind) or panel(kind, np.zeros((1, 0)), {})
        values = np.full((len(whole.signals), len(times), len(whole.entities)), np.nan)
        active = np.zeros((len(whole.issues), len(times), len(whole.entities)), dtype=np.bool_)
        at = np.rint((times - START) / STEP).astype(int)
        known = (at >= 0) & (at < len(whole.times))
        values[:, known], active[:, known] = whole.values[:, at[known]], whole.active[:, at[known]]
        part = Panel(kind, times, whole.entities, whole.signals, values, whole.issues, active)
        here = np.nonzero(part.ever)[0]
        entities = tuple(whole.entities[i] for i in here)
        return Panel(kind, times, entities, whole.signals, values[:, :, here], whole.issues, active[:, :, here])


class Kept(list[tuple[Stretch, Reading]]):
    """The chunks of a past, which can be gone through several times, and of which some can be asked for."""

    def between(self, start: float, end: float) -> Iterator[tuple[Stretch, Reading]]:
        """Those that have a grid point from start to end."""
        return ((chunk, reading) for chunk, reading in self if chunk.meets(start, end))


def ramps(
    steps: int, entities: int, *, every: int, rise: int = 12, lasting: int = 8, seed: int = 0
) -> tuple[FloatArray, BoolArray]:
    """A signal that rises for `rise` steps before each issue of `lasting` steps; both (steps, entities).

    Elsewhere it is noise between 0.1 and 0.3. Every entity has its issues at other times.
    """
    random = np.random.default_rng(seed)
    strain = random.uniform(0.1, 0.3, (steps, entities))
    active = np.zeros((steps, entities), dtype=np.bool_)
    for entity in range(entities):
        for onset in range(rise + 7 * entity + every // 2, steps - lasting, every):
            strain[onset - rise : onset, entity] = np.linspace(0.35, 0.95, rise)
            strain[onset : onset + lasting, entity] = 1.0
            active[onset : onset + lasting, entity] = True
    return strain, active
