"""Trial: one history of a holdout cluster, what was said of it, and what happened; several can be judged as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.holdout.published import Key, Published
from benchmarks.holdout.told import Judged
from trainer.events import EventFigures


@dataclass(frozen=True)
class Trial:
    """truth: of truth.json. url: of the Prometheus that still serves the history."""

    truth: Mapping[str, Any]
    judged: Judged
    url: str


@dataclass(frozen=True)
class Counted:
    """Events of one outcome over several histories."""

    episodes: int
    recalled: int
    false_alarms: int
    entity_days: float

    @property
    def false_alarms_per_entity_day(self) -> float | None:
        """None where no time was judged."""
        return self.false_alarms / self.entity_days if self.entity_days else None


def judged(published: Mapping[Key, Published], whole: Mapping[Key, Published]) -> Judged:
    """Each outcome's episodes and alerts; what really happened is what the whole replay saw."""
    return {key: (one, one.events(one.aligned(whole[key]))) for key, one in published.items() if key in whole}


def keys(trials: Sequence[Trial]) -> tuple[Key, ...]:
    """Every outcome that any history has, in the order of the first."""
    return tuple(dict.fromkeys(key for one in trials for key in one.judged))


def counted(trials: Sequence[Trial], key: Key) -> Counted:
    """The events of one outcome, all histories together."""
    several: list[EventFigures] = [one.judged[key][1].figures for one in trials if key in one.judged]
    return Counted(
        sum(f.episodes for f in several),
        sum(f.recalled for f in several),
        sum(f.false_alarms for f in several),
        sum(f.entity_days for f in several),
    )
