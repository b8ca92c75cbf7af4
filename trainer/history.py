"""History: weeks of panels, read in chunks so that memory does not grow with them."""

from __future__ import annotations

import re
import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Final, Protocol

from commandline.times import on_grid, rfc3339
from predictor import features
from predictor.catalogue import Catalogue
from predictor.panel import joined
from predictor.reader import Reader
from predictor.series import Reading

# 40 pods x 1,000 steps are a few MB per signal.
CHUNK_STEPS: Final = 1_000


PROBES: Final = (100, 10)
"""Grid points of the first looks at a long history, the second between two of the first: exact to 0.1 % of it."""

_SUBQUERY: Final = re.compile(r"\[\s*\w+\s*:\s*\w*\s*\]")


class HistoryError(Exception):
    """One line that says why there is nothing to learn from."""


@dataclass(frozen=True)
class Stretch:
    """A stretch of the grid, both ends included, in Unix seconds."""

    start: float
    end: float
    step_seconds: float

    @property
    def steps(self) -> int:
        """Grid points in the span."""
        return round((self.end - self.start) / self.step_seconds) + 1

    def meets(self, start: float, end: float) -> bool:
        """Whether a part of it lies between two moments, both included."""
        return self.start <= end and self.end >= start


class Chunks(Protocol):
    """A history that can be gone through several times; each chunk is its own stretch and a reading, see `chunks`."""

    def __iter__(self) -> Iterator[tuple[Stretch, Reading]]:
        """All of it, in time order. Raises ReadError, HistoryError."""
        ...

    def between(self, start: float, end: float) -> Iterator[tuple[Stretch, Reading]]:
        """The chunks that have a grid point from start to end, Unix seconds. Raises ReadError, HistoryError."""
        ...


def stretch(start: float, end: float, step_seconds: float) -> Stretch:
    """The grid points from start to end. Raises HistoryError when there is none."""
    first, last = -on_grid(-start, step_seconds), on_grid(end, step_seconds)
    if last < first:
        raise HistoryError(f"--end {rfc3339(end)} is before --start {rfc3339(start)}")
    return Stretch(first, last, step_seconds)


def trimmed(reader: Reader, catalogue: Catalogue, when: Stretch) -> Stretch:
    """The part of the stretch from the first moment at which Prometheus has anything.

    A young server asked for two weeks has hours; splitting the empty two weeks would leave nothing to fit on. Raises
    HistoryError when there is nothing at all, ReadError when it cannot be read.
    """
    catalogue = _plain(catalogue)
    found = _beginning(reader, catalogue, when, PROBES[0])
    if found is None:
        raise HistoryError(
            f"Prometheus has no series of the catalogue between {rfc3339(when.start)} and {rfc3339(when.end)}; check "
            "its targets, its retention and --catalogue.variable, which says what its jobs and nodes are called"
        )
    if found.steps > 1:
        found = _beginning(reader, catalogue, found, PROBES[1]) or found
    return Stretch(found.start, when.end, when.step_seconds)


def _plain(catalogue: Catalogue) -> Catalogue:
    """The signals that a coarse look at a long time is cheap for.

    Prometheus evaluates a subquery at all of its own steps between the first and the last that are asked for, however
    few these are: a month of a rule with [5m:30s] takes minutes.
    """
    plain = tuple(one for one in catalogue.signals if not _SUBQUERY.search(catalogue.promql(one.promql)))
    return catalogue.model_copy(update={"signals": plain or catalogue.signals, "rules": ()})


def _beginning(reader: Reader, catalogue: Catalogue, when: Stretch, probes: int) -> Stretch | None:
    """From the last probe that found nothing to the first that found something; None where none did."""
    coarse = max(1, when.steps // probes) * when.step_seconds
    found = reader.read(catalogue, when.start, when.end, coarse)
    seen = [float(p.times[p.present.any(axis=1)][0]) for p in found.panels.values() if p.present.any()]
    return Stretch(max(when.start, min(seen) - coarse), min(seen), when.step_seconds) if seen else None


def chunks(
    reader: Reader, catalogue: Catalogue, when: Stretch, ahead_steps: int = 0
) -> Iterator[tuple[Stretch, Reading]]:
    """The span in consecutive chunks.

    Each comes as its own span and the reading of that span with a window's run-up before it and `ahead_steps` behind
    it, so that every row of the chunk has its whole window and its outcome. Nothing behind the end of `when` is read:
    it may be the future, or belong to another part of the split. Raises ReadError.
    """
    step = when.step_seconds
    run_up = (features.reach_steps(step) - 1) * step
    start, seen = when.start, None
    while start <= when.end:
        end = min(start + (CHUNK_STEPS - 1) * step, when.end)
        last = min(end + ahead_steps * step, when.end)
        seen = _read_on(reader, catalogue, seen, Stretch(start - run_up, last, step))
        yield Stretch(start, end, step), seen
        start = end + step


def _read_on(reader: Reader, catalogue: Catalogue, seen: Reading | None, when: Stretch) -> Reading:
    """The stretch, of which only what is behind the reading before it is asked for: a sixth of a chunk is in both."""
    if seen is None:
        return reader.read(catalogue, when.start, when.end, when.step_seconds)
    oldest, newest = (float(seen.panels["pod"].times[i]) for i in (0, -1))
    first = round((when.start - oldest) / when.step_seconds)
    panels = {kind: [panel.steps(first)] for kind, panel in seen.panels.items()}
    dropped = 0
    if newest < when.end:
        more = reader.read(catalogue, newest + when.step_seconds, when.end, when.step_seconds)
        dropped = more.dropped
        for kind, panel in more.panels.items():
            panels[kind].append(panel)
    return Reading({kind: joined(several) for kind, several in panels.items()}, dropped)


def read_ahead(source: Iterator[tuple[Stretch, Reading]]) -> Generator[tuple[Stretch, Reading]]:
    """The chunks of the source, each read while whoever asked for the one before works on that.

    What the source raises is raised where its chunk would have come. Who stops early does not wait for what is read.
    """
    wanted: SimpleQueue[bool] = SimpleQueue()
    found: SimpleQueue[tuple[Stretch, Reading] | Exception | None] = SimpleQueue()

    def read() -> None:
        while wanted.get():
            try:
                found.put(next(source, None))
            except Exception as error:  # noqa: BLE001  # handed over whole to whoever asks, which raises it
                found.put(error)

    # A pool's threads are joined when the process ends, and a slow Prometheus is asked again for minutes.
    threading.Thread(target=read, name="reading ahead", daemon=True).start()
    try:
        wanted.put(True)
        while (one := found.get()) is not None:
            if isinstance(one, Exception):
                raise one
            wanted.put(True)
            yield one
    finally:
        wanted.put(False)


def chunk_count(when: Stretch) -> int:
    """How many chunks the span has."""
    return -(-when.steps // CHUNK_STEPS)
