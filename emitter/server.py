"""The live cluster over HTTP."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

from commandline.times import rfc3339
from emitter.live import Live
from emitter.simulation import Arguments
from emitter.sources import SOURCES

TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"
VERSION: Final = "0.1.0"
log = structlog.get_logger()


class ServerError(Exception):
    """One line: why the server could not start."""


class SelfMetrics:
    """The emitter about itself; nothing here tells what is arranged."""

    def __init__(self, live: Live) -> None:
        self.live = live
        self.registry = CollectorRegistry()
        build = Gauge("kip_emitter_build_info", "Version; the value is always 1.", ["version"], registry=self.registry)
        build.labels(VERSION).set(1)
        moment = Gauge(
            "kip_emitter_simulated_timestamp_seconds", "Grid moment whose state is shown.", registry=self.registry
        )
        moment.set_function(lambda: live.frame_time)
        duration = Gauge(
            "kip_emitter_step_duration_seconds", "Seconds the last simulated step took.", registry=self.registry
        )
        duration.set_function(lambda: live.step_duration_seconds)
        self.scrapes = Counter(
            "kip_emitter_scrapes", "Scrapes answered, by source.", ["source"], registry=self.registry
        )
        for name in SOURCES:
            self.scrapes.labels(name)

    def text(self) -> str:
        """The exposition; client-side creation times are left out, as the text format has none."""
        lines = generate_latest(self.registry).decode().splitlines(keepends=True)
        return "".join(line for line in lines if "_created" not in line)


def pages(live: Live, metrics: SelfMetrics) -> dict[str, Callable[[], tuple[str, str]]]:
    """Content type and body by path."""

    def source(name: str) -> Callable[[], tuple[str, str]]:
        def render() -> tuple[str, str]:
            live.catch_up()
            metrics.scrapes.labels(name).inc()
            return TEXT, live.render(name)

        return render

    links = "".join(f'<li><a href="{p}">{p}</a></li>' for p in _paths())
    landing = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>kip-emitter</title></head><body>'
        f"<h1>Pretend Kubernetes cluster</h1><p>Made for tests and demonstrations.</p><ul>{links}</ul></body></html>\n"
    )
    return {
        **{f"/metrics/{name}": source(name) for name in SOURCES},
        "/metrics": lambda: (TEXT, metrics.text()),
        "/truth.json": lambda: ("application/json", json.dumps(live.truth, indent=1) + "\n"),
        "/-/healthy": lambda: ("text/plain; charset=utf-8", "kip-emitter is healthy.\n"),
        "/": lambda: ("text/html; charset=utf-8", landing),
    }


def _paths() -> list[str]:
    return [*(f"/metrics/{name}" for name in SOURCES), "/metrics", "/truth.json", "/-/healthy"]


def handler(routes: dict[str, Callable[[], tuple[str, str]]]) -> type[BaseHTTPRequestHandler]:
    """A request handler that answers GET and HEAD on the given paths."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60

        def do_GET(self) -> None:
            route = routes.get(self.path.partition("?")[0])
            if route is None:
                self._answer(404, "text/plain; charset=utf-8", "There is nothing here.\n")
            else:
                self._answer(200, *route())

        do_HEAD = do_GET  # noqa: N815  # the name that http.server looks for

        def _answer(self, status: int, content_type: str, body: str) -> None:
            payload = body.encode()
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(payload)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # http.server's own signature
            log.debug("request", line=format % args)

    return Handler


class Server(ThreadingHTTPServer):
    """Threads end with the process: a scraper's kept-alive connection must not hold it up."""

    daemon_threads = True
    block_on_close = False


def serve(arguments: Arguments, host: str, port: int) -> None:
    """Catch up, then answer until SIGTERM or SIGINT. Raises ServerError when the address is taken."""
    live = Live(arguments)
    try:
        server = Server((host, port), handler(pages(live, SelfMetrics(live))))
    except OSError as error:
        raise ServerError(f"cannot listen on {host}:{port}: {error.strerror}") from error
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    log.info(
        "emitter ready",
        address=f"{host}:{server.server_address[1]}",
        scenario=arguments.scenario,
        simulated_from=rfc3339(arguments.start),
    )
    while not stop.wait(1.0):
        live.catch_up()
    server.shutdown()
    server.server_close()
    log.info("emitter stopped")
