"""Settings of the exporter's commands; step, horizons and signals are the model's and stand in its manifest."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

from commandline.logs import LogFormat, LogLevel
from commandline.settings import Settings, flag
from commandline.times import Moment, Span
from exporter.address import Address, ListenAddress
from predictor.reader import PrometheusUrl


def _page_url(text: str) -> str:
    """The URL under which pages are, without a slash at its end; it becomes a link, so nothing but HTTP will do."""
    parts = urlsplit(text)
    whole = parts.scheme in ("http", "https") and parts.netloc and not (parts.query or parts.fragment)
    if text and (not whole or re.search(r"\s", text)):
        shown = text.rpartition("@")[2]  # never the password, not even of a wrong URL
        raise ValueError(f"{shown!r} is no place for pages; write for example https://wiki.example.com/runbooks")
    return text.rstrip("/")


PageUrl = Annotated[str, AfterValidator(_page_url)]


class ExporterSettings(Settings):
    """What both commands need: where Prometheus and the model are, and what to publish."""

    prometheus_url: PrometheusUrl = flag(
        "prometheus.url", ..., "Prometheus to read from, for example http://127.0.0.1:9090"
    )
    # A third of a 30 s step: a read that takes longer would run into the next tick.
    prometheus_timeout: Span = flag(
        "prometheus.timeout", 10.0, "how long one query may take, in seconds or as 10s", gt=0
    )
    model_dir: Path = flag("model.dir", ..., "directory that kip-trainer train wrote")
    catalogue_variable: dict[str, str] = flag(
        "catalogue.variable", {}, "set a variable of the model's catalogue for this cluster; repeatable"
    )
    web_listen_address: ListenAddress = flag("web.listen-address", Address("", 9877), "address to serve on, host:port")
    web_enable_lifecycle: bool = flag("web.enable-lifecycle", False, "let POST /-/reload reload the model")
    # A scrape interval's worth of lateness would be safer and staler; most samples arrive within a few seconds.
    read_delay: Span = flag(
        "read-delay", 10.0, "read this far in the past, because samples arrive late, in seconds or as 10s", ge=0
    )
    # Five steps is how long Prometheus itself holds on to a sample at a 60 s step.
    staleness: int = flag("staleness", 5, "steps after which predictions leave /metrics when no new ones come", ge=1)
    publish_floor: float = flag(
        "publish.floor", 0.01, "pods whose highest probability is below it are not published singly", ge=0, le=1
    )
    publish_max_series: int = flag(
        "publish.max-series", 50_000, "series of single entities to publish at most, highest probability first", ge=0
    )
    runbooks_url: PageUrl = flag(
        "runbooks.url", "", "where you serve docs/runbooks: page and API link to this/KipPodFailurePredicted and so on"
    )
    log_level: LogLevel = flag("log.level", "info", "debug, info, warn or error")
    log_format: LogFormat = flag("log.format", "auto", "auto, json or console; auto is console on a terminal")


class ServeSettings(ExporterSettings):
    """Settings of `kip-exporter serve`."""

    check_config: bool = flag("check-config", False, "validate the settings and end")


class CheckSettings(ExporterSettings):
    """Settings of `kip-exporter check`."""

    time: Moment = flag("time", "now", "the moment to check: now, -1h, Unix seconds or RFC 3339")
