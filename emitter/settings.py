"""Settings of `kip-emitter serve` and `kip-emitter backfill`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, field_validator, model_validator

from commandline.logs import LogFormat, LogLevel
from commandline.settings import Settings, SettingsError, flag
from commandline.times import Moment, Span, moment, on_grid, rfc3339
from emitter import cluster
from emitter.cluster import ScenarioName
from emitter.rates import ABRUPT_PER_DAY, FAULTS_PER_DAY, LOOKALIKES_PER_DAY
from emitter.simulation import Arguments

LEAD_IN_SECONDS: Final = 3_600.0
"""The demo's first ramps begin up to 45 minutes before its anchor."""


def _types(value: Any) -> Any:
    """Types of episodes written as "packet_loss,disk_filling", or as a list in a file."""
    types = tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else tuple(value)
    known = sorted(FAULTS_PER_DAY | ABRUPT_PER_DAY | LOOKALIKES_PER_DAY)
    for one in types:
        if one not in known:
            raise ValueError(f"there is no episode of type {one!r}; there are {', '.join(known)}")
    return types


Types = Annotated[tuple[str, ...], BeforeValidator(_types)]


class ClusterSettings(Settings):
    """What both commands know: the cluster, its scenario and its clock."""

    nodes: int = flag("nodes", 3, "nodes of the pretend cluster", ge=1, le=500)
    pods: int = flag("pods", 40, "pods at rest, daemons included", ge=1, le=20_000)
    seed: int = flag("seed", 7, "seed of everything random; same arguments give the same bytes", ge=0)
    step: Span = flag("step", 30.0, "grid on which the cluster advances", ge=5.0, le=300.0)
    scenario: ScenarioName
    episodes_factor: float = flag(
        "episodes.factor", 1.0, "multiplies how often faults and look-alikes come", gt=0.0, le=100.0
    )
    episodes_without: Types = flag("episodes.without", (), "types of faults or look-alikes that never come, by commas")
    anchor: Moment | None = flag("anchor", None, "moment around which the scenario demo arranges its first faults")
    log_level: LogLevel = flag("log.level", "info", "debug, info, warn or error")
    log_format: LogFormat = flag("log.format", "auto", "auto, json or console")

    @model_validator(mode="after")
    def _cluster_has_room(self) -> ClusterSettings:
        cluster.build(self.nodes, self.pods, self.seed, self.scenario)
        return self


class ServeSettings(ClusterSettings):
    """`kip-emitter serve`."""

    web_listen_address: str = flag("web.listen-address", ":9101", "host and port to listen on")
    scenario: ScenarioName = flag("scenario", "demo", "demo, train, quiet or holdout")
    start: Moment | None = flag(
        "start",
        None,
        "first moment, caught up silently (default: now; demo: an hour before the anchor)",
    )

    @field_validator("web_listen_address")
    @classmethod
    def _address(cls, value: str) -> str:
        listen_address(value)
        return value


class BackfillSettings(ClusterSettings):
    """`kip-emitter backfill`."""

    scenario: ScenarioName = flag("scenario", "train", "train, holdout, quiet or demo")
    start: Moment = flag("start", "-3d", "first moment of the history")
    end: Moment = flag("end", "now", "last moment of the history")
    output_dir: Path = flag("output.dir", ..., "empty directory for the TSDB blocks and truth.json")


def listen_address(text: str) -> tuple[str, int]:
    """Host and port of ":9101", "127.0.0.1:9101" or "[::1]:9101". Raises ValueError."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise ValueError(f"{text!r} is not HOST:PORT")
    return host.strip("[]") or "0.0.0.0", int(port)


def serve_arguments(settings: ServeSettings, now: float) -> Arguments:
    """The simulation that `serve` runs; raises SettingsError for moments that cannot be."""
    anchor = now if settings.anchor is None else moment(settings.anchor, now)
    lead_in = LEAD_IN_SECONDS if settings.scenario == "demo" else 0.0
    start = min(now, anchor) - lead_in if settings.start is None else moment(settings.start, now)
    if start > now:
        raise SettingsError(f"--start {rfc3339(start)} is in the future")
    return _arguments(settings, start, anchor)


def backfill_arguments(settings: BackfillSettings, now: float) -> tuple[Arguments, float]:
    """The simulation that `backfill` writes and the moment it ends at; raises SettingsError."""
    start, end = moment(settings.start, now), moment(settings.end, now)
    if start > now:
        raise SettingsError(f"--start {rfc3339(start)} is in the future")
    if end <= start:
        raise SettingsError(f"--end {rfc3339(end)} is not after --start {rfc3339(start)}")
    anchor = end if settings.anchor is None else moment(settings.anchor, now)
    return _arguments(settings, start, anchor), on_grid(end, settings.step)


def _arguments(settings: ServeSettings | BackfillSettings, start: float, anchor: float) -> Arguments:
    names = ("nodes", "pods", "scenario", "seed", "episodes_factor", "episodes_without")
    values: dict[str, Any] = {name: getattr(settings, name) for name in names}
    step = settings.step
    return Arguments(**values, start=on_grid(start, step), anchor=on_grid(anchor, step), step_seconds=step)
