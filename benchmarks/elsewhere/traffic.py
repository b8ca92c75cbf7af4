"""Requests: how many come, how long they take, how many fail."""

from typing import Final

import numpy as np

from benchmarks.elsewhere.habits import LATENCY
from benchmarks.elsewhere.state import BUCKETS, SEAT_WORKLOAD, SEATS, STEP_SECONDS, Levers, Machines, Pods, Services
from benchmarks.elsewhere.workloads import WORKLOADS, FloatArray, call_matrix

SPREAD: Final = 0.55
"""Sigma of a pod's lognormal latency: its p99 is 3.6 times its median."""

NOT_FOUND_RATIO: Final = 0.01

DRIFT_STEPS, JITTER_STEPS, BUMP_STEPS = 1200.0, 6.0, 40.0
"""Memory of the slow drift (10 h), the jitter (3 min) and the bumps (20 min)."""

HIGHEST_EXPONENT: Final = 0.35
"""Noise never asks for more than 1.4 times the hour's usual traffic: capacity is planned for that."""

MEAN_RATES: Final = np.array([workload.requests_per_second for workload in WORKLOADS])
PEAK_HOURS: Final = np.array([13.0 + 7.0 * ((5 * i) % 8) / 8 for i in range(len(WORKLOADS))])
CALLS: Final = call_matrix()
BOUNDS: Final = np.log(BUCKETS)

FURTHEST: Final = 6.0
"""Sigmas beyond which nothing lies; keeps the infinite bound out of the arithmetic."""


def arrivals(services: Services, levers: Levers, rng: np.random.Generator, now: float) -> FloatArray:
    """(workloads,) requests per second: daily wave times drift, jitter, bumps and a heavy tail."""
    count = len(WORKLOADS)
    services.drift += -services.drift / DRIFT_STEPS + rng.normal(0, 0.004, count) + rng.normal(0, 0.003)
    services.jitter += -services.jitter / JITTER_STEPS + rng.normal(0, 0.025, count)
    services.bump *= 1 - 1 / BUMP_STEPS
    services.bump += (rng.random(count) < STEP_SECONDS / 28800) * rng.exponential(0.15, count)
    tail = 0.02 * np.clip(rng.standard_t(3, count), -6, 6)
    angle = 2 * np.pi * (now / 3600.0 - PEAK_HOURS) / 24
    daily = 1 + 0.32 * np.cos(angle) + 0.06 * np.cos(2 * angle + 1)
    exponent = np.minimum(services.drift + services.jitter + services.bump + tail, HIGHEST_EXPONENT)
    rates: FloatArray = MEAN_RATES * daily * np.exp(exponent) * (1 + levers.traffic)
    return rates


def shared(pods: Pods, arriving: FloatArray, rng: np.random.Generator) -> FloatArray:
    """(seats,) requests per second: a service's traffic over its ready pods, not quite evenly."""
    ready = pods.ready * np.clip(rng.normal(1.0, 0.05, SEATS), 0.5, 1.5)
    total = np.bincount(SEAT_WORKLOAD, ready, len(WORKLOADS))[SEAT_WORKLOAD]
    share: FloatArray = np.divide(ready, total, out=np.zeros(SEATS), where=total > 0)
    return share * arriving[SEAT_WORKLOAD]


def latencies(
    pods: Pods, machines: Machines, services: Services, levers: Levers, rng: np.random.Generator
) -> FloatArray:
    """(seats,) median seconds: queueing, backlog, a slow node, lost packets, and what it calls."""
    queue = 1 + 0.25 * pods.load**3 / (1 - np.minimum(pods.load, 0.95))
    slow = (1 + machines.contention)[pods.node] * (1 + 20 * (levers.pod_drop + levers.node_drop[pods.node]))
    called = 0.3 * (CALLS @ services.latency) + levers.delay
    noise = np.exp(0.1 * np.clip(rng.standard_t(4, SEATS), -4, 4))
    seconds: FloatArray = (LATENCY * queue * slow + pods.backlog_seconds + called[SEAT_WORKLOAD]) * noise
    return seconds


def failures(pods: Pods, services: Services, levers: Levers) -> FloatArray:
    """(seats,) share of requests answered with 5xx: time-outs, lost packets, and failures of what it calls."""
    late = np.clip((pods.backlog_seconds - 1.5) / 8, 0, 0.4)
    lost = 0.4 * (levers.pod_drop + levers.node_drop[pods.node])
    service = services.usual_errors + levers.errors + 0.15 * (CALLS @ services.errors)
    ratio: FloatArray = np.clip(service[SEAT_WORKLOAD] + levers.pod_errors + late + lost, 0, 0.95)
    return ratio


def count(pods: Pods, rates: FloatArray, latency: FloatArray, errors: FloatArray, rng: np.random.Generator) -> None:
    """Add the step's requests to the pods' counters and histograms."""
    requests = rng.poisson(rates * STEP_SECONDS)
    failed = rng.binomial(requests, errors)
    missing = rng.binomial(requests - failed, NOT_FOUND_RATIO)
    pods.requests += np.stack([requests - failed - missing, missing, failed], axis=1)
    pods.buckets += bucket_counts(requests.astype(np.float64), latency, rng)
    pods.latency_sum += requests * latency * np.exp(SPREAD**2 / 2)
    pods.in_flight[:] = rng.poisson(rates * latency * np.exp(SPREAD**2 / 2))


def bucket_counts(events: FloatArray, median: FloatArray, rng: np.random.Generator) -> FloatArray:
    """(rows, buckets) cumulative counts of lognormal durations.

    One random number a row rounds all its bounds, so that rare long ones occur and the counts still rise with le.
    Source: the tanh form of the normal distribution of Hendrycks & Gimpel 2016 (arXiv:1606.08415); off by < 0.0005.
    """
    sigmas = np.clip((BOUNDS - np.log(np.maximum(median, 1e-4))[:, None]) / SPREAD, -FURTHEST, FURTHEST)
    below = 0.5 * (1 + np.tanh(np.sqrt(2 / np.pi) * (sigmas + 0.044715 * sigmas**3)))
    counts = np.floor(events[:, None] * below + rng.random(len(events))[:, None])
    counts[:, -1] = events
    cumulative: FloatArray = np.minimum(counts, events[:, None])
    return cumulative


def summarise(services: Services, rates: FloatArray, latency: FloatArray, errors: FloatArray) -> None:
    """Remember what callers of each service will feel in the next step."""
    total = np.bincount(SEAT_WORKLOAD, rates, len(WORKLOADS))
    for mean, values in ((services.latency, latency), (services.errors, errors)):
        summed = np.bincount(SEAT_WORKLOAD, rates * values, len(WORKLOADS))
        mean[:] = np.divide(summed, total, out=np.zeros(len(WORKLOADS)), where=total > 0)
