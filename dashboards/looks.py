"""How panels look: the SDK's builders with the choices that all boards share.

Colours are names of Grafana's palette, which follow its dark and light themes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from grafana_foundation_sdk.builders import bargauge, common, dashboard, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.models import common as option
from grafana_foundation_sdk.models.dashboard import (
    DashboardLink,
    DataTransformerConfig,
    DynamicConfigValue,
    FieldColorModeId,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMapping,
    ValueMappingResult,
)

Steps = Sequence[tuple[float | None, str]]
"""(from which value on, colour); the first has None, for everything below."""

RISK: Final[Steps] = ((None, "green"), (0.3, "yellow"), (0.6, "orange"), (0.9, "red"))
"""For probabilities. Only 0.9 is a rule's; the others part the rest."""
PLAIN: Final[Steps] = ((None, "text"),)
ANY_IS_BAD: Final[Steps] = ((None, "green"), (1, "red"))
ANY_IS_NOTED: Final[Steps] = ((None, "green"), (1, "orange"))

Names = Mapping[int, tuple[str, str]]
"""value -> (word, colour)."""


def timeline(
    unit: str, *, stacked: bool = False, least: float | None = None, most: float | None = None
) -> timeseries.Panel:
    """Lines over time, or bars on top of each other. least, most: ends of the axis, where they are known."""
    panel = (
        timeseries.Panel()
        .unit(unit)
        .color_scheme(dashboard.FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC))
        .legend(_legend(["lastNotNull", "max"]))
        .tooltip(common.VizTooltipOptions().mode(option.TooltipDisplayMode.MULTI).sort(option.SortOrder.DESCENDING))
        .line_width(1)
        .fill_opacity(60 if stacked else 8)
        .show_points(option.VisibilityMode.NEVER)
    )
    if stacked:
        bars = common.StackingConfig().mode(option.StackingMode.NORMAL).group("A")
        panel.draw_style(option.GraphDrawStyle.BARS).stacking(bars)
    if least is not None:
        panel.min(least)
    if most is not None:
        panel.max(most)
    return panel


def states(names: Names) -> statetimeline.Panel:
    """A bar for each series that changes colour with its value."""
    return (
        statetimeline.Panel()
        .unit("none")
        .mappings(mapped(names))
        .color_scheme(dashboard.FieldColor().mode(FieldColorModeId.THRESHOLDS))
        .thresholds(steps(PLAIN))
        .legend(_legend([]))
        .merge_values(True)
        .show_value(option.VisibilityMode.AUTO)
        .row_height(0.8)
        .line_width(0)
        .fill_opacity(80)
    )


def number(unit: str, colours: Steps = PLAIN, *, sparkline: bool = False, names: Names | None = None) -> stat.Panel:
    """One large number, or one per series. names: words that are shown for some numbers."""
    panel = (
        stat.Panel()
        .unit(unit)
        .color_scheme(dashboard.FieldColor().mode(FieldColorModeId.THRESHOLDS))
        .thresholds(steps(colours))
        .reduce_options(_last())
        .color_mode(option.BigValueColorMode.VALUE)
        .graph_mode(option.BigValueGraphMode.AREA if sparkline else option.BigValueGraphMode.NONE)
        .text_mode(option.BigValueTextMode.AUTO)
        .justify_mode(option.BigValueJustifyMode.AUTO)
        .orientation(option.VizOrientation.AUTO)
    )
    return panel.mappings(mapped(names)) if names else panel


def bars(unit: str, colours: Steps = PLAIN, *, most: float | None = None) -> bargauge.Panel:
    """A bar for each series. most: where a full bar ends."""
    panel = (
        bargauge.Panel()
        .unit(unit)
        .min(0)
        .color_scheme(dashboard.FieldColor().mode(FieldColorModeId.THRESHOLDS))
        .thresholds(steps(colours))
        .reduce_options(_last())
        .orientation(option.VizOrientation.HORIZONTAL)
        .display_mode(option.BarGaugeDisplayMode.BASIC)
        .value_mode(option.BarGaugeValueMode.COLOR)
        .show_unfilled(True)
    )
    return panel if most is None else panel.max(most)


def grid(unit: str, columns: Mapping[str, str], highest: str = "") -> table.Panel:
    """A table of instant queries merged by their labels.

    columns: name in the result -> heading, in their order; all others are hidden. The number of query B is `Value #B`,
    or plain `Value` where there is one query. unit: of all numbers without one of their own (`measured`). highest: the
    heading of the column that is sorted by, highest first.
    """
    order: dict[str, object] = {name: i for i, name in enumerate(columns)}
    renamed: dict[str, object] = {name: heading for name, heading in columns.items() if heading != name}
    shown: dict[str, object] = {"include": {"names": list(columns)}}
    panel = (
        table.Panel()
        .unit(unit)
        .color_scheme(dashboard.FieldColor().mode(FieldColorModeId.THRESHOLDS))
        .thresholds(steps(PLAIN))
        .filterable(True)
        .show_header(True)
        .cell_height(option.TableCellHeight.SM)
        .with_transformation(DataTransformerConfig("merge", options={}))
        .with_transformation(DataTransformerConfig("filterFieldsByName", options=shown))
        .with_transformation(DataTransformerConfig("organize", options={"indexByName": order, "renameByName": renamed}))
    )
    return panel.sort_by([common.TableSortByFieldState().display_name(highest).desc(True)]) if highest else panel


def gauge_cells(colours: Steps) -> list[DynamicConfigValue]:
    """Cells of a column as bars from 0 to 1."""
    cell = option.TableBarGaugeCellOptions(
        mode=option.BarGaugeDisplayMode.BASIC, value_display_mode=option.BarGaugeValueMode.TEXT
    )
    return [
        DynamicConfigValue("custom.cellOptions", cell),
        DynamicConfigValue("min", 0),
        DynamicConfigValue("max", 1),
        DynamicConfigValue("thresholds", steps(colours).build()),
    ]


def measured(unit: str) -> list[DynamicConfigValue]:
    """Another unit for a column or for some of the series."""
    return [DynamicConfigValue("unit", unit)]


def linked(link: DashboardLink) -> list[DynamicConfigValue]:
    """Values that lead somewhere when clicked."""
    return [DynamicConfigValue("links", [link])]


def dashed() -> list[DynamicConfigValue]:
    """Lines to compare the others with."""
    style = option.LineStyle(fill="dash", dash=[6, 6])
    return [DynamicConfigValue("custom.lineStyle", style), DynamicConfigValue("custom.fillOpacity", 0)]


def steps(colours: Steps) -> dashboard.ThresholdsConfig:
    """Colours by value, as the SDK builds them."""
    return (
        dashboard.ThresholdsConfig()
        .mode(ThresholdsMode.ABSOLUTE)
        .steps([Threshold(value, colour) for value, colour in colours])
    )


def mapped(names: Names) -> list[ValueMapping]:
    """Words for numbers, as the SDK builds them."""
    results = {str(v): ValueMappingResult(text, colour, index=i) for i, (v, (text, colour)) in enumerate(names.items())}
    return [ValueMap(results)]


def _last() -> common.ReduceDataOptions:
    return common.ReduceDataOptions().calcs(["lastNotNull"]).values(False)


def _legend(calcs: list[str]) -> common.VizLegendOptions:
    mode = option.LegendDisplayMode.TABLE if calcs else option.LegendDisplayMode.LIST
    return (
        common.VizLegendOptions()
        .display_mode(mode)
        .placement(option.LegendPlacement.BOTTOM)
        .show_legend(bool(calcs))
        .calcs(calcs)
    )
