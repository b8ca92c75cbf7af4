"""The default model on one day of real pods: what it can see there, and a prediction for each pod at each step.

Usage: python -m benchmarks.real_pods CONVERTER [DAY]

CONVERTER writes one recorded day of the Nezha OnlineBoutique data set (https://github.com/IntelligentDDS/Nezha, MIT) as
OpenMetrics text under the names that a cluster's Prometheus has: `python CONVERTER --date DAY --out FILE`. Samples come
every minute, so rates look back four minutes. Exit code 1 when a pod lacks a prediction at any step.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pandas as pd

from demo.processes import ROOT, Processes, binary, ours
from demo.training import MODEL_DIR, STEP_SECONDS, history_server

RATE: Final = ("--catalogue.variable", "rate=4m")
SETTLED_SECONDS: Final = 1800.0
"""The first half hour fills the first window."""


def main(converter: str, day: str = "2022-08-22") -> int:
    """Convert, backfill, check, replay, count; 0 when every pod has a row at every step."""
    folder = ROOT / "build" / "real-pods"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    text, output = folder / "day.om", folder / "replay.parquet"
    subprocess.run([sys.executable, converter, "--date", day, "--out", str(text)], check=True)
    blocks = [binary("promtool"), "tsdb", "create-blocks-from", "openmetrics", str(text), str(folder / "tsdb")]
    subprocess.run(blocks, check=True, stdout=subprocess.DEVNULL)
    first, last = span(text)
    start, end = first + SETTLED_SECONDS, last
    with Processes(folder) as processes:
        _, url = history_server(processes, folder / "tsdb")
        common = ["--prometheus.url", url, "--model.dir", str(MODEL_DIR), *RATE]
        check = [*ours("kip-exporter"), "check", *common, "--time", f"{last:.0f}"]
        subprocess.run(check, check=True)
        replay = [*ours("kip-trainer"), "replay", *common, "--output.file", str(output)]
        replay += ["--start", f"{start:.0f}", "--end", f"{end:.0f}"]
        subprocess.run(replay, check=True)
    return count(output)


def span(text: Path) -> tuple[float, float]:
    """First and last timestamp of an OpenMetrics file, Unix seconds, on the grid."""
    with text.open(encoding="utf-8") as lines:
        moments = [float(line.rsplit(" ", 1)[1]) for line in lines if not line.startswith("#")]
    return min(moments) // STEP_SECONDS * STEP_SECONDS, max(moments) // STEP_SECONDS * STEP_SECONDS


def count(output: Path) -> int:
    """Print how many pods have how many steps; 1 when they differ."""
    rows = pd.read_parquet(output)
    pods = rows[rows.kind == "pod"]
    steps = rows.time.nunique()
    per_pod = pods.groupby("name").time.nunique()
    print(f"\n{len(rows)} rows; {len(per_pod)} pods, {steps} steps; outcomes: {sorted(set(pods.issue))}")
    print(f"steps with a prediction, by pod: lowest {per_pod.min()}, highest {per_pod.max()}")
    return 0 if (per_pod == steps).all() else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
