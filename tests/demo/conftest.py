"""What tests of the demo share: a sink that listens."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from demo.sink import Sink


@pytest.fixture
def sink() -> Iterator[Sink]:
    server = Sink("127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()
