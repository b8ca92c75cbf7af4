"""Landing: what a person sees who opens the exporter in a browser."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from exporter.api import BadRequest
from exporter.listing import SHOWN, View, horizons_of, listed
from exporter.pages import Pages
from exporter.snapshot import Snapshot
from exporter.tick import Live
from predictor.artifact import describe


@dataclass(frozen=True)
class Bar:
    """One line of the coverage table."""

    kind: str
    entities: int
    shown: int
    having: int
    signals: int
    missing: tuple[str, ...]


def landing(request: Request, pages: Pages, live: Live) -> Response:
    """The page as it is now: what is at risk, and what that was read from."""
    published = live.published
    if published is None:
        return pages.page(request, "landing.html", published=None, listing=None)
    try:
        view = View.of(request.query_params, horizons_of(published))
    except BadRequest as error:
        return pages.trouble(request, 400, str(error))
    fresh = live.fresh() is not None
    return pages.page(
        request,
        "landing.html",
        published=published,
        view=view,
        listing=listed(published, view) if fresh else None,
        limit=SHOWN,
        model=describe(published.served.manifest),
        manifest=published.served.manifest,
        coverage=coverage(published.snapshot),
        traces=published.traces,
    )


def coverage(snapshot: Snapshot) -> list[Bar]:
    """For each kind how many of its signals there are, and which are missing altogether."""
    return [
        Bar(
            forecast.kind,
            len(forecast.entities),
            int(forecast.published.sum()),
            sum(1 for ratio in by_signal.values() if ratio > 0),
            len(by_signal),
            tuple(name for name, ratio in by_signal.items() if ratio == 0),
        )
        for forecast in snapshot.forecasts
        if (by_signal := snapshot.coverage[forecast.kind])
    ]
