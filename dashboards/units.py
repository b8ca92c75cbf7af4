"""Units of the catalogue's signals in Grafana's words."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders.timeseries import Panel
from grafana_foundation_sdk.models import units

from dashboards.looks import measured
from predictor.catalogue import Catalogue

MOST: Final = units.PercentUnit
"""Of most signals, which are ratios."""

_WORDS: Final = {
    "ratio": MOST,
    "seconds": units.Seconds,
    "bytes": units.BytesIEC,
    "bytes per second": units.BytesPerSecondIEC,
    "requests per second": units.RequestsPerSecond,
}
"""Whatever else the catalogue counts (pods, restarts, cores) is a plain number."""


def with_units(panel: Panel, catalogue: Catalogue) -> Panel:
    """The panel with an override for every unit but MOST, for series whose names begin with the signal's."""
    by_unit: dict[str, list[str]] = {}
    for signal in catalogue.signals:
        by_unit.setdefault(_WORDS.get(signal.unit, units.Short), []).append(signal.name)
    for unit, names in by_unit.items():
        if unit != MOST:
            panel.override_by_regexp(f"/^({'|'.join(names)})$/", measured(unit))
    return panel
