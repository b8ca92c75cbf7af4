"""Run: the live experiment, or a judgement of one that was recorded. See README.md beside this file.

Usage: python -m benchmarks.kernel.run live [--model-dir DIR] [--quiet 1200] [--leak 600]
       python -m benchmarks.kernel.run judge [--model-dir DIR]   without a model: what was published live
Exit code 0 only when every leak was foretold at least two minutes before the kill.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from benchmarks.kernel import answers, cgroups, namespaces
from benchmarks.kernel.answers import NoAnswer, Recording
from benchmarks.kernel.cgroups import NoCgroups
from benchmarks.kernel.judge import agreement
from benchmarks.kernel.namespaces import NoNamespaces
from benchmarks.kernel.record import record
from benchmarks.kernel.report import Judged, judged
from demo.folder import held
from demo.processes import ROOT, ProcessError, Processes
from demo.signals import interrupt_once
from demo.training import MODEL_DIR, history_server

FOLDER: Final = ROOT / "build" / "kernel"
QUIET_SECONDS: Final = 1200.0
"""Two thirds of the window that features see hold quiet life before the first leak."""

LEAK_SECONDS: Final = 600.0
MACHINE: Final = Path("/run/kip-kernel")
"""Control groups and namespaces are the machine's, so one live run at a time, whatever folder it records into."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kernel.run", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    live = commands.add_parser("live", help="run the experiment, then judge it")
    live.add_argument("--model-dir", type=Path, default=MODEL_DIR)
    live.add_argument("--quiet", type=float, default=QUIET_SECONDS, help="seconds before the first leak")
    live.add_argument("--leak", type=float, default=LEAK_SECONDS, help="seconds from a leak's begin to the kill")
    judge = commands.add_parser("judge", help="judge a recording, in about a minute")
    judge.add_argument("--model-dir", type=Path, help="replay this model; default: what was published live")
    for one in (live, judge):
        one.add_argument("--folder", type=Path, default=FOLDER, help="where the recording lies")
    chosen = parser.parse_args(arguments)
    interrupt_once()
    try:
        folder = chosen.folder.resolve()
        with held(folder, "kernel benchmark"):
            if chosen.command == "judge":
                return _judge(folder, chosen.model_dir)
            return _live(folder, chosen.model_dir.resolve(), chosen.quiet, chosen.leak)
    except (NoCgroups, NoNamespaces, NoAnswer, ProcessError, OSError) as error:
        sys.stderr.write(f"kernel: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130


def _live(folder: Path, model_dir: Path, quiet_seconds: float, leak_seconds: float) -> int:
    """Record, judge what was published, and say how far a replay of the same model is from it."""
    groups = cgroups.usable()
    if lacking := namespaces.missing():
        raise NoNamespaces(f"a program is missing: {lacking}")
    with held(MACHINE, "kernel benchmark"):
        record(groups, folder, model_dir, quiet_seconds, leak_seconds)
    with _opened(folder) as (recording, events):
        published = answers.published(recording)
        live = judged(recording, events, published)
        print(*live.lines, sep="\n")
        replayed = answers.replayed(recording, model_dir, folder / "judge")
        again = judged(recording, events, replayed)
    print(f"\nleads: {_compared(live, again)}")
    print(f"{agreement(published, replayed):.1%} of the values published live are those of a replay, to the last digit")
    return 0 if live.passed else 1


def _judge(folder: Path, model_dir: Path | None) -> int:
    with _opened(folder) as (recording, events):
        if model_dir is None:
            rows = answers.published(recording)
        else:
            rows = answers.replayed(recording, model_dir.resolve(), folder / "judge")
        verdict = judged(recording, events, rows)
    print(*verdict.lines, sep="\n")
    return 0 if verdict.passed else 1


@contextmanager
def _opened(folder: Path) -> Iterator[tuple[Recording, dict[str, Any]]]:
    """A Prometheus over the recording, and what happened. Raises ProcessError, OSError."""
    events = json.loads((folder / "events.json").read_text(encoding="utf-8"))
    with Processes(folder / "judge") as processes:
        _, url = history_server(processes, folder / "tsdb")
        yield Recording(url, round(events["started_at"]), round(events["ended_at"])), events


def _compared(live: Judged, again: Judged) -> str:
    """Each leak's lead live and in replay, in seconds."""
    pairs = ((name.split("-")[0], live.leads[name], again.leads.get(name)) for name in live.leads)
    return ", ".join(f"{name} {_seconds(a)} live and {_seconds(b)} replayed" for name, a, b in pairs)


def _seconds(lead: float | None) -> str:
    return "none" if lead is None else f"{lead:.0f} s"


if __name__ == "__main__":
    sys.exit(main())
