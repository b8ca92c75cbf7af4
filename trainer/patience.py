"""Patience: one slow answer does not lose an hour of reading."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from predictor.catalogue import Catalogue
from predictor.reader import PrometheusOverloaded, PrometheusTimeout, PrometheusUnavailable, Reader
from predictor.series import Reading

PAUSES_SECONDS: Final = (5.0, 30.0, 120.0)
"""A moment's overload, a restart, a long replay of the write-ahead log."""

log = structlog.get_logger()


class Patient:
    """A reader that asks again after a timeout, a lost connection or 503, once it has had an answer.

    Before the first answer it fails at once: a wrong address does not become right by waiting.
    """

    def __init__(
        self,
        reader: Reader,
        pauses_seconds: Sequence[float] = PAUSES_SECONDS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._reader = reader
        self._pauses = pauses_seconds
        self._sleep = sleep
        self._answered = False

    def read(self, catalogue: Catalogue, start: float, end: float, step_seconds: float) -> Reading:
        """What the reader reads. Raises ReadError, the last one where it asked several times."""
        for pause in self._pauses if self._answered else ():
            try:
                return self._reader.read(catalogue, start, end, step_seconds)
            except (PrometheusTimeout, PrometheusUnavailable, PrometheusOverloaded) as error:
                log.warning("asking again", why=str(error), after_seconds=pause)
                self._sleep(pause)
        found = self._reader.read(catalogue, start, end, step_seconds)
        self._answered = True
        return found
