"""One browser and one exporter for all tests of the pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.chromium import chromium
from tests.browser.serving import Served, exporter

Open = Callable[..., Page]
"""A page at a path, in a context of its own: width, scheme, script."""

HOSTILE = "<script>window.hurt=1</script>\"'&<img src=x onerror=window.hurt=1>{{7*7}}" + "long" * 1024
HOSTILE_NAMESPACE = "<b onclick=window.hurt=1>\"'" + "n" * 4096


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    with exporter((HOSTILE_NAMESPACE, HOSTILE), floor=0.0) as (running, _):
        yield running


@pytest.fixture
def complaints() -> list[str]:
    """What the browser wrote to its console and which dialogs came up; empty at the end of a test."""
    return []


@pytest.fixture
def look(browser: Browser, served: Served, complaints: list[str]) -> Iterator[Open]:
    """Open pages; whatever the browser complains about meanwhile fails the test."""
    with ExitStack() as stack:

        def opened(path: str, *, width: int = 1280, scheme: Any = "light", script: bool = True) -> Page:
            context = browser.new_context(
                viewport={"width": width, "height": 800}, color_scheme=scheme, java_script_enabled=script
            )
            stack.callback(context.close)
            page = context.new_page()
            page.on("console", lambda message: complaints.append(message.text))
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("dialog", lambda dialog: complaints.append(dialog.message))
            page.goto(served.url + path)
            return page

        yield opened
    assert [one for one in complaints if "status of 404" not in one] == []
