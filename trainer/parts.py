"""Parts: history in pieces small enough that their features fit in memory, whatever the size of the cluster."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from commandline.memory import give_back
from predictor import features
from predictor.catalogue import Catalogue, Signal
from predictor.entities import Kind
from predictor.features import Rows
from predictor.issues import Outcome
from predictor.panel import Panel
from predictor.series import Reading
from trainer.history import Stretch
from trainer.labels import Labels, labels

ROWS: Final = 40_000
"""Of a part: their features take some hundred MB."""

WORKERS: Final = 2
"""Threads: NumPy and the trees let go of the interpreter while they compute; each one more holds a part more."""

Result = TypeVar("Result")


@dataclass(frozen=True)
class Part:
    """Some steps of one kind, with the labels of their rows.

    panel, seen: of the steps and a window's run-up before them. first: of the part's steps, in grid points since the
    start of history.
    """

    panel: Panel
    signals: tuple[Signal, ...]
    seen: Labels
    first: int
    step_seconds: float

    @property
    def kind(self) -> Kind:
        """Whose steps these are."""
        return self.panel.kind

    @property
    def last(self) -> int:
        """The last of the part's steps, counted as `first`."""
        return self.first + len(self.panel.times) - features.reach_steps(self.step_seconds)

    def within(self, first: int, last: int) -> Part:
        """Those of the part's steps that lie between two grid points since the start of history, both included."""
        begin, end = max(0, first - self.first), min(self.last, last) - self.first + 1
        run_up = features.reach_steps(self.step_seconds) - 1
        at = (begin, end + run_up)
        return replace(self, panel=self.panel.steps(*at), seen=self.seen.steps(*at), first=self.first + begin)

    def rows(self) -> tuple[Rows, Labels]:
        """The features of all rows and what came of each; their steps count from the start of history."""
        found = features.rows(self.panel, self.signals, self.step_seconds)
        run_up = features.reach_steps(self.step_seconds) - 1
        return replace(found, step=found.step + self.first), self.seen.rows(run_up + found.step, found.entity)


def parts(
    history: Iterable[tuple[Stretch, Reading]],
    catalogue: Catalogue,
    when: Stretch,
    wanted: Mapping[Kind, tuple[Outcome, ...]],
) -> Iterator[Part]:
    """Every part of each kind for which outcomes are wanted."""
    run_up = features.reach_steps(when.step_seconds) - 1
    for chunk, reading in history:
        give_back()  # what the parts of the chunk before were computed with
        offset = round((chunk.start - when.start) / when.step_seconds)
        for kind, outcomes in wanted.items():
            panel = reading.panels[kind]
            if not (panel.entities and panel.signals and outcomes):
                continue
            seen = labels(panel, outcomes, when.step_seconds)
            size = max(1, ROWS // len(panel.entities))
            for begin in range(0, chunk.steps, size):
                end = min(begin + size, chunk.steps) + run_up
                yield Part(
                    panel.steps(begin, end),
                    catalogue.signals_of(kind),
                    seen.steps(begin, end),
                    offset + begin,
                    when.step_seconds,
                )


def each(several: Iterable[Part], work: Callable[[Part], Result]) -> Iterator[tuple[Part, Result]]:
    """The parts and what `work` makes of each, in their order, while the next are read or worked on.

    At most WORKERS parts are under way. What reading or `work` raise is raised here, once that has ended.
    """
    with ThreadPoolExecutor(WORKERS) as pool:
        under_way: deque[tuple[Part, Future[Result]]] = deque()
        for part in several:
            under_way.append((part, pool.submit(work, part)))
            if len(under_way) >= WORKERS:
                first, result = under_way.popleft()
                yield first, result.result()
        for first, result in under_way:
            yield first, result.result()
