"""Versus: recall of the model and its rivals at equal false alarms, on one picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from trainer.canvas import FAINT, INK, RIVAL_COLOURS, axes_grid, save, title
from trainer.totals import Total
from trainer.verdict import HorizonVerdict

MODEL_COLOUR = "#0b5cad"


def draw(verdicts: Sequence[HorizonVerdict], path: Path) -> Path | None:
    """Write the picture; None where no issue began or there is no rival."""
    known = [v for v in verdicts if v.model.recall is not None and v.rivals]
    if not known:
        return None
    figure, (line,) = axes_grid(1, len(known), 5.4, 0.9 + 0.36 * (len(known[0].rivals) + 1))
    for axes, one in zip(line, known, strict=True):
        _panel(axes, one)
    return save(figure, path)


def _panel(axes: Axes, one: HorizonVerdict) -> None:
    lines = [("Model", MODEL_COLOUR, one.model)]
    lines += [(rival.title, RIVAL_COLOURS[name], rival.total) for name, rival in one.rivals.items()]
    for place, (_, colour, total) in enumerate(lines):
        _dot(axes, place, colour, total)
    axes.set_yticks(range(len(lines)), [name for name, _, _ in lines])
    axes.get_yticklabels()[0].set_fontweight("bold")
    axes.tick_params(axis="y", length=0, labelsize=9)
    axes.invert_yaxis()
    axes.set(xlim=(-0.02, 1.02), ylim=(len(lines) - 0.5, -0.5))
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("issues announced in time, with 95 % intervals")
    title(axes, f"Within {one.horizon}")


def _dot(axes: Axes, place: int, colour: str, total: Total) -> None:
    if total.recall is None:
        return
    interval = total.intervals.get("recall")
    if interval:
        axes.plot(interval, [place, place], color=colour, linewidth=5, alpha=0.3, solid_capstyle="round")
    axes.plot([0, total.recall], [place, place], color=FAINT, linewidth=0.7, zorder=1)
    axes.plot([total.recall], [place], "o", color=colour, markersize=7.5 if place == 0 else 6, clip_on=False)
    right = max(total.recall, interval[1] if interval else 0.0)
    text = f"{total.recall:.0%}"
    axes.annotate(text, (right, place), (9, 0), textcoords="offset points", va="center", fontsize=8.5, color=INK)
