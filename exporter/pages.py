"""Pages: templates that escape every value, and what all pages of the exporter have in common."""

from __future__ import annotations

import re
from importlib.metadata import version
from importlib.resources import files
from typing import Any, Final
from urllib.parse import quote

import jinja2
from starlette.requests import Request
from starlette.responses import Response

from commandline.times import rfc3339, span_text
from exporter.tick import Live
from predictor.phrases import span

# Style and script are files of ours, and nothing else is let in; a label value that slipped through could do nothing.
POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
ASSETS: Final = {"page.css": "text/css", "page.js": "text/javascript"}


class Pages:
    """Renders a template as a response; `live` says how often a page renews itself, and what went wrong last.

    runbooks: the URL under which they are served, empty where nobody said.
    """

    def __init__(self, live: Live, runbooks: str = "") -> None:
        self._live = live
        self._environment = jinja2.Environment(
            loader=jinja2.PackageLoader("exporter"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(
            percent=percent, tied=tied, moment=rfc3339, span=span, span_text=span_text, words=words
        )
        self._environment.globals.update(entity_path=entity_path, runbooks=runbooks)
        self._version = version("kubernetes-issue-predictor")

    def page(self, request: Request, template: str, status: int = 200, **content: Any) -> Response:
        """The template's page. content: what it shows besides what every page shows."""
        published, now = self._live.published, self._live.clock()
        html = self._environment.get_template(template).render(
            root=root_of(request),
            version=self._version,
            fresh=self._live.fresh() is not None,
            last_error=self._live.last_error,
            time=published.snapshot.time if published else None,
            age_seconds=round(now - published.snapshot.time) if published else None,
            refresh_seconds=round(max(5.0, published.served.model.step_seconds)) if published else 5,
            **content,
        )
        return Response(html.encode("utf-8", "replace"), status, HEADERS, "text/html")

    def trouble(self, request: Request, status: int, line: str) -> Response:
        """A page with one line that says what is not there or went wrong."""
        titles = {400: "That cannot be asked", 404: "Not there", 503: "Nothing to show yet"}
        return self.page(request, "trouble.html", status, title=titles.get(status, "Something went wrong"), line=line)


def asset(name: str) -> Response:
    """A file that pages link to. Raises KeyError for one that is none of them."""
    content = files("exporter").joinpath("templates", name).read_bytes()
    return Response(content, 200, {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}, ASSETS[name])


def root_of(request: Request) -> str:
    """The way from the request's path up to the exporter's root, so that pages work below any prefix of a proxy."""
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode("utf-8", "replace")
    return "../" * (raw.split(b"?", 1)[0].count(b"/") - 1)


def entity_path(kind: str, namespace: str, name: str) -> str:
    """kind/namespace/name as a path of a URL; nodes have no namespace."""
    parts = [kind, name] if kind == "node" else [kind, namespace, name]
    return "/".join(quote(part.encode("utf-8", "replace"), safe="") for part in parts)


def percent(share: float, digits: int = 1) -> str:
    """A share of one as people read it: 0.8412 -> "84.1 %"; what is not quite all or nothing does not look so."""
    if 0 < share < 10**-digits / 200:
        return f"< {10**-digits:g} %"
    if 1 - 10**-digits / 200 <= share < 1:
        return f"> {100 - 10**-digits:g} %"
    return f"{share * 100:.{digits}f} %"


def tied(text: str) -> str:
    """The text with no line break between a number and its unit."""
    return re.sub(r"(?<=\d) (?=\S)", "\N{NO-BREAK SPACE}", text)


def words(name: str) -> str:
    """A name of ours without its underscores: "pod_failure" -> "pod failure"."""
    return name.replace("_", " ")
