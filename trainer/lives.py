"""Lives: when each entity came and when it went, as far as a record can tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from predictor.panel import BoolArray
from predictor.waits import AWAY_SECONDS
from trainer.outcomes import MERGE_SECONDS

IntArray = np.ndarray[Any, np.dtype[np.intp]]

LONG_AGO: Final = -(10**12)
"""A step before all others."""


@dataclass(frozen=True)
class Lives:
    """Sorted by entity and time; all (lives,).

    entity: whose it is. first: its first step. end: the step after its last one, that after the record's last where it
    may still be there. seen: whether somebody saw it come. steps: of the record.
    """

    entity: IntArray
    first: IntArray
    end: IntArray
    seen: BoolArray
    steps: int

    def at(self, entity: IntArray, step: IntArray) -> tuple[IntArray, IntArray]:
        """End and coming of the life that each entity had at a step. Without any: the record's end.

        Whom nobody saw come came LONG_AGO. entity, step: of one shape, as are both that are returned.
        """
        if not len(self.entity):
            return np.full(entity.shape, self.steps), np.full(entity.shape, LONG_AGO)
        keys = self.entity * self.steps + self.first
        position = np.maximum(np.searchsorted(keys, entity * self.steps + step, side="right") - 1, 0)
        own = self.entity[position] == entity
        came = np.where(own & self.seen[position], self.first[position], LONG_AGO)
        return np.where(own, self.end[position], self.steps), came


def lives(there: BoolArray, step_seconds: float) -> Lives:
    """All lives in a record. there: (steps, entities).

    Who is there as the record begins, or as an outage ends, may have been there for long. Who was away for at most
    AWAY_SECONDS is the same as before, and who is missing in the last MERGE_SECONDS has not left yet.
    """
    steps = len(there)
    edges = np.diff(np.pad(there, ((1, 1), (0, 0))).astype(np.int8), axis=0).T
    (entity, first), (_, end) = np.nonzero(edges == 1), np.nonzero(edges == -1)
    apart = (np.diff(entity) != 0) | (first[1:] - end[:-1] > AWAY_SECONDS / step_seconds + 1e-9)
    begins, ends = np.append(True, apart)[: len(first)], np.append(apart, True)[: len(end)]
    entity, first, end = entity[begins], first[begins], end[ends]
    end = np.where(end >= steps - round(MERGE_SECONDS / step_seconds), steps, end)
    seen = (first > 0) & np.asarray(there.any(axis=1))[first - 1] if steps else first > 0
    return Lives(entity, first, end, seen, steps)
