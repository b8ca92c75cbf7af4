"""Judge: follows the exporter's own predictions from tick to tick and says what came of them.

The window holds minutes, and an alert is decided hours after it began: beside the window this is the one state that
lives on from tick to tick. No prediction depends on it, and a restart loses it: alerts that are not decided by then are
counted nowhere, so that of the last four horizons of a process mostly those are known that came true. When more than
HOLD_SECONDS of steps are missing, or the model has other outcomes or another step, it begins anew in the same way; a
new model with the same outcomes goes on where the old one stood.

It judges what the model said at each tick, as that tick saw it: samples that came late count for the trainer, which
reads history, and not here. Entities that are not published singly are judged like all others.

Steps that a tick finds missing (an overrun, a failed read) are told by the window, except for what the model would have
said of them. There an issue begins and ends as anywhere; an alert neither begins nor ends, and its `for` and its hold
wait for the next prediction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from exporter.terms import IntArray, Terms
from exporter.verdicts import NEVER, Look, Standing, Tally, advanced, begun
from predictor.entities import Entity, Kind
from predictor.issues import Outcome
from predictor.model import Prediction
from predictor.panel import Panel
from predictor.waits import HOLD_SECONDS


class Ledger(Protocol):
    """Where it is counted."""

    def judged(self, kind: Kind, outcome: Outcome, tally: Tally) -> None:
        """Add what one step decided, which may be nothing."""


@dataclass(frozen=True)
class Watched:
    """The alerts of one kind.

    entities: the panel's own, then those that left and of whom something is open. slot: where each stands.
    """

    terms: Terms
    entities: tuple[Entity, ...]
    slot: Mapping[Entity, int]
    standing: Standing


class Judge:
    """Follows the alerts of all kinds.

    Bounded by the entities in the window, those who left within the last AWAY_SECONDS and those with an open alert.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._kinds: dict[Kind, Watched] = {}

    def watch(self, panels: Mapping[Kind, Panel], predictions: Sequence[Prediction], step_seconds: float) -> None:
        """One tick further. panels: the window. predictions: one for each panel, of which the last step counts."""
        for panel, prediction in zip(panels.values(), predictions, strict=True):
            terms = Terms(prediction.outcomes, prediction.issues, step_seconds)
            watched, missed = self._at(panel, terms)
            if missed < 0:
                continue
            for back in range(missed + 1, 0, -1):
                look = _look(panel, prediction if back == 1 else None, back, len(watched.entities))
                standing, tallies = advanced(terms, watched.standing, look)
                watched = replace(watched, standing=standing)
                for outcome, tally in zip(terms.outcomes, tallies, strict=True):
                    self._ledger.judged(panel.kind, outcome, tally)
            self._kinds[panel.kind] = watched

    def entities(self, kind: Kind) -> tuple[Entity, ...]:
        """Those of whom something is remembered."""
        return self._kinds[kind].entities if kind in self._kinds else ()

    def _at(self, panel: Panel, terms: Terms) -> tuple[Watched, int]:
        """What is known before the panel's last step, and how many steps were missed; negative when it is not new."""
        step = round(float(panel.times[-1]) / terms.step_seconds)
        was = self._kinds.get(panel.kind)
        if was and was.terms == terms:
            missed = step - was.standing.step - 1
            if missed * terms.step_seconds <= HOLD_SECONDS and missed < len(panel.times):
                return _with_entities(was, panel.entities), missed
        slot = {entity: i for i, entity in enumerate(panel.entities)}
        return Watched(terms, panel.entities, slot, begun(terms, step, *_last_steps(panel, step))), 0


def _last_steps(panel: Panel, step: int) -> tuple[IntArray, IntArray]:
    """(issues, entities) each: the last step with the issue, and that with anything, before the panel's last one.

    step: the number of that one. NEVER where there is none in the window.
    """
    active = panel.active[:, -2::-1]
    if not active.shape[1]:
        never = np.full((len(panel.issues), len(panel.entities)), NEVER)
        return never, never
    there = active | panel.present[-2::-1]
    issue, anything = (np.where(of.any(axis=1), step - 1 - of.argmax(axis=1), NEVER) for of in (active, there))
    return issue, anything


def _look(panel: Panel, prediction: Prediction | None, back: int, entities: int) -> Look:
    """The panel's step that many from its end, over all entities; those beyond the panel's are away."""
    away = entities - len(panel.entities)
    first = len(panel.times) - back
    present = np.pad(panel.steps(first, first + 1).present[0], (0, away))
    active = np.pad(panel.active[:, -back], ((0, 0), (0, away)))
    if prediction is None:
        return Look(present, active, None)
    thresholds = np.array(prediction.thresholds)[:, None]
    with np.errstate(invalid="ignore"):
        reached = prediction.probability[:, -1] >= thresholds
    return Look(present, active, np.pad(reached, ((0, 0), (0, away))))


def _with_entities(was: Watched, here: tuple[Entity, ...]) -> Watched:
    """The same over the entities that are here now, and those that are not and of whom something is open."""
    if was.entities == here:
        return was
    slot = {entity: i for i, entity in enumerate(here)}
    still = np.nonzero(was.standing.open(was.terms))[0].tolist()
    for entity in (was.entities[i] for i in still):
        slot.setdefault(entity, len(slot))
    source = np.array([was.slot.get(entity, -1) for entity in slot], dtype=np.int64)
    return Watched(was.terms, tuple(slot), slot, was.standing.of(source))
