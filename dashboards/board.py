"""A board: rows of tiles, placed left to right and top to bottom, with the ids that Grafana asks for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Final

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard

from dashboards.links import TAG, TITLES, among_boards
from dashboards.marks import Mark
from dashboards.query import SOURCE, Query
from dashboards.variables import Variable, data_source

WIDTH: Final = 24
"""Columns of Grafana's grid."""

_REFRESH: Final = "30s"
"""The exporter's usual step: nothing changes sooner."""


@dataclass(frozen=True)
class Tile:
    """One panel: what it asks, what that means, how it looks, where one goes from it, and how much room it takes.

    Transformations and overrides belong to the look. width, height: in units of the grid.
    """

    title: str
    description: str
    look: Builder[dashboard.Panel]
    queries: Sequence[Query]
    links: Sequence[dashboard.DashboardLink]
    width: int
    height: int

    def panel(self, panel_id: int, x: int, y: int) -> dashboard.Panel:
        """The panel at its place."""
        panel = self.look.build()
        panel.id_val, panel.grid_pos = panel_id, dashboard.GridPos(self.height, self.width, x, y)
        panel.title, panel.description, panel.datasource = self.title, self.description, SOURCE
        panel.links = list(self.links)
        panel.targets = [query.target(ref).build() for ref, query in zip(ascii_uppercase, self.queries, strict=False)]
        return panel


@dataclass(frozen=True)
class Row:
    """A headline and the tiles below it."""

    title: str
    tiles: Sequence[Tile]


@dataclass(frozen=True)
class Board:
    """A dashboard of its own. uid: one of those in links.py, fixed because alerts link to it."""

    uid: str
    description: str
    variables: Sequence[Variable]
    rows: Sequence[Row]
    marks: Sequence[Mark] = ()
    start: str = "now-3h"

    @property
    def file_name(self) -> str:
        """The name of its file, which is its uid's without the prefix."""
        return f"{self.uid.removeprefix('kip-')}.json"

    def text(self) -> str:
        """The JSON that Grafana loads, keys sorted, with a last line break."""
        return json.dumps(self.model(), cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False) + "\n"

    def model(self) -> dashboard.Dashboard:
        """The whole dashboard as the SDK builds it."""
        built = (
            build.Dashboard(TITLES[self.uid])
            .uid(self.uid)
            .description(self.description)
            .tags([TAG, "kubernetes", "prediction"])
            .timezone("browser")
            .tooltip(dashboard.DashboardCursorSync.CROSSHAIR)
            .refresh(_REFRESH)
            .time(self.start, "now")
            .version(1)
            .links([among_boards()])
        ).build()
        built.templating = dashboard.DashboardDashboardTemplating([data_source(), *(v.model() for v in self.variables)])
        built.annotations = dashboard.AnnotationContainer([one.model() for one in self.marks])
        built.panels = list(self._panels())
        return built

    def tiles(self) -> Iterator[Tile]:
        """Every tile of every row."""
        for row in self.rows:
            yield from row.tiles

    def _panels(self) -> Iterator[dashboard.Panel | dashboard.RowPanel]:
        panel_id, y = 0, 0
        for row in self.rows:
            panel_id += 1
            place = dashboard.GridPos(1, WIDTH, 0, y)
            yield dashboard.RowPanel(title=row.title, grid_pos=place, id_val=panel_id, panels=[])
            y += 1
            tops = [y] * WIDTH
            for tile in row.tiles:
                # The highest free place, leftmost of equals: small tiles stack beside a tall one.
                x = min(range(WIDTH - tile.width + 1), key=lambda left: max(tops[left : left + tile.width]))
                top = max(tops[x : x + tile.width])
                tops[x : x + tile.width] = [top + tile.height] * tile.width
                panel_id += 1
                yield tile.panel(panel_id, x, top)
            y = max(tops)
