"""The series of nodes: node_exporter's, the kubelet's own, and kube-state-metrics' about nodes."""

from typing import Final

import numpy as np

from benchmarks.elsewhere.exposition import Text, bound, labels
from benchmarks.elsewhere.habits import NODE_DISK
from benchmarks.elsewhere.state import BUCKETS, DIRECTIONS
from benchmarks.elsewhere.tape import Tape
from benchmarks.elsewhere.workloads import NODES, FloatArray, IntArray

CREATED: Final = 1_770_000_000.0
CONNTRACK_LIMIT: Final = 131072.0
BOOT_BYTES: Final = 1.02e9
"""A second, small file system that hardly changes, as every node has one."""

FILE_BYTES: Final = 16384
"""ext4's default: an inode for every 16 KiB."""

STATE_METRICS: Final = {"job": "kube-state-metrics", "instance": "10.64.0.9:8443", "container": "kube-state-metrics"}
"""Target labels of kube-state-metrics; a series with its own container keeps that."""

CONDITIONS: Final = ("Ready", "MemoryPressure", "DiskPressure", "PIDPressure")
STATUSES: Final = ("true", "false", "unknown")


def kubelet_target(node: int, path: str) -> dict[str, str]:
    """The target labels of a kubelet's endpoint."""
    return {
        "job": "kubelet", "instance": f"192.168.7.{11 + node}:10250", "node": NODES[node].name,
        "metrics_path": path, "endpoint": "https-metrics", "service": "kubelet",
    }  # fmt: skip


def write_nodes(text: Text, tape: Tape) -> None:
    """Every series of every node."""
    every = np.arange(len(tape.times))
    for node in range(len(NODES)):
        _write_exporter(text, tape, node, np.flatnonzero(tape.flags("exporter_up")[:, node]))
        _write_kubelet(text, tape, node, np.flatnonzero(tape.flags("kubelet_up")[:, node]))
        _write_conditions(text, tape, node, every)


def _write_exporter(text: Text, tape: Tape, node: int, steps: IntArray) -> None:
    whole = NODES[node]
    target = {
        "job": "node-exporter", "instance": whole.name, "namespace": "monitoring", "endpoint": "https",
        "pod": f"node-exporter-{whole.name[::-1]}x{node}", "container": "kube-rbac-proxy", "service": "node-exporter",
    }  # fmt: skip
    plain = labels(**target)
    total = np.full(len(tape.times), whole.memory_bytes)
    text.add("node_memory_MemTotal_bytes", plain, total, steps)
    text.add("node_memory_MemAvailable_bytes", plain, np.rint(tape["available_ratio"][:, node] * total), steps)
    text.add("node_load1", plain, tape["load1"][:, node], steps)
    text.add("node_nf_conntrack_entries", plain, np.rint(tape["conntrack"][:, node]), steps)
    text.add("node_nf_conntrack_entries_limit", plain, np.full(len(tape.times), CONNTRACK_LIMIT), steps)
    for name in ("node_vmstat_pgmajfault", "node_netstat_Tcp_RetransSegs", "node_netstat_Tcp_OutSegs",
                 *(f"node_pressure_{what}_waiting_seconds_total" for what in ("cpu", "memory", "io"))):  # fmt: skip
        text.add(name, plain, tape[name][:, node], steps)
    disk = "node_disk_io_time_seconds_total"
    text.add(disk, labels(**target, device="sda"), tape[disk][:, node], steps)
    for cpu in range(int(whole.cores)):
        for mode in ("idle", "user"):
            shared = tape[mode][:, node] / whole.cores
            text.add("node_cpu_seconds_total", labels(**target, cpu=str(cpu), mode=mode), shared, steps)
    _write_links(text, tape, node, steps, target)
    _write_files(text, target, float(NODE_DISK[node]), tape["disk_ratio"][:, node], "/", steps)
    _write_files(text, target, BOOT_BYTES, np.full(len(tape.times), 0.31 + 0.04 * node), "/boot", steps)


def _write_links(text: Text, tape: Tape, node: int, steps: IntArray, target: dict[str, str]) -> None:
    """eth0, and a loopback that carries a third as much and loses nothing."""
    for way in DIRECTIONS:
        for what in ("bytes", "packets", "errs", "drop"):
            name = f"node_network_{way}_{what}_total"
            quiet = np.rint(0.3 * tape[f"node_network_transmit_{what}_total"][:, node])
            text.add(name, labels(**target, device="eth0"), tape[name][:, node], steps)
            text.add(name, labels(**target, device="lo"), quiet * (what in ("bytes", "packets")), steps)


def _write_files(
    text: Text, target: dict[str, str], size: float, used: FloatArray, mountpoint: str, steps: IntArray
) -> None:
    device = "/dev/sda1" if mountpoint == "/" else "/dev/sda2"
    where = labels(**target, device=device, fstype="ext4", mountpoint=mountpoint)
    files = np.full(len(used), size // FILE_BYTES)
    text.add("node_filesystem_size_bytes", where, np.full(len(used), size), steps)
    text.add("node_filesystem_avail_bytes", where, np.rint(size * (1 - used)), steps)
    text.add("node_filesystem_files", where, files, steps)
    text.add("node_filesystem_files_free", where, np.rint(files * (1 - 0.35 * used)), steps)
    text.add("node_filesystem_readonly", where, np.zeros(len(used)), steps)


def _write_kubelet(text: Text, tape: Tape, node: int, steps: IntArray) -> None:
    target = kubelet_target(node, "/metrics") | {"namespace": "kube-system"}
    text.add("kubelet_running_pods", labels(**target), tape["running_pods"][:, node], steps)
    for number, seconds in enumerate(BUCKETS):
        where = labels(**target, le=bound(seconds))
        text.add("kubelet_pleg_relist_duration_seconds_bucket", where, tape["relist"][:, node, number], steps)


def _write_conditions(text: Text, tape: Tape, node: int, steps: IntArray) -> None:
    """A kubelet that is not heard of leaves every condition unknown."""
    name, heard = NODES[node].name, tape["node_ready"][:, node]
    text.add("kube_node_created", labels(**STATE_METRICS, node=name), np.full(len(heard), CREATED + 977 * node), steps)
    holds = (heard, tape["memory_pressure"][:, node], tape["disk_pressure"][:, node], np.zeros(len(heard)))
    for condition, true in zip(CONDITIONS, holds, strict=True):
        for status, value in zip(STATUSES, (true * heard, (1 - true) * heard, 1 - heard), strict=True):
            where = labels(**STATE_METRICS, node=name, condition=condition, status=status)
            text.add("kube_node_status_condition", where, value, steps)
