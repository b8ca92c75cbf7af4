"""The second pretend cluster: what it calls a fault leads to its issue, what it calls harmless never does."""

import json
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from benchmarks.elsewhere.director import Happening, Simulation
from benchmarks.elsewhere.events import Event, Timing
from benchmarks.elsewhere.exposition import Text
from benchmarks.elsewhere.faults import FAULTS, BadRelease, Fault, MemoryLeak
from benchmarks.elsewhere.issues import Episode
from benchmarks.elsewhere.lookalikes import LOOKALIKES, ExporterDown, NodeReboot, TrafficPeak
from benchmarks.elsewhere.ramps import RAMPS
from benchmarks.elsewhere.recording import BlockRefused, lived, record
from benchmarks.elsewhere.state import SEAT_WORKLOAD, STEP_SECONDS
from benchmarks.elsewhere.workloads import INDEX, WORKLOADS
from demo.processes import binary
from trainer.workloads import workload

END = 1793491200.0
START = END - 86400 + 3600  # one o'clock at night, when backups may run
WARM_UP_SECONDS = 600.0
AFTERWARDS_SECONDS = 900.0
LATEST_SECONDS = 330.0  # a window of five minutes has to fill after an abrupt start

Series = dict[str, dict[float, float]]


def quiet(seed: int = 1) -> Simulation:
    """A cluster in which nothing is due, a few minutes old."""
    simulation = Simulation(seed, START, START)
    run(simulation, START, WARM_UP_SECONDS)
    return simulation


def run(simulation: Simulation, start: float, seconds: float) -> float:
    """Step on; the time of the next step."""
    for now in np.arange(start, start + seconds, STEP_SECONDS).tolist():
        simulation.step(now)
    return start + seconds


def staged(sort: type[Event], timing: Timing, seed: int = 1) -> tuple[Simulation, Happening]:
    """One event alone in a quiet cluster, until some minutes after its end."""
    simulation = quiet(seed)
    candidates = sort.candidates(simulation.world)
    simulation.world.turn(timing.start)
    happening = simulation.director.start(sort(candidates[seed * 7 % len(candidates)], timing))
    run(simulation, timing.start, timing.end - timing.start + AFTERWARDS_SECONDS)
    return simulation, happening


def troubles(simulation: Simulation) -> list[Episode]:
    """All episodes but those of failed cron jobs, which are meant."""
    episodes = simulation.watch.close(simulation.world.now)
    return [one for one in episodes if not one.entity.get("pod", "").startswith("cleanup")]


def parsed(text: Text) -> Series:
    """Every series with its samples by time."""
    series: Series = defaultdict(dict)
    for line in "".join(text.parts()).splitlines():
        if not line.startswith("#"):
            name, value, time = line.rsplit(" ", 2)
            assert float(time) not in series[name], f"two samples of {name} at {time}"
            series[name][float(time)] = float(value)
    return series


@pytest.mark.parametrize("shape", sorted(RAMPS))
def test_ramps_rise_from_zero_to_one(shape: str) -> None:
    values = [RAMPS[shape](passed) for passed in np.linspace(0, 1, 50)]
    assert values[0] == pytest.approx(0)
    assert values[-1] == pytest.approx(1)
    assert min(values) >= 0
    assert max(values) <= 1


@pytest.mark.parametrize("strength", [0.05, 0.5, 0.95])
@pytest.mark.parametrize("sort", FAULTS, ids=lambda sort: str(sort.type))
def test_a_fault_reaches_its_issue_while_its_ramp_ends(sort: type[Fault], strength: float) -> None:
    timing = Timing(START + WARM_UP_SECONDS, 2400, 900, "straight", strength)
    _, happening = staged(sort, timing, seed=1 + int(strength * 10))
    assert happening.onset is not None
    grown = timing.start + timing.ramp_seconds
    assert timing.start + 0.25 * timing.ramp_seconds < happening.onset <= grown + LATEST_SECONDS


@pytest.mark.parametrize("shape", [*sorted(RAMPS), "abrupt"])
@pytest.mark.parametrize("sort", FAULTS, ids=lambda sort: str(sort.type))
def test_a_fault_of_any_shape_reaches_its_issue(sort: type[Fault], shape: str) -> None:
    timing = Timing(START + WARM_UP_SECONDS, 0 if shape == "abrupt" else 480, 600, shape, 0.6)
    _, happening = staged(sort, timing)
    assert happening.onset is not None
    assert happening.onset <= timing.start + timing.ramp_seconds + LATEST_SECONDS


@pytest.mark.parametrize("strength", [0.05, 0.5, 0.95])
@pytest.mark.parametrize("sort", LOOKALIKES, ids=lambda sort: str(sort.type))
def test_a_lookalike_disturbs_nobody(sort: type[Event], strength: float) -> None:
    ramp, hold = sort.ramp_range[0], sort.hold_range[0]
    timing = Timing(START + WARM_UP_SECONDS, ramp, hold, "straight" if ramp else "abrupt", strength)
    simulation, _ = staged(sort, timing, seed=1 + int(strength * 10))
    assert troubles(simulation) == []


def test_an_uneventful_day_has_no_issue_but_failed_cron_jobs() -> None:
    simulation = quiet(seed=4)
    run(simulation, START + WARM_UP_SECONDS, 86400)
    assert troubles(simulation) == []
    failed = sum(one.issue == "pod_failure" for one in simulation.watch.episodes)
    assert 1 <= failed <= 18  # of 72 runs one in ten


def test_an_eventful_day_keeps_lookalikes_apart_from_faults() -> None:
    simulation = Simulation(5, END - 86400, END)
    run(simulation, END - 86400, 86400)
    truth, episodes = simulation.director.truth(), simulation.watch.close(END)
    assert 14 <= len(truth["faults"]) <= 18
    assert 14 <= len(truth["lookalikes"]) <= 18
    for fault in truth["faults"]:
        assert fault["start"] <= fault["onset"] <= fault["end"]
        assert fault["abrupt"] == (fault["ramp_seconds"] == 0)
    for one in truth["lookalikes"]:
        hit = [e for e in episodes if touched(e, one["entity"]) and e.start < one["end"] and e.end > one["start"]]
        assert hit == []


def touched(episode: Episode, whom: dict[str, str]) -> bool:
    """Whether an episode is of this entity, or of a pod behind this service."""
    of = episode.entity
    behind = f"{of.get('namespace')}/{of.get('pod')}".startswith(f"{whom.get('namespace')}/{whom.get('service')}-")
    return of == whom or behind


@pytest.mark.parametrize("seed", [3, 4])
def test_a_long_peak_stays_within_capacity_while_the_day_grows(seed: int) -> None:
    simulation = Simulation(seed, START + 9 * 3600, START + 9 * 3600)  # ten in the morning
    start = run(simulation, START + 9 * 3600, WARM_UP_SECONDS)
    simulation.world.turn(start)
    timing = Timing(start, TrafficPeak.ramp_range[1], TrafficPeak.hold_range[1], "straight", 0.95)
    for candidate in TrafficPeak.candidates(simulation.world):
        simulation.director.start(TrafficPeak(candidate, timing))
    assert simulation.director.happenings
    run(simulation, start, timing.end - timing.start + AFTERWARDS_SECONDS)
    assert troubles(simulation) == []


def test_pods_are_named_as_kubernetes_names_them() -> None:
    simulation = quiet()
    pods = {key: one for key, one in simulation.world.life.identities.items() if WORKLOADS[one.workload].controller}
    assert pods
    for one in pods.values():
        owner = WORKLOADS[one.workload]
        if owner.controller != "CronJob":  # of which each run is a workload of its own
            assert workload("pod", (owner.namespace, one.name)) == f"{owner.namespace}/{owner.name}"


def test_the_seed_decides_everything() -> None:
    start, end = END - 86400, END - 75600  # three hours, in which events begin
    texts = ["".join(lived(Simulation(seed, start, END), start, end).parts()) for seed in (1, 1, 2)]
    assert texts[0] == texts[1]
    assert texts[0] != texts[2]


def test_a_third_of_the_deployments_have_one_replica() -> None:
    replicas = [workload.replicas for workload in WORKLOADS if workload.controller == "Deployment"]
    assert sum(count == 1 for count in replicas) >= len(replicas) / 3


def test_counters_fall_only_where_something_restarted() -> None:
    simulation = quiet()
    start = START + WARM_UP_SECONDS
    simulation.world.turn(start)
    seat = int(np.flatnonzero(INDEX["images"] == SEAT_WORKLOAD)[0])
    pod = simulation.director.start(MemoryLeak(seat, Timing(start, 900, 2400, "straight", 0.2))).entity["pod"]
    series = parsed(lived(simulation, start, start + 3600))
    restarts = [values for name, values in series.items() if f'pod="{pod}"' in name and "restarts_total" in name]
    assert max(restarts[0].values()) >= 3
    for name, values in series.items():
        if "_total{" in name or "_bucket{" in name or "_count{" in name or "Segs{" in name:
            falls = sum(after < before for before, after in pairwise(values.values()))
            assert falls == 0 or (name.startswith("http_") and f'pod="{pod}"' in name), name


def test_a_restarted_container_has_new_series_and_waits_without_any() -> None:
    start = START + WARM_UP_SECONDS
    simulation = quiet()
    simulation.world.turn(start)
    seat = BadRelease.candidates(simulation.world)[0]
    pod = simulation.director.start(BadRelease(seat, Timing(start, 0, 1500, "abrupt", 0.5))).entity["pod"]
    series = parsed(lived(simulation, start, start + 1500))
    ours = {name: values for name, values in series.items() if f'pod="{pod}"' in name}
    running = {t for n, values in ours.items() if n.startswith("container_start_time") for t in values}
    waiting = {t for n, values in ours.items() if 'reason="CrashLoopBackOff"' in n for t in values}
    assert sum(name.startswith("container_start_time") for name in ours) >= 4
    assert waiting
    assert not running & waiting


def test_a_reboot_resets_the_kernel_and_the_node_stays_ready() -> None:
    start = START + WARM_UP_SECONDS
    simulation = quiet()
    simulation.world.turn(start)
    simulation.director.start(NodeReboot(2, Timing(start, 0, 2400, "abrupt", 0.5)))
    series = parsed(lived(simulation, start, start + 2400))
    outgoing = next(v for n, v in series.items() if n.startswith("node_netstat_Tcp_OutSegs") and 'instance="fir"' in n)
    ready = next(v for n, v in series.items() if 'node="fir"' in n and 'condition="Ready",status="true"' in n)
    assert sum(after < before for before, after in pairwise(outgoing.values())) == 1
    assert len(outgoing) == 80 - 2
    assert set(ready.values()) == {1.0}


def test_an_exporter_that_is_down_leaves_a_gap_and_no_zero() -> None:
    start = START + WARM_UP_SECONDS
    simulation = quiet()
    simulation.world.turn(start)
    simulation.director.start(ExporterDown(1, Timing(start, 0, 300, "abrupt", 0.1)))
    series = parsed(lived(simulation, start, start + 600))
    load = next(v for n, v in series.items() if n.startswith("node_load1") and 'instance="oak"' in n)
    assert min(load) == start + 300
    assert min(load.values()) > 0


def test_promtool_makes_aligned_blocks_with_the_truth_beside_them(tmp_path: Path) -> None:
    record(tmp_path / "tsdb", 3, END - 7200 - 600, END, binary("promtool"))
    metas = [json.loads(meta.read_text()) for meta in (tmp_path / "tsdb").glob("*/meta.json")]
    truth = json.loads((tmp_path / "tsdb" / "truth.json").read_text())
    assert sorted(meta["minTime"] // 1000 for meta in metas) == [END - 7200 - 600, END - 7200]
    assert min(meta["stats"]["numSeries"] for meta in metas) > 1500
    assert truth["start"] == END - 7800
    assert truth["end"] == END
    assert truth["step_seconds"] == STEP_SECONDS


def test_what_promtool_says_is_told(tmp_path: Path) -> None:
    with pytest.raises(BlockRefused, match="promtool ended with 1"):
        record(tmp_path / "tsdb", 3, END - 60, END, "/bin/false")
