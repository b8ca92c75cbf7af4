"""Processes with real ones: whatever ends the program that started them, none of them goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from demo import processes
from demo.processes import ROOT, ProcessError, Processes, binary

STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(15, signal.SIG_IGN); print(flush=True); time.sleep(600)",
]
"""A process that SIGTERM does not end; it says when it has got so far."""

PROGRAM = textwrap.dedent(
    """
    import signal, sys, time
    from pathlib import Path
    from demo import processes
    from demo.signals import interrupt_once

    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, signal.SIG_IGN if one.name in sys.argv[3:] else signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if sys.argv[2] == "once":
        interrupt_once()
    processes.END_SECONDS = 1.5
    folder = Path(sys.argv[1])
    try:
        with processes.Processes(folder) as running:
            pids = [running.start(f"sleep-{i}", ["sleep", "600"]).pid for i in range(2)]
            stubborn = running.start("stubborn", STUBBORN)
            running.await_that(lambda: running.log_file("stubborn").read_bytes() != b"", "the stubborn one", 20)
            print(*pids, stubborn.pid, flush=True)
            time.sleep(600)
    except KeyboardInterrupt:
        sys.exit(130)
    """
).replace("STUBBORN", repr(STUBBORN))

Start = Callable[..., tuple["subprocess.Popen[str]", list[int]]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts the program; it and the numbers of its two sleeping and one stubborn processes."""
    started: list[int] = []
    programs: list[subprocess.Popen[str]] = []

    def run(*arguments: str) -> tuple[subprocess.Popen[str], list[int]]:
        command = [sys.executable, "-c", PROGRAM, str(tmp_path), *arguments]
        program = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        programs.append(program)
        assert program.stdout is not None
        pids = [int(word) for word in program.stdout.readline().split()]
        assert len(pids) == 3
        started.extend(pids)
        return program, pids

    yield run
    for program in programs:
        program.kill()
        program.communicate()
    for pid in filter(lives, started):
        os.kill(pid, signal.SIGKILL)


def lives(pid: int) -> bool:
    """Whether it runs; a dead one that nobody has waited for yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def spoke(log: Path) -> bool:
    return log.read_bytes() != b""


def await_end(pids: list[int]) -> None:
    deadline = time.monotonic() + 20
    while any(map(lives, pids)):
        assert time.monotonic() < deadline, f"still alive: {list(filter(lives, pids))}"
        time.sleep(0.05)


@pytest.mark.parametrize("way", ["once", "plain"])
def test_two_interrupts_leave_no_process_behind(start: Start, way: str) -> None:
    program, pids = start(way)
    program.send_signal(signal.SIGINT)
    await_end(pids[:2])  # the stubborn one is now being waited for, which the second interrupt must not cut short
    program.send_signal(signal.SIGINT)
    assert program.wait(20) == 130
    assert not any(map(lives, pids))


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_closed_terminal_and_sigterm_end_every_process(start: Start, number: signal.Signals) -> None:
    program, pids = start("once")
    program.send_signal(number)
    program.send_signal(number)
    assert program.wait(20) == 130
    assert not any(map(lives, pids))


def test_under_nohup_a_closed_terminal_ends_nothing(start: Start) -> None:
    program, pids = start("once", "SIGHUP")
    program.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        program.wait(1)
    assert all(map(lives, pids))
    program.send_signal(signal.SIGINT)
    assert program.wait(20) == 130
    assert not any(map(lives, pids))


def test_even_when_the_program_is_killed_its_processes_get_sigterm(start: Start) -> None:
    program, pids = start("once")
    program.kill()
    program.wait(20)
    await_end(pids[:2])


def test_all_are_ended_against_one_deadline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "END_SECONDS", 1.0)
    with Processes(tmp_path) as running:
        stubborn = [running.start(f"stubborn-{i}", STUBBORN) for i in range(3)]
        for i in range(3):
            running.await_that(partial(spoke, running.log_file(f"stubborn-{i}")), "it", 20)
    assert [one.returncode for one in stubborn] == [-signal.SIGKILL] * 3


def test_a_process_that_has_gone_already_does_not_hinder_the_end_of_others(tmp_path: Path) -> None:
    with Processes(tmp_path) as running:
        gone, sleeping = running.start("gone", ["true"]), running.start("sleep", ["sleep", "600"])
        gone.wait(20)
    assert (gone.returncode, sleeping.returncode) == (0, -signal.SIGTERM)


def test_end_ends_one_process_and_leaves_the_others(tmp_path: Path) -> None:
    with Processes(tmp_path) as running:
        one, other = running.start("one", ["sleep", "600"]), running.start("other", ["sleep", "600"])
        assert running.end(one) == -signal.SIGTERM
        running.check()
        assert other.poll() is None


def test_check_names_the_process_that_ended_with_its_last_line_and_log(tmp_path: Path) -> None:
    with Processes(tmp_path) as running:
        running.start("talker", ["sh", "-c", "echo first; echo last; exit 3"]).wait(20)
        with pytest.raises(ProcessError) as raised:
            running.check()
    assert str(raised.value) == f"talker ended with code 3: last (see {tmp_path / 'talker.log'})"


def test_run_raises_when_the_command_fails_and_forgets_it(tmp_path: Path) -> None:
    with Processes(tmp_path) as running:
        with pytest.raises(ProcessError, match=r"quiet ended with code 1: it wrote nothing"):
            running.run("quiet", ["false"])
        running.run("fine", ["true"])
        running.check()


def test_await_that_gives_up_at_its_deadline(tmp_path: Path) -> None:
    with Processes(tmp_path) as running, pytest.raises(ProcessError, match=r"waited 0 s for a miracle"):
        running.await_that(lambda: False, "a miracle", 0)


def test_a_log_begins_anew_with_its_process(tmp_path: Path) -> None:
    (tmp_path / "talker.log").write_text("of an earlier run\n")
    with Processes(tmp_path) as running:
        running.run("talker", ["echo", "now"])
        assert running.log_file("talker").read_text() == "now\n"


def test_a_missing_server_is_said_with_both_ways_out() -> None:
    with pytest.raises(ProcessError) as raised:
        binary("no-such-server")
    assert str(raised.value) == (
        "no no-such-server in build/bin or on PATH; run make setup, or use the Docker way: docker compose up"
    )
