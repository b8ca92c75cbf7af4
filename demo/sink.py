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

KEPT: Final = 1_000
MAX_BODY_BYTES: Final = 4 * 2**20


class Sink(ThreadingHTTPServer):
    """POST / takes a notification, GET /notifications gives all, GET /-/healthy says 200."""

    daemon_threads = True

    def __init__(self, host: str, port: int) -> None:
        super().__init__((host, port), _Handler)
        self.notifications: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self.lock = threading.Lock()

    def take(self, body: bytes) -> None:
        """Remember and print one notification. Raises ValueError when it is not JSON."""
        document = json.loads(body)
        if not isinstance(document, dict):
            raise ValueError("a notification is a JSON object")  # noqa: TRY004 - the caller answers 400 for ValueError
        with self.lock:
            self.notifications.append({"received_at": time.time(), **document})
        for alert in document.get("alerts", []):
            labels, notes = alert.get("labels", {}), alert.get("annotations", {})
            line = f"{alert.get('status', '?'):8} {labels.get('alertname', '?')}: {notes.get('summary', '')}"
            sys.stdout.write(line + "\n")
        sys.stdout.flush()


class _Handler(BaseHTTPRequestHandler):
    server: Sink

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAX_BODY_BYTES:
            self._answer(413, b"too large\n")
            return
        try:
            self.server.take(self.rfile.read(length))
        except ValueError as error:
            self._answer(400, f"{error}\n".encode())
        else:
            self._answer(200, b"")

    def do_GET(self) -> None:
        if self.path == "/notifications":
            with self.server.lock:
                body = json.dumps(list(self.server.notifications)).encode()
            self._answer(200, body, "application/json")
        elif self.path == "/-/healthy":
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
