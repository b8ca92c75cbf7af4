"""Properties of the physics: determinism, counters, faults that come and go, look-alikes that stay harmless."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest

from emitter.abrupt import ABRUPT
from emitter.live import Live
from emitter.lookalikes import LOOKALIKES
from emitter.node_faults import FAULTS
from emitter.nuisances import NUISANCES
from emitter.rates import LOOKALIKES_PER_DAY
from emitter.recorder import Recorder
from emitter.scenario import PERIODS
from emitter.shapes import SHAPES
from emitter.simulation import Arguments, Simulation
from emitter.sources import SOURCES
from tests.emitter.cases import START, arguments, last_values, plan, run_through, samples, stepped, still, uneventful


@pytest.mark.parametrize("kind", sorted(FAULTS))
def test_a_fault_reaches_its_issue_near_the_expected_onset_and_recovers(kind: str) -> None:
    _, fault, present = run_through(kind)
    assert fault.onset is not None
    assert fault.expected_onset is not None
    assert abs(fault.onset - fault.expected_onset) <= 300.0
    assert fault.onset - fault.plan.start >= 600.0, "a ramp of twenty minutes leaves time to see it coming"
    assert not any(present[-10:]), "half an hour after its end nothing is left of it"


@pytest.mark.parametrize("shape", sorted(set(SHAPES) - {"linear"}))
@pytest.mark.parametrize("kind", sorted(FAULTS))
def test_a_fault_of_any_shape_reaches_its_issue_near_the_expected_onset(kind: str, shape: str) -> None:
    _, fault, _ = run_through(kind, after_end_steps=0, shape=shape)
    assert fault.onset is not None
    assert fault.expected_onset is not None
    early = 420.0 if shape != "intermittent" else fault.ramp_seconds  # a long spell may already be enough
    assert -early <= fault.onset - fault.expected_onset <= 420.0
    assert fault.onset - fault.plan.start >= 300.0


@pytest.mark.parametrize("kind", sorted(ABRUPT))
def test_an_abrupt_fault_is_there_within_minutes_and_recovers(kind: str) -> None:
    simulation, fault, present = run_through(kind)
    assert fault.onset is not None
    assert fault.onset - fault.plan.start <= 240.0
    assert not any(present[-10:])
    (record,) = simulation.truth()["faults"]
    assert record["abrupt"]
    assert not record["predictable"]


@pytest.mark.parametrize("kind", sorted({**LOOKALIKES, **NUISANCES}))
def test_a_lookalike_leads_to_no_issue(kind: str) -> None:
    _, _, present = run_through(kind)
    assert not any(present)


def test_a_namespace_without_http_metrics_is_named_and_has_none_while_it_lasts() -> None:
    simulation = uneventful()
    simulation.begin(plan("namespace_signal_missing", simulation.now))
    (episode,) = simulation.lookalikes
    stepped(simulation, 1)
    (record,) = simulation.truth()["lookalikes"]
    assert record["kind"] == "namespace"
    dark, recorder = f'namespace="{record["entity"]["namespace"]}"', Recorder()
    recorder.sample(simulation.world)
    shown = [series for series in last_values(recorder) if series.startswith("http_requests_total")]
    assert shown
    assert not [series for series in shown if dark in series]
    while not episode.over:
        simulation.step()
    after = Recorder()
    after.sample(simulation.world)
    assert [series for series in last_values(after) if series.startswith("http_requests_total") and dark in series]


def test_the_same_arguments_give_the_same_bytes() -> None:
    first, second = (still(arguments("train"), START + 3000.0) for _ in range(2))
    assert [first.render(s) for s in SOURCES] == [second.render(s) for s in SOURCES]
    assert json.dumps(first.truth) == json.dumps(second.truth)


def test_another_seed_gives_another_cluster() -> None:
    first, second = (still(arguments(seed=seed), START + 300.0).render("kube-state-metrics") for seed in (1, 2))
    assert first != second


def test_history_and_live_join_without_a_seam() -> None:
    """What a backfill samples at a grid point is what serve shows at that moment, series for series."""
    simulated = arguments("train", nodes=3, pods=40)
    simulation = Simulation(simulated)
    recorder = Recorder()
    stepped(simulation, 240)
    recorder.sample(simulation.world)
    recorded = last_values(recorder)
    live = still(simulated, simulation.now)
    shown = dict(pair for source in SOURCES for pair in samples(live.render(source)))
    assert shown == recorded


def test_counters_never_fall_except_where_a_node_or_a_process_began_anew() -> None:
    """A reboot resets its node's counters; a restart resets those that the application itself counts."""
    clock = [START]
    live = Live(arguments("train", nodes=3, pods=40), clock=lambda: clock[0])
    before: dict[str, float] = {}
    for _ in range(160):
        clock[0] += 105.0
        live.catch_up()
        text = "".join(live.render(s) for s in SOURCES)
        counters = set(re.findall(r"^# TYPE (\S+) (?:counter|histogram)$", text, flags=re.MULTILINE))
        now = dict(samples(text))
        anew = _begun_anew(before, now)
        for series, value in now.items():
            name = re.sub(r"(_bucket|_sum|_count)?(\{.*)?$", "", series)
            if name in counters and not anew & set(re.findall(r'"([^":]+)', series)):
                assert value >= before.get(series, 0.0), series
        before |= now


def _begun_anew(before: dict[str, float], now: dict[str, float]) -> set[str]:
    """Nodes whose boot time and pods whose restarts changed."""
    anew = set()
    for series, value in now.items():
        moved = before.get(series, value) != value
        if moved and series.startswith("node_boot_time_seconds"):
            anew |= set(re.findall(r'instance="([^"]+)"', series))
        if moved and series.startswith("kube_pod_container_status_restarts_total"):
            anew |= set(re.findall(r'pod="([^"]+)"', series))
    return anew


def test_a_restart_is_a_new_series_that_begins_at_zero() -> None:
    simulation, fault, _ = run_through("memory_leak", after_end_steps=0)
    slot = simulation.world.slot_by_uid[fault.uid]
    recorder = Recorder()
    recorder.sample(simulation.world)
    pods = simulation.world.pods
    assert pods.restarts[slot] >= 1
    assert pods.last_exit_code[slot] == 137
    assert pods.cpu_seconds[slot] < pods.pod_cpu_seconds[slot]


def test_a_day_of_training_holds_a_dozen_episodes_of_every_issue_and_kind() -> None:
    simulation = Simulation(arguments("train", nodes=6, pods=60, factor=56.0))
    onsets: dict[tuple[str, str], int] = defaultdict(int)
    before = simulation.present
    for _ in range(2880):
        simulation.step()
        for key, mask in simulation.present.items():
            onsets[key] += int((mask & ~before[key]).sum())
        before = simulation.present
    assert len(onsets) == 7
    assert min(onsets.values()) >= 12


def test_a_type_left_out_never_comes_and_the_others_still_do() -> None:
    left_out = ("packet_loss", "pod_packet_loss")
    whole = arguments("train", nodes=3, pods=24, factor=40.0)
    some = stepped(Simulation(replace(whole, episodes_without=left_out)), 600).truth()
    every = stepped(Simulation(whole), 600).truth()
    assert set(left_out) <= {one["type"] for one in every["faults"]}
    assert {one["type"] for one in some["faults"]} == {one["type"] for one in every["faults"]} - set(left_out)
    assert some["episodes_without"] == list(left_out)


def test_a_quiet_cluster_stays_without_issues() -> None:
    simulation = Simulation(arguments("quiet", nodes=3, pods=40))
    found: set[tuple[str, str]] = set()
    for _ in range(1440):
        simulation.step()
        found |= {key for key, mask in simulation.present.items() if mask.any()}
    assert not found


@pytest.mark.parametrize("seed", [7, 8, 9])
def test_the_demo_begins_its_issues_minutes_after_the_anchor(seed: int) -> None:
    anchor = START + 4 * 3600.0
    simulation = Simulation(Arguments(3, 40, "demo", seed, START, anchor, 30.0))
    while simulation.now < anchor + 360.0:
        simulation.step()
    arranged = [f for f in simulation.faults if f.plan.id.endswith("-demo-1")]
    assert {f.type for f in arranged} == {
        "memory_leak",
        "volume_filling",
        "error_latency_storm",
        "packet_loss",
        "node_not_ready",
    }
    delays = [f.onset - anchor for f in arranged if f.onset is not None]
    assert len(delays) == 5
    assert min(delays) >= 120.0
    assert max(delays) <= 300.0
    assert sum(e.end > anchor + 270.0 and e.plan.start < anchor for e in simulation.lookalikes) >= 2


def test_a_long_demo_shows_every_kind_of_fault_again_and_again() -> None:
    anchor = START + 3600.0
    simulation = Simulation(Arguments(3, 40, "demo", 7, START, anchor, 30.0))
    while simulation.now < anchor + 4 * 3600.0:
        simulation.step()
    later = [f for f in simulation.faults if "-demo-" in f.plan.id and f.end < simulation.now]
    assert {f.type for f in later} >= set(FAULTS) - {"pod_packet_loss"}
    assert sum(f.onset is not None for f in later) >= 0.8 * len(later)


def test_evicted_pods_fail_and_are_replaced_elsewhere() -> None:
    simulation, fault, _ = run_through("disk_filling", after_end_steps=0)
    world = simulation.world
    failed = np.flatnonzero(world.pods.phase == 5)
    assert world.nodes.evictions[fault.target, 0] >= 1
    assert len(failed) >= 1
    alive = (world.pods.phase >= 1) & (world.pods.phase <= 4)
    assert alive.sum() == 40 + world.scaled_by.sum()


def test_a_cluster_that_slept_shows_the_present_again() -> None:
    clock = [START]
    slept = Live(arguments("train"), clock=lambda: clock[0])
    clock[0] = START + 1000.0
    slept.catch_up()
    assert [slept.render(s) for s in SOURCES] == [still(arguments("train"), clock[0]).render(s) for s in SOURCES]


def test_cron_jobs_come_at_fixed_times_and_are_no_batch_jobs() -> None:
    simulation = stepped(Simulation(arguments("quiet", nodes=3, pods=40, factor=60.0)), 720)
    begun = [e for e in simulation.lookalikes if e.type == "cron_job"]
    assert len(begun) >= 3
    gaps = np.diff([e.plan.start for e in begun])
    assert all(e.plan.start % 900.0 < 30.0 for e in begun), "the first step of a quarter of an hour"
    assert np.ptp(gaps) < 30.0, "as good as the same"
    assert round(float(gaps.mean()) / 30.0) * 30.0 in PERIODS
    assert all(e.entity["pod"].startswith("cleanup-") for e in begun)
    others = [e for e in simulation.lookalikes if e.type == "batch_job"]
    assert others
    assert all(e.entity["pod"].startswith("data-import-") for e in others)


@pytest.mark.parametrize("factor", [0.3, 1.0, 2.0, 8.0, 60.0, 500.0])
def test_a_schedule_is_one_that_a_crontab_can_say_and_about_as_frequent_as_its_rate(factor: float) -> None:
    scenario = Simulation(arguments("quiet", nodes=3, pods=40, factor=factor)).scenario
    (stream,) = (one for one in scenario.streams if one.scheduled)
    day, asked = 86_400.0, 86_400.0 / (LOOKALIKES_PER_DAY["cron_job"][1] * 40 * factor)
    assert stream.mean_gap_seconds in PERIODS or stream.mean_gap_seconds % day == 0
    assert 0.6 < stream.mean_gap_seconds / max(asked, PERIODS[0]) < 1.6
    assert stream.next_start % PERIODS[0] == 0
