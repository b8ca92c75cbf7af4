"""Server: the pods on loopback, under the paths of a kubelet and of kube-state-metrics, read anew at each scrape."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from benchmarks.kernel.exposition import Pod, cadvisor, kube_state

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
PATHS: Final = {"/metrics/cadvisor": cadvisor, "/metrics/kube-state-metrics": kube_state}


@contextmanager
def serving(seen: Callable[[], list[Pod]], port: int) -> Iterator[str]:
    """Within the block host:port answers scrapes."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            render = PATHS.get(self.path)
            if render is None:
                self.send_error(404)
                return
            body = render(seen()).encode()
            self.send_response(200)
            self.send_header("Content-Type", CONTENT_TYPE)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Scrapes are no news."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
