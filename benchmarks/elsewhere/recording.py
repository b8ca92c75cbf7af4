"""The cluster's life as Prometheus blocks, with the truth beside them."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.elsewhere.director import Simulation
from benchmarks.elsewhere.exposition import Text
from benchmarks.elsewhere.node_series import write_nodes
from benchmarks.elsewhere.pod_series import write_pods
from benchmarks.elsewhere.state import STEP_SECONDS
from benchmarks.elsewhere.tape import Tape

BLOCK_SECONDS: Final = 7200.0
"""Prometheus' own; promtool reads all of its input for each of them, so it gets one at a time."""

TRUTH: Final = "truth.json"
SCRATCH: Final = "scratch"


class BlockRefused(Exception):
    """promtool did not take a block's text."""


def record(directory: Path, seed: int, start: float, end: float, promtool: str) -> None:
    """Make a TSDB folder of the time from start to before end, and its truth.json.

    A block is made while the next one is simulated. Raises BlockRefused with what promtool says.
    """
    scratch = directory / SCRATCH
    scratch.mkdir(parents=True)
    simulation, maker = Simulation(seed, start, end), Maker(directory, promtool)
    opening = start
    while opening < end:
        closing = min((opening // BLOCK_SECONDS + 1) * BLOCK_SECONDS, end)
        maker.make(lived(simulation, opening, closing))
        opening = closing
    maker.wait()
    shutil.rmtree(scratch)
    truth = {"start": start, "end": end, "step_seconds": STEP_SECONDS, **simulation.director.truth()}
    (directory / TRUTH).write_text(json.dumps(truth, indent=1), encoding="utf-8")


def lived(simulation: Simulation, start: float, end: float) -> Text:
    """The text of all samples from start to before end."""
    tape = Tape()
    for now in np.arange(start, end, STEP_SECONDS).tolist():
        simulation.step(now)
        tape.note(simulation.world, now)
    text = Text(tape.times)
    write_nodes(text, tape)
    write_pods(text, tape, simulation.world.life.identities)
    return text


class Maker:
    """Makes blocks of texts, one behind the caller."""

    def __init__(self, directory: Path, promtool: str) -> None:
        self._directory, self._promtool = directory, promtool
        self._text = directory / SCRATCH / "samples.om"
        self._made = directory / SCRATCH / "made"
        self._running: subprocess.Popen[str] | None = None

    def make(self, text: Text) -> None:
        """Start making a block, once the one before is done."""
        self.wait()
        with self._text.open("w", encoding="utf-8") as file:
            file.writelines(text.parts())
        command = [self._promtool, "tsdb", "create-blocks-from", "openmetrics", str(self._text), str(self._made)]
        self._running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def wait(self) -> None:
        """Let the last block be done and move it to the others."""
        if self._running is None:
            return
        _, complaint = self._running.communicate()
        if self._running.returncode:
            raise BlockRefused(f"promtool ended with {self._running.returncode}: {complaint.strip()}")
        self._running = None
        for block in self._made.iterdir():
            if (block / "meta.json").exists():
                shutil.move(block, self._directory / block.name)
