"""python -m tests.browser.pictures: photographs the pages, as desktops and phones show them, into docs/img."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

from PIL import Image
from playwright.sync_api import Browser

from exporter.pages import entity_path
from tests.browser.chromium import chromium
from tests.browser.cluster import LEAKING
from tests.browser.serving import exporter

FOLDER: Final = Path(__file__).parents[2] / "docs" / "img"
COLOURS: Final = 128
"""Flat areas and text need no more, and a file of a third the size is fetched with the README."""

PAGES: Final = {"risk": "", "entity": "entity/" + entity_path("pod", *LEAKING)}
SCREENS: Final[dict[str, dict[str, Any]]] = {
    "desktop": {"viewport": {"width": 1280, "height": 860}, "color_scheme": "light"},
    "phone": {"viewport": {"width": 360, "height": 760}, "color_scheme": "dark", "device_scale_factor": 2},
}


def photographed(browser: Browser, url: str, folder: Path) -> list[Path]:
    """Write one picture of each page on each screen."""
    written = []
    for screen, options in SCREENS.items():
        context = browser.new_context(**options)
        page = context.new_page()
        for name, path in PAGES.items():
            page.goto(url + path)
            target = folder / f"{name}-{screen}.png"
            page.screenshot(path=target)
            small = Image.open(target).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
            small.save(target, optimize=True)
            written.append(target)
        context.close()
    return written


def main() -> int:
    """Photograph an exporter that watches the pretend cluster of these tests."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with exporter() as (served, _), chromium() as browser:
        for path in photographed(browser, served.url, FOLDER):
            sys.stdout.write(f"{path.relative_to(FOLDER.parents[1])}: {path.stat().st_size / 1000:.0f} kB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
