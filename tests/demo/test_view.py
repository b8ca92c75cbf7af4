"""What a viewer reads: one line per event, as time since the start, what, which issue, and the detail."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console
from rich.text import Text

from demo.story import Case, Event, Key
from demo.view import Lines, Screen, risks
from demo.watch import Lookalike, Watch

DISK = Key("node", "", "worker-1", "disk_full")
CART = Key("pod", "shop", "cart-0", "memory_exhausted")
URLS = {"exporter": "http://127.0.0.1:20001", "prometheus": "http://127.0.0.1:20002"}


@pytest.fixture
def half_past(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is 90 seconds since the epoch."""
    monkeypatch.setattr("demo.view.time.time", lambda: 90.0)


@pytest.mark.usefixtures("half_past")
def test_lines_name_the_servers_and_then_every_event(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines(started_at=0.0, urls=URLS)
    events = [Event(80.0, "predicted", DISK, "70% within 15m"), Event(85.0, "over", CART, "recovered")]
    lines.show(Watch(URLS), events)
    lines.close()
    assert capsys.readouterr().out.splitlines() == [
        "demo: exporter       http://127.0.0.1:20001",
        "demo: prometheus     http://127.0.0.1:20002",
        "  1:30  PREDICTED disk full of node worker-1: 70% within 15m",
        "  1:30  over      memory exhausted of pod shop/cart-0: recovered",
    ]


@pytest.mark.usefixtures("half_past")
def test_the_screen_shows_risks_events_and_what_stays_quiet() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=120, height=40, legacy_windows=False)
    watch = Watch(URLS, tick_at=60.0, lookalikes=[Lookalike("batch job", "shop/nightly", alerted=False)])
    watch.story.cases[DISK] = Case(probability={"15m": 0.7, "1h": 0.9}, predicted_at=30.0)
    screen = Screen(0.0, URLS, console)
    try:
        screen.show(watch, [Event(80.0, "predicted", DISK, "70% within 15m")])
    finally:
        screen.close()
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    for text in ("last tick 30 s ago", "disk full of node worker-1: 70% within 15m", "90%", "batch job", "quiet"):
        assert text in shown


@pytest.mark.usefixtures("half_past")
def test_a_long_event_is_cut_short_and_when_and_what_it_was_is_not() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=80, height=40, legacy_windows=False)
    screen = Screen(0.0, URLS, console)
    try:
        screen.show(
            Watch(URLS), [Event(80.0, "predicted", CART, "word " * 40), Event(80.0, "notified", DISK, "y" * 200)]
        )
    finally:
        screen.close()
    assert isinstance(console.file, io.StringIO)
    plain = Text.from_ansi(console.file.getvalue()).plain
    for mark in ("PREDICTED", "NOTIFIED"):
        assert re.search(rf"1:30 {mark} +\S.*…", plain), plain


def test_what_happens_now_stands_above_what_is_predicted_and_that_above_the_rest() -> None:
    watch = Watch(URLS)
    watch.story.cases = {
        Key("node", "", "calm", "pressure"): Case(probability={"15m": 0.3}),
        Key("pod", "shop", "soon", "restarts"): Case(probability={"15m": 0.6}, predicted_at=1.0),
        Key("pod", "shop", "now", "restarts"): Case(probability={"15m": 0.2}, active=True),
        Key("pod", "shop", "gone", "restarts"): Case(),
    }
    console = Console(file=io.StringIO(), width=100)
    console.print(risks(watch, rows=3))
    assert isinstance(console.file, io.StringIO)
    rows = [line.split() for line in console.file.getvalue().splitlines()[1:]]
    assert [(row[1], row[-1]) for row in rows] == [("shop/now", "happening"), ("shop/soon", "predicted"), ("calm", "-")]
