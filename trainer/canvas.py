"""Canvas: axes that all look alike, drawn without matplotlib's global state."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from predictor.panel import FloatArray

DPI: Final = 110
INK: Final = "#1f2933"
FAINT: Final = "#8a94a0"
GRID: Final = "#e6e9ed"
WASH: Final = "#f6f8fa"
# Okabe and Ito's palette, which people with any colour vision can tell apart: https://jfly.uni-koeln.de/color/
COLOURS: Final = {
    "pod_failure": "#d55e00",
    "node_failure": "#0072b2",
    "resource_exhaustion": "#e69f00",
    "network_issue": "#009e73",
    "service_disruption": "#cc79a7",
}
RIVAL_COLOURS: Final = {
    "static_threshold": "#7f8c9b",
    "linear_extrapolation": "#5b8db8",
    "robust_z": "#a98467",
    "snapshot_forest": "#6a8f5f",
    "base_rate": "#b8c0c9",
}
DASHES: Final = ("-", (0, (4, 1.5)), (0, (1, 1.2)))


def axes_grid(rows: int, columns: int, width: float, height: float) -> tuple[Figure, list[list[Axes]]]:
    """A figure and its axes, line by line; width and height of each in inches."""
    layout = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12)
    figure = Figure(figsize=(width * columns, height * rows), layout=layout)
    grid = figure.subplots(rows, columns, squeeze=False)
    return figure, [[_styled(axes) for axes in line] for line in grid]


def stacked(heights: Sequence[float], width: float, height: float) -> tuple[Figure, list[Axes]]:
    """A figure of axes one below the other over one x axis; heights relative, width and height of a unit in inches."""
    layout = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.05)
    figure = Figure(figsize=(width, height * sum(heights) + 0.4), layout=layout)
    grid = figure.subplots(len(heights), 1, squeeze=False, sharex=True, height_ratios=list(heights))
    return figure, [_styled(axes) for axes in grid[:, 0]]


def _styled(axes: Axes) -> Axes:
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(FAINT)
    axes.tick_params(colors=INK, labelsize=8, length=3)
    axes.xaxis.label.set(size=9, color=INK)
    axes.yaxis.label.set(size=9, color=INK)
    axes.grid(color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    return axes


def title(axes: Axes, text: str) -> None:
    """Say above the axes what they show."""
    axes.set_title(text, fontsize=10.5, color=INK, fontweight="bold", loc="left")


def say_empty(axes: Axes, why: str) -> None:
    """Say inside the axes why they show nothing."""
    axes.set(xticks=[], yticks=[], facecolor=WASH)
    axes.spines[:].set_visible(False)
    axes.text(0.5, 0.5, why, transform=axes.transAxes, ha="center", va="center", color=FAINT, size=10)


def heat(axes: Axes, shares: FloatArray) -> None:
    """Cells coloured by their share of 1, with white seams so that equal neighbours stay two."""
    rows, columns = shares.shape
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1.3, aspect="auto")
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    axes.hlines(np.arange(1, rows) - 0.5, -0.5, columns - 0.5, color="white", linewidth=3)
    axes.vlines(np.arange(1, columns) - 0.5, -0.5, rows - 0.5, color="white", linewidth=3)


def write_cell(axes: Axes, row: int, column: int, text: str, share: float) -> None:
    """Text in one cell of `heat`, legible on the colour of its share."""
    axes.text(column, row, text, ha="center", va="center", size=9.5, color="white" if share > 0.65 else INK)


def save(figure: Figure, path: Path) -> Path:
    """Write the PNG and return its path."""
    FigureCanvasAgg(figure)
    # Without the version that matplotlib writes by itself the same figures give the same file.
    figure.savefig(path, dpi=DPI, facecolor="white", metadata={"Software": None})
    return path
