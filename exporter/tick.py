"""Tick: the live path. Read, extend the window, ask the model, publish; all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Lock

import structlog

from exporter.exposition import Exposition, Page
from exporter.judge import Judge
from exporter.reasons import top_reasons
from exporter.snapshot import Publishing, Reasoned, Snapshot, taken
from exporter.telemetry import INTERNAL, OVERRUN, Telemetry
from exporter.trace import Traces
from exporter.window import Window
from predictor.artifact import Manifest
from predictor.model import Model
from predictor.reader import Reader, last_grid_point, with_data
from predictor.series import ReadError

log = structlog.get_logger()


@dataclass(frozen=True)
class Limits:
    """How late samples may come, how old predictions may get, and what is shown singly."""

    read_delay_seconds: float
    staleness_steps: int
    publishing: Publishing


@dataclass(frozen=True)
class Served:
    """A model in use, with what belongs to it alone."""

    model: Model
    manifest: Manifest
    window: Window
    exposition: Exposition

    @staticmethod
    def fresh(model: Model, manifest: Manifest) -> Served:
        """The model with an empty window."""
        return Served(model, manifest, Window(model.reach_steps, model.step_seconds), Exposition())


@dataclass(frozen=True)
class Published:
    """What the last good tick found, as data and as text, and what the ones before it said."""

    served: Served
    snapshot: Snapshot
    page: Page
    traces: Traces


class Live:
    """Runs one tick at a time and shows what the last good one published; `published` changes in one assignment."""

    def __init__(self, reader: Reader, limits: Limits, telemetry: Telemetry, clock: Callable[[], float]) -> None:
        self.limits = limits
        self.telemetry = telemetry
        self.clock = clock
        self.published: Published | None = None
        self.last_error = ""
        self._reader = reader
        self._judge = Judge(telemetry)
        self._running = Lock()

    @property
    def busy(self) -> bool:
        """Whether a tick or the first read of a model is running."""
        return self._running.locked()

    def adopt(self, model: Model, manifest: Manifest) -> None:
        """Use this model from now on, from a whole window of history. Raises ReadError and keeps what was there."""
        with self._running:
            self._advance(Served.fresh(model, manifest))
            self.telemetry.adopted(manifest)

    def tick(self) -> None:
        """One step further with the model in use; whatever fails is counted, and the next tick tries again."""
        if not self._running.acquire(blocking=False):
            self.skipped()
            return
        try:
            if self.published is not None:
                self._advance(self.published.served)
        except ReadError as error:
            self._failed(error.reason, error)
        except Exception as error:
            self._failed(INTERNAL, error)
            log.exception("tick broke")
        finally:
            self._running.release()

    def skipped(self) -> None:
        """Count a tick that could not begin because the one before was still running."""
        self.telemetry.failed(OVERRUN)
        log.warning("tick skipped", reason=OVERRUN)

    def fresh(self) -> Published | None:
        """What was published last, unless it is older than the staleness limit."""
        published = self.published
        if published is None or self.clock() - published.snapshot.time > self.stale_after_seconds(published):
            return None
        return published

    def stale_after_seconds(self, published: Published) -> float:
        """The age from which predictions are no longer shown."""
        return self.limits.staleness_steps * published.served.model.step_seconds

    def _advance(self, served: Served) -> None:
        model, window, stage = served.model, served.window, self.telemetry.stage
        time = last_grid_point(self.clock(), model.step_seconds, self.limits.read_delay_seconds)
        if window.holds(time):
            return
        with stage("total") as took:
            with stage("read"):
                start = window.first_to_read(time)
                reading = with_data(self._reader.read(model.catalogue, start, time, model.step_seconds))
                panels = window.extended(reading.panels)
            with stage("predict"):
                predictions = [model.probabilities(panel) for panel in panels.values()]
            with stage("publish"):
                bare = taken(time, panels, predictions, reading.dropped, self.limits.publishing)
                snapshot = replace(bare, reasons=top_reasons(model, panels, bare.forecasts, self._reasons()))
                page = served.exposition.page(snapshot)
        window.keep(panels)
        self.published = Published(served, snapshot, page, self._traces(served).followed_by(snapshot))
        self.last_error = ""
        self.telemetry.succeeded(time)
        self._judge.watch(panels, predictions, model.step_seconds)
        entities = {one.kind: len(one.entities) for one in snapshot.forecasts}
        steps = round((time - start) / model.step_seconds) + 1
        log.info("tick done", time=time, steps=steps, duration_seconds=round(took(), 3), **entities)

    def _reasons(self) -> Reasoned:
        """Those of the last tick."""
        return self.published.snapshot.reasons if self.published else {}

    def _traces(self, served: Served) -> Traces:
        """What this very model said so far: two models' probabilities make no line."""
        return self.published.traces if self.published and self.published.served is served else Traces()

    def _failed(self, reason: str, error: Exception) -> None:
        self.last_error = f"{reason}: {' '.join(str(error).split())}"
        self.telemetry.failed(reason)
        log.warning("tick failed", reason=reason, error=" ".join(str(error).split()))
