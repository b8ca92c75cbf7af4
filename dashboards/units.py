"""Units of the catalogue's signals in Grafana's words."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders.timeseries import Panel
from grafana_foundation_sdk.models import units

from dashboards.looks import measured
from predictor.catalogue import Catalogue

PLAIN: Final = units.Short
"""Of whatever else the catalogue counts (pods, restarts, cores), and of signals that only your own catalogue has."""

_WORDS: Final = {
    "ratio": units.PercentUnit,
    "seconds": units.Seconds,
    "bytes": units.BytesIEC,
    "bytes per second": units.BytesPerSecondIEC,
    "requests per second": units.RequestsPerSecond,
}


def with_units(panel: Panel, catalogue: Catalogue) -> Panel:
    """The panel with an override for every unit but PLAIN, for series that are named as a signal."""
    by_unit: dict[str, list[str]] = {}
    for signal in catalogue.signals:
        by_unit.setdefault(_WORDS.get(signal.unit, PLAIN), []).append(signal.name)
    for unit, names in by_unit.items():
        if unit != PLAIN:
            panel.override_by_regexp(f"/^({'|'.join(names)})$/", measured(unit))
    return panel
