"""Judge a model on a pretend cluster with workloads, shapes and speeds that no training draws.

Usage: python -m benchmarks.holdout [--seed 201] [--days 5] [--model-dir DIR] [--without http,kube_state_metrics,…]

Backfills what is missing below build/holdout, trains unless there is a model, replays what would have been published,
and prints how many faults were foretold, how early, at how many false alarms, what was said against what came, and
which look-alikes were mistaken.
`--without` replays again with every series of a source gone; onsets are those that the full replay saw. From nothing it
takes over two hours on two cores, most of it to make and read the training history, which is kept, as is the model.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from benchmarks.holdout import coincident, made, told
from benchmarks.holdout.published import Key, Published, load
from benchmarks.holdout.told import Judged, Told
from benchmarks.holdout.trusted import Trusted, bands, trusted
from demo.processes import Processes
from demo.training import STEP_SECONDS

RAMPED_SECONDS: Final = 900.0
"""Faults that last at least a quarter of an hour are those that anybody could have foreseen."""

NOWHERE: Final = 'nowhere="x",'
"""A matcher that no series meets."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Make, replay, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.holdout", description=__doc__)
    parser.add_argument("--seed", type=int, default=made.HOLDOUT.seed)
    parser.add_argument("--days", type=float, default=made.DAYS)
    parser.add_argument("--model-dir", type=Path, default=made.model_folder())
    parser.add_argument("--without", default="", help="sources to do without, one after the other")
    chosen = parser.parse_args(arguments)
    with Processes(made.FOLDER) as processes:
        model = made.model(processes, chosen.model_dir, made.FOLDER)
        cluster = replace(made.HOLDOUT, seed=chosen.seed)
        past = made.history(processes, cluster, chosen.days, made.RUN_UP_DAYS, made.FOLDER)
        whole = replayed(past, model, "all sources")
        full = judged(whole, whole)
        print_outcomes(full, trusted(past.truth, full))
        print_bands(full)
        print_told("all sources", past, full)
        for source in filter(None, chosen.without.split(",")):
            variable = ("--catalogue.variable", f"{source}={NOWHERE}")
            print_told(f"without {source}", past, judged(replayed(past, model, f"without {source}", *variable), whole))
    return 0


def replayed(past: made.History, model: Path, name: str, *more: str) -> Mapping[Key, Published]:
    """What the exporter would have published."""
    output = made.FOLDER / f"{name.replace(' ', '-')}.parquet"
    made.trainer("replay", past, model, "--output.file", str(output), *more)
    return load(output, STEP_SECONDS)


def judged(published: Mapping[Key, Published], whole: Mapping[Key, Published]) -> Judged:
    """Each outcome's episodes and alerts; what really happened is what the whole replay saw."""
    return {key: (one, one.events(one.aligned(whole[key]))) for key, one in published.items() if key in whole}


def print_outcomes(found: Judged, worth: Mapping[Key, Trusted]) -> None:
    """A table of all outcomes."""
    print("\n| issue | of | horizon | threshold | episodes foretold | false alarms a day and entity ", end="")
    print("| rows ahead of it | ECE | Brier skill | its ceiling |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for key, (one, events) in found.items():
        (kind, issue, horizon), f, rows = key, events.figures, worth[key]
        print(f"| `{issue}` | {kind} | {horizon} | {one.threshold:.2f} | {f.recalled} of {f.episodes} ", end="")
        print(f"| {_digits(f.false_alarms_per_entity_day)} | {rows.positives} | {_digits(rows.ece)} ", end="")
        print(f"| {_digits(rows.brier_skill)} | {_digits(rows.ceiling)} |")


def print_bands(found: Judged) -> None:
    """What was said and what came, for each horizon."""
    for horizon in dict.fromkeys(key[2] for key in found):
        print(f"\n| it said, within {horizon} | rows | on average | and it came in |")
        print("|---|---|---|---|")
        for one in bands(found, horizon):
            said, came = ("-" if share is None else f"{share:.1%}" for share in (one.said, one.came))
            print(f"| {one.low:.0%} to {one.high:.0%} | {one.rows} | {said} | {came} |")


def _digits(figure: float | None) -> str:
    return "-" if figure is None else f"{figure:.3f}"


def print_told(title: str, past: made.History, found: Judged) -> None:
    """A table of ramped faults by type, and what look-alikes were mistaken for faults."""
    begun = [one for one in told.faults(past.truth, found) if one.predictable and one.ramp_seconds >= RAMPED_SECONDS]
    print(f"\n{title}: ramped faults of at least 15 minutes\n")
    print("| fault | foretold 2 min before | median lead | 10 % below |")
    print("|---|---|---|---|")
    for kind in sorted({one.type for one in begun}):
        print(_line(kind, [one for one in begun if one.type == kind]))
    print(_line("**all**", begun))
    ramped = [f for f in past.truth["faults"] if f["predictable"] and f["ramp_seconds"] >= RAMPED_SECONDS]
    print(f"\n{len(ramped) - len(begun)} more never began, began before or in the wake of another, or after the end")
    print_mistaken(past, found)


def print_mistaken(past: made.History, found: Judged) -> None:
    """Which look-alikes raised a false alarm, with the faults beside it, and what those of nodes raised of pods."""
    mistaken = told.lookalikes(past.truth, found)
    alarms, episodes = sum(len(one.alarms) for one in mistaken), sum(bool(one.alarms) for one in mistaken)
    print(f"\n{alarms} false alarms in {episodes} of {len(mistaken)} look-alike episodes")
    node = coincident.node_of(past.url)
    for one in mistaken:
        for alarm in one.alarms:
            print(_said(one.type, alarm, coincident.faults_beside(past.truth, alarm, node(alarm))))
    counted = {alarm for one in mistaken for alarm in one.alarms}
    of_pods = [pair for pair in coincident.of_pods(past.truth, found, node) if pair[1] not in counted]
    print(f"\n{len(of_pods)} false alarms of pods while their node had a look-alike, not counted above")
    for lookalike, alarm in of_pods:
        print(_said(lookalike, alarm, coincident.faults_beside(past.truth, alarm, node(alarm))))


def _said(lookalike: str, alarm: told.FalseAlarm, faults: Sequence[str]) -> str:
    beside = f", beside {', '.join(faults)}" if faults else ""
    return f"- {lookalike}: {alarm.issue} of {alarm.kind} {alarm.entity[1]} within {alarm.horizon}{beside}"


def _line(name: str, faults: Iterable[Told]) -> str:
    several = list(faults)
    foretold = sum(one.lead_seconds is not None for one in several)
    median, tenth = (f"{lead:.1f} min" if foretold else "-" for lead in told.leads_minutes(several, (0.5, 0.1)))
    return f"| {name} | {foretold} of {len(several)} | {median} | {tenth} |"


if __name__ == "__main__":
    sys.exit(main())
