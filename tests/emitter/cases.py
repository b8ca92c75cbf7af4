"""Small clusters and episodes that several tests use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO

from emitter.cluster import ScenarioName
from emitter.episodes import Episode, Plan
from emitter.live import Live
from emitter.recorder import Recorder, write
from emitter.simulation import Arguments, Simulation

START = 1_700_000_010.0
"""A multiple of 30 s."""

SAMPLE = re.compile(r"^(?P<series>[a-zA-Z_:][\w:]*(?:\{.*\})?) (?P<value>\S+)$")


def arguments(
    scenario: ScenarioName = "quiet",
    nodes: int = 3,
    pods: int = 24,
    seed: int = 7,
    start: float = START,
    factor: float = 1.0,
) -> Arguments:
    """A small cluster."""
    return Arguments(nodes, pods, scenario, seed, start, start + 3600.0, 30.0, factor)


def plan(kind: str, now: float, ramp_seconds: float = 1200.0) -> Plan:
    """An episode of middling severity that begins now."""
    return Plan(f"{kind}-1", kind, now, ramp_seconds, 600.0, 0.7)


def stepped(simulation: Simulation, steps: int) -> Simulation:
    """The same simulation, some steps later."""
    for _ in range(steps):
        simulation.step()
    return simulation


def still(simulated: Arguments, now: float) -> Live:
    """A live cluster whose clock stands still."""
    return Live(simulated, clock=lambda: now)


def samples(text: str) -> Iterator[tuple[str, float]]:
    """Series and value of every line that is not a comment."""
    for line in text.splitlines():
        if not line.startswith("#"):
            match = SAMPLE.match(line)
            assert match is not None, f"not a sample: {line!r}"
            yield match["series"], float(match["value"])


def uneventful(start: float = START) -> Simulation:
    """Three nodes and forty pods, twenty minutes after the start; nothing is drawn, only begun."""
    simulation = Simulation(arguments(nodes=3, pods=40, start=start))
    simulation.scenario = type(simulation.scenario)("quiet", (), _nothing, float("inf"), frozenset())
    return stepped(simulation, 40)


def _nothing(now: float) -> list[Plan]:
    del now
    return []


def run_through(kind: str, after_end_steps: int = 60, shape: str = "linear") -> tuple[Simulation, Episode, list[bool]]:
    """One episode in an uneventful cluster; whether its issue was present at each step."""
    simulation = uneventful()
    simulation.begin(replace(plan(kind, simulation.now), shape=shape))
    episode = (simulation.faults + simulation.lookalikes)[0]
    present: list[bool] = []
    while simulation.now < episode.end + after_end_steps * 30.0:
        simulation.step()
        present.append(any(bool(mask.any()) for mask in simulation.present.values()))
    return simulation, episode, present


def last_values(recorder: Recorder) -> dict[str, float]:
    """Every series that was sampled, with its last value."""
    file = StringIO()
    write(recorder.block(), file)
    lines = file.getvalue().removesuffix("# EOF\n").splitlines()
    return dict(next(samples(line.rpartition(" ")[0])) for line in lines)


def shown(simulation: Simulation) -> dict[str, float]:
    """Every series of this moment."""
    recorder = Recorder()
    recorder.sample(simulation.world)
    return last_values(recorder)
