"""The exporter as a process, as its users run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests

COMMAND = (sys.executable, "-c", "from exporter.cli import main; main()")
DEADLINE_SECONDS = 60.0


def environment(**variables: str) -> dict[str, str]:
    """This process' environment without KIP_ variables, and those given."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("KIP_")}
    return clean | variables


def completed(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The exporter's command, run until it ends by itself."""
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        env=environment(**variables),
        check=False,
    )


def until(what: str, condition: Callable[[], Any]) -> Any:
    """Poll until the condition gives something true. Fails at a deadline with what was waited for."""
    end = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"waited {DEADLINE_SECONDS:g} s in vain for {what}")


@dataclass
class Exporter:
    """A running exporter and the lines it logged."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def logged(self, event: str) -> dict[str, Any] | None:
        """The last logged line with that event."""
        for line in reversed(list(self.lines)):
            if line.startswith("{"):
                document: dict[str, Any] = json.loads(line)
                if document.get("event") == event:
                    return document
        return None

    @property
    def url(self) -> str:
        """Where it listens."""
        line = until("the exporter to listen", lambda: self.logged("listening") or self.process.poll() is not None)
        assert isinstance(line, dict), "".join(self.lines)
        return f"http://{line['address']}"

    def get(self, path: str, **headers: str) -> requests.Response:
        """An answer of the exporter."""
        return requests.get(self.url + path, headers=headers, timeout=10)

    def is_ready(self) -> bool:
        """Whether /-/ready says so."""
        return self.get("/-/ready").status_code == 200


@contextmanager
def running(*arguments: str, **variables: str) -> Iterator[Exporter]:
    """An exporter on a free loopback port; it is ended whatever happens."""
    process = subprocess.Popen(
        [*COMMAND, "serve", "--web.listen-address", "127.0.0.1:0", "--log.format", "json", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(**variables),
    )
    exporter = Exporter(process)
    assert process.stderr is not None
    reading = threading.Thread(target=exporter.lines.extend, args=(process.stderr,), daemon=True)
    reading.start()
    try:
        yield exporter
    except BaseException:
        sys.stderr.write("".join(exporter.lines))  # pytest shows it with a failure
        raise
    finally:
        process.kill()
        process.wait(10)
        reading.join(10)
        process.stderr.close()
