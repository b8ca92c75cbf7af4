"""What each path exposes: whole texts, and properties of every line."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator

import pytest

from emitter.live import Live
from emitter.sources import SOURCES
from tests.emitter.cases import START, arguments, plan, samples, still


def small(now: float) -> Live:
    return still(arguments(nodes=2, pods=12), now)


def troubled() -> Iterator[Live]:
    """A cluster in which most things went wrong at once, every half minute from a quarter of an hour later on."""
    clock = [START + 600.0]
    live = Live(arguments(nodes=3, pods=16), clock=lambda: clock[0])
    for kind in ("crash_loop", "batch_job", "node_not_ready", "disk_filling", "memory_leak", "planned_drain"):
        live.simulation.begin(plan(kind, live.simulation.now, ramp_seconds=300.0 if kind == "batch_job" else 600.0))
    clock[0] += 930.0
    while True:
        clock[0] += 30.0
        live.catch_up()
        yield live


@pytest.mark.parametrize("source", sorted(SOURCES))
def test_the_exposition_of_a_source_is_the_golden_one(source: str, golden: Callable[[str, str], None]) -> None:
    golden(f"emitter/{source}.txt", next(troubled()).render(source))


def test_trouble_shows_in_the_metrics_that_exist_only_then() -> None:
    # A container that crashes again and again waits and runs in turns, and a finished job is forgotten.
    text = "".join(live.render("kube-state-metrics") for live in itertools.islice(troubled(), 10))
    for name in (
        "kube_pod_container_status_waiting_reason",
        "kube_pod_container_status_terminated_reason",
        "kube_pod_container_status_last_terminated_reason",
        "kube_pod_container_status_last_terminated_exitcode",
        "kube_pod_status_reason",
        "kube_node_spec_taint",
        "kube_job_complete",
    ):
        assert f"# TYPE {name} " in text, name


@pytest.mark.parametrize("source", sorted(SOURCES))
def test_no_series_appears_twice_and_families_stay_together(source: str) -> None:
    text = small(START + 610.0).render(source)
    series = [name for name, _ in samples(text)]
    assert len(series) == len(set(series))
    families = re.findall(r"^# TYPE (\S+)", text, flags=re.MULTILINE)
    assert len(families) == len(set(families))
    names = [re.sub(r"(_bucket|_sum|_count)?(\{.*)?$", "", s) for s in series]
    assert [name for name, _ in itertools.groupby(names)] == families


def test_cadvisor_has_its_three_shapes() -> None:
    names = [s for s, _ in samples(small(START + 610.0).render("cadvisor"))]
    used = [s for s in names if s.startswith("container_cpu_usage_seconds_total{")]
    assert any('container="checkout"' in s for s in used)
    assert any("container=" not in s and "pod=" in s for s in used)
    assert any('id="/"' in s and "pod=" not in s for s in used)
    network = [s for s in names if s.startswith("container_network_")]
    assert network
    assert all('interface="eth0"' in s and "container=" not in s for s in network)


def test_cfs_series_exist_only_with_a_cpu_limit() -> None:
    text = still(arguments(nodes=3, pods=60), START + 610.0).render("cadvisor")
    throttled = [s for s, _ in samples(text) if s.startswith("container_cpu_cfs_periods_total")]
    used = [s for s, _ in samples(text) if s.startswith("container_cpu_usage_seconds_total")]
    assert not any('container="report-worker"' in s for s in throttled)
    assert any('container="report-worker"' in s for s in used)


def test_reason_series_are_absent_until_a_reason_is_set() -> None:
    text = small(START + 610.0).render("kube-state-metrics")
    assert "waiting_reason" not in text
    assert "last_terminated_reason" not in text
    assert "last_terminated_exitcode" not in text


def test_a_phase_has_five_series_and_a_node_condition_three() -> None:
    names = [s for s, _ in samples(small(START + 610.0).render("kube-state-metrics"))]
    phases = [s for s in names if s.startswith("kube_pod_status_phase") and 'pod="postgres-0"' in s]
    conditions = [s for s in names if s.startswith("kube_node_status_condition") and 'node="worker-01",' in s]
    ready = [s for s in conditions if 'condition="Ready"' in s]
    assert len(phases) == 5
    assert len(ready) == 3


def test_rates_are_exact_over_any_scrape_interval() -> None:
    """Ten scrapes between two steps see equal increases of a smooth counter."""
    clock = [START + 600.0]
    live = Live(arguments(nodes=2, pods=12), clock=lambda: clock[0])
    seen = []
    for tick in range(11):
        clock[0] = START + 600.0 + 2.5 * tick
        values = dict(samples(live.render("node")))
        seen.append(next(v for s, v in values.items() if s.startswith("node_time_seconds")))
    increases = [round(b - a, 6) for a, b in itertools.pairwise(seen)]
    assert set(increases) == {2.5}


def test_histograms_are_cumulative_and_end_in_their_count() -> None:
    text = small(START + 610.0).render("apps")
    values = dict(samples(text))
    for count, total in values.items():
        if count.startswith("http_request_duration_seconds_count"):
            labels = count.partition("{")[2]
            buckets = "http_request_duration_seconds_bucket"
            bounds = [v for s, v in values.items() if s.startswith(buckets) and s.endswith(labels)]
            assert bounds == sorted(bounds)
            assert bounds[-1] == total
