"""History as a TSDB directory: simulate, write one OpenMetrics file per aligned two hours, let promtool make blocks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import structlog
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from emitter.recorder import Block, Recorder, write
from emitter.simulation import Arguments, Simulation

BLOCK_SECONDS: Final = 7_200.0
"""promtool re-reads its whole input for each block of two hours, so each block gets its own input."""

WORKERS: Final = 2
GARBAGE_PERCENT: Final = "800"
"""Go's collector for promtool: a sixth less time for some hundred megabytes more."""

PENDING_BLOCKS: Final = 3
"""Blocks held in memory while the workers are busy."""

log = structlog.get_logger()


class BackfillError(Exception):
    """One line: what keeps the history from being written."""


@dataclass(frozen=True, slots=True)
class Result:
    """What was written."""

    samples: int
    blocks: int
    seconds: float


def backfill(arguments: Arguments, end: float, directory: Path) -> Result:
    """Write [start, end] into the directory, truth.json beside the blocks.

    Raises BackfillError when promtool is missing or fails, or when the directory holds something else.
    """
    promtool = find_promtool()
    began = time.monotonic()
    _claim(directory)
    work = directory / ".backfill"
    work.mkdir()
    try:
        simulation = Simulation(arguments)
        samples, blocks = _write_blocks(simulation, end, directory, work, promtool)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    (directory / "truth.json").write_text(json.dumps(simulation.truth(), indent=1) + "\n", encoding="utf-8")
    return Result(samples, blocks, time.monotonic() - began)


def find_promtool() -> str:
    """The path of promtool. Raises BackfillError when there is none."""
    path = shutil.which("promtool")
    if path is None:
        raise BackfillError("promtool is not on PATH; it comes with Prometheus (Debian: package prometheus)")
    return path


def _claim(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        foreign = sorted(p.name for p in directory.iterdir())
    except OSError as error:
        raise BackfillError(f"cannot use output directory {directory}: {error.strerror}") from error
    if foreign:
        raise BackfillError(f"output directory {directory} is not empty (it holds {foreign[0]}); choose another")


def _write_blocks(simulation: Simulation, end: float, directory: Path, work: Path, promtool: str) -> tuple[int, int]:
    recorder = Recorder()
    waiting: deque[Future[int]] = deque()
    samples = blocks = 0
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("fork")) as pool, _progress() as advance:
        start = simulation.now
        while True:
            recorder.sample(simulation.world)
            following = simulation.now + simulation.arguments.step_seconds
            last = following > end
            if last or following // BLOCK_SECONDS != simulation.now // BLOCK_SECONDS:
                waiting.append(pool.submit(_make_block, recorder.block(), blocks, directory, work, promtool))
                blocks += 1
                advance((simulation.now - start) / max(end - start, 1.0))
            while waiting and (last or len(waiting) >= PENDING_BLOCKS):
                samples += _result(pool, waiting)
            if last:
                return samples, blocks
            simulation.step()


def _result(pool: ProcessPoolExecutor, waiting: deque[Future[int]]) -> int:
    """Samples of the oldest block; after a failure the blocks that wait are not begun."""
    try:
        return waiting.popleft().result()
    except BackfillError:
        pool.shutdown(wait=True, cancel_futures=True)
        raise


def _make_block(block: Block, number: int, directory: Path, work: Path, promtool: str) -> int:
    """Runs in a worker: text, then promtool, then the finished block moves into place."""
    place = work / f"{number:05d}"
    place.mkdir()
    source = place / "samples.om"
    with source.open("w", encoding="ascii", buffering=1 << 20) as file:
        samples = write(block, file)
    made = place / "blocks"
    command = [promtool, "tsdb", "create-blocks-from", "openmetrics", str(source), str(made)]
    environment = {"GOGC": GARBAGE_PERCENT, **os.environ}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode != 0:
        reason = (done.stderr or done.stdout).strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        raise BackfillError(f"promtool could not make a block: {reason[0]}")
    for one in sorted(made.iterdir()):
        one.rename(directory / one.name)
    shutil.rmtree(place)
    return samples


class _progress:  # noqa: N801  # reads as a statement: with _progress() as advance
    """A bar on a terminal, silence elsewhere."""

    def __enter__(self) -> Callable[[float], None]:
        self.bar = Progress(
            TextColumn("backfill"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"), TimeElapsedColumn(),
            TimeRemainingColumn(), disable=not sys.stderr.isatty(), transient=True,
        )  # fmt: skip
        self.bar.start()
        task = self.bar.add_task("backfill", total=1.0)
        return lambda part: self.bar.update(task, completed=part)

    def __exit__(self, *_: object) -> None:
        self.bar.stop()
