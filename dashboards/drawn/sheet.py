"""A sheet of paper that is measured in pixels from its top left corner, drawn on with matplotlib."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.transforms import Affine2D
from PIL import Image

from dashboards.drawn.fields import INK

FAINT: Final = "#5f6b78"
EDGE: Final = "#d9dee4"
GRID: Final = "#e6e9ed"
WASH: Final = "#f3f5f8"
EMPTY: Final = "#e9edf1"

_DPI: Final = 100
POINTS: Final = 72 / _DPI
"""Of one pixel, as matplotlib measures fonts and lines."""

_COLOURS: Final = 200
"""Flat areas, thin lines and text need no more, and the file is a third as large."""

_BOX, _AXES, _LINE, _TEXT = range(1, 5)
"""What lies on what."""


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels; y runs downwards."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.y + self.height

    def inset(self, left: float, top: float, right: float, bottom: float) -> Box:
        """What is left of it inside these margins."""
        return Box(self.x + left, self.y + top, self.width - left - right, self.height - top - bottom)


class Sheet:
    """One picture in the making."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.figure = Figure(figsize=(width / _DPI, height / _DPI), dpi=_DPI, facecolor=WASH)
        self._renderer = FigureCanvasAgg(self.figure).get_renderer()  # type: ignore[no-untyped-call]  # matplotlib's
        self._widths: dict[tuple[str, float, bool], float] = {}
        self._place = Affine2D().scale(1 / width, -1 / height).translate(0, 1) + self.figure.transFigure

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float = 12,
        colour: str = INK,
        across: str = "left",
        bold: bool = False,
    ) -> None:
        """Write one line whose middle is at y. size: in pixels. across: left, center or right of what x is."""
        weight = "bold" if bold else "normal"
        self.figure.text(
            x, y, text, transform=self._place, fontsize=size * POINTS, color=colour, ha=across, va="center_baseline",
            fontweight=weight, parse_math=False, zorder=_TEXT,
        )  # fmt: skip

    def box(self, box: Box, fill: str, edge: str = "none") -> None:
        """Fill a rectangle."""
        corner, size = (box.x, box.y), (box.width, box.height)
        self.figure.add_artist(
            Rectangle(corner, *size, transform=self._place, facecolor=fill, edgecolor=edge, lw=0.8, zorder=_BOX)
        )

    def line(
        self, x: tuple[float, float], y: tuple[float, float], colour: str, width: float = 1, dashes: str = "-"
    ) -> None:
        """Draw a straight line. width: in pixels."""
        self.figure.add_artist(
            Line2D(x, y, transform=self._place, color=colour, lw=width * POINTS, ls=dashes, zorder=_LINE)
        )

    def axes(self, box: Box) -> Axes:
        """Axes that fill a rectangle; what they write at their ticks lies outside of it."""
        left, bottom = box.x / self.width, 1 - box.bottom / self.height
        axes = self.figure.add_axes(
            (left, bottom, box.width / self.width, box.height / self.height), facecolor="none", zorder=_AXES
        )
        axes.spines[:].set_visible(False)
        axes.tick_params(colors=FAINT, labelsize=10.5 * POINTS, length=0, pad=3)
        axes.grid(color=GRID, linewidth=0.7)
        axes.set_axisbelow(True)
        return axes

    def measure(self, text: str, size: float = 12, bold: bool = False) -> float:
        """The width of a line of text, in pixels."""
        key = (text, size, bold)
        if key not in self._widths:
            font = FontProperties(size=size * POINTS, weight="bold" if bold else "normal")
            self._widths[key] = float(self._renderer.get_text_width_height_descent(text, font, ismath=False)[0])
        return self._widths[key]

    def fitted(self, text: str, width: float, size: float = 12, bold: bool = False) -> str:
        """The text, cut with an ellipsis where it is wider than that."""
        if self.measure(text, size, bold) <= width:
            return text
        while text and self.measure(f"{text}…", size, bold) > width:
            text = text[:-1]
        return f"{text.rstrip()}…"

    def wrapped(self, text: str, width: float, size: float = 12) -> list[str]:
        """The text in lines that are no wider than that, unless one word is."""
        lines = [""]
        for word in text.split():
            longer = f"{lines[-1]} {word}".strip()
            if self.measure(longer, size) <= width or not lines[-1]:
                lines[-1] = longer
            else:
                lines.append(word)
        return lines

    def save(self, path: Path) -> Path:
        """Write a PNG of few colours and return its path."""
        drawn = BytesIO()
        self.figure.savefig(drawn, format="png", dpi=_DPI)
        whole = Image.open(drawn).convert("RGB")
        # The method keeps thin lines in their colours, the means of k large areas in theirs.
        few = whole.quantize(_COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE)
        few.save(path, optimize=True)
        return path
