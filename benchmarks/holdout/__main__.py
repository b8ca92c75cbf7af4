"""Judge a model on a pretend cluster with workloads, shapes and speeds that no training draws.

Usage: python -m benchmarks.holdout [--seed 201,202] [--days 5] [--model-dir DIR] [--without http,kube_state_metrics,…]

Backfills what is missing below build/holdout, trains unless there is a model, replays what would have been published,
and prints how many faults were foretold, how early, at how many false alarms, what was said against what came, and
which look-alikes were mistaken.
`--without` replays again with every series of a source gone; onsets are those that the full replay saw. From nothing it
takes over two hours on two cores, most of it to make and read the training history, which is kept, as is the model.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from benchmarks.holdout import made
from benchmarks.holdout.published import Key, Published, load
from benchmarks.holdout.tables import print_all
from benchmarks.holdout.trial import Trial, judged
from demo.processes import Processes
from demo.training import STEP_SECONDS

ALL: Final = "all sources"
NOWHERE: Final = 'nowhere="x",'
"""A matcher that no series meets."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Make, replay, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.holdout", description=__doc__)
    parser.add_argument(
        "--seed", type=seeds_of, default=(made.HOLDOUT.seed,), help="or several with commas, judged together too"
    )
    parser.add_argument("--days", type=float, default=made.DAYS)
    parser.add_argument("--model-dir", type=Path, default=made.model_folder())
    parser.add_argument("--without", default="", help="sources to do without, one after the other")
    chosen = parser.parse_args(arguments)
    seeds, sources = chosen.seed, list(filter(None, chosen.without.split(",")))
    with Processes(made.FOLDER) as processes:
        model = made.model(processes, chosen.model_dir, made.FOLDER)
        trials: dict[str, list[Trial]] = {}
        for seed in seeds:
            past = made.history(processes, replace(made.HOLDOUT, seed=seed), chosen.days, made.RUN_UP_DAYS, made.FOLDER)
            for name, one in tried(past, model, seed, sources):
                print_all(f"seed {seed}, {name}", [one], whole=name == ALL)
                trials.setdefault(name, []).append(one)
        if len(seeds) > 1:
            for name, several in trials.items():
                print_all(f"seeds {', '.join(map(str, seeds))}, {name}", several, whole=name == ALL)
    return 0


def seeds_of(text: str) -> tuple[int, ...]:
    """The seeds of a list with commas. Raises ArgumentTypeError."""
    try:
        seeds = tuple(int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no list of whole numbers with commas") from None
    if len(set(seeds)) < len(seeds):
        raise argparse.ArgumentTypeError(f"{text!r} names a seed twice, which would count twice")
    return seeds


def tried(past: made.History, model: Path, seed: int, sources: Sequence[str]) -> Iterator[tuple[str, Trial]]:
    """With all sources and then without each, by name."""
    whole = replayed(past, model, f"{seed} {ALL}")
    yield ALL, Trial(past.truth, judged(whole, whole), past.url)
    for source in sources:
        name, variable = f"without {source}", ("--catalogue.variable", f"{source}={NOWHERE}")
        yield name, Trial(past.truth, judged(replayed(past, model, f"{seed} {name}", *variable), whole), past.url)


def replayed(past: made.History, model: Path, name: str, *more: str) -> Mapping[Key, Published]:
    """What the exporter would have published."""
    output = made.FOLDER / f"{name.replace(' ', '-')}.parquet"
    made.trainer("replay", past, model, "--output.file", str(output), *more)
    return load(output, STEP_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
