"""The notification sink: receives what Alertmanager sends to a webhook, prints it, and remembers the last ones."""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

KEPT: Final = 1_000
MAX_BODY_BYTES: Final = 4 * 2**20


class Sink(ThreadingHTTPServer):
    """POST / takes a notification, GET /notifications?after=N gives those after number N, GET /-/healthy says 200.

    Without `after` it gives all that are kept. Numbers count from 1 and go on where older notifications were dropped.
    """

    daemon_threads = True

    def __init__(self, host: str, port: int) -> None:
        super().__init__((host, port), _Handler)
        self._notifications: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._last_number = 0
        self._lock = threading.Lock()

    def take(self, body: bytes) -> None:
        """Remember and print one notification. Raises ValueError when it is not one."""
        document = _notification(body)
        with self._lock:
            self._last_number += 1
            self._notifications.append({**document, "received_at": time.time(), "number": self._last_number})
        for alert in document["alerts"]:
            labels, notes = alert.get("labels", {}), alert.get("annotations", {})
            line = f"{alert.get('status', '?'):8} {labels.get('alertname', '?')}: {notes.get('summary', '')}"
            sys.stdout.write(line + "\n")
        sys.stdout.flush()

    def after(self, number: int) -> list[dict[str, Any]]:
        """The kept notifications with a higher number, oldest first."""
        with self._lock:
            return [one for one in self._notifications if one["number"] > number]


class _Handler(BaseHTTPRequestHandler):
    server: Sink

    def do_POST(self) -> None:
        try:
            length = _whole(self.headers.get("Content-Length") or "0", "Content-Length")
            if length > MAX_BODY_BYTES:
                self._answer(413, f"more than {MAX_BODY_BYTES} bytes\n".encode())
                return
            self.server.take(self.rfile.read(length))
        except ValueError as error:
            self._answer(400, f"{error}\n".encode())
        else:
            self._answer(200, b"")

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path == "/notifications":
            try:
                number = _whole(parse_qs(url.query).get("after", ["0"])[0], "after")
            except ValueError as error:
                self._answer(400, f"{error}\n".encode())
            else:
                self._answer(200, json.dumps(self.server.after(number)).encode(), "application/json")
        elif url.path == "/-/healthy":
            self._answer(200, b"ok\n")
        else:
            self._answer(404, b"POST notifications to /, read them at /notifications\n")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Requests are not news; notifications are, and `take` prints them."""

    def _answer(self, status: int, body: bytes, content_type: str = "text/plain; charset=utf-8") -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _notification(body: bytes) -> dict[str, Any]:
    """What Alertmanager's webhook sends: an object with a list of alerts. Raises ValueError."""
    document = json.loads(body)
    alerts = document.get("alerts") if isinstance(document, dict) else None
    if not isinstance(alerts, list) or not all(isinstance(alert, dict) for alert in alerts):
        raise ValueError('a notification is a JSON object whose "alerts" are a list of objects')
    return dict(document)


def _whole(text: str, name: str) -> int:
    if not text.isdecimal():
        raise ValueError(f"{name} must be a whole number, not {text!r}")
    return int(text)


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m demo.sink", description=__doc__)
    parser.add_argument("--web.listen-address", dest="address", default=":9094", help="host:port (default :9094)")
    host, _, port = parser.parse_args(arguments).address.rpartition(":")
    server = Sink(host.strip("[]") or "0.0.0.0", int(port))
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


if __name__ == "__main__":
    main()
