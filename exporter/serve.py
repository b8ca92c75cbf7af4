"""Serve: the process. It starts things in the order in which they can fail, waits for signals, and ends quickly."""

from __future__ import annotations

import platform
import signal
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from queue import SimpleQueue
from time import time
from types import FrameType
from typing import Final

import structlog
import uvicorn
from prometheus_client import ProcessCollector
from starlette.applications import Starlette

from commandline.ending import end_now
from exporter.address import bound
from exporter.reload import ModelSource
from exporter.schedule import Schedule
from exporter.settings import ServeSettings
from exporter.telemetry import Telemetry
from exporter.tick import Limits, Live
from exporter.web import application
from predictor.reader import PrometheusReader

log = structlog.get_logger()

# Together well below the five seconds in which the process promises to end.
DRAIN_SECONDS: Final = 1
JOIN_SECONDS: Final = 3.0


@dataclass(frozen=True)
class Warmed:
    """The first window is read, or it could not be."""

    error: Exception | None


Event = signal.Signals | Warmed


class WebServer:
    """uvicorn in a thread of its own, so that signals stay ours."""

    def __init__(self, app: Starlette, listening: socket.socket) -> None:
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            server_header=False,
            timeout_graceful_shutdown=DRAIN_SECONDS,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([listening],), name="web", daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> bool:
        """Answer no more; False when a request would not end."""
        self._server.should_exit = True
        self._thread.join(JOIN_SECONDS)
        return not self._thread.is_alive()


def run(settings: ServeSettings) -> int:
    """Serve until SIGTERM or SIGINT. Raises ArtifactError, CatalogueError, LimitsError, ListenError or ReadError."""
    events: SimpleQueue[Event] = SimpleQueue()
    _queue_signals(events)
    source = ModelSource.of(settings)
    model, manifest = source.load()
    live = _live(settings, source.limits)
    schedule = Schedule(live.tick, live.skipped)

    def begin() -> None:
        in_use = live.published.served.model if live.published else model
        schedule.start(time(), in_use.step_seconds, settings.read_delay)

    def reload() -> str:
        line = source.replace(live)
        if not line:
            begin()  # another model may have another step
        return line

    listening = bound(settings.web_listen_address)
    app = application(live, reload, lifecycle=settings.web_enable_lifecycle, runbooks=settings.runbooks_url)
    web = WebServer(app, listening)
    web.start()
    log.info("listening", address="{}:{}".format(*listening.getsockname()[:2]), model=manifest.fingerprint)
    _in_background(lambda: events.put(Warmed(_failure_of(lambda: live.adopt(model, manifest)))))
    try:
        _handle(events, begin, reload)
    finally:
        schedule.stop()
        drained = web.stop()
    if live.busy or not drained:
        end_now(0)
    return 0


def _live(settings: ServeSettings, limits: Limits) -> Live:
    telemetry = Telemetry(
        {"version": version("kubernetes-issue-predictor"), "python_version": platform.python_version()}
    )
    ProcessCollector(registry=telemetry.registry)
    reader = PrometheusReader(settings.prometheus_url, settings.prometheus_timeout)
    return Live(reader, limits, telemetry, time)


def _handle(events: SimpleQueue[Event], begin: Callable[[], None], reload: Callable[[], str]) -> None:
    """Act on what happens until a signal ends it; raises what the first read raised."""
    while True:
        match events.get():
            case Warmed(error=None):
                begin()
            case Warmed(error=Exception() as error):
                raise error
            case signal.SIGHUP:
                _in_background(reload)
            case signal.Signals() as ending:
                log.info("ending", signal=ending.name)
                return


def _queue_signals(events: SimpleQueue[Event]) -> None:
    def put(number: int, _frame: FrameType | None) -> None:
        events.put(signal.Signals(number))  # SimpleQueue.put may be called from a handler

    for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(one, put)


def _in_background(work: Callable[[], object]) -> None:
    threading.Thread(target=work, daemon=True).start()


def _failure_of(work: Callable[[], None]) -> Exception | None:
    try:
        work()
    except Exception as error:  # noqa: BLE001  # handed over whole to the main thread, which raises it
        return error
    return None
