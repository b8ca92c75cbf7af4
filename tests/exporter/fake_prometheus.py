"""A Prometheus on a real socket that answers range queries from a small table, and can misbehave on purpose."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Value = Callable[[float], float | str | None]
"""The sample at a moment: a number, the text Prometheus would write, or None where there is none."""

Answer = tuple[int, str, bytes]
"""Status, content type and body."""


@dataclass
class FakePrometheus:
    """What the server knows and how it behaves; tests change both while it runs.

    table: series by the PromQL that returns them. misbehave: gives the answer in place of the table's, or None for
    the table's own. hang: while set, queries wait for `released` and are then answered with nothing.
    accepted: the Accept-Encoding of each query.
    """

    table: dict[str, list[tuple[Mapping[str, str], Value]]] = field(default_factory=dict)
    misbehave: Callable[[str], Answer | None] | None = None
    hang: bool = False
    released: threading.Event = field(default_factory=threading.Event)
    asked: list[tuple[str, float, float]] = field(default_factory=list)
    accepted: list[str | None] = field(default_factory=list)
    url: str = ""

    def answer(self, query: str, start: float, end: float, step: float) -> Answer:
        """What a client gets."""
        self.asked.append((query, start, end))
        if self.hang:
            self.released.wait(60)
            return 503, "text/plain", b"released"
        wrong = self.misbehave(query) if self.misbehave else None
        if wrong is not None:
            return wrong
        times = [start + i * step for i in range(round((end - start) / step) + 1)]
        result = [
            {"metric": dict(labels), "values": values}
            for labels, value in self.table.get(query, [])
            if (values := [[t, str(v)] for t in times if (v := value(t)) is not None])
        ]
        return 200, "application/json", success(result)


def success(result: Any) -> bytes:
    """The body of a good answer."""
    document = {"status": "success", "data": {"resultType": "matrix", "result": result}}
    return json.dumps(document).encode()


def always(value: float | str) -> Value:
    """The same value at every moment."""
    return lambda _: value


@contextmanager
def serving(fake: FakePrometheus) -> Iterator[FakePrometheus]:
    """Serve on a free loopback port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parameters = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            fake.accepted.append(self.headers["Accept-Encoding"])
            moments = (float(parameters[name]) for name in ("start", "end", "step"))
            status, content_type, body = fake.answer(parameters["query"], *moments)
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class names it so
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Clients that hang up early are part of the tests."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield fake
    finally:
        fake.released.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
