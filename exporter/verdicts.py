"""Verdicts: the alerts of one kind of entity, one step further, and what is decided by it.

What the words mean (hit, late, early, false alarm, wake, relapse) stands in trainer/events.py, which judges a whole
record at once. Step by step the same comes out, and a property test holds both together, except where only a whole
record can know better: an entity that is away when the four horizons of its alert end is judged by what it left
behind, though it may come back later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple, get_args

import numpy as np

from exporter.terms import SLACK, IntArray, Terms
from predictor.panel import BoolArray
from predictor.waits import MAX_HORIZONS

Verdict = Literal["hit", "late", "early", "false_alarm", "foretold", "missed"]
VERDICTS: Final[tuple[Verdict, ...]] = get_args(Verdict)
"""Four of alerts, two of episodes."""

NEVER: Final = -(10**12)
"""A step before all others."""

_OF_ALERTS: Final = 4


class Alerts(NamedTuple):
    """Alerts in no particular order; all (alerts,). first, last: steps at which they began and fired last."""

    outcome: IntArray
    entity: IntArray
    first: IntArray
    last: IntArray

    def where(self, chosen: BoolArray) -> Alerts:
        """Only those. chosen: (alerts,)."""
        return Alerts(*(column[chosen] for column in self))

    def and_also(self, others: Alerts) -> Alerts:
        """These and the others."""
        return Alerts(*(np.concatenate(columns) for columns in zip(self, others, strict=True)))


@dataclass(frozen=True)
class Standing:
    """Where the alerts of one kind stand after a step, counted from the epoch as all steps here.

    since: the step at which watching began. active, there, came: (issues, entities), the last step with the issue and
    with anything at all, and the step at which it came, NEVER where nobody saw that. streak, below: (outcomes,
    entities), steps in a row that reached the threshold, and that did not. first, last: (outcomes, entities), of the
    alert that fires or is held, NEVER where none is. over: alerts that have ended and may still turn out to be early or
    a little so.
    """

    step: int
    since: int
    active: IntArray
    there: IntArray
    came: IntArray
    streak: IntArray
    below: IntArray
    first: IntArray
    last: IntArray
    over: Alerts

    @property
    def alerting(self) -> Alerts:
        """The alerts that fire or are held."""
        outcome, entity = np.nonzero(self.first != NEVER)
        return Alerts(outcome, entity, self.first[outcome, entity], self.last[outcome, entity])

    def open(self, terms: Terms) -> BoolArray:
        """(entities,): True where something is to be remembered of one that is away."""
        still = (self.first != NEVER).any(axis=0) | (self.step - self.active <= terms.wake).any(axis=0)
        still |= (self.step - self.there <= terms.away).any(axis=0)
        still[self.over.entity] = True
        return np.asarray(still)

    def of(self, source: IntArray) -> Standing:
        """The same over other entities. source: (others,), where each stood, -1 for a new one."""
        inverse = np.full(self.active.shape[1], -1, dtype=np.int64)
        inverse[source[source >= 0]] = np.nonzero(source >= 0)[0]

        def moved(columns: IntArray, otherwise: int) -> IntArray:
            # One more column stands for the new ones, so that an index of -1 finds it.
            return np.pad(columns, ((0, 0), (0, 1)), constant_values=otherwise)[:, source]

        return replace(
            self,
            active=moved(self.active, NEVER),
            there=moved(self.there, NEVER),
            came=moved(self.came, NEVER),
            streak=moved(self.streak, 0),
            below=moved(self.below, 0),
            first=moved(self.first, NEVER),
            last=moved(self.last, NEVER),
            over=self.over._replace(entity=inverse[self.over.entity]),
        )


@dataclass(frozen=True)
class Look:
    """What one step shows. present: (entities,). active: (issues, entities).

    reached: (outcomes, entities), the probability is at or above its threshold; None where nobody asked the model.
    """

    present: BoolArray
    active: BoolArray
    reached: BoolArray | None


@dataclass(frozen=True)
class Tally:
    """What one step decided of one outcome.

    leads_seconds: of foretold episodes. entity_seconds: the step's length, for each entity watched in it.
    """

    counts: Mapping[Verdict, int]
    leads_seconds: tuple[float, ...]
    entity_seconds: float


def begun(terms: Terms, step: int, active: IntArray, there: IntArray) -> Standing:
    """Nothing is known before that step but the last ones with the issue and with anything: (issues, entities)."""
    nothing = np.zeros(0, dtype=np.int64)
    shape = (len(terms.outcomes), active.shape[1])
    none, never = np.zeros(shape, dtype=np.int64), np.full(shape, NEVER)
    over = Alerts(nothing, nothing, nothing, nothing)
    return Standing(step - 1, step, active, there, np.full(there.shape, NEVER), none, none, never, never, over)


def advanced(terms: Terms, was: Standing, look: Look) -> tuple[Standing, tuple[Tally, ...]]:
    """Where the alerts stand one step later, and what that decided of each outcome."""
    step, of = was.step + 1, terms.issue
    quiet = step - was.active
    onset = look.active & (quiet > terms.wake + 1)  # else it is the same episode, or its relapse
    inside = look.active | (quiet <= terms.wake)
    active = np.where(look.active, step, was.active)
    here = look.active | look.present
    came, there = _came(terms, was, here), np.where(here, step, was.there)
    alerts = was.alerting.and_also(was.over)
    verdicts = _verdicts(terms, alerts, onset, there, came, step)
    tallies = _tallies(terms, was, alerts, verdicts, onset, (look.present & ~inside).sum(axis=1))
    over = _lasting(terms, was.over, onset, step)
    if look.reached is None:  # nobody knows: what has begun stands still, unless the issue ended it
        streak, below, last = np.where(inside[of], 0, was.streak), was.below, was.last
        first = np.where(onset[of], NEVER, was.first)
        return Standing(step, was.since, active, there, came, streak, below, first, last, over), tallies
    firing = look.reached & ~inside[of]
    streak = np.where(firing, was.streak + 1, 0)
    below = np.where(firing, 0, was.below + 1)
    ended = (was.first != NEVER) & (below > terms.hold) & ~onset[of]
    outcome, entity = np.nonzero(ended)
    ending = Alerts(outcome, entity, was.first[ended], was.last[ended])
    over = over.and_also(_lasting(terms, ending, onset, step))
    first = np.where(ended | onset[of], NEVER, was.first)
    first = np.where(firing & (first == NEVER) & (streak > terms.pending[:, None]), step, first)
    last = np.where(firing, step, was.last)
    return Standing(step, was.since, active, there, came, streak, below, first, last, over), tallies


def _came(terms: Terms, was: Standing, here: BoolArray) -> IntArray:
    """(issues, entities): when each came, of who came now or before. here: (issues, entities).

    Where nobody at all was there a step ago, an outage has ended or watching begins: who is new then may be old.
    """
    step = was.step + 1
    new = here & (step - was.there - 1 > terms.away)
    seen = (was.there == was.step).any(axis=1, keepdims=True)
    return np.where(new, np.where(seen, step, NEVER), was.came)


def _verdicts(terms: Terms, alerts: Alerts, onset: BoolArray, there: IntArray, came: IntArray, step: int) -> IntArray:
    """(alerts,): position among VERDICTS of what the step decides of each, -1 for nothing."""
    of, age = alerts.outcome, step - alerts.first
    issue, horizon, patience = terms.issue[of], terms.horizon[of], terms.patience[of]
    begins = onset[issue, alerts.entity] & (age <= patience)
    close = step - alerts.last <= horizon + SLACK
    # An alert that outlives its patience was decided when it did so.
    ends, whole = there[issue, alerts.entity] + 1, MAX_HORIZONS * horizon
    left = (ends - alerts.last <= horizon) & (ends - alerts.first <= whole)
    # Of a short life all is known: nothing came.
    left &= ends - 1 - came[issue, alerts.entity] >= whole
    over = (age == patience + 1) & ~left
    return np.select([begins & close & terms.enough(age), begins & close, begins, over], [0, 1, 2, 3], -1)


def _lasting(terms: Terms, alerts: Alerts, onset: BoolArray, step: int) -> Alerts:
    """Those of which nothing is decided yet."""
    came = onset[terms.issue[alerts.outcome], alerts.entity]
    return alerts.where(~came & (step - alerts.first <= terms.patience[alerts.outcome]))


def _tallies(
    terms: Terms, was: Standing, alerts: Alerts, verdicts: IntArray, onset: BoolArray, watched: IntArray
) -> tuple[Tally, ...]:
    """What a step decided of each outcome. watched: (issues,), entities seen outside of episodes and their wakes."""
    step, decided = was.step + 1, verdicts >= 0
    keys = alerts.outcome[decided] * _OF_ALERTS + verdicts[decided]
    counts = np.bincount(keys, minlength=len(terms.outcomes) * _OF_ALERTS).reshape(-1, _OF_ALERTS)
    hits = alerts.where(verdicts == 0)
    lead = np.zeros(was.first.shape, dtype=np.int64)
    np.maximum.at(lead, (hits.outcome, hits.entity), step - hits.first)
    announceable = onset & terms.enough(step - was.since)
    tallies = []
    for i, issue in enumerate(terms.issue.tolist()):
        leads = lead[i, lead[i] > 0]
        missed = int((announceable[issue] & (lead[i] == 0)).sum())
        numbers = (*counts[i].tolist(), len(leads), missed)
        tallies.append(
            Tally(
                dict(zip(VERDICTS, numbers, strict=True)),
                tuple((leads * terms.step_seconds).tolist()),
                int(watched[issue]) * terms.step_seconds,
            )
        )
    return tuple(tallies)
