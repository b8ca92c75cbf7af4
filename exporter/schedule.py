"""Schedule: ticks on the grid, one after the other, however long they take."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from apscheduler.events import EVENT_JOB_MAX_INSTANCES
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

# A timer that fires a hair early would still see the grid point before.
MARGIN_SECONDS: Final = 0.05


def first_tick(now: float, step_seconds: float, delay_seconds: float) -> float:
    """When the next grid point's samples will have arrived: after now, at most one step later."""
    phase = delay_seconds + MARGIN_SECONDS
    return ((now - phase) // step_seconds + 1) * step_seconds + phase


class Schedule:
    """Calls a function once per step; calls that were missed become one, and none begins while one runs."""

    def __init__(self, tick: Callable[[], None], skipped: Callable[[], None]) -> None:
        """tick: what to call; it must not raise. skipped: called instead while a tick is still running."""
        logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a skipped tick is counted and logged by us
        self._tick = tick
        self._scheduler: Any = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(max_workers=1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone=UTC,
        )
        self._scheduler.add_listener(lambda _: skipped(), EVENT_JOB_MAX_INSTANCES)

    def start(self, now: float, step_seconds: float, delay_seconds: float) -> None:
        """Begin with the next grid point, or go over to another step."""
        begin = datetime.fromtimestamp(first_tick(now, step_seconds, delay_seconds), UTC)
        trigger = IntervalTrigger(seconds=step_seconds, start_date=begin, timezone=UTC)
        self._scheduler.add_job(self._tick, trigger, id="tick", replace_existing=True)
        if not self._scheduler.running:
            self._scheduler.start()

    def stop(self) -> None:
        """Begin no more ticks; one that runs is not waited for."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
