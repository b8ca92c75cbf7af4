"""Cases: the three moments worth showing - a typical hit, the miss that hurts most, the most confident false alarm."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import numpy as np

from predictor.entities import Entity, Kind
from predictor.panel import FloatArray
from trainer.events import Alert
from trainer.judged import JudgedOutcome
from trainer.track import Track

CaseName = Literal["hit", "miss", "false_alarm"]
BEFORE_SECONDS: Final = 3600.0
AFTER_SECONDS: Final = 1800.0
LONGEST_SECONDS: Final = 6 * 3600.0
"""More does not fit on one picture; the decisive moment is always on it."""

NONE: Final[dict[CaseName, str]] = {
    "hit": "There is no hit to show: no issue was announced in time.",
    "miss": "There is no miss to show: every issue whose entity was there before it was announced in time.",
    "false_alarm": "There is no false alarm to show: every alert was followed by its issue.",
}

Tracks = Callable[[JudgedOutcome], Track]


@dataclass(frozen=True)
class Case:
    """One moment of one entity. decisive: the step whose probability is explained. start, end: first, last step shown.

    alert: first and last firing step; onset, recovery: of the episode; None where there is none.
    """

    name: CaseName
    outcome: JudgedOutcome
    position: int
    decisive: int
    start: int
    end: int
    alert: tuple[int, int] | None
    onset: int | None
    recovery: int | None

    @property
    def entity(self) -> Entity:
        """Whose moment it is."""
        return self.outcome.entities[self.position]

    @property
    def kind(self) -> Kind:
        """What kind that is."""
        return self.outcome.kind

    def time(self, step: int) -> float:
        """Unix seconds of a step."""
        return float(self.outcome.times[step])


class _Episode(NamedTuple):
    outcome: JudgedOutcome
    entity: int
    onset: int
    end: int
    lead_seconds: float | None


def cases(outcomes: Sequence[JudgedOutcome], tracks: Tracks) -> dict[CaseName, Case | None]:
    """The three cases, each None where there is none. tracks: gives the probabilities of an outcome again."""
    every = list(_episodes(outcomes))
    return {"hit": _hit(every), "miss": _miss(every, tracks), "false_alarm": _false_alarm(outcomes, tracks)}


def _episodes(outcomes: Sequence[JudgedOutcome]) -> Iterator[_Episode]:
    for one in outcomes:
        for e in one.events.episodes:
            yield _Episode(one, e.entity, e.onset, e.end, e.lead_seconds)


def _hit(every: Sequence[_Episode]) -> Case | None:
    """The announced episode whose lead time is nearest to the median of all, the earliest of those."""
    hits = [(e, e.lead_seconds) for e in every if e.lead_seconds is not None]
    if not hits:
        return None
    median = float(np.median([lead for _, lead in hits]))
    chosen, lead = min(hits, key=lambda h: (abs(h[1] - median), h[0].outcome.times[h[0].onset]))
    step = _step_seconds(chosen.outcome)
    begin = chosen.onset - round(lead / step)
    last = max(
        a.last for a in chosen.outcome.events.alerts if a.entity == chosen.entity and begin <= a.last < chosen.onset
    )
    return _case("hit", chosen.outcome, chosen.entity, begin, (begin, last), (chosen.onset, chosen.end))


def _miss(every: Sequence[_Episode], tracks: Tracks) -> Case | None:
    """The longest episode that no horizon announced, of an entity that was there to be watched for a horizon before.

    Decisive is the highest probability that the longest horizon gave within that time.
    """
    told = {_key(e) for e in every if e.lead_seconds is not None}
    untold = sorted((e for e in every if _key(e) not in told), key=lambda e: (e.onset - e.end, _key(e)))
    for missed in untold:
        same = [e for e in untold if _key(e) == _key(missed)]
        chosen = max(same, key=lambda e: e.outcome.outcome.horizon_seconds)
        horizon = round(chosen.outcome.outcome.horizon_seconds / _step_seconds(chosen.outcome))
        before = tracks(chosen.outcome).probability[max(0, chosen.onset - horizon) : chosen.onset, chosen.entity]
        if len(before) and np.isfinite(before).mean() > 0.5:
            decisive = chosen.onset - len(before) + int(np.nanargmax(before))
            return _case("miss", chosen.outcome, chosen.entity, decisive, None, (chosen.onset, chosen.end))
    return None


def _false_alarm(outcomes: Sequence[JudgedOutcome], tracks: Tracks) -> Case | None:
    """The false alarm with the highest probability, the longest of those."""
    best: tuple[tuple[float, int], JudgedOutcome, Alert, int] | None = None
    for one in outcomes:
        wrong = [a for a in one.events.alerts if a.verdict == "false_alarm"]
        probability: FloatArray = tracks(one).probability if wrong else np.zeros((0, 0))
        for alert in wrong:
            said = probability[alert.begin : alert.last + 1, alert.entity]
            peak = int(np.nanargmax(said))
            rank = (float(said[peak]), alert.last - alert.begin)
            if best is None or rank > best[0]:
                best = (rank, one, alert, alert.begin + peak)
    if best is None:
        return None
    _, one, alert, decisive = best
    return _case("false_alarm", one, alert.entity, decisive, (alert.begin, alert.last), None)


def _case(
    name: CaseName,
    one: JudgedOutcome,
    position: int,
    decisive: int,
    alert: tuple[int, int] | None,
    episode: tuple[int, int] | None,
) -> Case:
    step = _step_seconds(one)
    first = min(decisive, alert[0] if alert else decisive)
    last = max(decisive, alert[1] if alert else decisive, episode[1] if episode else decisive)
    longest = round(LONGEST_SECONDS / step)
    start = max(0, first - round(BEFORE_SECONDS / step), decisive - longest * 2 // 3)
    end = min(len(one.times) - 1, last + round(AFTER_SECONDS / step), start + longest)
    onset, recovery = episode or (None, None)
    return Case(name, one, position, decisive, start, end, alert, onset, recovery)


def _step_seconds(one: JudgedOutcome) -> float:
    return float(one.times[1] - one.times[0]) if len(one.times) > 1 else 1.0


def _key(episode: _Episode) -> tuple[Kind, str, int, int]:
    return episode.outcome.kind, episode.outcome.outcome.issue, episode.entity, episode.onset
