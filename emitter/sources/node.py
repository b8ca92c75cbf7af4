"""node_exporter of every node (its names as of 1.8; TYPE and labels read off a running exporter)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from emitter.exposition import Column, Family, Source, Table
from emitter.state import MODES, FloatArray
from emitter.world import World

CORE_SKEW: Final = (1.03, 0.99, 1.01, 0.97)
"""How unevenly the work of a node spreads over its cores, in turn."""

ROOT: Final = 'device="/dev/nvme0n1p1",fstype="ext4",mountpoint="/"'
CONTAINERD: Final = 'device="/dev/nvme1n1",fstype="xfs",mountpoint="/var/lib/containerd"'
TMPFS: Final = 'device="tmpfs",fstype="tmpfs",mountpoint="/run"'
TMPFS_BYTES: Final = 2.0**31
MAX_CORES: Final = 16
"""Of the largest node; smaller ones have fewer series."""


def _inventory(attribute: str) -> Callable[[World], FloatArray]:
    return lambda w: np.array([float(getattr(n, attribute)) for n in w.cluster.nodes])


def _nodes(attribute: str, column: int | None = None) -> Callable[[World], FloatArray]:
    if column is None:
        return lambda w: np.asarray(getattr(w.nodes, attribute))
    return lambda w: np.asarray(getattr(w.nodes, attribute)[:, column])


def _constant(value: float) -> Callable[[World], FloatArray]:
    return lambda w: np.full(len(w.cluster.nodes), value)


def _cpu(core: int, mode: int) -> Callable[[World], FloatArray]:
    """Busy modes follow the core's share; idle is what remains of its wall clock time."""
    skew = CORE_SKEW[core % len(CORE_SKEW)]

    def seconds(w: World) -> FloatArray:
        cores = np.array([n.cores if core < n.cores else np.nan for n in w.cluster.nodes])
        spent = w.nodes.cpu_seconds
        if MODES[mode] != "idle":
            return np.asarray(spent[:, mode] * skew / cores)
        total = spent.sum(axis=1)
        return np.asarray((total - (total - spent[:, mode]) * skew) / cores)

    return seconds


def _filesystem(labels: str, size: str, used: str) -> list[Column]:
    def avail(w: World) -> FloatArray:
        return np.asarray(_inventory(size)(w) - _nodes(used)(w))

    return [
        Column("node_filesystem_avail_bytes", labels, avail),
        Column("node_filesystem_free_bytes", labels, lambda w: avail(w) + 0.002 * _inventory(size)(w)),
        Column("node_filesystem_size_bytes", labels, _inventory(size)),
        Column("node_filesystem_files", labels, lambda w: np.floor(_inventory(size)(w) / 16_384)),
        Column(
            "node_filesystem_files_free",
            labels,
            lambda w: np.floor(_inventory(size)(w) / 16_384) - w.nodes.root_files,
        ),
        Column("node_filesystem_readonly", labels, _constant(0.0)),
    ]


def _tmpfs() -> list[Column]:
    return [
        Column("node_filesystem_avail_bytes", TMPFS, _constant(TMPFS_BYTES * 0.98)),
        Column("node_filesystem_free_bytes", TMPFS, _constant(TMPFS_BYTES * 0.98)),
        Column("node_filesystem_size_bytes", TMPFS, _constant(TMPFS_BYTES)),
        Column("node_filesystem_files", TMPFS, _constant(524_288.0)),
        Column("node_filesystem_files_free", TMPFS, _constant(523_100.0)),
        Column("node_filesystem_readonly", TMPFS, _constant(0.0)),
    ]


def _network() -> list[Column]:
    names = ("bytes", "bytes", "packets", "packets", "errs", "errs", "drop", "drop")
    columns = [
        Column(
            f"node_network_{'receive' if i % 2 == 0 else 'transmit'}_{name}_total",
            'device="eth0"',
            _nodes("network", i),
            smooth=True,
        )
        for i, name in enumerate(names)
    ]
    for direction in ("receive", "transmit"):
        columns += [
            Column(f"node_network_{direction}_bytes_total", 'device="lo"', _nodes("loopback", 0), smooth=True),
            Column(f"node_network_{direction}_packets_total", 'device="lo"', _nodes("loopback", 1), smooth=True),
            Column(f"node_network_{direction}_errs_total", 'device="lo"', _constant(0.0)),
            Column(f"node_network_{direction}_drop_total", 'device="lo"', _constant(0.0)),
        ]
    return [*columns, *(Column("node_network_up", f'device="{d}"', _constant(1.0)) for d in ("eth0", "lo"))]


def _memory() -> list[Column]:
    def free(w: World) -> FloatArray:
        return np.asarray((w.nodes.available_bytes - 0.9 * w.nodes.cached_bytes).clip(2e7))

    return [
        Column("node_memory_MemTotal_bytes", "", _inventory("memory_bytes")),
        Column("node_memory_MemAvailable_bytes", "", _nodes("available_bytes")),
        Column("node_memory_MemFree_bytes", "", free),
        Column("node_memory_Cached_bytes", "", _nodes("cached_bytes")),
        Column("node_memory_Buffers_bytes", "", lambda w: 0.03 * w.nodes.cached_bytes),
        Column("node_memory_Slab_bytes", "", lambda w: 3e8 + 0.05 * w.nodes.cached_bytes),
    ]


SMOOTH: Final = (
    ("node_disk_read_bytes_total", 'device="nvme0n1"', "disk", 0),
    ("node_disk_written_bytes_total", 'device="nvme0n1"', "disk", 1),
    ("node_disk_io_time_seconds_total", 'device="nvme0n1"', "disk", 2),
    ("node_disk_io_time_weighted_seconds_total", 'device="nvme0n1"', "disk", 3),
    ("node_disk_reads_completed_total", 'device="nvme0n1"', "disk", 4),
    ("node_disk_writes_completed_total", 'device="nvme0n1"', "disk", 5),
    ("node_pressure_cpu_waiting_seconds_total", "", "pressure", 0),
    ("node_pressure_memory_waiting_seconds_total", "", "pressure", 1),
    ("node_pressure_memory_stalled_seconds_total", "", "pressure", 2),
    ("node_pressure_io_waiting_seconds_total", "", "pressure", 3),
    ("node_pressure_io_stalled_seconds_total", "", "pressure", 4),
    ("node_netstat_Tcp_OutSegs", "", "tcp", 0),
    ("node_netstat_Tcp_RetransSegs", "", "tcp", 1),
    ("node_netstat_TcpExt_ListenDrops", "", "tcp", 2),
    ("node_netstat_TcpExt_ListenOverflows", "", "tcp", 3),
    ("node_netstat_TcpExt_TCPSynRetrans", "", "tcp", 4),
    ("node_vmstat_pgmajfault", "", "vmstat", 1),
    ("node_vmstat_pgfault", "", "vmstat", 2),
)


def _rest() -> list[Column]:
    return [
        Column("node_vmstat_oom_kill", "", _nodes("vmstat", 0)),
        *(Column(f"node_load{m}", "", _nodes("loads", i)) for i, m in enumerate((1, 5, 15))),
        Column("node_sockstat_TCP_alloc", "", lambda w: w.nodes.tcp_sockets * 1.2),
        Column("node_sockstat_TCP_inuse", "", _nodes("tcp_sockets")),
        Column("node_nf_conntrack_entries", "", _nodes("conntrack")),
        Column("node_nf_conntrack_entries_limit", "", _constant(131_072.0)),
        Column("node_filefd_allocated", "", _nodes("file_handles")),
        Column("node_filefd_maximum", "", _constant(9.223372036854775e18)),
        Column("node_boot_time_seconds", "", _nodes("boot_at")),
        Column("node_time_seconds", "", lambda w: np.full(len(w.cluster.nodes), w.now), smooth=True),
        Column("node_timex_offset_seconds", "", lambda w: 2e-4 * np.sin(w.now / 900.0 + np.arange(len(w.nodes.up)))),
        Column("node_timex_maxerror_seconds", "", _constant(0.012)),
        Column("node_timex_sync_status", "", _constant(1.0)),
        Column(
            "node_uname_info",
            'domainname="(none)",machine="x86_64",nodename="{node}",release="6.1.0-28-amd64",sysname="Linux",'
            'version="#1 SMP PREEMPT_DYNAMIC"',
            _constant(1.0),
        ),
    ]


def _families() -> dict[str, Family]:
    described: dict[str, tuple[str, int]] = {
        "node_cpu_seconds_total": ("Seconds each core spent in each mode.", 2),
        "node_disk_io_time_seconds_total": ("Seconds the device was busy.", 3),
        "node_disk_io_time_weighted_seconds_total": ("Seconds requests spent at the device, summed.", 3),
        "node_time_seconds": ("The node's clock, in Unix seconds.", 3),
        "node_timex_offset_seconds": ("Offset of the clock from its reference.", 7),
        "node_timex_maxerror_seconds": ("Largest error of the clock.", 4),
    }
    columns = [c.family for c in NODE_COLUMNS]
    made = {}
    for name in dict.fromkeys(columns):
        text, decimals = described.get(name, (_plain(name), 3 if "pressure" in name or "load" in name else 0))
        untyped = name.startswith(("node_netstat_", "node_vmstat_"))
        kind = "untyped" if untyped else "counter" if name.endswith("_total") else "gauge"
        made[name] = Family(name, kind, text, decimals)  # type: ignore[arg-type]  # one of MetricType's words
    return made


def _plain(name: str) -> str:
    """A HELP line from the metric's own words."""
    words = name.removeprefix("node_").removesuffix("_total").replace("_", " ")
    return f"{words[0].upper()}{words[1:]} of the node."


NODE_COLUMNS: Final = (
    *(
        Column("node_cpu_seconds_total", f'cpu="{core}",mode="{mode}"', _cpu(core, index), smooth=True)
        for core in range(MAX_CORES)
        for index, mode in enumerate(MODES)
    ),
    *_memory(),
    *_filesystem(ROOT, "root_bytes", "root_used_bytes"),
    *_filesystem(CONTAINERD, "containerd_bytes", "containerd_used_bytes"),
    *_tmpfs(),
    *(Column(name, labels, _nodes(field, i), smooth=True) for name, labels, field, i in SMOOTH),
    *_network(),
    *_rest(),
)


def node_context(world: World, index: int) -> Mapping[str, object]:
    """Label values of one node."""
    node = world.cluster.nodes[index]
    return {"node": node.name, "ip": node.ip, "uid": node.uid, "index": index}


def node_keys(world: World) -> list[str]:
    """Node identities: names; another machine has another one."""
    named = zip(world.cluster.nodes, world.nodes.member.tolist(), strict=True)
    return [node.name if there else "" for node, there in named]


NODE: Final = Source(
    "node",
    _families(),
    (Table(NODE_COLUMNS, 'instance="{node}",job="node-exporter"', node_keys, node_context, lambda w: w.nodes.up),),
)
