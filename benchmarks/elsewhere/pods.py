"""What pods do to CPU, memory, network and volumes in one step."""

from typing import Final

import numpy as np

from benchmarks.elsewhere.habits import (
    CACHE,
    CAPACITY,
    CORES,
    COST,
    CPU_LIMIT,
    CPU_LIMITED,
    FULLNESS,
    HEAP,
    IDLE,
    JERKY,
    MEAN_RATE,
    MEMORY,
    MEMORY_LIMITED,
    NODE_CORES,
    PLAIN,
    SAW,
    VOLUME,
)
from benchmarks.elsewhere.state import DIRECTIONS, SEATS, STEP_SECONDS, Levers, Machines, Phase, Pods
from benchmarks.elsewhere.workloads import NODES, FloatArray

PERIODS: Final = STEP_SECONDS / 0.1
"""CFS periods of 100 ms, counted only while the container wants to run."""

THROTTLE_WIDTH: Final = 0.07
"""Bursts inside a period throttle some before the mean reaches the limit; at the limit it is every second one."""

BURST_DECAY: Final = np.where(CPU_LIMITED, 0.6, 0.95)
BURST_CORES: Final = np.where(CPU_LIMITED, 0.8, 0.6) * CORES
"""Bursts end within two minutes; without a limit they are a noisy neighbour for a quarter of an hour."""

BACKLOG_GAIN: Final = 0.15
LONGEST_BACKLOG_SECONDS: Final = 4.0
"""Clients give up: the queue grows no further."""

OVERSHOOT: Final = 1.04
"""Where a full memory pull leads, as a share of the limit: surely into the OOM killer."""

HEALTHY_CEILING: Final = 0.93
"""Nothing healthy uses more of its limit; the issue starts at 0.95."""

CACHE_SECONDS: Final = 2400.0
HEAP_SECONDS: Final = 1800.0
"""Time constants of filling up after a start."""

COMPACTED_RATIO: Final = 0.86
WRITTEN_BYTES: Final = 3000.0
"""Of a request; a database's volume grows by some per cent an hour."""

FULL_VOLUME: Final = 0.992
LOSS: Final = 2e-5
"""Packets lost on a healthy pod's interface."""

PACKET_BYTES: Final = {"receive": 420.0, "transmit": 760.0}


def use_cpu(pods: Pods, rates: FloatArray, levers: Levers, rng: np.random.Generator, now: float) -> FloatArray:
    """(seats,) cores used; sets load and backlog, and counts usage and throttling."""
    demand = _demand(pods, rates, levers, rng, now)
    wanted = np.minimum(demand, CPU_LIMIT)
    asked = np.bincount(pods.node, wanted, len(NODES)) + 0.06 * NODE_CORES
    grant = np.minimum(1.0, NODE_CORES / asked)[pods.node]
    pods.load[:] = demand / (CAPACITY * grant)
    grown = pods.backlog_seconds + BACKLOG_GAIN * STEP_SECONDS * (pods.load - 1)
    pods.backlog_seconds[:] = np.clip(grown, 0, LONGEST_BACKLOG_SECONDS)
    periods = np.rint(PERIODS * np.clip(0.3 + 2 * demand / CORES, 0, 1)) * pods.running * CPU_LIMITED
    excess = np.clip((demand / CORES - 1.0) / THROTTLE_WIDTH, -40, 40)
    used: FloatArray = np.minimum(wanted, CAPACITY) * grant
    pods.counters["container_cpu_usage_seconds_total"] += used * STEP_SECONDS
    pods.counters["container_cpu_cfs_periods_total"] += periods
    throttled = rng.binomial(periods.astype(np.int64), JERKY + (1 - JERKY) / (1 + np.exp(-excess)))
    pods.counters["container_cpu_cfs_throttled_periods_total"] += throttled
    return used


def _demand(pods: Pods, rates: FloatArray, levers: Levers, rng: np.random.Generator, now: float) -> FloatArray:
    """(seats,) cores wanted."""
    pods.burst *= BURST_DECAY
    pods.burst += (rng.random(SEATS) < STEP_SECONDS / 10800) * BURST_CORES * rng.uniform(0.25, 1.0, SEATS)
    noise = np.exp(0.08 * np.clip(rng.standard_t(3, SEATS), -4, 3))
    compiling = HEAP * np.exp(-np.maximum(now - pods.started, 0) / 60.0) * 0.3 * CORES
    crowding = 1 + 0.8 * HEAP * np.clip((pods.working_set / MEMORY - HEALTHY_CEILING) / 0.07, 0, 1)
    served = (IDLE + rates * COST) * noise * crowding
    idle = np.maximum(0.92 * CAPACITY - served, 0)  # what runs beside the requests yields to them
    demand = served + np.minimum(compiling + pods.burst + levers.cpu_cores, idle)
    pulled: FloatArray = demand + levers.cpu_pull * np.maximum(1.5 * CORES - demand, 0)
    return pulled * pods.running


def use_memory(
    pods: Pods, machines: Machines, rates: FloatArray, levers: Levers, rng: np.random.Generator, now: float
) -> None:
    """Sets working sets, counts faults, and marks whom the OOM killer takes before the next step."""
    pods.wobble += -pods.wobble / 20 + rng.normal(0, 0.0025, SEATS)
    natural = MEMORY * np.clip(_fullness(pods, rates, rng, now), 0.03, HEALTHY_CEILING)
    pulled = natural + levers.memory_pull * np.maximum(OVERSHOOT * MEMORY - natural, 0)
    pods.working_set[:] = np.where(MEMORY_LIMITED, np.minimum(pulled, MEMORY), pulled) * pods.running
    tight = np.clip((pods.working_set / MEMORY - HEALTHY_CEILING) / 0.07, 0, 1) * MEMORY_LIMITED
    starved = np.clip((0.06 - machines.available_ratio) / 0.05, 0, 1)[pods.node]
    pods.counters["container_memory_failcnt"] += rng.poisson(400 * tight**2) * pods.running
    pods.counters["pgmajfault"] += rng.poisson(0.1 + 250 * tight**2 + 400 * starved) * pods.running
    pods.counters["pgfault"] += rng.poisson(200 + 40 * rates) * pods.running
    pods.doomed[:] = pods.running & MEMORY_LIMITED & (pulled >= MEMORY)


def _fullness(pods: Pods, rates: FloatArray, rng: np.random.Generator, now: float) -> FloatArray:
    """(seats,) share of memory used by healthy pods, each in the way of its kind."""
    age = np.maximum(now - pods.started, 0.0)
    busy = np.divide(rates, MEAN_RATE, out=np.ones(SEATS), where=MEAN_RATE > 0)
    pods.fill += (1 - pods.fill) * np.clip(busy, 0.2, 2) * STEP_SECONDS / CACHE_SECONDS
    collected = age / (420.0 + 30 * (pods.generation % 7)) % 1.0
    young = age / (1500.0 + 240 * (pods.generation % 5)) % 1.0
    heap = FULLNESS * (1 - 0.6 * np.exp(-age / HEAP_SECONDS)) + 0.018 * (collected - 0.5)
    cache = FULLNESS * (0.25 + 0.75 * pods.fill)
    saw = FULLNESS * (0.78 + 0.22 * young) * (1 - 0.5 * np.exp(-age / 300))
    plain = FULLNESS * (0.8 + 0.2 * np.minimum(busy, 2))
    tail = 0.004 * np.clip(rng.standard_t(3, SEATS), -5, 5)
    fullness: FloatArray = HEAP * heap + CACHE * cache + SAW * saw + PLAIN * plain + 0.6 * pods.wobble + tail
    return fullness


def use_network(pods: Pods, rates: FloatArray, levers: Levers, rng: np.random.Generator) -> FloatArray:
    """(seats, 2) packets received and sent; counts them, their bytes and losses."""
    packets = np.zeros((SEATS, len(DIRECTIONS)))
    sandboxes = pods.present & (pods.phase == Phase.RUNNING)
    lossy = LOSS * np.exp(np.clip(rng.standard_t(3, SEATS), -4, 4))
    loud = np.exp(0.15 * np.clip(rng.standard_t(3, SEATS), -4, 4))
    for column, way in enumerate(DIRECTIONS):
        size = PACKET_BYTES[way]
        bulk = levers.traffic_bytes / size
        packets[:, column] = rng.poisson(((6 * rates + 12) * loud + bulk) * STEP_SECONDS) * sandboxes
        lost = rng.poisson(packets[:, column] * (lossy + 0.8 * levers.pod_drop))
        broken = rng.poisson(packets[:, column] * (lossy / 10 + 0.2 * levers.pod_drop))
        pods.counters[f"container_network_{way}_packets_total"] += packets[:, column]
        pods.counters[f"container_network_{way}_bytes_total"] += np.rint(packets[:, column] * size)
        pods.counters[f"container_network_{way}_packets_dropped_total"] += lost
        pods.counters[f"container_network_{way}_errors_total"] += broken
    return packets


def use_volumes(pods: Pods, rates: FloatArray, rng: np.random.Generator) -> None:
    """Volumes grow with traffic and are compacted when they are fairly full, or now and then: a slow saw."""
    pods.volume_used += rates * WRITTEN_BYTES * STEP_SECONDS * rng.uniform(0.5, 1.5, SEATS)
    compacted = (pods.volume_used > COMPACTED_RATIO * VOLUME) | (rng.random(SEATS) < STEP_SECONDS / (14 * 3600))
    pods.volume_used *= np.where(compacted, rng.uniform(0.75, 0.95, SEATS), 1.0)


def volume_bytes(pods: Pods, levers: Levers) -> FloatArray:
    """(seats,) bytes on the volumes, with what an event puts there."""
    filled: FloatArray = pods.volume_used + levers.volume_pull * (FULL_VOLUME * VOLUME - pods.volume_used)
    return filled
