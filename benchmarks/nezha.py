"""Real pods, real injected faults: train on one recorded day of Nezha OnlineBoutique and detect on the other.

Usage: python benchmarks/nezha.py DATA_DIR CONVERTER [TRANSFER_MODEL_DIR]

DATA_DIR holds faults.csv and masks.csv; CONVERTER writes one day as OpenMetrics (see real_pods.py). The faults are
abrupt and last three minutes, so this judges detection, not lead time. The product's own path is used: each fault's
last moment is written as a firing alert of the user's (`ALERTS`), a catalogue file makes issues of these alerts, and
the model predicts with a horizon of three minutes that one is about to fire. So the rows of the fault itself are what
it learns, and a fault is detected when its pod's probability reaches the threshold within two minutes of the injection.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score

from demo.processes import ROOT, Processes, binary, ours
from demo.training import history_server

DAYS: Final = ("2022-08-22", "2022-08-23")
RATE: Final = ("--catalogue.variable", "rate=130s")
"""Two samples a minute apart are always inside: the shortest rate there is, for faults of three minutes."""

STEP_SECONDS: Final = 30.0
FAULT_SECONDS: Final = 180.0
IN_TIME_SECONDS: Final = 120.0
JITTER_SECONDS: Final = 90.0
"""Clocks of injector and recorder differ by that much: an alert so little early counts as at once."""

WAKE_SECONDS: Final = 900.0
"""After a fault its wake is in every window; alerts there are judged neither right nor false."""

BUDGET: Final = 0.2
ISSUES: Final = {
    "cpu_contention": "resource_exhaustion",
    "cpu_consumed": "resource_exhaustion",
    "network_delay": "network_issue",
}
CATALOGUE: Final = """# Blocks hold no staleness markers, so a range is asked instead of an `alerts:` mapping.
rules:
  - issue: resource_exhaustion
    kind: pod
    description: the user's alert on CPU faults fires
    promql: max by (namespace, pod) (count_over_time(ALERTS{alertname=~"cpu_contention|cpu_consumed"}[45s]))
  - issue: network_issue
    kind: pod
    description: the user's alert on network delay fires
    promql: max by (namespace, pod) (count_over_time(ALERTS{alertname="network_delay"}[45s]))
"""


@dataclass(frozen=True)
class Day:
    """One recorded day behind a running Prometheus."""

    name: str
    url: str
    first: float
    last: float
    faults: pd.DataFrame
    masked: tuple[tuple[float, float], ...]


def main(data: str, converter: str, transfer: str = "") -> int:
    """Both directions, and the transfer if a model is given; prints a table for each."""
    folder = ROOT / "build" / "nezha"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "catalogue.yaml").write_text(CATALOGUE)
    with Processes(folder) as processes:
        one, other = (served(processes, folder, Path(data), converter, name) for name in DAYS)
        for train, test in ((one, other), (other, one)):
            model = learned(folder, train)
            print(f"\ntrained on {train.name}, judged on {test.name}")
            judged(replayed(folder, test, model), test)
        if transfer:
            for test in (one, other):
                print(f"\ntrained on the pretend cluster, judged on {test.name} (horizon 15m)")
                judged(replayed(folder, test, Path(transfer)), test)
    return 0


def served(processes: Processes, folder: Path, data: Path, converter: str, name: str) -> Day:
    """The day's samples and its faults' alerts as blocks, with a Prometheus over them."""
    text = folder / f"{name}.om"
    subprocess.run([sys.executable, converter, "--date", name, "--out", str(text)], check=True, stdout=sys.stderr)
    faults = pd.read_csv(data / "faults.csv")
    faults = faults[faults.date == name]
    masks = pd.read_csv(data / "masks.csv")
    masked = tuple(
        (pd.Timestamp(f"{name} {m.start_utc}Z").timestamp(), pd.Timestamp(f"{name} {m.end_utc}Z").timestamp())
        for m in masks[masks.date == name].itertuples()
    )
    first, last = span(text)
    with_alerts(text, faults)
    blocks = [binary("promtool"), "tsdb", "create-blocks-from", "openmetrics", str(text), str(folder / name)]
    subprocess.run(blocks, check=True, stdout=subprocess.DEVNULL)
    _, url = history_server(processes, folder / name)
    return Day(name, url, first, last, faults, masked)


def span(text: Path) -> tuple[float, float]:
    """First and last timestamp of an OpenMetrics file, Unix seconds, on the grid."""
    with text.open(encoding="utf-8") as lines:
        moments = [float(line.rsplit(" ", 1)[1]) for line in lines if not line.startswith("#")]
    return min(moments) // STEP_SECONDS * STEP_SECONDS, max(moments) // STEP_SECONDS * STEP_SECONDS


def with_alerts(text: Path, faults: pd.DataFrame) -> None:
    """Add to an OpenMetrics file a firing alert from the last moment of every fault on, for a minute."""
    lines = ["# TYPE ALERTS gauge\n"]
    for name, pod, start in zip(faults.type, faults.pod, faults.start, strict=True):
        labels = f'alertname="{name}",alertstate="firing",namespace="hipster",pod="{pod}"'
        moments = np.arange(start + FAULT_SECONDS, start + FAULT_SECONDS + 61, STEP_SECONDS)
        lines += [f"ALERTS{{{labels}}} 1 {moment:.0f}\n" for moment in moments]
    whole = text.read_text(encoding="utf-8").removesuffix("# EOF\n")
    text.write_text(whole + "".join(lines) + "# EOF\n", encoding="utf-8")


def learned(folder: Path, day: Day) -> Path:
    """A model of the part of a day that has faults, and an hour more."""
    model = folder / f"model-{day.name}"
    end = min(day.last, day.faults.end.max() + 3600.0)
    command = [*ours("kip-trainer"), "train", "--prometheus.url", day.url, "--model.dir", str(model), *RATE]
    command += ["--start", f"{day.first:.0f}", "--end", f"{end:.0f}", "--step", f"{STEP_SECONDS:g}s"]
    command += ["--horizons", f"{FAULT_SECONDS:g}s", "--catalogue.file", str(folder / "catalogue.yaml")]
    command += ["--false-alarms.per-entity-day", str(BUDGET)]
    subprocess.run(command, check=True)
    return model


def replayed(folder: Path, day: Day, model: Path) -> pd.DataFrame:
    """What the exporter would have published on a day, for pods."""
    output = folder / f"{model.name}-on-{day.name}.parquet"
    command = [*ours("kip-trainer"), "replay", "--prometheus.url", day.url, "--model.dir", str(model), *RATE]
    command += ["--start", f"{day.first:.0f}", "--end", f"{day.last:.0f}", "--output.file", str(output)]
    subprocess.run(command, check=True)
    rows = pd.read_parquet(output)
    shortest = min(rows.horizon, key=lambda text: pd.Timedelta(text))
    return rows[(rows.kind == "pod") & (rows.horizon == shortest)]


def judged(rows: pd.DataFrame, day: Day) -> None:
    """Print for each fault type how many were detected how soon, and the false alarms of its issue."""
    print("| fault | detected within 2 min | median delay | false alarms per pod-day | PR-AUC |")
    print("|---|---|---|---|---|")
    for name, issue in ISSUES.items():
        own = rows[rows.issue == issue]
        faults = day.faults[day.faults.type == name]
        if not len(own) or not len(faults):
            print(f"| {name} | not predicted by this model | | | |")
            continue
        delays = [delay(own[own.name == f.pod], f.start) for f in faults.itertuples()]
        seen = [d for d in delays if d is not None and d <= IN_TIME_SECONDS]
        median = f"{np.median(seen):.0f} s" if seen else "-"
        rate, quality = false_alarms(own, day), pr_auc(own, day, issue)
        print(f"| {name} | {len(seen)} of {len(delays)} | {median} | {rate:.2f} | {quality:.2f} |")


def delay(own: pd.DataFrame, start: float) -> float | None:
    """Seconds from injection to the first alert of the pod that was not firing before; None without one."""
    firing = own[(own.probability >= own.threshold) & (own.active == 0)].time.to_numpy()
    during = firing[(firing >= start - JITTER_SECONDS) & (firing <= start + FAULT_SECONDS)]
    return max(0.0, float(during[0]) - start) if len(during) else None


def false_alarms(own: pd.DataFrame, day: Day) -> float:
    """Alerts per pod-day that begin while no fault is on anywhere, nor in its wake, nor in a masked span."""
    quiet = own[~_excused(own.time.to_numpy(), day)]
    alerts = 0
    for _, pod in quiet.groupby("name"):
        times = np.sort(pod[pod.probability >= pod.threshold].time.to_numpy())
        alerts += int(len(times) and 1 + (np.diff(times) > 300.0).sum())
    return alerts / (len(quiet) * STEP_SECONDS / 86_400.0)


def pr_auc(own: pd.DataFrame, day: Day, issue: str) -> float:
    """Average precision over rows: those of a fault of the issue on this pod against those of quiet times."""
    came = np.zeros(len(own), dtype=np.bool_)
    time = own.time.to_numpy()
    for fault in day.faults[day.faults.type.map(ISSUES) == issue].itertuples():
        came |= (own.name == fault.pod).to_numpy() & (time >= fault.start) & (time < fault.start + FAULT_SECONDS)
    counts = came | ~_excused(time, day)
    return float(average_precision_score(came[counts], own.probability.to_numpy()[counts]))


def _excused(time: np.ndarray, day: Day) -> np.ndarray:
    spans = [(f.start - JITTER_SECONDS, f.end + WAKE_SECONDS) for f in day.faults.itertuples()]
    excused = np.zeros(len(time), dtype=np.bool_)
    for start, end in (*spans, *day.masked):
        excused |= (time >= start) & (time <= end)
    return excused


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
