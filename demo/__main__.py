"""python -m demo run | model: what `make demo` and `make model` call."""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from demo.folder import held
from demo.processes import ROOT, ProcessError, Processes
from demo.signals import interrupt_once
from demo.stack import Stack, start_stack
from demo.training import MODEL_DIR, TRAINING_HOURS, make_model
from demo.view import Lines, Screen, View
from demo.watch import Watch
from predictor import artifact
from predictor.artifact import ArtifactError

WORK_DIR = ROOT / "build" / "demo"
POLL_SECONDS = 2.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="the whole loop on this machine")
    run.add_argument("--duration", type=float, default=0.0, help="seconds after which it ends; 0: until Ctrl-C")
    run.add_argument("--headless", action="store_true", help="lines instead of a live screen")
    model = commands.add_parser("model", help="train the default model on the pretend cluster")
    model.add_argument("--model-dir", type=Path, default=MODEL_DIR)
    model.add_argument("--hours", type=float, default=TRAINING_HOURS, help="hours of history to learn from")
    chosen = parser.parse_args(arguments)
    interrupt_once()
    try:
        if chosen.command == "model":
            make_model(chosen.model_dir, chosen.hours)
            return 0
        with held(WORK_DIR, "demo"):
            return demonstrate(chosen.duration, chosen.headless)
    except (ProcessError, OSError) as error:  # OSError: no room, no right to write, no free port
        sys.stderr.write(f"demo: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130


def demonstrate(duration_seconds: float, headless: bool) -> int:
    """Show the loop; 0 when at least one issue was predicted before it began and its notification arrived."""
    started_at = time.time()
    _ensure_model()
    shutil.rmtree(WORK_DIR, ignore_errors=True)
    with Processes(WORK_DIR) as processes:
        print("demo: starting Prometheus, Alertmanager, node_exporter and the pretend cluster", flush=True)
        stack = start_stack(processes, WORK_DIR)
        stack.start_exporter(MODEL_DIR)
        watch = Watch(stack.urls)
        as_lines = headless or not sys.stdout.isatty()
        view: View = Lines(started_at, stack.urls) if as_lines else Screen(started_at, stack.urls, Console())
        try:
            _follow(stack, watch, view, duration_seconds)
        except KeyboardInterrupt:
            pass  # the usual way to end it
        finally:
            view.close()
    return _verdict(watch)


def _ensure_model() -> None:
    try:
        artifact.load(MODEL_DIR, {})
    except ArtifactError as error:
        print(f"demo: {error}", flush=True)
        make_model()


def _follow(stack: Stack, watch: Watch, view: View, duration_seconds: float) -> None:
    """Look every two seconds; the duration counts from the first prediction, so that slow machines see as much."""
    end = time.monotonic() + duration_seconds if duration_seconds else float("inf")
    while time.monotonic() < end:
        stack.processes.check()
        view.show(watch, watch.look())
        time.sleep(POLL_SECONDS)


def _verdict(watch: Watch) -> int:
    foretold = {key: case for key, case in watch.story.foretold.items() if case.foretold}
    for key, case in foretold.items():
        assert case.lead_seconds is not None
        print(f"demo: {key} was predicted {case.lead_seconds / 60:.1f} min before it began, and a notification arrived")
    for (what, where), alerted in sorted(watch.seen_lookalikes.items()):
        print(f"demo: {what} of {where}, harmless: {'an alert fired' if alerted else 'stayed quiet'}")
    unforeseen = ", ".join(map(str, watch.story.unforeseen)) or "none"
    print(f"demo: {len(foretold)} issues foretold; began without a prediction: {unforeseen}")
    return 0 if foretold else 1


if __name__ == "__main__":
    sys.exit(main())
