"""Do reasons name the true cause? For each fault that an alert foretold, the top signals at the moment it fired.

Usage: python -m benchmarks.leading_signals [--hours 10] [--live MINUTES [--runs N] [--seed 11]]

The pretend cluster's truth.json names the metrics that a fault moves first; a signal is a true one when its PromQL
reads one of them. Counted is the first alert about the fault's own entity and issue while the fault is on. By default a
past of another seed than any model has seen is replayed, and reasons are those that the exporter would have published;
with --live the demo runs for so long, and they are read from the words of the notification that somebody got. --runs
starts it anew as often, each time with another pretend cluster.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from benchmarks.default_model import UNSEEN
from benchmarks.holdout.published import load
from demo.loopback import fetch
from demo.processes import ROOT, Processes, ours
from demo.stack import DEMO, start_stack
from demo.training import MODEL_DIR, STEP_SECONDS, TRAINING_END, Cluster, backfill, history_server
from exporter.reasons import top_reasons
from exporter.snapshot import Publishing, taken
from predictor import artifact, catalogue
from predictor.catalogue import Signal
from predictor.entities import KINDS, LABELS, Kind
from predictor.model import Model
from predictor.reader import PrometheusReader, Reader

Alert = Mapping[str, Any]
"""The labels of a prediction that fired, `at`, when it did, in Unix seconds, and `words`, how it was described."""

FOLDER: Final = ROOT / "build" / "leading-signals"
HOURS: Final = 10.0
SIGNALS: Final = 3
EVERYTHING: Final = Publishing(floor=0.0, max_series=1_000_000)


@dataclass(frozen=True)
class Named:
    """A fault of which somebody was told. signals: the top ones, strongest first. rank: of the first true one, or 0."""

    type: str
    where: str
    issue: str
    signals: tuple[str, ...]
    rank: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Replay or run, then compare; 1 when fewer than nine in ten were named."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.leading_signals", description=__doc__)
    parser.add_argument("--hours", type=float, default=HOURS, help="of history to replay")
    parser.add_argument("--live", type=float, default=0.0, metavar="MINUTES", help="run the demo instead")
    parser.add_argument("--seed", type=int, default=DEMO.seed, help="of the first demo's pretend cluster")
    parser.add_argument("--runs", type=int, default=1, help="how often, each with another seed")
    chosen = parser.parse_args(arguments)
    found: list[Named] = []
    for run in range(chosen.runs if chosen.live else 1):
        shutil.rmtree(FOLDER, ignore_errors=True)
        with Processes(FOLDER) as processes:
            cluster = replace(DEMO, seed=chosen.seed + run)
            found += live(processes, cluster, chosen.live) if chosen.live else replayed(processes, chosen.hours)
        print(f"leading-signals: {len(found)} faults after run {run + 1}", flush=True)
    return show(found)


def replayed(processes: Processes, hours: float) -> list[Named]:
    """What the exporter would have named when each alert fired."""
    start, end = TRAINING_END, TRAINING_END + hours * 3600
    backfill(processes, UNSEEN, start, end, end, FOLDER / "tsdb")
    _, url = history_server(processes, FOLDER / "tsdb")
    rows = FOLDER / "replay.parquet"
    command = [*ours("kip-trainer"), "replay", "--prometheus.url", url, "--model.dir", str(MODEL_DIR)]
    times = ["--start", f"{start + 1800:.0f}", "--end", f"{end:.0f}"]
    subprocess.run([*command, *times, "--output.file", str(rows)], check=True)
    alerts = [
        {"issue": issue, "horizon": horizon, "kind": kind, "at": float(one.times[alert.begin])}
        | dict(zip(LABELS[as_kind(kind)], (part for part in one.entities[alert.entity] if part), strict=True))
        for (kind, issue, horizon), one in load(rows, STEP_SECONDS).items()
        for alert in one.events().alerts
    ]
    truth = json.loads((FOLDER / "tsdb" / "truth.json").read_text(encoding="utf-8"))
    model, _ = artifact.load(MODEL_DIR, {})
    reader = PrometheusReader(url, 120.0)
    return named(truth["faults"], alerts, lambda alert: at_the_time(model, reader, alert))


def at_the_time(model: Model, reader: Reader, alert: Alert) -> tuple[str, ...]:
    """The top signals of an alert's probability when it fired, as a tick would have found them."""
    reach = (model.reach_steps - 1) * model.step_seconds
    panels = reader.read(model.catalogue, alert["at"] - reach, alert["at"], model.step_seconds).panels
    predictions = [model.probabilities(panel) for panel in panels.values()]
    forecasts = taken(alert["at"], panels, predictions, 0, EVERYTHING).forecasts
    kind = as_kind(alert["kind"])
    entity = tuple(alert[label] for label in LABELS[kind])
    for (of, who, outcome), reasons in top_reasons(model, panels, forecasts, {}).items():
        if (of, who, outcome.issue, outcome.horizon) == (kind, entity, alert["issue"], alert["horizon"]):
            return tuple(one.reading.signal.name for one in reasons)
    return ()


def live(processes: Processes, cluster: Cluster, minutes: float) -> list[Named]:
    """What the demo's notifications named."""
    stack = start_stack(processes, FOLDER, cluster)
    stack.start_exporter(MODEL_DIR)
    end = time.monotonic() + minutes * 60
    while time.monotonic() < end:
        processes.check()
        time.sleep(5)
    truth = fetch(f"{stack.urls['emitter']}/truth.json")
    notifications = fetch(f"{stack.urls['sink']}/notifications")
    if truth is None or notifications is None:
        raise SystemExit("leading-signals: the pretend cluster or the sink does not answer any more")
    return named(truth["faults"], predictions(notifications), in_words)


def named(
    faults: Iterable[Mapping[str, Any]], alerts: Iterable[Alert], signals_of: Callable[[Alert], tuple[str, ...]]
) -> list[Named]:
    """Each fault that was foretold, with what its first alert named."""
    templates = {one.name: one.promql for one in catalogue.default().signals}
    found = []
    for fault, alert in first_alerts(faults, alerts):
        signals = signals_of(alert)
        rank = rank_of_true(signals, fault["leading_signals"], templates)
        found.append(Named(fault["type"], "/".join(fault["entity"].values()), alert["issue"], signals, rank))
    return found


def first_alerts(faults: Iterable[Mapping[str, Any]], alerts: Iterable[Alert]) -> list[tuple[Mapping[str, Any], Alert]]:
    """Each fault with the first alert about its own entity and issue that fired while it was on."""
    in_order = sorted(alerts, key=lambda alert: alert["at"])
    pairs = []
    for fault in faults:
        own = {"kind": fault["kind"], "issue": fault["issue"], **fault["entity"]}
        end = fault["end"] or float("inf")
        for alert in in_order:
            if own.items() <= alert.items() and fault["start"] <= alert["at"] <= end:
                pairs.append((fault, alert))
                break
    return pairs


def predictions(notifications: Iterable[Mapping[str, Any]]) -> list[Alert]:
    """Every prediction that somebody was told of, notification by notification."""
    return [
        {**alert["labels"], "at": unix(alert["startsAt"]), "words": alert["annotations"]["description"]}
        for notification in notifications
        for alert in notification["alerts"]
        if alert["status"] == "firing" and alert["labels"].get("state") == "predicted"
    ]


def in_words(alert: Alert) -> tuple[str, ...]:
    """The signals that the alert's description names, in its order: those whose phrase a part of it begins with.

    Of two phrases that fit, the longer one is meant: "memory working set {} of its limit", not "memory working set {}".
    """
    signals = catalogue.default().signals_of(as_kind(alert["kind"]))
    _, _, reasons = alert["words"].removesuffix(".").partition(f"within the next {alert['horizon']}: ")
    found = []
    for reason in filter(None, reasons.split("; ")):
        fitting = [one for one in signals if said_by(one).match(reason)]
        if fitting:
            found.append(max(fitting, key=lambda one: len(one.saying)).name)
    return tuple(found)


def said_by(signal: Signal) -> re.Pattern[str]:
    """What a reason looks like that is about the signal: its phrase with some value, and perhaps where that leads."""
    before, _, after = signal.saying.partition("{}")
    return re.compile(rf"{re.escape(before)}[^,]+?{re.escape(after)}(,|$)")


def as_kind(text: str) -> Kind:
    """The kind of that name. Raises KeyError for another."""
    return {kind: kind for kind in KINDS}[text]  # type: ignore[index]  # a file's text is no literal


def rank_of_true(signals: Sequence[str], leading: Sequence[str], templates: Mapping[str, str]) -> int:
    """From 1: the first signal whose PromQL reads one of the leading metrics; 0 when none does."""
    for rank, signal in enumerate(signals, 1):
        if any(metric in templates[signal] for metric in leading):
            return rank
    return 0


def show(found: Sequence[Named]) -> int:
    """Print a line for each fault and one for all."""
    print("\n| fault | where | issue | top signals | first true one |")
    print("|---|---|---|---|---|")
    for one in sorted(found, key=lambda one: (one.type, one.where)):
        print(f"| {one.type} | {one.where} | {one.issue} | {', '.join(one.signals)} | {one.rank or 'none'} |")
    named = sum(one.rank > 0 for one in found)
    print(f"\n{named} of {len(found)} alerts named a true leading signal among their top {SIGNALS}")
    return 0 if found and named >= 0.9 * len(found) else 1


def unix(moment: str) -> float:
    """Unix seconds of an RFC 3339 time as Alertmanager writes it, whose fraction may have any number of digits."""
    whole, _, rest = moment.rstrip("Z").partition(".")
    digits = "".join(c for c in rest if c.isdigit())
    return datetime.fromisoformat(f"{whole}+00:00").timestamp() + (float(f"0.{digits}") if digits else 0.0)


if __name__ == "__main__":
    sys.exit(main())
