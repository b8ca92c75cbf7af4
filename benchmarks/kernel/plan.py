"""The plan: which pods there are, what each does, and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Role = Literal["leak", "control", "cpu", "network"]

NAMESPACE: Final = "kernel"
MIB: Final = 1 << 20
STAGGER_SECONDS: Final = 30.0
"""Between the begins of two leaks, so that five runs fit one sitting and are not one run five times over."""

WIRE_MTU_BYTES: Final = 1500
LAST_LOSS_RATIO: Final = 0.06
"""Of the datagrams sent, at the end; half of it of all packets, because every datagram is answered by one."""


@dataclass(frozen=True)
class Spec:
    """One pod. change_at: Unix seconds; the rest as in workload.Life. name: as a Deployment names its pods."""

    name: str
    role: Role
    kind: str
    limit_bytes: int
    base_ratio: float
    cpu_cores: float
    change_at: float
    change_seconds: float

    @property
    def container(self) -> str:
        """The name of its only container: its workload's."""
        return self.name.rsplit("-", 2)[0]


def pods(started_at: float, quiet_seconds: float, leak_seconds: float) -> tuple[Spec, ...]:
    """Five leaks, four look-alikes, one that needs ever more CPU and one whose wire gets too narrow.

    Each pod is a workload of its own: siblings would tell the model more than a lone pod can.
    """
    begin = started_at + quiet_seconds
    leaks = (
        ("orders-6c9f7b5d4-x2x9q", 96, 0.40),
        ("search-7d8bd9f6c5-k4zvw", 128, 0.30),
        ("billing-5f4d6c7b89-p9t2m", 160, 0.50),
        ("images-84c9d5b7f6-n7rhs", 192, 0.35),
        ("mailer-9b6f8d7c54-w5jlg", 256, 0.45),
    )
    controls = (
        ("gateway-76f5c8d9b4-z8mqd", "steady", 128, 0.55),
        ("catalog-58b9c6d7f4-t6vxn", "cache", 160, 0.30),
        ("reports-67d4f9b8c5-h2wks", "sawtooth", 128, 0.35),
        ("archive-4f7c8b9d65-r9bgp", "files", 128, 0.30),
    )
    leaking = [
        Spec(name, "leak", "leak", mib * MIB, base, 0.2, begin + i * STAGGER_SECONDS, leak_seconds)
        for i, (name, mib, base) in enumerate(leaks)
    ]
    looking_alike = [
        Spec(
            name,
            "control",
            kind,
            mib * MIB,
            base,
            0.2,
            begin,
            0.4 * leak_seconds if kind == "sawtooth" else leak_seconds,
        )
        for name, kind, mib, base in controls
    ]
    # Slower than the leaks: their issues begin when the trouble is about half complete.
    burning = Spec("encoder-8c7d6b5f94-q4lxz", "cpu", "burn", 64 * MIB, 0.3, 0.2, begin, 1.2 * leak_seconds)
    talking = Spec("sync-5d9c8f7b64-v7cnk", "network", "talk", 64 * MIB, 0.3, 0.2, begin, 1.2 * leak_seconds)
    return (*leaking, *looking_alike, burning, talking)


def end(specs: tuple[Spec, ...]) -> float:
    """When all that was planned has happened, Unix seconds."""
    return max(spec.change_at + spec.change_seconds for spec in specs if spec.role != "control")


def wire_mtu(spec: Spec, now: float, smallest_bytes: int, largest_bytes: int) -> int:
    """The MTU at the far end of a talker's wire: all fits until change_at, then LAST_LOSS_RATIO of payloads at the end.

    smallest_bytes, largest_bytes: between which payloads are drawn evenly.
    """
    progress = min(1.0, (now - spec.change_at) / spec.change_seconds)
    if progress <= 0:
        return WIRE_MTU_BYTES
    longest_payload = largest_bytes - progress * LAST_LOSS_RATIO * (largest_bytes - smallest_bytes)
    # 28 bytes of IP and UDP headers; the kernel lets 4 more through, where a VLAN's tag might be.
    return round(longest_payload) + 28 - 4
