"""Events: what a person on call would say of the alerts, one verdict per alert and per episode.

An **episode** runs from onset to recovery, pauses of at most MERGE_SECONDS included. One that was there when the record
began, or began within MIN_LEAD_SECONDS of that, could not be announced inside it and is left out.

An **alert** fires once the probability has reached the threshold at every step for `pending_seconds`, the `for` of our
rules, and runs to the last step that reaches it; `hold_seconds` below it end the alert, as
`keep_firing_for` does, and a dip of less needs no new `for`. Steps inside an episode do not count, and an onset ends
the alert. Nor do the WAKE_SECONDS after a recovery: every window still holds the episode, somebody is there already,
and our rules keep quiet. An episode that begins in the wake of another is its relapse, which nobody needs to announce.
An alert that still fires after the wake is a new one.

At each firing step an alert claims "it begins within the horizon". So, with the entity's next onset after the alert:
- **hit**: the onset came within one horizon of the last firing step, at least MIN_LEAD_SECONDS and at most MAX_HORIZONS
  after the alert began. (One that begins a little early is a warning all the same; without any limit, one that never
  ends would foresee everything.)
- **late**: the same, but less than MIN_LEAD_SECONDS after the alert began. True, but of no use: it recalls nothing.
- **early**: the alert was over for more than a horizon before the onset came, which was still within MAX_HORIZONS of
  its beginning. Something was coming, though not so soon: it recalls nothing, and is no false alarm either.
- **undecided**: none of these, but the record ended too early to say so, or the entity went away. Counted nowhere.
  Who came and went within MAX_HORIZONS horizons, as the pods of jobs do, left nothing open once as many are over since
  the alert began: that was its whole life. Who comes back under the name after AWAY_SECONDS is somebody else.
- **false alarm**: every other one.

An episode is recalled when it has a hit; its lead time counts from the first of them. Precision is the share of hits
and late ones among the decided alerts, so that early ones count against it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

import numpy as np

from predictor.panel import BoolArray, FloatArray
from predictor.waits import HOLD_SECONDS, MAX_HORIZONS, MIN_LEAD_SECONDS, lasting, pending_steps
from trainer.lives import IntArray, Lives, lives
from trainer.outcomes import MERGE_SECONDS, merged, wake

ENDLESS: Final = 10**12
"""A step behind all others."""

Verdict = Literal["hit", "late", "early", "false_alarm", "undecided"]


class Episode(NamedTuple):
    """One issue of one entity, present at steps [onset, end); lead_seconds is None when no alert came in time."""

    entity: int
    onset: int
    end: int
    lead_seconds: float | None


class Alert(NamedTuple):
    """One alert of one entity: its first and its last firing step, and what came of it."""

    entity: int
    begin: int
    last: int
    verdict: Verdict


@dataclass(frozen=True)
class EventFigures:
    """The event figures of one outcome; a figure that nothing speaks for is None, never zero.

    unforeseeable: episodes whose entity was not there MIN_LEAD_SECONDS before; they count as missed all the same.
    alerts: the decided ones, hits + late + early + false_alarms. entity_days: days × entities, present without the
    issue and outside of its wake. alerting_ratio: share of that time spent above the threshold. leads_seconds: of
    recalled episodes, ascending.
    """

    episodes: int
    unforeseeable: int
    recalled: int
    recall: float | None
    alerts: int
    late: int
    early: int
    undecided: int
    precision: float | None
    lead_median_seconds: float | None
    lead_p10_seconds: float | None
    false_alarms: int
    entity_days: float
    false_alarms_per_entity_day: float | None
    alerting_ratio: float | None
    leads_seconds: tuple[float, ...]


@dataclass(frozen=True)
class Events:
    """All episodes and alerts of one outcome by entity and time, and the figures that sum them up."""

    episodes: tuple[Episode, ...]
    alerts: tuple[Alert, ...]
    figures: EventFigures


class _Runs(NamedTuple):
    """Runs of one mask, sorted by entity and step. All three: (runs,); both ends belong to the run."""

    entity: IntArray
    first: IntArray
    last: IntArray


@dataclass(frozen=True)
class Truth:
    """What really happened, of one issue and kind: the same whatever is said about it.

    inside, observed: (steps, entities), inside an episode or its wake; present outside of one. spans: all episodes,
    also those that need not be announced. counted: (episodes,), False for those.
    """

    inside: BoolArray
    observed: BoolArray
    spans: _Runs
    counted: BoolArray
    lives: Lives
    unforeseeable: int
    step_seconds: float


def truth(active: BoolArray, present: BoolArray, step_seconds: float) -> Truth:
    """What happened. active, present: (steps, entities) on a grid without gaps."""
    gap = round(MERGE_SECONDS / step_seconds)
    episodes = merged(active, gap)
    after = wake(episodes, step_seconds)
    spans = _runs(episodes, 0.0)
    early = spans.first * step_seconds < MIN_LEAD_SECONDS
    counted = ~early & ~after[np.maximum(spans.first - 1, 0), spans.entity]
    before = spans.first[counted] - int(np.ceil(MIN_LEAD_SECONDS / step_seconds))
    unforeseeable = int((~present[before, spans.entity[counted]]).sum())
    inside, all_lives = episodes | after, lives(present | active, step_seconds)
    return Truth(inside, present & ~inside, spans, counted, all_lives, unforeseeable, step_seconds)


def judged(
    probability: FloatArray,
    active: BoolArray,
    present: BoolArray,
    *,
    threshold: float,
    horizon_seconds: float,
    pending_seconds: float,
    step_seconds: float,
    hold_seconds: float = HOLD_SECONDS,
) -> Events:
    """The episodes and alerts of one outcome.

    probability, active, present: (steps, entities) on a grid without gaps; probability is NaN where there is none.
    pending_seconds, hold_seconds: the `for` and the `keep_firing_for` of its alerts, see predictor.waits.
    """
    happened = truth(active, present, step_seconds)
    return against(
        happened,
        probability,
        threshold=threshold,
        horizon_seconds=horizon_seconds,
        pending_seconds=pending_seconds,
        hold_seconds=hold_seconds,
    )


def against(
    truth: Truth,
    score: FloatArray,
    *,
    threshold: float,
    horizon_seconds: float,
    pending_seconds: float,
    hold_seconds: float,
) -> Events:
    """What is to be said of one score against the truth. score: (steps, entities), any number; NaN where none."""
    spans, step_seconds = truth.spans, truth.step_seconds
    with np.errstate(invalid="ignore"):
        firing = (score >= threshold) & ~truth.inside
    runs = _runs(firing, hold_seconds / step_seconds, apart_where=truth.inside)
    runs = _pended(runs, lasting(firing, pending_steps(pending_seconds, step_seconds)))
    following = _next_onset(runs, spans, len(score))
    known = _known_until(runs, truth, horizon_seconds)
    verdicts = _verdicts(runs, spans, following, known, horizon_seconds, step_seconds)
    lead_steps = np.full(len(spans.entity), -1, dtype=np.intp)
    hits = verdicts == "hit"
    np.maximum.at(lead_steps, following[hits], spans.first[following[hits]] - runs.first[hits])
    episodes = tuple(
        Episode(entity, first, last + 1, lead * step_seconds if lead >= 0 else None)
        for entity, first, last, lead in zip(*(a[truth.counted].tolist() for a in (*spans, lead_steps)), strict=True)
    )
    alerts = tuple(Alert(*run) for run in zip(*(a.tolist() for a in (*runs, verdicts)), strict=True))
    return Events(episodes, alerts, _figures(episodes, alerts, truth, int((firing & truth.observed).sum())))


def _pended(runs: _Runs, lasting: BoolArray) -> _Runs:
    """The runs that have a lasting step, each from its first one on. lasting: (steps, entities)."""
    steps = len(lasting)
    entity, step = np.nonzero(lasting.T)
    keys = np.append(entity * steps + step, np.iinfo(np.intp).max)
    first = keys[np.searchsorted(keys, runs.entity * steps + runs.first)]
    kept = first <= runs.entity * steps + runs.last
    return _Runs(runs.entity[kept], first[kept] - runs.entity[kept] * steps, runs.last[kept])


def _runs(mask: BoolArray, bridge_steps: float, apart_where: BoolArray | None = None) -> _Runs:
    """Runs of True per entity; gaps of at most bridge_steps are part of a run, unless apart_where is True in one."""
    entity, step = np.nonzero(mask.T)
    if not len(step):
        return _Runs(entity, step, step)
    apart = (np.diff(entity) != 0) | (np.diff(step) - 1 > bridge_steps + 1e-9)
    if apart_where is not None:
        passed = np.cumsum(apart_where, axis=0)
        apart |= np.diff(passed[step, entity]) != 0
    starts = np.concatenate([[True], apart])
    ends = np.concatenate([apart, [True]])
    return _Runs(entity[starts], step[starts], step[ends])


def _next_onset(alerts: _Runs, episodes: _Runs, steps: int) -> IntArray:
    """(alerts,): position of the first episode of the same entity after the alert, -1 without one."""
    keys = episodes.entity * steps + episodes.first
    position = np.searchsorted(keys, alerts.entity * steps + alerts.last)
    known = position < len(keys)
    known[known] = episodes.entity[position[known]] == alerts.entity[known]
    return np.where(known, position, -1)


def _known_until(alerts: _Runs, truth: Truth, horizon_seconds: float) -> IntArray:
    """(alerts,): the step at which what is known of each alert's entity ends.

    Of a short life all is known, as though it went on and nothing came, once the alert's time is over without a return.
    """
    whole = MAX_HORIZONS * horizon_seconds / truth.step_seconds
    decided = alerts.first + int(whole + 1e-9) + 1
    ends, came = truth.lives.at(alerts.entity, np.minimum(decided, truth.lives.steps - 1))
    return np.where((decided < truth.lives.steps) & (ends - 1 - came < whole), ENDLESS, ends)


def _verdicts(
    alerts: _Runs, episodes: _Runs, following: IntArray, ends: IntArray, horizon_seconds: float, step_seconds: float
) -> np.ndarray[Any, np.dtype[np.str_]]:
    """(alerts,): the verdict of each alert, as the module's docstring says. ends: (alerts,), see _known_until."""
    horizon_steps = horizon_seconds / step_seconds
    onset = np.full(len(following), ENDLESS, dtype=np.intp)
    onset[following >= 0] = episodes.first[following[following >= 0]]
    close = onset - alerts.last <= horizon_steps + 1e-9
    fresh = onset - alerts.first <= MAX_HORIZONS * horizon_steps + 1e-9
    in_time = (onset - alerts.first) * step_seconds >= MIN_LEAD_SECONDS
    # An onset in the first step after the record could still have made it a hit.
    open_ended = (ends - alerts.last <= horizon_steps) & (ends - alerts.first <= MAX_HORIZONS * horizon_steps)
    conditions = [close & fresh & in_time, close & fresh, fresh, ~close & open_ended]
    return np.select(conditions, ["hit", "late", "early", "undecided"], "false_alarm")


def _figures(episodes: tuple[Episode, ...], alerts: tuple[Alert, ...], truth: Truth, firing_steps: int) -> EventFigures:
    observed_steps = int(truth.observed.sum())
    leads = tuple(sorted(e.lead_seconds for e in episodes if e.lead_seconds is not None))
    count = Counter(alert.verdict for alert in alerts)
    decided = len(alerts) - count["undecided"]
    entity_days = observed_steps * truth.step_seconds / 86400
    return EventFigures(
        episodes=len(episodes),
        unforeseeable=truth.unforeseeable,
        recalled=len(leads),
        recall=len(leads) / len(episodes) if episodes else None,
        alerts=decided,
        late=count["late"],
        early=count["early"],
        undecided=count["undecided"],
        precision=1 - (count["false_alarm"] + count["early"]) / decided if decided else None,
        lead_median_seconds=float(np.quantile(leads, 0.5)) if leads else None,
        lead_p10_seconds=float(np.quantile(leads, 0.1)) if leads else None,
        false_alarms=count["false_alarm"],
        entity_days=entity_days,
        false_alarms_per_entity_day=count["false_alarm"] / entity_days if observed_steps else None,
        alerting_ratio=firing_steps / observed_steps if observed_steps else None,
        leads_seconds=leads,
    )
