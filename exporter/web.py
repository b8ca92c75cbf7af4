"""Web: the routes. Everything that is slow happens in worker threads, never on the event loop."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from commandline.times import rfc3339
from exporter import api, openapi
from exporter.card import card
from exporter.exposition import Page
from exporter.landing import landing
from exporter.pages import ASSETS, Pages, asset
from exporter.portrait import portrait
from exporter.tick import Live, Published

log = structlog.get_logger()

TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"
_NOTHING: Final = Page(b"")


def application(live: Live, reload: Callable[[], str], *, lifecycle: bool, runbooks: str = "") -> Starlette:
    """The exporter's routes.

    reload: loads the model directory anew and returns an empty text, or the line that says why it could not.
    lifecycle: whether POST /-/reload may call it. runbooks: the URL they are served under, empty where nobody said.
    """
    routes = _Routes(live, reload, lifecycle=lifecycle, runbooks=runbooks)
    return Starlette(
        routes=[
            Route("/metrics", routes.metrics),
            Route("/", routes.landing),
            Route("/-/healthy", routes.healthy),
            Route("/-/ready", routes.ready),
            Route("/-/reload", routes.reload, methods=["POST", "PUT"]),
            Route("/api/v1/predictions", routes.predictions),
            Route("/api/v1/predictions/{kind}/{entity:path}", routes.entity),
            Route("/api/v1/openapi.json", routes.openapi),
            Route("/api", routes.api),
            Route("/entity/{kind}/{entity:path}", routes.portrait),
            Route("/model", routes.model),
            *(Route(f"/assets/{name}", partial(routes.asset, name)) for name in ASSETS),
        ],
        exception_handlers={404: routes.missing, 500: routes.broken},
    )


class _Routes:
    """Plain functions, which Starlette runs in its worker threads."""

    def __init__(self, live: Live, reload: Callable[[], str], *, lifecycle: bool, runbooks: str) -> None:
        self._live = live
        self._reload = reload
        self._lifecycle = lifecycle
        self._runbooks = runbooks
        self._pages = Pages(live, runbooks)

    def metrics(self, request: Request) -> Response:
        published = self._live.fresh()
        page = published.page if published else _NOTHING
        openmetrics = _accepts(request.headers.get("accept", ""), "application/openmetrics-text")
        tail = self._live.telemetry.openmetrics() if openmetrics else self._live.telemetry.text()
        headers = {"Content-Type": OPENMETRICS if openmetrics else TEXT, "Vary": "Accept, Accept-Encoding"}
        if _accepts(request.headers.get("accept-encoding", ""), "gzip"):
            return Response(page.gzipped(tail), headers=headers | {"Content-Encoding": "gzip"})
        return Response(page.plain(tail), headers=headers)

    def landing(self, request: Request) -> Response:
        return landing(request, self._pages, self._live)

    def portrait(self, request: Request) -> Response:
        return self._fresh_page(request, lambda published: portrait(request, self._pages, published))

    def model(self, request: Request) -> Response:
        if self._live.published is None:
            return self._pages.trouble(request, 503, unready(self._live))
        return card(request, self._pages, self._live.published)

    def api(self, request: Request) -> Response:
        return self._pages.page(request, "api.html", document=openapi.document())

    def openapi(self, request: Request) -> Response:  # noqa: ARG002  # a route takes the request
        return _json(openapi.document(), 200)

    def asset(self, name: str, request: Request) -> Response:  # noqa: ARG002  # a route takes the request
        return asset(name)

    def missing(self, request: Request, error: Exception) -> Response:
        path = request.url.path
        if path.startswith("/api/"):
            return _json({"status": "error", "errorType": "not_found", "error": f"no {path[:300]}"}, 404)
        line = error.detail if isinstance(error, HTTPException) and error.detail != "Not Found" else f"no {path[:300]}"
        return self._pages.trouble(request, 404, line)

    def broken(self, request: Request, error: Exception) -> Response:
        """The error itself goes to the log: it may hold what is nobody's business."""
        log.error("request broke", path=request.url.path[:300], exc_info=error)
        line = "this is a defect of the exporter; its log has the details"
        if request.url.path.startswith("/api/"):
            return _json({"status": "error", "errorType": "internal", "error": line}, 500)
        return self._pages.trouble(request, 500, line)

    def healthy(self, request: Request) -> Response:  # noqa: ARG002  # a route takes the request
        return PlainTextResponse("kip-exporter is healthy.\n")

    def ready(self, request: Request) -> Response:  # noqa: ARG002  # a route takes the request
        reason = unready(self._live)
        return PlainTextResponse(f"{reason or 'kip-exporter is ready.'}\n", 503 if reason else 200)

    def reload(self, request: Request) -> Response:  # noqa: ARG002  # a route takes the request
        if not self._lifecycle:
            return PlainTextResponse("reloading over HTTP is off; start with --web.enable-lifecycle\n", 403)
        line = self._reload()
        return PlainTextResponse(f"{line}\n" if line else "", 500 if line else 200)

    def predictions(self, request: Request) -> Response:
        return self._answer(lambda published: api.predictions(published, api.Filter.of(request.query_params)))

    def entity(self, request: Request) -> Response:
        kind, path = request.path_params["kind"], request.path_params["entity"]
        return self._answer(lambda published: api.entity(published, kind, path, self._runbooks))

    def _fresh_page(self, request: Request, ask: Callable[[Published], Response]) -> Response:
        published = self._live.fresh()
        return ask(published) if published else self._pages.trouble(request, 503, unready(self._live))

    def _answer(self, ask: Callable[[Any], dict[str, Any]]) -> Response:
        published = self._live.fresh()
        if published is None:
            return _json({"status": "error", "errorType": "unavailable", "error": unready(self._live)}, 503)
        try:
            return _json({"status": "success", "data": ask(published)}, 200)
        except api.BadRequest as error:
            return _json({"status": "error", "errorType": "bad_data", "error": str(error)}, 400)
        except api.NotFound as error:
            return _json({"status": "error", "errorType": "not_found", "error": str(error)}, 404)


def unready(live: Live) -> str:
    """Why there is nothing to show, as one line; empty when there is."""
    if live.fresh() is not None:
        return ""
    cause = f"; last failure: {live.last_error}" if live.last_error else ""
    if live.published is None:
        return f"the first window is still being read{cause}"
    age = live.clock() - live.published.snapshot.time
    limit = live.stale_after_seconds(live.published)
    moment = rfc3339(live.published.snapshot.time)
    return f"the last predictions are of {moment}, {age:.0f} s old; more than {limit:g} s is stale{cause}"


def _accepts(header: str, wanted: str) -> bool:
    """Whether the header names what is wanted, and not with a quality of zero."""
    for part in header.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        if name == wanted:
            return not any(p.replace(" ", "") in ("q=0", "q=0.0", "q=0.00", "q=0.000") for p in parameters)
    return False


def _json(document: dict[str, Any], status: int) -> Response:
    # allow_nan off: what JSON cannot say must not leave as text that other parsers refuse.
    return Response(json.dumps(document, allow_nan=False) + "\n", status, media_type="application/json")
