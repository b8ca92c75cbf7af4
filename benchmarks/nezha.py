"""Real pods, real injected faults: train on one recorded day of Nezha OnlineBoutique and detect on the other.

Usage: python -m benchmarks.nezha DATA_DIR CONVERTER [TRANSFER_MODEL_DIR]

DATA_DIR holds faults.csv and masks.csv; CONVERTER writes one day as OpenMetrics (see real_pods.py). The faults are
abrupt and last three minutes, so this judges detection, not lead time. The product's own path is used: each fault's
last moment is written as a firing alert of the user's (`ALERTS`), a catalogue file (nezha.yaml) makes issues of these
alerts, and the model predicts with a horizon of two minutes that one is about to fire. So the rows of the fault
itself are what it learns. Masked spans hold faults that nobody wrote down: they are taken out of the history that
trains, and not judged. Everything is done twice, the second time without any signal of memory, since the injector
itself takes some MiB that could give it away.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import yaml

from benchmarks.detection import ENTRY, FAULT_SECONDS, HEAD, ISSUES, STEP_SECONDS, Detection, Faults, judged
from demo.processes import ROOT, Processes, binary, ours
from demo.training import history_server
from predictor import catalogue

RATE: Final = ("--catalogue.variable", "rate=130s")
"""Two samples a minute apart are always inside: the shortest rate there is, for faults of three minutes."""

HORIZON_SECONDS: Final = 120.0
"""Rows of a fault's last two minutes are what is learned: in its first one no sample of it has come yet."""

FIRING_SECONDS: Final = 60.0
"""Longer would teach that the wake of a fault is one: what lies in an active issue counts as having it."""

BUDGET: Final = 2.0
"""False alarms per entity-day. A day that trains has a fault every nine minutes, whose wakes and effects on other pods
count as false alarms there; the figure that matters is that of quiet hours on the day that was not trained on."""

ESTIMATOR: Final = "extra_trees"
"""The candidate with least variance: a day has a handful of faults of each type, too few to choose by."""

MEMORY: Final = "memory"
OVERLAY: Final = Path(__file__).with_suffix(".yaml")


@dataclass(frozen=True)
class Day:
    """One recorded day behind two running servers: as it was, and without its masked spans."""

    name: str
    url: str
    unmasked_url: str
    first: float
    last: float
    faults: Faults


def main(data: str, converter: str, transfer: str = "") -> int:
    """Every direction with and without memory, and the transfer if a model is given; prints a table for each."""
    folder = ROOT / "build" / "nezha"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    names = sorted(pd.read_csv(Path(data) / "faults.csv").date.unique())
    with Processes(folder) as processes:
        days = [served(processes, folder, Path(data), converter, name) for name in names]
        for overlay in (OVERLAY, without_memory(folder)):
            found = []
            for train, test in permutations(days, 2):
                model = learned(folder, train, overlay)
                found += shown(f"trained on {train.name}, judged on {test.name}", replayed(folder, test, model), test)
            print(f"\n{overlay.stem}, all directions: {total(found)}")
        for test in days if transfer else ():
            shown(
                f"trained on the pretend cluster, judged on {test.name}", replayed(folder, test, Path(transfer)), test
            )
    return 0


def without_memory(folder: Path) -> Path:
    """The catalogue file less every signal of memory."""
    document = yaml.safe_load(OVERLAY.read_text(encoding="utf-8"))
    names = [s.name for s in catalogue.load(OVERLAY, {}).signals if MEMORY in s.name]
    path = folder / "nezha-without-memory.yaml"
    path.write_text(yaml.safe_dump({**document, "drop": names}), encoding="utf-8")
    return path


def served(processes: Processes, folder: Path, data: Path, converter: str, name: str) -> Day:
    """The day's samples and its faults' alerts as blocks, with a Prometheus over them."""
    text, cut = folder / f"{name}.om", folder / f"{name}-unmasked.om"
    command = [sys.executable, converter, "--repo", str(data), "--date", name, "--out", str(text), "--edges"]
    subprocess.run(command, check=True, stdout=sys.stderr)
    masks = pd.read_csv(data / "masks.csv")
    masked = tuple(
        (pd.Timestamp(f"{name} {m.start_utc}Z").timestamp(), pd.Timestamp(f"{name} {m.end_utc}Z").timestamp())
        for m in masks[masks.date == name].itertuples()
    )
    table = pd.read_csv(f"{text}.faults.csv")
    with_alerts(text, table)
    first, last = span(text)
    copied(text, cut, lambda moment: not any(start <= moment <= end for start, end in masked))
    urls = [server(processes, folder, one) for one in (text, cut)]
    return Day(name, urls[0], urls[1], first, last, Faults(table, masked))


def server(processes: Processes, folder: Path, text: Path) -> str:
    """The URL of a Prometheus over an OpenMetrics file."""
    blocks = [binary("promtool"), "tsdb", "create-blocks-from", "openmetrics", str(text), str(folder / text.stem)]
    subprocess.run(blocks, check=True, stdout=subprocess.DEVNULL)
    return history_server(processes, folder / text.stem)[1]


def span(text: Path) -> tuple[float, float]:
    """First and last timestamp of an OpenMetrics file, Unix seconds, on the grid."""
    with text.open(encoding="utf-8") as lines:
        moments = [float(line.rsplit(" ", 1)[1]) for line in lines if not line.startswith("#")]
    return min(moments) // STEP_SECONDS * STEP_SECONDS, max(moments) // STEP_SECONDS * STEP_SECONDS


def with_alerts(text: Path, faults: pd.DataFrame) -> None:
    """Add to an OpenMetrics file a firing alert from the last moment of every fault on."""
    lines = ["# TYPE ALERTS gauge\n"]
    for name, namespace, pod, start in faults[["type", "namespace", "pod", "start"]].itertuples(index=False):
        entity = f'service="{ENTRY}"' if ISSUES[str(name)] == "service_disruption" else f'pod="{pod}"'
        labels = f'alertname="{name}",alertstate="firing",namespace="{namespace}",{entity}'
        end = float(str(start)) + FAULT_SECONDS
        moments = np.arange(end, end + FIRING_SECONDS + 1, STEP_SECONDS)
        lines += [f"ALERTS{{{labels}}} 1 {moment:.0f}\n" for moment in moments]
    whole = text.read_text(encoding="utf-8").removesuffix("# EOF\n")
    text.write_text(whole + "".join(lines) + "# EOF\n", encoding="utf-8")


def copied(text: Path, copy: Path, wanted: Callable[[float], bool]) -> None:
    """Write the lines whose moment is wanted, and all comments."""
    with text.open(encoding="utf-8") as lines, copy.open("w", encoding="utf-8") as kept:
        kept.writelines(line for line in lines if line.startswith("#") or wanted(float(line.rsplit(" ", 1)[1])))


def learned(folder: Path, day: Day, overlay: Path) -> Path:
    """A model of a day."""
    model = folder / f"{overlay.stem}-{day.name}"
    command = [*ours("kip-trainer"), "train", "--prometheus.url", day.unmasked_url, "--model.dir", str(model), *RATE]
    command += ["--start", f"{day.first:.0f}", "--end", f"{day.last:.0f}", "--step", f"{STEP_SECONDS:g}s"]
    command += ["--horizons", f"{HORIZON_SECONDS:g}s", "--catalogue.file", str(overlay)]
    command += ["--false-alarms.per-entity-day", str(BUDGET), "--false-alarms.price", "0", "--estimator", ESTIMATOR]
    subprocess.run(command, check=True)
    return model


def replayed(folder: Path, day: Day, model: Path) -> pd.DataFrame:
    """What the exporter would have published on a day, at the model's shortest horizon."""
    output = folder / f"{model.name}-on-{day.name}.parquet"
    command = [*ours("kip-trainer"), "replay", "--prometheus.url", day.url, "--model.dir", str(model), *RATE]
    command += ["--start", f"{day.first:.0f}", "--end", f"{day.last:.0f}", "--output.file", str(output)]
    subprocess.run(command, check=True)
    rows = pd.read_parquet(output)
    shortest = min(rows.horizon, key=lambda text: pd.Timedelta(text))
    kind = np.where(rows.issue == "service_disruption", "service", "pod")
    wanted: pd.DataFrame = rows.loc[(rows.kind == kind) & (rows.horizon == shortest)]
    return wanted


def shown(title: str, rows: pd.DataFrame, day: Day) -> list[Detection]:
    """Print the table of one model on one day; its figures."""
    found = judged(rows, day.faults)
    print(f"\n{title} (horizon {', '.join(sorted(set(rows.horizon)))})\n\n{HEAD}")
    for one in found:
        print(one.line)
    for name in sorted(set(ISSUES) - {one.name for one in found}):
        print(f"| {name} | not predicted by this model | | | | | | |")
    sys.stdout.flush()
    return found


def total(found: list[Detection]) -> str:
    """Both types of CPU fault over all directions: what the goal is about."""
    cpu = [one for one in found if ISSUES[one.name] == "resource_exhaustion"]
    seen, every = sum(one.in_time for one in cpu), sum(len(one.delays) for one in cpu)
    once = [one for one in cpu if one.name == "cpu_contention"]  # one issue, so both types share its alarms
    alarms, days = sum(one.false_alarms for one in once), sum(one.quiet_days for one in once)
    return (
        f"CPU faults detected within 2 min {seen} of {every} ({seen / max(every, 1):.1%}), "
        f"{alarms} false alarms in {days:.1f} quiet pod-days ({alarms / max(days, 1e-9):.2f} a pod-day)"
    )


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
