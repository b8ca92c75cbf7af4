"""python -m tests.browser.pictures [URL]: photographs the pages, as desktops and phones show them, into docs/img."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from PIL import Image
from playwright.sync_api import Browser, Page

from tests.browser.chromium import chromium
from tests.browser.serving import exporter

FOLDER: Final = Path(__file__).parents[2] / "docs" / "img"
COLOURS: Final = 128
"""Flat areas and text need no more, and a file of a third the size is fetched with the README."""

TALL: Final = 1.7
"""An entity's page is worth this many screens: its charts come after the reasons."""

SCREENS: Final[dict[str, dict[str, Any]]] = {
    "desktop": {"viewport": {"width": 1280, "height": 860}, "color_scheme": "light"},
    "phone": {"viewport": {"width": 360, "height": 760}, "color_scheme": "dark", "device_scale_factor": 2},
}


def photographed(browser: Browser, url: str, folder: Path) -> list[Path]:
    """Write a picture of the list and one of its first predicted entity, on each screen."""
    written = []
    for screen, options in SCREENS.items():
        context = browser.new_context(**options)
        page = context.new_page()
        page.goto(url)
        written.append(_small(page, folder / f"risk-{screen}.png"))
        rows = page.locator(".risks tbody tr")
        predicted = rows.filter(has_text="predicted")
        (predicted if predicted.count() else rows).first.get_by_role("link").click()
        page.get_by_role("heading", level=1).wait_for()
        width, height = options["viewport"]["width"], options["viewport"]["height"]
        page.set_viewport_size({"width": width, "height": round(height * TALL)})
        written.append(_small(page, folder / f"entity-{screen}.png"))
        context.close()
    return written


def _small(page: Page, target: Path) -> Path:
    page.screenshot(path=target)
    Image.open(target).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(target, optimize=True)
    return target


def main(arguments: Sequence[str]) -> int:
    """Photograph the exporter at the URL given, or one that watches the cluster of these tests."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        url = arguments[0] if arguments else stack.enter_context(exporter())[0].url
        for path in photographed(stack.enter_context(chromium()), url, FOLDER):
            sys.stdout.write(f"{path.relative_to(FOLDER.parents[1])}: {path.stat().st_size / 1000:.0f} kB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
