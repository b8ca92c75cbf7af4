"""Window: the last steps of every signal, the one live state behind predictions; all else can be computed from it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from predictor.entities import Kind
from predictor.panel import Panel, joined

SETTLING_SECONDS: Final = 60.0
"""Samples carry the time a scrape began but arrive when it ends, and cAdvisor's are older still: the last minute of
the window is read again, so that features see what history will show."""


class Window:
    """The last `reach_steps` steps, as one panel per kind of entity.

    panels: empty before the first read, afterwards reach_steps long. Entities without any sample or issue in the whole
    window are not in it.
    """

    def __init__(self, reach_steps: int, step_seconds: float) -> None:
        self._reach_steps = reach_steps
        self._step_seconds = step_seconds
        self.panels: Mapping[Kind, Panel] = {}

    @property
    def end(self) -> float | None:
        """Unix seconds of the last step held, None before the first read."""
        return next((float(panel.times[-1]) for panel in self.panels.values()), None)

    def holds(self, time: float) -> bool:
        """Whether the step at that time, or a later one, is here already."""
        return self.end is not None and time < self.end + self._step_seconds / 2

    def first_to_read(self, time: float) -> float:
        """The first step to read so that the window can end at `time`.

        It is the first of the newest steps held that may still change, so that missed ticks are filled as well; where
        the gap is as long as the window, the window's own first step.
        """
        first = time - (self._reach_steps - 1) * self._step_seconds
        settling = math.ceil(SETTLING_SECONDS / self._step_seconds)
        return first if self.end is None else max(first, self.end - (settling - 1) * self._step_seconds)

    def extended(self, news: Mapping[Kind, Panel]) -> dict[Kind, Panel]:
        """The window's panels with the steps just read, cut to their last reach_steps; the window stays as it is.

        news: panels that begin at the step `first_to_read` named; what they bring replaces what was held.
        """
        return {kind: self._extended(self.panels.get(kind), new) for kind, new in news.items()}

    def keep(self, panels: Mapping[Kind, Panel]) -> None:
        """Hold these panels from now on: called only when everything that a tick does with them went well."""
        self.panels = panels

    def _extended(self, held: Panel | None, new: Panel) -> Panel:
        if held is None or len(new.times) >= self._reach_steps:
            return joined([new])
        overlap = round((held.times[-1] - new.times[0]) / self._step_seconds) + 1
        surplus = len(held.times) - overlap + len(new.times) - self._reach_steps
        return joined([held.steps(max(0, surplus), len(held.times) - overlap), new])
