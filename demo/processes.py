"""Real processes: started, awaited with a deadline, and always ended."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final

from demo import signals
from demo.loopback import answers, environment

ROOT: Final = Path(__file__).resolve().parent.parent
END_SECONDS: Final = 8.0
"""SIGTERM gives all processes together this long before SIGKILL; ours promise five seconds."""


class ProcessError(Exception):
    """One line that says which process failed, and where its output lies."""


def binary(name: str) -> str:
    """The path of a server: build/bin first, which `make setup` fills, then PATH. Raises ProcessError."""
    path = ROOT / "build" / "bin" / name
    found = str(path) if path.exists() else shutil.which(name)
    if found is None:
        raise ProcessError(
            f"no {name} in build/bin or on PATH; run make setup, or use the Docker way: docker compose up"
        )
    return found


def ours(command: str) -> list[str]:
    """How to start kip-exporter, kip-trainer or kip-emitter of this very environment, or one of our modules."""
    script = Path(sys.executable).with_name(command)
    return [str(script)] if script.exists() else [sys.executable, "-m", command]


class Processes:
    """Every process that was started, in order; all are ended, at once, when the block is left.

    Neither Ctrl-C twice nor a closed terminal cuts that short, and where Linux can, they end with us even when we are
    killed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: list[tuple[str, subprocess.Popen[bytes]]] = []
        folder.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Processes:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with signals.ignored():
            _end([process for _, process in reversed(self._running)])
            self._running.clear()

    def log_file(self, name: str) -> Path:
        """Where the output of a process goes."""
        return self._folder / f"{name}.log"

    def start(self, name: str, command: Sequence[str], cwd: Path | None = None) -> subprocess.Popen[bytes]:
        """Start a process in a session of its own, so that Ctrl-C reaches us first and not it; its log begins anew."""
        with self.log_file(name).open("wb") as output, signals.postponed():
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=cwd or ROOT,
                env=environment(),
                start_new_session=True,
                preexec_fn=signals.end_with_parent(),
            )
            self._running.append((name, process))
        return process

    def end(self, process: subprocess.Popen[bytes]) -> int:
        """End one process now; its exit code."""
        with signals.postponed():
            _end([process])
            self._forget(process)
        return process.returncode

    def run(self, name: str, command: Sequence[str]) -> None:
        """Run a command to its end, its output into the log. Raises ProcessError with its last line."""
        process = self.start(name, command)
        code = process.wait()
        self._forget(process)
        if code:
            raise ProcessError(f"{name} ended with code {code}: {self.last_line(name)} (see {self.log_file(name)})")

    def last_line(self, name: str) -> str:
        """The last line a process wrote, for messages."""
        lines = self.log_file(name).read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it wrote nothing"

    def check(self) -> None:
        """Raises ProcessError when any process has ended by itself."""
        for name, process in self._running:
            if process.poll() is not None:
                code = process.returncode
                raise ProcessError(f"{name} ended with code {code}: {self.last_line(name)} (see {self.log_file(name)})")

    def await_url(self, url: str, seconds: float) -> None:
        """Wait until the URL answers 200. Raises ProcessError when it does not, or a process ends meanwhile."""
        self.await_that(lambda: answers(url), f"{url} to answer", seconds)

    def await_that(self, condition: Callable[[], bool], what: str, seconds: float) -> None:
        """Poll until the condition holds. Raises ProcessError at the deadline, or when a process ends meanwhile."""
        deadline = time.monotonic() + seconds
        while not condition():
            self.check()
            if time.monotonic() > deadline:
                raise ProcessError(f"waited {seconds:.0f} s for {what}; see the logs in {self._folder}")
            time.sleep(0.2)

    def _forget(self, process: subprocess.Popen[bytes]) -> None:
        self._running = [(name, one) for name, one in self._running if one is not process]


def _end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """SIGTERM to all of them, then one deadline for all, then SIGKILL to the rest."""
    deadline = time.monotonic() + END_SECONDS
    for process in processes:
        _signal_group(process, signal.SIGTERM)
    for process in processes:
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, deadline - time.monotonic()))
    for process in processes:
        _signal_group(process, signal.SIGKILL)
        process.wait()


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """A process we have waited for is left alone: its number may be another's by now."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
