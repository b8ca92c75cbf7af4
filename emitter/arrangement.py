"""The demo's arranged episodes: a first round around the anchor, another every half hour after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from emitter.cluster import Cluster
from emitter.episodes import Plan

ROUND_SECONDS: Final = 1_800.0


@dataclass(frozen=True, slots=True)
class Act:
    """One arranged episode of a round, relative to the round's moment."""

    type: str
    start_seconds: float
    length_seconds: float
    """Ramp of a look-alike; from start to expected onset of a fault."""
    hold_seconds: float
    severity: float
    fault: bool = True


FIRST: Final = (
    Act("memory_leak", -2_400.0, 2_520.0, 540.0, 0.5),
    Act("volume_filling", -2_700.0, 2_895.0, 600.0, 0.8),
    Act("error_latency_storm", -2_100.0, 2_310.0, 600.0, 0.5),
    Act("packet_loss", -1_800.0, 2_060.0, 720.0, 0.8),
    Act("node_not_ready", -1_740.0, 2_020.0, 420.0, 0.5),
    Act("cache_warmup", -1_200.0, 1_500.0, 1_200.0, 0.8, fault=False),
    Act("log_growth", -1_500.0, 1_200.0, 2_100.0, 0.7, fault=False),
    Act("batch_job", -420.0, 600.0, 600.0, 0.5, fault=False),
    Act("traffic_peak", -900.0, 1_200.0, 900.0, 0.6, fault=False),
)
"""Issues begin between the anchor + 2:30 and + 4:30. Leaks and volumes aim earlier, as growth slows near the limit."""

LATER: Final = (
    (FIRST[0], FIRST[2], FIRST[3], FIRST[5], FIRST[7], Act("disk_filling", -1_500.0, 1_680.0, 480.0, 0.5)),
    (FIRST[1], FIRST[2], FIRST[4], FIRST[6], FIRST[8], Act("crash_loop", -1_200.0, 1_410.0, 480.0, 0.5)),
    (FIRST[0], FIRST[3], FIRST[5], FIRST[7], Act("cpu_saturation", -1_500.0, 1_710.0, 480.0, 0.6)),
)
"""Further rounds take turns, so that targets recover in between."""


@dataclass(frozen=True)
class Arrangement:
    """Every arranged plan of the demo, by the step it begins at."""

    cluster: Cluster
    anchor: float
    step_seconds: float

    def due(self, now: float) -> list[Plan]:
        """Plans that begin at this step."""
        last = int((now - self.anchor) // ROUND_SECONDS) + 3
        return [
            self._plan(act, number)
            for number in range(max(0, last - 4), last + 1)
            for act in self._acts(number)
            if self._begin(act, number) == now
        ]

    def _acts(self, number: int) -> tuple[Act, ...]:
        return FIRST if number == 0 else LATER[number % len(LATER)]

    def _begin(self, act: Act, number: int) -> float:
        exact = self.anchor + number * ROUND_SECONDS + act.start_seconds
        return round(exact / self.step_seconds) * self.step_seconds

    def _plan(self, act: Act, number: int) -> Plan:
        start = self._begin(act, number)
        return Plan(
            id=f"{act.type}-demo-{number + 1}",
            type=act.type,
            start=start,
            ramp_seconds=act.length_seconds,
            hold_seconds=act.hold_seconds,
            severity=act.severity,
            target=self._target(act.type, number),
            avoided_node=self._target("node_not_ready", number) if len(self.cluster.nodes) > 1 else None,
            onset_at=start + act.length_seconds if act.fault else None,
        )

    def _target(self, kind: str, number: int) -> int | None:
        """Nodes rotate so that losses, outages and full disks meet different ones; the rest is drawn."""
        offset = {"packet_loss": 0, "node_not_ready": 1, "log_growth": 2, "disk_filling": 2}.get(kind)
        return None if offset is None else (number + offset) % len(self.cluster.nodes)
