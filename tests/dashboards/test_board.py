"""How tiles become panels: places, ids, and units of signals."""

from __future__ import annotations

import re

from grafana_foundation_sdk.models import dashboard

from dashboards import links, looks
from dashboards.board import Board, Row, Tile
from dashboards.entity import entity
from dashboards.query import now
from dashboards.units import PLAIN, with_units
from predictor.catalogue import default


def test_small_tiles_stack_beside_a_tall_one() -> None:
    panels = _board(_tile(16, 12), _tile(4, 5), _tile(4, 5), _tile(8, 7), _tile(24, 3)).model().panels or []
    places = [panel.grid_pos for panel in panels if panel.grid_pos]
    assert [(one.x, one.y, one.w, one.h) for one in places] == [
        (0, 0, 24, 1),
        (0, 1, 16, 12),
        (16, 1, 4, 5),
        (20, 1, 4, 5),
        (16, 6, 8, 7),
        (0, 13, 24, 3),
    ]


def test_panels_and_queries_get_the_ids_that_the_sdk_leaves_out() -> None:
    panels = _board(_tile(8, 4), _tile(8, 4)).model().panels or []
    assert [panel.id_val for panel in panels] == [1, 2, 3]
    for panel in panels:
        if isinstance(panel, dashboard.Panel):
            refs = [target.to_json()["refId"] for target in panel.targets or []]  # type: ignore[attr-defined]  # untyped variant
            assert refs == ["A", "B"]


def test_every_signal_of_the_catalogue_is_drawn_in_its_own_unit() -> None:
    panel = with_units(looks.timeline(PLAIN), default()).build()
    assert panel.field_config
    overrides = {str(one.matcher.options): one.properties[0].value for one in panel.field_config.overrides}
    for signal in default().signals:
        units = [unit for pattern, unit in overrides.items() if re.fullmatch(pattern.strip("/"), signal.name)]
        expected = {
            "ratio": ["percentunit"],
            "seconds": ["s"],
            "bytes": ["bytes"],
            "bytes per second": ["binBps"],
            "requests per second": ["reqps"],
        }
        assert units == expected.get(signal.unit, []), signal.name


def test_the_board_of_an_entity_asks_for_no_other_entity() -> None:
    for tile in entity().tiles():
        for query in tile.queries:
            ours = re.findall(r"(?:kip_(?:issue|signal|anomaly)\w+|ALERTS)\{[^}]*\}", query.expression)
            assert all('="$entity"' in selector for selector in ours), tile.title


def _board(*tiles: Tile) -> Board:
    return Board(links.OVERVIEW, "A board.", [], [Row("Row", tiles)])


def _tile(width: int, height: int) -> Tile:
    return Tile(
        "Tile", "It shows.", looks.number("short"), [now("a"), now("b")], [links.to(links.QUALITY)], width, height
    )
