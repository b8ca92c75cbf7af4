"""One step of the containers: traffic becomes CPU, memory, latency, errors and packets."""

from __future__ import annotations

from typing import Final

import numpy as np

from emitter.lifecycle import end_container
from emitter.sharing import capacity, crowding, granted, load_felt, quota_used
from emitter.state import BUCKETS, EMPTY, RUNNING, BoolArray, FloatArray, IntArray
from emitter.traffic import DEPENDENCY_AT_REST
from emitter.world import World

SIZE_WITHOUT_LIMIT: Final = 1.5
"""Cores that the usual work of a pod without a CPU limit is reckoned in; it may use all that its node has."""

CPU_AT_REST: Final = 0.08
CPU_AT_PEAK: Final = 0.5
"""Parts of the limit that a pod uses without traffic, and adds at its average traffic."""

LATENCY_SHAPE: Final = 3.6
"""Exponent of the log-logistic distribution of latencies: p99 is 3.6 times the median."""

TIMEOUT_SECONDS: Final = 5.0
CONVERSATION_BYTES: Final = (1_800.0, 6_500.0)
"""Received and sent per request."""

PACKET_BYTES: Final = 900.0
BACKGROUND_LOSS: Final = 2e-5
LEAK_RECOVERY_SECONDS: Final = 300.0
CFS_PERIODS_PER_SECOND: Final = 10.0
OOM_KILLED: Final = 1
_BOUNDS: Final = np.array(BUCKETS)


def advance(world: World) -> None:
    """Advance every running container by one step."""
    pods = world.pods
    running = (pods.phase == RUNNING) & world.nodes.up[pods.node]
    arrivals = _arrivals(world, running)
    utilisation = _cpu(world, running, arrivals)
    _memory(world, running, arrivals)
    _requests(world, running, arrivals, utilisation)
    _network(world, running, arrivals)
    _storage(world, running)
    _oom(world, running)


def _arrivals(world: World, running: BoolArray) -> FloatArray:
    """(slots,) requests a second that reach each pod; only ready pods are endpoints."""
    pods, services = world.pods, world.services
    serving = running & pods.ready
    services.endpoints[:] = np.bincount(pods.workload[serving], minlength=len(services.rate))
    share = np.exp(world.weather.normal(0.0, 0.05, len(pods.phase))) * serving
    total = np.bincount(pods.workload, weights=share, minlength=len(services.rate))
    return np.asarray(services.rate[pods.workload] * share / np.maximum(total[pods.workload], 1e-9))


def _cpu(world: World, running: BoolArray, arrivals: FloatArray) -> FloatArray:
    """Spend CPU; returns (slots,) demand over what the pod can get, by its limit and on its node."""
    pods, rng, dt = world.pods, world.weather, world.step_seconds
    size = len(pods.phase)
    usual_size = np.where(pods.cpu_limit > 0, pods.cpu_limit, SIZE_WITHOUT_LIMIT)  # NaN and empty slots too
    cores = np.array([float(n.cores) for n in world.cluster.nodes])[pods.node]
    ceiling = np.where(pods.cpu_limit > 0, pods.cpu_limit, cores)
    pods.busy_ratio[:] = np.clip(0.93 * pods.busy_ratio + rng.normal(0.014, 0.035, size), 0.0, 0.6)
    usual = np.array([max(w.rate, 1e-9) for w in world.cluster.workloads])[pods.workload]
    silent = np.array([not w.http for w in world.cluster.workloads])[pods.workload]
    load = np.where(silent, 0.5 + pods.busy_ratio, arrivals / usual * 0.7)
    demand = usual_size * (CPU_AT_REST + CPU_AT_PEAK * pods.cpu_need * load + 0.25 * pods.busy_ratio)
    demand = np.maximum(demand * np.exp(rng.normal(0.0, 0.03, size)) + world.pressures.cpu_cores, 0.0) * running
    starting = running & (world.now - pods.started_at < 60.0)
    demand = np.where(starting, np.maximum(demand, 0.6 * usual_size), demand)
    pods.cpu_wanted[:] = np.minimum(demand, ceiling)
    requests = np.array([w.cpu_request for w in world.cluster.workloads])[pods.workload]
    pods.cpu_rate[:] = granted(pods.cpu_wanted, requests, pods.node, capacity(world))
    utilisation = quota_used(demand, pods.cpu_wanted, pods.cpu_rate, ceiling)
    periods = np.where(running, CFS_PERIODS_PER_SECOND * dt * np.minimum(1.0, 0.4 + utilisation), 0.0)
    ratio = 1.0 / (1.0 + np.exp(-(utilisation - 1.0) / 0.06))
    throttled = np.round(periods * np.clip(ratio * rng.uniform(0.9, 1.1, size), 0.0, 0.99))
    pods.throttled_ratio[:] = np.where(running & ~np.isnan(pods.cpu_limit), throttled / np.maximum(periods, 1.0), 0.0)
    waiting = throttled * (0.02 + 0.06 * np.clip(utilisation - 0.9, 0.0, 1.0))
    for prefix in ("", "pod_"):
        getattr(pods, f"{prefix}cpu_seconds")[:] += pods.cpu_rate * dt
        getattr(pods, f"{prefix}periods")[:] += np.round(periods)
        getattr(pods, f"{prefix}throttled_periods")[:] += np.minimum(throttled, np.round(periods))
        getattr(pods, f"{prefix}throttled_seconds")[:] += waiting
    return load_felt(demand, pods.cpu_wanted, pods.cpu_rate, ceiling)


def _memory(world: World, running: BoolArray, arrivals: FloatArray) -> None:
    pods, rng, dt, pressure = world.pods, world.weather, world.step_seconds, world.pressures
    size = len(pods.phase)
    rest = np.array([w.resident_ratio * w.memory_limit for w in world.cluster.workloads])[pods.workload]
    rest *= pods.memory_need
    usual = np.array([max(w.rate, 1.0) for w in world.cluster.workloads])[pods.workload]
    recovering = np.where(pressure.leaking > 0, 1.0, np.exp(-dt / LEAK_RECOVERY_SECONDS))
    pods.leaked_bytes[:] = pods.leaked_bytes * recovering + pressure.leaking * running
    warm = 1.0 - np.exp(-np.maximum(world.now - pods.started_at, 0.0) / 180.0)
    noise = np.exp(rng.normal(0.0, 0.012, size))
    pods.resident_bytes[:] = np.where(
        running,
        rest * (0.55 + 0.45 * warm) * noise * (1.0 + 0.06 * np.minimum(arrivals / usual, 2.5))
        + pods.leaked_bytes
        + pressure.memory_bytes,
        0.0,
    )
    room = np.maximum(pods.memory_limit - pods.resident_bytes, 0.0)
    pods.cache_bytes[:] = np.minimum(pods.cache_bytes * 1.002 + rng.uniform(0, 2e4, size), 0.25 * room) * running
    pods.working_set_bytes[:] = np.minimum(pods.resident_bytes + 0.2 * pods.cache_bytes, pods.memory_limit)
    pods.usage_bytes[:] = np.minimum(pods.resident_bytes + pods.cache_bytes, pods.memory_limit)
    full = pods.working_set_bytes / np.maximum(pods.memory_limit, 1.0)
    pods.page_faults[:] += np.round(running * (40 + 3 * arrivals) * dt * rng.uniform(0.8, 1.2, size))
    thrash = np.clip(full - 0.85, 0.0, 1.0) * 80.0
    pods.major_faults[:] += rng.poisson(running * thrash * dt)
    pods.failcnt[:] += rng.poisson(running * np.clip(full - 0.9, 0.0, 1.0) * 50.0 * dt)


def _requests(world: World, running: BoolArray, arrivals: FloatArray, utilisation: FloatArray) -> None:
    pods, rng, services = world.pods, world.weather, world.services
    size = len(pods.phase)
    base = np.array([max(w.latency_seconds, 1e-3) for w in world.cluster.workloads])[pods.workload]
    pods.latency_noise[:] = np.exp(0.8 * np.log(pods.latency_noise) + rng.normal(0.0, 0.04, size))
    queue = 1.0 / (1.0 - np.minimum(utilisation, 0.985) ** 3)
    behind = services.dependency[pods.workload]
    waiting = crowding(world) * (1.0 - DEPENDENCY_AT_REST) / (1.0 - np.clip(behind, 0.0, 0.97))
    loss = np.maximum(pods.loss_ratio, 0.0)
    median = base * pods.latency_noise * queue * waiting * world.pressures.latency_factor + 0.25 * loss
    timeouts = np.clip((behind - 0.93) * 1.6, 0.0, 0.5) + np.clip((utilisation - 1.05) * 0.6, 0.0, 0.4)
    failing = np.clip(8e-4 + timeouts + 0.2 * loss + world.pressures.error_ratio, 0.0, 0.95)
    count = rng.poisson(
        arrivals * world.step_seconds * np.array([w.http for w in world.cluster.workloads])[pods.workload]
    )
    _count_codes(world, count, failing)
    pods.error_ratio[:] = np.where(count > 0, failing, 0.0)
    median = np.minimum(median, TIMEOUT_SECONDS)
    below = 1.0 / (1.0 + (_BOUNDS[None, :] / median[:, None]) ** -LATENCY_SHAPE)
    parts = np.diff(below, axis=1, prepend=0.0, append=1.0)
    pods.buckets[:] += np.cumsum(rng.multinomial(count, np.clip(parts, 0.0, 1.0)), axis=1)
    mean = median * (np.pi / LATENCY_SHAPE) / np.sin(np.pi / LATENCY_SHAPE)
    pods.seconds_sum[:] += count * mean
    pods.in_flight[:] = rng.poisson(np.minimum(arrivals * mean, 500.0)) * running
    _judge_services(world, count, failing, below)


def _count_codes(world: World, count: IntArray, failing: FloatArray) -> None:
    rng, requests = world.weather, world.pods.requests
    failed = rng.binomial(count, failing)
    missing = rng.binomial(count - failed, 0.008)
    posted = rng.binomial(count - failed - missing, 0.25)
    unavailable = rng.binomial(failed, 0.4)
    requests[:, 0] += count - failed - missing - posted
    requests[:, 1] += posted
    requests[:, 2] += missing
    requests[:, 3] += failed - unavailable
    requests[:, 4] += unavailable


def _judge_services(world: World, count: IntArray, failing: FloatArray, below: FloatArray) -> None:
    """Error ratio and p99 of every service at this step, for the truth only."""
    services, pods = world.services, world.pods
    total = np.bincount(pods.workload, weights=count, minlength=len(services.rate))
    safe = np.maximum(total, 1e-9)
    services.requests[:] = total
    services.error_ratio[:] = np.bincount(pods.workload, weights=count * failing, minlength=len(total)) / safe
    inside = np.zeros((len(total), below.shape[1]))
    np.add.at(inside, pods.workload, below * count[:, None])
    reached = inside / safe[:, None] >= 0.99
    services.p99_seconds[:] = np.where(reached.any(axis=1), _BOUNDS[np.argmax(reached, axis=1)], 2 * _BOUNDS[-1])
    services.p99_seconds[total == 0] = 0.0


def _network(world: World, running: BoolArray, arrivals: FloatArray) -> None:
    pods, rng, dt, pressure = world.pods, world.weather, world.step_seconds, world.pressures
    size = len(pods.phase)
    alive = (pods.phase > EMPTY) & running
    pods.loss_ratio[:] = np.clip(pressure.loss_ratio + pressure.node_loss_ratio[pods.node], 0.0, 0.5) * alive
    talk = (arrivals + 4.0 + 10.0 * pods.busy_ratio) * alive * np.exp(rng.normal(0.0, 0.06, size))
    received, sent = (talk * size_bytes for size_bytes in CONVERSATION_BYTES)
    packets_in, packets_out = received / PACKET_BYTES * 2.2 + talk, sent / PACKET_BYTES + talk
    lost = pods.loss_ratio + BACKGROUND_LOSS * alive
    columns = pods.network
    columns[:, 0] += np.round(received * dt)
    columns[:, 1] += np.round(sent * dt)
    columns[:, 2] += np.round(packets_in * dt)
    columns[:, 3] += np.round(packets_out * dt)
    for column, packets, part in (
        (4, packets_in, 0.3),
        (5, packets_out, 0.15),
        (6, packets_in, 1.0),
        (7, packets_out, 0.7),
    ):
        columns[:, column] += rng.poisson(packets * dt * lost * part)


def _storage(world: World, running: BoolArray) -> None:
    pods, rng, dt, volumes = world.pods, world.weather, world.step_seconds, world.volumes
    size = len(pods.phase)
    written = running * (2e4 + 4e4 * pods.busy_ratio) * rng.uniform(0.5, 1.5, size) * dt
    pods.written_bytes[:] += np.round(written)
    pods.read_bytes[:] += np.round(running * 8e3 * rng.uniform(0.2, 2.0, size) * dt)
    pods.log_bytes[:] = np.where(pods.log_bytes > 4e8, 2e8, pods.log_bytes + 0.05 * written)  # rotated by the kubelet
    noise = rng.normal(0.0, 0.0008, len(volumes.uids))
    rest = volumes.rest_ratio + 0.01 * np.sin(world.now / 7200.0 + volumes.ordinal)
    used = volumes.capacity_bytes * (rest + noise) + world.pressures.volume_bytes
    volumes.used_bytes[:] = np.clip(used, 0.0, volumes.capacity_bytes)
    volumes.inodes_used[:] = np.maximum(volumes.inodes_used + np.round(rng.normal(0, 2, len(noise))), 100)


def _oom(world: World, running: BoolArray) -> None:
    """Kill containers whose peak between two scrapes reached the limit."""
    pods = world.pods
    peak = np.array([w.transient_ratio for w in world.cluster.workloads])[pods.workload]
    killed = running & (pods.working_set_bytes + peak * pods.memory_limit >= pods.memory_limit)
    for slot in np.flatnonzero(killed):
        pods.oom_events[slot] += 1
        world.nodes.vmstat[pods.node[slot], 0] += 1
        end_container(world, int(slot), OOM_KILLED, 137)
