"""Sample: rows thinned by strata whenever they become too many; which are left depends on the rows alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zlib import crc32

import numpy as np

from predictor.entities import Entity
from predictor.panel import FloatArray

IntArray = np.ndarray[Any, np.dtype[np.int64]]
Arrays = tuple[np.ndarray[Any, Any], ...]


class Sample:
    """Rows of several aligned arrays. A stratum with too many keeps those whose draw is below a share of 1/2, 1/4, …

    most: the rows that each stratum may have.
    """

    def __init__(self, most: Sequence[int]) -> None:
        self._most = tuple(most)
        self.shares = [1.0] * len(self._most)
        """How many of a stratum's rows are still there."""
        self._parts: list[list[Arrays]] = [[] for _ in self._most]

    def add(self, stratum: IntArray, draw: FloatArray, *arrays: np.ndarray[Any, Any]) -> None:
        """Take in rows. stratum, draw and each of the arrays: (rows, …)."""
        for number, most in enumerate(self._most):
            chosen = (stratum == number) & (draw < self.shares[number])
            parts = self._parts[number]
            parts.append(tuple(a[chosen] for a in (draw, *arrays)))
            while sum(len(part[0]) for part in parts) > most:
                self.shares[number] /= 2
                parts[:] = [tuple(a[part[0] < self.shares[number]] for a in part) for part in parts]

    def rows(self) -> Arrays:
        """The arrays of all rows kept, stratum by stratum, each in the order they came; before them how many rows each
        stands for.
        """
        parts = [
            (np.full(len(part[0]), 1.0 / share), *part[1:])
            for share, several in zip(self.shares, self._parts, strict=True)
            for part in several
        ]
        return tuple(np.concatenate(columns) for columns in zip(*parts, strict=True))


def draws(entities: tuple[Entity, ...], entity: IntArray, number: IntArray) -> FloatArray:
    """(rows,): a number in [0, 1) from each row's entity and number alone, so that chunks and neighbours do not matter.

    Source: the finaliser of SplitMix64, https://doi.org/10.1145/2714064.2660195
    """
    name = np.array([crc32("/".join(one).encode()) for one in entities], dtype=np.uint64)
    mixed = (name[entity] << np.uint64(32)) ^ number.astype(np.uint64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return np.asarray((mixed ^ (mixed >> np.uint64(31))).astype(np.float64) / 2.0**64)
