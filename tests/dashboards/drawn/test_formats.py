"""Numbers read as they would in Grafana."""

from __future__ import annotations

import math

import pytest

from dashboards.drawn import formats
from tests.deploy import shipped


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (0.1234, "percentunit", "12.3%"),
        (1, "percentunit", "100%"),
        (0, "percentunit", "0%"),
        (0, "s", "0 s"),
        (0.0421, "s", "42.1 ms"),
        (90, "s", "1.50 mins"),
        (3600, "s", "1 hours"),
        (200_000, "s", "2.31 days"),
        (1532, "short", "1.53 K"),
        (12, "short", "12"),
        (-0.25, "short", "-0.250"),
        (272_629_760, "bytes", "260 MiB"),
        (1536, "binBps", "1.50 KiB/s"),
        (3, "reqps", "3 req/s"),
        (1, "none", "1"),
        (math.nan, "short", "–"),
        (math.inf, "s", "∞"),
        ((1000 - 150) * 1000, "dateTimeFromNow", "2 minutes ago"),
        ((1000 - 10) * 1000, "dateTimeFromNow", "a few seconds ago"),
        ((1000 - 3600) * 1000, "dateTimeFromNow", "an hour ago"),
    ],
)
def test_a_number_has_three_digits_and_its_unit(value: float, unit: str, expected: str) -> None:
    assert formats.text(value, unit, now=1000.0) == expected


def test_an_axis_shows_no_zeros_that_say_nothing() -> None:
    assert [formats.tick(value, "s") for value in (0.0, 0.5, 150.0)] == ["0 s", "500 ms", "2.5 mins"]


def test_every_unit_of_a_dashboard_is_known() -> None:
    used = set()
    for path in shipped.DASHBOARDS:
        for panel in shipped.panels(shipped.dashboard(path)):
            wanted = panel.get("fieldConfig", {"defaults": {}, "overrides": []})
            used.add(wanted["defaults"].get("unit", "none"))
            used |= {one["value"] for o in wanted["overrides"] for one in o["properties"] if one["id"] == "unit"}
    assert used - formats.KNOWN == set()
