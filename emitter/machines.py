"""One step of the nodes: what their pods and their own troubles cost."""

from __future__ import annotations

from typing import Final

import numpy as np

from emitter.cluster import GIB
from emitter.sharing import STRAIN_RATIO, SYSTEM_CORES, USABLE_RATIO
from emitter.state import EMPTY, MODES, PLEG_BUCKETS, FloatArray
from emitter.world import World

SYSTEM_BYTES: Final = 1.6 * GIB
"""Kernel, container runtime, kubelet and daemons of a node."""

RECLAIMED: Final = 0.035
"""Of all memory: what the kernel keeps free by dropping caches. Clear of the rule that calls less than 3 % an issue."""

RETRANSMITS_AT_REST: Final = 2e-4
LOAD_SPANS_SECONDS: Final = np.array([60.0, 300.0, 900.0])
_PLEG: Final = np.array(PLEG_BUCKETS)


def advance(world: World) -> None:
    """Advance every node by one step; a node that is down stands still."""
    _cpu(world)
    _memory(world)
    _disk(world)
    _network(world)
    _kubelet(world)


def _sum(world: World, values: FloatArray) -> FloatArray:
    pods = world.pods
    return np.bincount(pods.node, weights=values * (pods.phase > EMPTY), minlength=len(world.nodes.up)).astype(float)


def _cpu(world: World) -> None:
    """Spend CPU time by mode; runnable and blocked tasks make the load."""
    nodes, rng, dt = world.nodes, world.weather, world.step_seconds
    count = len(nodes.up)
    strain = np.clip(world.pressures.strain, 0.0, 1.2)
    cores = np.array([float(n.cores) for n in world.cluster.nodes])
    io = np.clip(0.02 + 0.5 * strain**2 + rng.normal(0, 0.004, count), 0.0, 0.8)
    own = SYSTEM_CORES * rng.uniform(0.8, 1.2, count) + strain * STRAIN_RATIO * cores
    wanted = _sum(world, world.pods.cpu_wanted) + own
    busy = np.minimum(_sum(world, world.pods.cpu_rate) + own, cores * USABLE_RATIO)
    waiting = np.minimum(io * 0.25 * cores, 0.96 * cores - busy)
    nodes.cpu_ratio[:] = busy / cores
    spent = {"user": busy * 0.68, "system": busy * 0.25, "softirq": busy * 0.05, "irq": busy * 0.01, "iowait": waiting}
    spent["steal"], spent["nice"] = busy * 0.005, busy * 0.005
    spent["idle"] = cores - busy - waiting
    for index, mode in enumerate(MODES):
        nodes.cpu_seconds[:, index] += spent[mode] * dt * nodes.up
    runnable = wanted + io * 6.0 + rng.uniform(0, 0.3, count)
    decay = np.exp(-dt / LOAD_SPANS_SECONDS)
    nodes.loads[:] = nodes.loads * decay + runnable[:, None] * (1 - decay)
    nodes.pressure[:, 0] += (
        np.clip((wanted / cores - 0.55) * 0.6 + rng.normal(0, 0.003, count), 0.001, 1.0) * dt * nodes.up
    )
    nodes.io_ratio[:] = io


def _memory(world: World) -> None:
    nodes, rng, dt = world.nodes, world.weather, world.step_seconds
    count = len(nodes.up)
    strain = np.clip(world.pressures.strain, 0.0, 1.0)
    total = np.array([n.memory_bytes for n in world.cluster.nodes])
    held = _sum(world, world.pods.resident_bytes) + SYSTEM_BYTES * rng.uniform(0.98, 1.02, count)
    available = np.maximum(total - held, RECLAIMED * total)
    available = available * (1.0 - 0.9 * strain)
    nodes.available_bytes[:] = np.maximum(available, 0.012 * total)
    cached = 0.5 * nodes.available_bytes
    nodes.cached_bytes[:] += 0.2 * (cached - nodes.cached_bytes) + rng.normal(0, 2e6, count)
    nodes.cached_bytes[:] = np.clip(nodes.cached_bytes, 0.0, nodes.available_bytes)
    scarce = np.clip(0.25 - nodes.available_bytes / total, 0.0, 1.0)
    nodes.pressure[:, 1] += (scarce * 1.5 + 2e-4) * dt * nodes.up
    nodes.pressure[:, 2] += (scarce * 0.9 + 5e-5) * dt * nodes.up
    nodes.vmstat[:, 1] += rng.poisson((1.0 + scarce * 2000.0) * dt) * nodes.up
    nodes.vmstat[:, 2] += rng.poisson(900.0 * dt, count) * nodes.up


def _disk(world: World) -> None:
    nodes, rng, dt, inventory = world.nodes, world.weather, world.step_seconds, world.cluster.nodes
    count = len(nodes.up)
    logs = _sum(world, world.pods.log_bytes)
    root = np.array([n.root_bytes for n in inventory])
    base = np.array([0.32 + 0.03 * (i % 5) for i in range(count)]) * root
    used = base + logs + world.pressures.disk_bytes + rng.normal(0, 2e7, count)
    nodes.root_used_bytes[:] = np.where(nodes.up, np.clip(used, 0.0, 0.995 * root), nodes.root_used_bytes)
    nodes.root_files[:] = np.maximum(nodes.root_files + np.round(rng.normal(0, 30, count)), 1000)
    images = np.array([n.containerd_bytes for n in inventory])
    drift = rng.normal(0, 4e6, count) + (0.5 * images - nodes.containerd_used_bytes) * 1e-3
    nodes.containerd_used_bytes[:] += drift * nodes.up
    filling = world.pressures.disk_bytes / root
    written = (2.5e5 + 6e6 * nodes.io_ratio + 2e6 * filling) * rng.uniform(0.7, 1.3, count)
    read = (1e5 + 2e7 * np.maximum(nodes.io_ratio - 0.02, 0)) * rng.uniform(0.5, 1.5, count)
    busy = np.clip(nodes.io_ratio * 1.6 + 0.02 + filling * 0.05, 0.0, 1.0)
    nodes.disk[:, 0] += np.round(read * dt) * nodes.up
    nodes.disk[:, 1] += np.round(written * dt) * nodes.up
    nodes.disk[:, 2] += busy * dt * nodes.up
    nodes.disk[:, 3] += busy * (1.0 + 8.0 * nodes.io_ratio) * dt * nodes.up
    nodes.disk[:, 4] += np.round(read / 16_384 * dt) * nodes.up
    nodes.disk[:, 5] += np.round(written / 12_288 * dt) * nodes.up
    stalled = np.clip(nodes.io_ratio - 0.01, 0.0, 1.0)
    nodes.pressure[:, 3] += stalled * 0.9 * dt * nodes.up
    nodes.pressure[:, 4] += stalled * 0.5 * dt * nodes.up


def _network(world: World) -> None:
    nodes, rng, dt, pods = world.nodes, world.weather, world.step_seconds, world.pods
    count = len(nodes.up)
    loss = np.clip(world.pressures.node_loss_ratio, 0.0, 0.5)
    nodes.loss_ratio[:] = loss
    talk = _sum(world, (pods.cpu_rate > 0) * 6.0 + pods.in_flight * 0.2) + 40.0 * rng.uniform(0.9, 1.1, count)
    received, sent = talk * 5_200.0, talk * 9_800.0
    packets_in, packets_out = received / 700.0, sent / 900.0
    rates = (received, sent, packets_in, packets_out)
    for column, rate in enumerate(rates):
        nodes.network[:, column] += np.round(rate * dt) * nodes.up
    lost = loss + 1.5e-5
    for column, packets, part in (
        (4, packets_in, 0.35),
        (5, packets_out, 0.1),
        (6, packets_in, 1.0),
        (7, packets_out, 0.5),
    ):
        nodes.network[:, column] += rng.poisson(packets * dt * lost * part) * nodes.up
    nodes.loopback[:, 0] += np.round(talk * 900.0 * dt) * nodes.up
    nodes.loopback[:, 1] += np.round(talk * 2.0 * dt) * nodes.up
    segments = rng.poisson(packets_out * 0.9 * dt)
    nodes.tcp[:, 0] += segments * nodes.up
    nodes.tcp[:, 1] += rng.binomial(segments, np.clip(RETRANSMITS_AT_REST + 1.3 * loss, 0, 0.6)) * nodes.up
    nodes.tcp[:, 2] += rng.poisson(world.pressures.strain.clip(0) ** 3 * 0.5 * dt) * nodes.up
    nodes.tcp[:, 3] += rng.poisson(world.pressures.strain.clip(0) ** 3 * 0.3 * dt) * nodes.up
    nodes.tcp[:, 4] += rng.poisson((0.02 + 8.0 * loss) * dt) * nodes.up
    nodes.tcp_sockets[:] = np.round(60 + talk * 0.8 * (1.0 + 6.0 * loss))
    nodes.conntrack[:] = np.round(900 + talk * 22.0 * rng.uniform(0.95, 1.05, count))
    nodes.file_handles[:] = np.round(2_200 + 140 * _sum(world, np.ones(len(pods.phase))) + rng.normal(0, 20, count))


def _kubelet(world: World) -> None:
    """PLEG relists: once a second, slower and slower under strain."""
    nodes, rng, dt = world.nodes, world.weather, world.step_seconds
    strain = np.clip(world.pressures.strain, 0.0, 1.0)
    nodes.relist_seconds[:] = 0.008 * np.exp(6.2 * strain) * np.exp(rng.normal(0, 0.15, len(nodes.up)))
    relists = rng.poisson(dt / (1.0 + nodes.relist_seconds)) * nodes.up
    below = 1.0 / (1.0 + (_PLEG[None, :] / nodes.relist_seconds[:, None]) ** -3.0)
    parts = np.diff(below, axis=1, prepend=0.0, append=1.0)
    nodes.relists[:] += np.cumsum(rng.multinomial(relists, np.clip(parts, 0.0, 1.0)), axis=1)
    nodes.relist_sum[:] += relists * nodes.relist_seconds * 1.2
