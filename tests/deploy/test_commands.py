"""The commands inside the containers are ones that our programs understand."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from commandline.settings import variable
from tests.deploy import shipped

SCRIPTS: Final = Path(sys.executable).parent
_OURS: Final = re.compile(r"kip-(?:emitter|trainer|exporter) [a-z]+[^\n;|&]*")


@dataclass(frozen=True)
class Call:
    """One call of one of our programs in one container."""

    service: str
    program: str
    subcommand: str
    flags: tuple[str, ...]


def calls() -> Iterator[Call]:
    """Every call of our console scripts in docker-compose.yml."""
    for name, service in shipped.services().items():
        for line in _OURS.findall(" ".join(service.get("command", []))):
            program, subcommand, *_ = line.split()
            yield Call(name, program, subcommand, tuple(re.findall(r"--([a-z][a-z.-]*)", line)))


@cache
def known_flags(program: str, subcommand: str) -> frozenset[str]:
    """The flags that --help of a command lists, from the installed console script itself."""
    shown = subprocess.run([SCRIPTS / program, subcommand, "--help"], capture_output=True, text=True, check=False)
    assert shown.returncode == 0, shown.stderr
    return frozenset(re.findall(r"--([a-z][a-z.-]*)", shown.stdout))


def test_the_containers_run_the_commands_of_the_loop() -> None:
    assert {(call.service, call.program, call.subcommand) for call in calls()} == {
        ("backfill", "kip-emitter", "backfill"),
        ("emitter", "kip-emitter", "serve"),
        ("trainer", "kip-trainer", "train"),
        ("exporter", "kip-exporter", "serve"),
    }


@pytest.mark.parametrize("call", list(calls()), ids=lambda call: call.service)
def test_every_flag_in_a_container_is_one_that_the_command_knows(call: Call) -> None:
    assert call.flags
    assert set(call.flags) - known_flags(call.program, call.subcommand) == set()


@pytest.mark.parametrize("call", list(calls()), ids=lambda call: call.service)
def test_every_kip_variable_in_a_container_is_a_setting_of_its_command(call: Call) -> None:
    variables = set(shipped.services()[call.service].get("environment", {}))
    assert variables <= {variable(flag) for flag in known_flags(call.program, call.subcommand)}


def test_the_sink_understands_its_flags() -> None:
    _, module_flag, module, *arguments = shipped.services()["sink"]["command"]
    assert (module_flag, module) == ("-m", "demo.sink")
    shown = subprocess.run([sys.executable, "-m", module, "--help"], capture_output=True, text=True, check=False)
    assert shown.returncode == 0, shown.stderr
    assert {one for one in arguments if one.startswith("--")} <= set(re.findall(r"--[a-z][a-z.-]*", shown.stdout))


@pytest.mark.parametrize(
    "name", sorted(name for name, one in shipped.services().items() if "/bin/sh" in one.get("command", []))
)
def test_shell_lines_are_ones_that_a_shell_can_read(name: str) -> None:
    script = shipped.services()[name]["command"][-1].replace("$$", "$")
    done = subprocess.run(["sh", "-n", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
