"""Judge training as a user would: on some days of a pretend cluster that was written without a look at the emitter.

Usage: python -m benchmarks.elsewhere [--seed 1] [--train-days 4] [--days 4] [--estimator auto]

Other physics, other faults and other harmless episodes than those of `kip-emitter`, by which the settings were chosen.
Thirty pods on four nodes have seventeen faults and as many look-alikes a day, some five times as many as those of
`kip-emitter` at their natural rates: a few days are all that is learned from.
Records the cluster below build/elsewhere unless it is there, trains with the default settings on its first days,
replays what would have been published in the days after, and prints what `python -m benchmarks.holdout` prints.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from benchmarks.elsewhere.recording import record
from benchmarks.holdout import made
from benchmarks.holdout.published import load
from benchmarks.holdout.tables import print_all
from benchmarks.holdout.trial import Trial, judged
from demo.processes import ROOT, Processes, binary
from demo.training import STEP_SECONDS, TRAINING_END, history_server

FOLDER: Final = ROOT / "build" / "elsewhere"


def main(arguments: Sequence[str] | None = None) -> int:
    """Record, train, replay, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.elsewhere", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--train-days", type=float, default=4.0)
    parser.add_argument("--days", type=float, default=4.0)
    parser.add_argument("--estimator", default="auto")
    chosen = parser.parse_args(arguments)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with Processes(FOLDER) as processes:
        later = recorded(processes, chosen.seed, chosen.train_days, chosen.days)
        earlier = replace(later, start=later.start - chosen.train_days * made.DAY, end=later.start)
        name = f"{chosen.seed}-{chosen.train_days:g}-{chosen.estimator}"
        model, output = FOLDER / f"model-{name}", FOLDER / f"{name}-{chosen.days:g}.parquet"
        made.trainer("train", earlier, model, "--estimator", chosen.estimator)
        made.trainer("replay", later, model, "--output.file", str(output))
        published = load(output, STEP_SECONDS)
        trial = Trial(later.truth, judged(published, published), later.url)
        print_all(f"elsewhere, seed {chosen.seed}, {chosen.estimator}", [trial], whole=True)
    return 0


def recorded(processes: Processes, seed: int, train_days: float, days: float) -> made.History:
    """The days that are judged, behind a Prometheus that has those of training too."""
    begin, middle = TRAINING_END - (train_days + days) * made.DAY, TRAINING_END - days * made.DAY
    directory: Path = FOLDER / f"{seed}-{train_days + days:g}d"
    if not (directory / "truth.json").exists():
        print(f"elsewhere: recording {directory.name}", flush=True)
        shutil.rmtree(directory, ignore_errors=True)  # what an interrupted run has left
        record(directory, seed, begin, TRAINING_END, binary("promtool"))
    truth = json.loads((directory / "truth.json").read_text(encoding="utf-8"))
    _, url = history_server(processes, directory)
    return made.History(url, middle, TRAINING_END, truth)


if __name__ == "__main__":
    sys.exit(main())
