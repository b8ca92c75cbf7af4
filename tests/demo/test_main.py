"""How the demo ends: its verdict as exit code, its refusals as one line, and nothing left running."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import demo.__main__ as program
from demo.folder import held
from demo.processes import ROOT
from demo.story import Case, Key
from demo.watch import Watch

DISK = Key("node", "", "worker-1", "disk_full")
CART = Key("pod", "shop", "cart-0", "memory_exhausted")


def test_the_verdict_is_0_with_a_foretold_issue(capsys: pytest.CaptureFixture[str]) -> None:
    watch = Watch({}, seen_lookalikes={("batch job", "shop/nightly"): False, ("deploy", "shop/cart"): True})
    watch.story.foretold[DISK] = Case(predicted_at=30.0, notified_at=40.0, began_at=180.0)
    watch.story.unforeseen.append(CART)
    assert program._verdict(watch) == 0
    assert capsys.readouterr().out.splitlines() == [
        "demo: disk full of node worker-1 was predicted 2.5 min before it began, and a notification arrived",
        "demo: batch job of shop/nightly, harmless: stayed quiet",
        "demo: deploy of shop/cart, harmless: an alert fired",
        "demo: 1 issues foretold; began without a prediction: memory exhausted of pod shop/cart-0",
    ]


def test_the_verdict_is_1_when_nothing_was_foretold(capsys: pytest.CaptureFixture[str]) -> None:
    assert program._verdict(Watch({})) == 1
    assert capsys.readouterr().out == "demo: 0 issues foretold; began without a prediction: none\n"


def test_the_verdict_is_1_when_nobody_was_told_of_the_prediction() -> None:
    watch = Watch({})
    watch.story.foretold[DISK] = Case(predicted_at=30.0, began_at=180.0)
    assert program._verdict(watch) == 1


SECOND = textwrap.dedent(
    """
    import pathlib, sys
    import demo.__main__ as program

    program.WORK_DIR = pathlib.Path(sys.argv[1])
    sys.exit(program.main(["run"]))
    """
)


def test_a_second_demo_in_the_folder_ends_with_one_line_and_leaves_the_first_ones_data(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    (folder / "tsdb").mkdir(parents=True)
    with held(folder, "demo"):
        second = subprocess.run(
            [sys.executable, "-c", SECOND, str(folder)],
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=False,
            timeout=60,
        )
    line = f"demo: another demo runs in this folder (pid {os.getpid()}); end it first\n"
    assert (second.returncode, second.stdout, second.stderr) == (1, "", line)
    assert (folder / "tsdb").is_dir()


# The demo as it is, but for a Prometheus that dies, five minutes of history, no model, which nobody needs before
# Prometheus answers, and a folder of its own.
DYING = textwrap.dedent(
    """
    import pathlib, sys
    import demo.__main__ as program
    from demo import stack

    folder = pathlib.Path(sys.argv[1])
    real = stack.binary
    stack.binary = lambda name: str(folder / "dying") if name == "prometheus" else real(name)
    stack.HISTORY_SECONDS = 300.0
    program._ensure_model = lambda: None
    program.WORK_DIR = folder / "demo"
    sys.exit(program.main(["run", "--headless"]))
    """
)


def marked(marker: str) -> list[str]:
    """The commands of all processes whose environment holds the marker."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if marker.encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:  # it ended meanwhile, or is another user's
            continue
    return found


@pytest.mark.system
def test_a_demo_whose_prometheus_dies_says_so_and_leaves_no_process(tmp_path: Path) -> None:
    dying = tmp_path / "dying"
    dying.write_text("#!/bin/sh\necho 'opening storage failed'\nexit 3\n")
    dying.chmod(0o755)
    marker = f"DEMO_OF_THIS_TEST={tmp_path}"
    run = subprocess.run(
        [sys.executable, "-c", DYING, str(tmp_path)],
        env={**os.environ, "DEMO_OF_THIS_TEST": str(tmp_path)},
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        timeout=120,
    )
    log = tmp_path / "demo" / "prometheus.log"
    assert run.stderr == f"demo: prometheus ended with code 3: opening storage failed (see {log})\n"
    assert run.returncode == 1
    assert marked(marker) == []
