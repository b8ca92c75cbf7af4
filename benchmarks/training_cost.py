"""What training costs: time and peak memory over histories of several lengths, and whether twice gives the same bytes.

Usage: python -m benchmarks.training_cost [DAYS …]      default: 3 3 6; equal lengths share a history

Each history is a pretend cluster of 3 nodes and 40 pods behind a real Prometheus, whose memory is not counted; its
answers are waited for. Peak memory is that of the kip-trainer process, as the kernel counted it.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from demo.processes import ROOT, Processes, ours
from demo.training import STEP_SECONDS, TRAINING_END, Cluster, backfill, history_server

CLUSTER: Final = Cluster("train", nodes=3, pods=40, seed=5, episodes_factor=8.0)
FOLDER: Final = ROOT / "build" / "training-cost"
DAY: Final = 86_400.0


def main(days: list[float]) -> int:
    """Train on each history; prints a line for each."""
    print("| days | time | peak memory | model's sha256 |")
    print("|---|---|---|---|")
    for number, length in enumerate(days):
        with Processes(FOLDER) as processes:
            start = TRAINING_END - length * DAY
            history = FOLDER / f"{length:g}d"
            if not (history / "truth.json").exists():
                backfill(processes, CLUSTER, start, TRAINING_END, TRAINING_END, history)
            _, url = history_server(processes, history)
            model = FOLDER / f"model-{number}"
            seconds, peak_bytes = trained(url, start, model)
        digest = json.loads((model / "manifest.json").read_text(encoding="utf-8"))["files"]["model.joblib"]
        print(f"| {length:g} | {seconds:.0f} s | {peak_bytes / 1e9:.2f} GB | {digest[:16]} |", flush=True)
    return 0


def trained(url: str, start: float, model: Path) -> tuple[float, float]:
    """Seconds and peak memory in bytes of one training. Raises SystemExit when it fails."""
    command = [*ours("kip-trainer"), "train", "--prometheus.url", url, "--model.dir", str(model)]
    command += ["--start", f"{start:.0f}", "--end", f"{TRAINING_END:.0f}", "--step", f"{STEP_SECONDS:g}s"]
    # Linux counts a new program from the peak of the process that starts it: a small one of our own does.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as starter:
        status, seconds, peak_bytes = starter.submit(cost, command).result()
    if status:
        raise SystemExit(f"training-cost: kip-trainer ended with status {status}")
    return seconds, peak_bytes


def cost(command: Sequence[str]) -> tuple[int, float, float]:
    """Exit status, seconds and peak memory in bytes of one program, the only child that this process ever had."""
    began = time.monotonic()
    status = subprocess.call(command)
    return status, time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024.0


if __name__ == "__main__":
    sys.exit(main([float(text) for text in sys.argv[1:]] or [3.0, 3.0, 6.0]))
