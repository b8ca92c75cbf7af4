"""Landing page: what a person sees who opens the exporter in a browser."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final
from urllib.parse import quote

import jinja2

from commandline.times import rfc3339
from exporter.api import Row, rows
from exporter.snapshot import Snapshot
from exporter.tick import Live, Published
from predictor.artifact import describe

SHOWN: Final = 50  # more than a screen or two nobody reads; the API has the rest


@dataclass(frozen=True)
class Bar:
    """One line of the coverage table."""

    kind: str
    entities: int
    having: str
    missing: tuple[str, ...]


class Landing:
    """Renders the page from a template that escapes every value."""

    def __init__(self, live: Live) -> None:
        self._live = live
        environment = jinja2.Environment(
            loader=jinja2.PackageLoader("exporter"), autoescape=True, undefined=jinja2.StrictUndefined
        )
        self._template = environment.get_template("landing.html")
        self._version = version("kubernetes-issue-predictor")

    def html(self) -> str:
        """The page as it is now."""
        published = self._live.published
        fresh = self._live.fresh() is not None
        return self._template.render(
            version=self._version,
            fresh=fresh,
            last_error=self._live.last_error,
            refresh_seconds=round(max(5.0, published.served.model.step_seconds)) if published else 5,
            **(self._content(published, fresh=fresh) if published else {"time": None}),
        )

    def _content(self, published: Published, *, fresh: bool) -> dict[str, object]:
        snapshot = published.snapshot
        return {
            "time": rfc3339(snapshot.time),
            "age_seconds": round(self._live.clock() - snapshot.time),
            "model": describe(published.served.manifest),
            "fingerprint": published.served.manifest.fingerprint,
            "trained": rfc3339(published.served.manifest.trained_at),
            "rows": top(snapshot) if fresh else [],
            "link": link,
            "coverage": coverage(snapshot),
            "dropped": snapshot.dropped,
        }


def top(snapshot: Snapshot) -> list[Row]:
    """The highest published probabilities, the shorter horizon first where they are equal."""
    return heapq.nsmallest(SHOWN, rows(snapshot), key=lambda row: -row.probability)


def link(row: Row) -> str:
    """Where the API tells more about the row's entity."""
    parts = [row.kind, row.name] if row.kind == "node" else [row.kind, row.namespace, row.name]
    return "api/v1/predictions/" + "/".join(quote(part.encode("utf-8", "replace"), safe="") for part in parts)


def coverage(snapshot: Snapshot) -> list[Bar]:
    """For each kind how many of its signals there are, and which are missing altogether."""
    return [
        Bar(
            forecast.kind,
            len(forecast.entities),
            f"{sum(1 for ratio in by_signal.values() if ratio > 0)} of {len(by_signal)}",
            tuple(name for name, ratio in by_signal.items() if ratio == 0),
        )
        for forecast in snapshot.forecasts
        if (by_signal := snapshot.coverage[forecast.kind])
    ]
