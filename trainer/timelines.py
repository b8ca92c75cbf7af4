"""Timelines: one case on one picture - what was said, when it alerted, what came, and the signals that drove it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.ticker import EngFormatter, PercentFormatter

from predictor.catalogue import Signal
from predictor.panel import FloatArray
from trainer.canvas import COLOURS, DASHES, FAINT, INK, save, stacked, title
from trainer.cases import CaseName
from trainer.closer import Timeline
from trainer.drivers import Driver
from trainer.verdict import duration

ALERT: Final = "#f4b942"
ISSUE: Final = "#c0392b"
LINE: Final = "#2f5f8a"

WHAT: Final[dict[CaseName, str]] = {
    "hit": "A hit, with a lead time near the median of all",
    "miss": "The miss that lasted longest",
    "false_alarm": "The most confident false alarm",
}


def draw(one: Timeline, path: Path) -> Path:
    """Write the picture of one case."""
    figure, (top, *below) = stacked([2.0, *[1.0] * len(one.drivers)], 10.5, 1.15)
    when = one.times / 86400.0  # days since 1970, as matplotlib counts
    _probability(top, one, when)
    for axes, (driver, signal), values in zip(below, one.drivers, one.values, strict=True):
        _signal(axes, signal, driver, when, values)
    for axes in (top, *below):
        _spans(axes, one, when)
    last = (top, *below)[-1]
    locator = AutoDateLocator(minticks=4, maxticks=9)  # type: ignore[no-untyped-call]  # matplotlib's own gap
    last.xaxis.set_major_locator(locator)
    last.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]  # as above
    last.set_xlim(when[0], when[-1])
    last.set_xlabel("time, UTC")
    return save(figure, path)


def sentences(one: Timeline) -> str:
    """What the picture shows, in words."""
    case, issue = one.case, one.case.outcome.issue.lower()
    said = one.probabilities[case.outcome.outcome.horizon][0][case.decisive - case.start]
    peak = f"a probability of {said:.0%} within {case.outcome.outcome.horizon}"
    behind = [driver.signal for driver, _ in one.drivers if driver.fall is not None]
    drove = f" Behind it: {', '.join(behind)}." if behind else " No single signal moved the probability."
    step = float(one.times[1] - one.times[0]) if len(one.times) > 1 else 0.0
    if case.name == "hit" and case.onset is not None:
        lead = duration((case.onset - case.decisive) * step)
        return f"The alert began {lead} before the {issue}, at {peak}.{drove}"
    if case.name == "miss" and case.onset is not None and case.recovery is not None:
        lasting, before = duration((case.recovery - case.onset) * step), duration((case.onset - case.decisive) * step)
        return (
            f"The {issue} lasted {lasting} and nobody was warned; the nearest to it was {peak}, {before} before.{drove}"
        )
    alert = case.alert or (case.decisive, case.decisive)
    lasting = duration((alert[1] - alert[0] + 1) * step)
    return f"The alert for {issue} lasted {lasting}, up to {peak}, and nothing came of it.{drove}"


def _probability(axes: Axes, one: Timeline, when: FloatArray) -> None:
    colour = COLOURS[one.case.outcome.outcome.issue]
    for number, (horizon, (said, threshold)) in enumerate(one.probabilities.items()):
        dash = DASHES[number % len(DASHES)]
        axes.plot(when, said, color=colour, linestyle=dash, linewidth=1.8, label=f"within {horizon}")
        axes.axhline(threshold, color=FAINT, linestyle=dash, linewidth=0.9, label=f"alert from {threshold:.0%}")
    axes.set(ylim=(-0.02, 1.05), ylabel="probability")
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    case = one.case
    title(axes, f"{WHAT[case.name]}: {case.outcome.issue.lower()} of {case.kind} {'/'.join(case.entity)}")
    axes.legend(loc="upper left", fontsize=8, frameon=True, framealpha=0.9, edgecolor="none", labelcolor=INK, ncols=2)


def _signal(axes: Axes, signal: Signal, driver: Driver, when: FloatArray, values: FloatArray) -> None:
    axes.plot(when, values, color=LINE, linewidth=1.4)
    worth = "did not move the probability" if driver.fall is None else f"as usual: {driver.fall * 100:.0f} points less"
    axes.set_title(f"{signal.name}: {signal.description} ({worth})", fontsize=8.5, color=INK, loc="left")
    _unit(axes, signal, values)
    if signal.limit is not None and np.isfinite(values).any():
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        if signal.limit <= high + 1.5 * max(high - low, 0.2 * abs(signal.limit)):
            axes.axhline(signal.limit, color=ISSUE, linewidth=1, linestyle=(0, (5, 2)))
            axes.annotate("limit", (0.995, signal.limit), xycoords=("axes fraction", "data"), ha="right", va="bottom",
                          fontsize=7.5, color=ISSUE)  # fmt: skip


def _unit(axes: Axes, signal: Signal, values: FloatArray) -> None:
    axes.set_ylabel(signal.unit.replace(" per second", "/s"))
    if signal.unit == "ratio" and np.isfinite(values).any() and np.nanmax(np.abs(values)) <= 2.0:
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        axes.set_ylabel("share")
    elif signal.unit.startswith("bytes"):
        axes.yaxis.set_major_formatter(EngFormatter())
    axes.margins(y=0.15)


def _spans(axes: Axes, one: Timeline, when: FloatArray) -> None:
    """Alerts and issues of the entity as bands, the explained moment as a line."""
    case, first = one.case, one.case.start

    def at(step: int) -> float:
        return float(when[min(max(step - first, 0), len(when) - 1)])

    for alert in case.outcome.events.alerts:
        if alert.entity == case.position and alert.last >= first and alert.begin <= case.end:
            axes.axvspan(at(alert.begin), at(alert.last + 1), color=ALERT, alpha=0.28, linewidth=0, zorder=0)
    for episode in case.outcome.events.episodes:
        if episode.entity == case.position and episode.end >= first and episode.onset <= case.end:
            axes.axvspan(at(episode.onset), at(episode.end), color=ISSUE, alpha=0.14, linewidth=0, zorder=0)
            axes.axvline(at(episode.onset), color=ISSUE, linewidth=1.1)
    axes.axvline(at(case.decisive), color=INK, linewidth=0.9, linestyle=":")
