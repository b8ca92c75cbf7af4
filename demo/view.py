"""View: the demo on a terminal, as a live screen for people or as lines for logs."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from typing import Protocol

from rich.console import Console, Group
from rich.layout import Layout
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from demo.story import Case, Event, Key, minutes
from demo.watch import Watch

STYLES = {"predicted": "yellow", "notified": "cyan", "began": "bold red", "over": "green", "resolved": "dim cyan"}
MARKS = {"predicted": "PREDICTED", "notified": "NOTIFIED", "began": "BEGAN", "over": "over", "resolved": "resolved"}


class View(Protocol):
    """What shows a run."""

    def show(self, watch: Watch, events: list[Event]) -> None:
        """Show one look at the stack."""
        ...

    def close(self) -> None:
        """Give the terminal back."""
        ...


class Lines:
    """Everything new as one line each, with the minutes since the demo began."""

    def __init__(self, started_at: float, urls: Mapping[str, str]) -> None:
        self._started_at = started_at
        for name, url in urls.items():
            print(f"demo: {name:14} {url}", flush=True)

    def show(self, watch: Watch, events: list[Event]) -> None:
        """Print the new events."""
        for event in events:
            print(f"{since(time.time(), self._started_at):>6}  {line(event)}", flush=True)

    def close(self) -> None:
        """Nothing to give back."""


class Screen:
    """A live screen: what is at risk now, what was said, what stayed quiet."""

    def __init__(self, started_at: float, urls: Mapping[str, str], console: Console) -> None:
        self._started_at = started_at
        self._urls = urls
        self._console = console
        self._events: deque[tuple[float, Event]] = deque(maxlen=200)
        self._live = Live(console=console, screen=True, auto_refresh=False)
        self._live.start()

    def show(self, watch: Watch, events: list[Event]) -> None:
        """Redraw everything."""
        self._events.extend((time.time(), event) for event in events)
        self._live.update(self._layout(watch), refresh=True)

    def close(self) -> None:
        """Leave the alternate screen."""
        self._live.stop()

    def _layout(self, watch: Watch) -> Layout:
        height = self._console.size.height
        layout = Layout()
        layout.split_column(
            Layout(self._header(watch), size=3),
            Layout(Panel(risks(watch, rows=max(3, height // 3 - 4)), title="At risk now"), size=height // 3),
            Layout(Panel(self._log(height - 3 - height // 3 - 10), title="What happened")),
            Layout(Panel(quiet(watch), title="Looks like trouble, is none"), size=8),
        )
        return layout

    def _header(self, watch: Watch) -> Group:
        age = time.time() - watch.tick_at if watch.tick_at else 0.0
        foretold = sum(case.foretold for case in watch.story.foretold.values())
        first = Text(f" Kubernetes Issue Predictor  {since(time.time(), self._started_at)}", style="bold")
        first.append(
            f"   last tick {age:.0f} s ago   foretold {foretold}   not foretold {len(watch.story.unforeseen)}",
            style="not bold",
        )
        links = f" predictions {self._urls['exporter']}  Prometheus {self._urls['prometheus']}"
        return Group(first, Text(links, style="dim"), Text(" Ctrl-C ends every process", style="dim"))

    def _log(self, rows: int) -> Table:
        table = Table.grid(padding=(0, 1), expand=True)
        # What an event says may be cut short, but never when and what it was.
        table.add_column(justify="right", style="dim", no_wrap=True, min_width=len("10:00"))
        table.add_column(no_wrap=True, min_width=max(map(len, MARKS.values())))
        table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
        for at, event in list(self._events)[-max(1, rows) :]:
            style = STYLES[event.what]
            text = f"{event.key}: {event.detail}"
            table.add_row(since(at, self._started_at), Text(MARKS[event.what], style=style), Text(text, style=style))
        return table


def risks(watch: Watch, rows: int) -> Table:
    """The entities that are active, predicted or most likely next, worst first."""
    table = Table(box=None, expand=True, padding=(0, 1))
    for name in ("issue", "entity", "15m", "1h", "state"):
        table.add_column(name, no_wrap=True, overflow="ellipsis", ratio=3 if name == "entity" else None)
    ranked = sorted(watch.story.cases.items(), key=lambda item: (-_rank(item[0], item[1]), item[0]))
    for key, case in ranked[:rows]:
        if not case.probability:
            continue
        state, style = _state(watch, key, case)
        place = f"{key.namespace}/{key.name}" if key.namespace else key.name
        odds = [f"{case.probability[h]:.0%}" if h in case.probability else "-" for h in ("15m", "1h")]
        table.add_row(key.issue.replace("_", " "), place, *odds, state, style=style)
    return table


def quiet(watch: Watch) -> Table:
    """The look-alikes that go on now, and whether anyone cried wolf."""
    table = Table.grid(padding=(0, 2))
    for one in watch.lookalikes[:6]:
        verdict = Text("an alert fires", style="yellow") if one.alerted else Text("quiet", style="green")
        table.add_row(one.what, one.where, verdict)
    if not watch.lookalikes:
        table.add_row(Text("nothing of the kind at the moment", style="dim"))
    return table


def line(event: Event) -> str:
    """One event as a line of text."""
    return f"{MARKS[event.what]:9} {event.key}: {event.detail}"


def since(at: float, started_at: float) -> str:
    """Minutes and seconds since the demo began."""
    return minutes(max(0.0, at - started_at)).removesuffix(" min")


def _rank(key: Key, case: Case) -> float:
    """Nodes and services before pods: when a node's network goes, ten pods say the same thing."""
    likely = max(case.probability.values(), default=0.0)
    matters = 0.5 if key.kind != "pod" else 0.0
    return likely + matters + (2.0 if case.active else 0.0) + (1.0 if case.predicted_at else 0.0)


def _state(watch: Watch, key: Key, case: Case) -> tuple[str, str]:
    if case.active:
        lead = case.lead_seconds
        return ("happening" if lead is None else f"happening, foretold {minutes(lead)} before"), "red"
    if key in watch.firing:
        return f"alert {watch.firing[key]}", "yellow"
    return ("predicted", "yellow") if case.predicted_at else ("", "dim")
