"""Do notifications name the true cause? Runs the demo and looks up the top signals of each fault that was foretold.

Usage: python -m benchmarks.leading_signals [--minutes 15] [--seed 11]

The pretend cluster's /truth.json names the metrics that a fault moves first; a signal is a true one when its PromQL
reads one of them. Counted is the first notification about the fault's own entity while the fault is on: which of its
top three signals, as kip_issue_contribution has them when the alert fires, are true ones.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from demo.loopback import fetch
from demo.processes import ROOT, Processes
from demo.stack import DEMO, start_stack
from demo.story import key_of
from demo.training import MODEL_DIR
from predictor import catalogue

FOLDER: Final = ROOT / "build" / "leading-signals"
MINUTES: Final = 15.0
SIGNALS: Final = 3


@dataclass(frozen=True)
class Named:
    """A fault of which somebody was told. signals: the top ones, strongest first. rank: of the first true one, or 0."""

    type: str
    where: str
    issue: str
    signals: tuple[str, ...]
    rank: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the loop, then compare; 1 when fewer than nine in ten were named."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.leading_signals", description=__doc__)
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--seed", type=int, default=DEMO.seed)
    chosen = parser.parse_args(arguments)
    shutil.rmtree(FOLDER, ignore_errors=True)
    with Processes(FOLDER) as processes:
        stack = start_stack(processes, FOLDER, replace(DEMO, seed=chosen.seed))
        stack.start_exporter(MODEL_DIR)
        end = time.monotonic() + chosen.minutes * 60
        while time.monotonic() < end:
            processes.check()
            time.sleep(5)
        truth = fetch(f"{stack.urls['emitter']}/truth.json")
        notifications = fetch(f"{stack.urls['sink']}/notifications")
        if truth is None or notifications is None:
            raise SystemExit("leading-signals: the pretend cluster or the sink does not answer any more")
        templates = {one.name: one.promql for one in catalogue.default().signals}
        found = [
            Named(
                fault["type"],
                "/".join(fault["entity"].values()),
                alert["labels"]["issue"],
                signals := top_signals(stack.urls["prometheus"], alert),
                rank_of_true(signals, fault["leading_signals"], templates),
            )
            for fault, alert in first_alerts(truth["faults"], notifications)
        ]
    return show(found)


def first_alerts(
    faults: Iterable[Mapping[str, Any]], notifications: Iterable[Mapping[str, Any]]
) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Each fault with the first firing prediction about its entity and its issue that fired while it was on."""
    alerts = [
        alert
        for notification in notifications
        for alert in notification["alerts"]
        if alert["status"] == "firing" and alert["labels"].get("state") == "predicted"
    ]
    alerts.sort(key=lambda alert: unix(alert["startsAt"]))
    pairs = []
    for fault in faults:
        for alert in alerts:
            key = key_of(alert["labels"])
            own = key is not None and (key.kind, key.issue) == (fault["kind"], fault["issue"])
            same = key is not None and [part for part in (key.namespace, key.name) if part] == list(
                fault["entity"].values()
            )
            if own and same and fault["start"] <= unix(alert["startsAt"]) <= (fault["end"] or float("inf")):
                pairs.append((fault, alert))
                break
    return pairs


def top_signals(prometheus: str, alert: Mapping[str, Any]) -> tuple[str, ...]:
    """The signals that kip_issue_contribution gives for the alert's probability when it fired, strongest first."""
    names = ("issue", "horizon", "kind", "namespace", "pod", "node", "service")
    own = ",".join(f'{name}="{alert["labels"][name]}"' for name in names if name in alert["labels"])
    query = quote(f"kip_issue_contribution{{{own}}}")
    answer = fetch(f"{prometheus}/api/v1/query?query={query}&time={unix(alert['startsAt']):.3f}")
    series = answer["data"]["result"] if answer else []
    series.sort(key=lambda one: -float(one["value"][1]))
    return tuple(one["metric"]["signal"] for one in series[:SIGNALS])


def rank_of_true(signals: Sequence[str], leading: Sequence[str], templates: Mapping[str, str]) -> int:
    """From 1: the first signal whose PromQL reads one of the leading metrics; 0 when none does."""
    for rank, signal in enumerate(signals, 1):
        if any(metric in templates[signal] for metric in leading):
            return rank
    return 0


def show(found: Sequence[Named]) -> int:
    """Print a line for each fault and one for all."""
    print("| fault | where | issue | top signals | first true one |")
    print("|---|---|---|---|---|")
    for one in sorted(found, key=lambda one: (one.type, one.where)):
        print(f"| {one.type} | {one.where} | {one.issue} | {', '.join(one.signals)} | {one.rank or 'none'} |")
    named = sum(one.rank > 0 for one in found)
    print(f"\n{named} of {len(found)} notifications named a true leading signal among their top {SIGNALS}")
    return 0 if found and named >= 0.9 * len(found) else 1


def unix(moment: str) -> float:
    """Unix seconds of an RFC 3339 time as Alertmanager writes it, whose fraction may have any number of digits."""
    whole, _, rest = moment.rstrip("Z").partition(".")
    digits = "".join(c for c in rest if c.isdigit())
    return datetime.fromisoformat(f"{whole}+00:00").timestamp() + (float(f"0.{digits}") if digits else 0.0)


if __name__ == "__main__":
    sys.exit(main())
