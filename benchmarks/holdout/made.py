"""Made: the histories and the model that the figures come from, each made once and kept below build/holdout."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from demo.processes import ROOT, Processes, ours
from demo.training import STEP_SECONDS, TRAINING_END, Cluster, backfill, history_server
from trainer.thresholds import PER_ENTITY_DAY, PRICE

FOLDER: Final = ROOT / "build" / "holdout"
DAY: Final = 86_400.0

CONCENTRATION: Final = 2.0
"""The training history has seven weeks' faults and look-alikes in half of the time, and twice the default budget of
false alarms: as many for each episode that tempts to one. Its trainer is told that issues are twice as frequent."""

TRAINING: Final = Cluster("train", nodes=12, pods=120, seed=12, episodes_factor=CONCENTRATION)
TRAINING_DAYS: Final = 25.0
ESTIMATOR: Final = "hist_gradient_boosting"
MAX_ROWS: Final = 20_000
HOLDOUT: Final = Cluster("holdout", nodes=6, pods=60, seed=201)
DAYS: Final = 5.0
RUN_UP_DAYS: Final = 3.0
"""Some signals compare with yesterday."""


@dataclass(frozen=True)
class History:
    """A pretend cluster's past behind a running Prometheus; judged from `start` to `end`, Unix seconds."""

    url: str
    start: float
    end: float
    truth: dict[str, Any]


def named(cluster: Cluster, days: float) -> str:
    """A folder for so many days of a cluster, another for any other."""
    concentrated = "" if cluster.episodes_factor == 1.0 else f"-x{cluster.episodes_factor:g}"
    return f"{cluster.scenario}-{cluster.seed}-{cluster.nodes}x{cluster.pods}-{days:g}d{concentrated}"


def history(processes: Processes, cluster: Cluster, days: float, run_up_days: float, folder: Path) -> History:
    """Backfill unless it is there already, and serve. Raises ProcessError."""
    start, end = TRAINING_END - days * DAY, TRAINING_END
    name = named(cluster, days + run_up_days)
    directory = folder / name
    if not (directory / "truth.json").exists():
        _say(f"backfilling {name}")
        backfill(processes, cluster, start - run_up_days * DAY, end, end, directory)
    truth = json.loads((directory / "truth.json").read_text(encoding="utf-8"))
    _, url = history_server(processes, directory)
    return History(url, start, end, truth)


def model_folder() -> Path:
    """Where the model of the training history is kept, another for any other settings, though not for other code."""
    return (
        FOLDER
        / f"model-{named(TRAINING, TRAINING_DAYS)}-{ESTIMATOR}-{MAX_ROWS}-{PER_ENTITY_DAY * CONCENTRATION:g}-{PRICE:g}"
    )


def model(processes: Processes, directory: Path, folder: Path) -> Path:
    """A model of the training history, trained by kip-trainer unless it is there already. Raises ProcessError."""
    if not (directory / "manifest.json").exists():
        past = history(processes, TRAINING, TRAINING_DAYS, 0.0, folder)
        _say("training")
        budget = f"{PER_ENTITY_DAY * CONCENTRATION:g}"
        rates = ("--issues.factor", f"{CONCENTRATION:g}", "--false-alarms.per-entity-day", budget)
        trainer("train", past, directory, *rates, "--estimator", ESTIMATOR, "--max-rows", f"{MAX_ROWS}")
    return directory


def trainer(command: str, past: History, model_dir: Path, *more: str) -> None:
    """One command of kip-trainer over a history. Raises CalledProcessError."""
    base = [*ours("kip-trainer"), command, "--prometheus.url", past.url, "--model.dir", str(model_dir)]
    when = ["--start", f"{past.start:.0f}", "--end", f"{past.end:.0f}"]
    step = ["--step", f"{STEP_SECONDS:g}s"] if command == "train" else []
    subprocess.run([*base, *when, *step, *more], check=True)


def _say(line: str) -> None:
    print(f"holdout: {line}", flush=True)
