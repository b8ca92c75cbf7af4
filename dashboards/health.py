"""The exporter itself: is it up, does it keep its pace, what does it see, and what does it cost?"""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.models import units

from dashboards import links, looks, marks, variables
from dashboards.board import Board, Row, Tile
from dashboards.query import Query, now, rows
from dashboards.selectors import CLUSTER, select

_SCOPE: Final = (CLUSTER, 'instance=~"$instance"')
_INSTANCE: Final = "{{instance}}"
# Whatever its job is called in your Prometheus: the target that has a kip_up.
_OURS: Final = "and on (cluster, job, instance) " + select("kip_up", *_SCOPE)


def health() -> Board:
    """The board for whoever runs the exporter."""
    return Board(
        uid=links.EXPORTER,
        description="The exporter about itself: up or not, pace, failures, coverage, model and build, and its process.",
        variables=[variables.CLUSTERS, variables.INSTANCES],
        marks=[marks.new_models()],
        rows=[
            Row("State", _state()),
            Row("Ticks", [_pace(), _failures(), _stages()]),
            Row("What it sees and publishes", [_entities(), _dropped(), _coverage(), _weakest()]),
            Row("Model and build", [_model(), _build()]),
            Row("Process", _process()),
        ],
    )


def _state() -> list[Tile]:
    tick = f"time() - max by (instance) ({select('kip_last_tick_timestamp_seconds', *_SCOPE)})"
    trained = f"time() - max by (instance) ({select('kip_model_trained_timestamp_seconds', *_SCOPE)})"
    ticks = f"sum by (instance) (increase({select('kip_ticks_total', *_SCOPE)}[$__range]))"
    failures = f"sum by (instance) (increase({select('kip_tick_failures_total', *_SCOPE)}[$__range]))"
    return [
        _number(
            "Last tick",
            "1 if the last tick went well, 0 if it failed or none has ended yet.",
            f"min by (instance) ({select('kip_up', *_SCOPE)})",
            units.NoUnit,
            names={1: ("good", "green"), 0: ("failed", "red")},
        ),
        _number(
            "Age of the predictions",
            "Time since the moment that the last good tick looked at. Beyond --staleness predictions leave /metrics.",
            tick,
            units.Seconds,
            ((None, "green"), (60, "orange"), (150, "red")),
        ),
        _number(
            "Ticks that went well",
            "The share within the chosen time.",
            f"{ticks} / ({ticks} + {failures} > 0)",
            units.PercentUnit,
            ((None, "red"), (0.75, "orange"), (0.99, "green")),
        ),
        _number(
            "Last reload",
            "1 if the last reload of model and settings went well; on 0 it keeps what it had.",
            f"min by (instance) ({select('kip_config_last_reload_successful', *_SCOPE)})",
            units.NoUnit,
            names={1: ("good", "green"), 0: ("failed", "red")},
        ),
        _number(
            "Age of the model",
            "Time since it was trained. KipModelOld tells of one older than 30 days.",
            trained,
            units.Seconds,
            ((None, "green"), (30 * 86_400, "orange")),
            links.QUALITY,
        ),
        _number(
            "Series not published",
            "Of the last tick: without usable labels, or beyond --publish.max-series.",
            f"max by (instance) ({select('kip_series_dropped', *_SCOPE)})",
            units.Short,
            looks.ANY_IS_NOTED,
        ),
    ]


def _number(
    title: str,
    description: str,
    expression: str,
    unit: str,
    colours: looks.Steps = looks.PLAIN,
    leads_to: str = links.OVERVIEW,
    names: looks.Names | None = None,
) -> Tile:
    look = looks.number(unit, colours, names=names)
    return Tile(title, description, look, [now(expression, _INSTANCE)], [links.to(leads_to)], width=4, height=5)


def _pace() -> Tile:
    ticks = select("kip_ticks_total", *_SCOPE)
    failures = select("kip_tick_failures_total", *_SCOPE)
    return Tile(
        "Ticks per minute",
        "With the usual step of 30 s, two. A tick that overruns its step counts as failed, with the reason overrun.",
        looks.timeline(units.Short, least=0),
        [
            Query(f"sum by (instance) (rate({ticks}[$__rate_interval])) * 60", f"good on {_INSTANCE}"),
            Query(f"sum by (instance) (rate({failures}[$__rate_interval])) * 60", f"failed on {_INSTANCE}"),
        ],
        [links.to(links.OVERVIEW)],
        width=8,
        height=9,
    )


def _failures() -> Tile:
    failures = select("kip_tick_failures_total", *_SCOPE)
    return Tile(
        "Failures by reason",
        "Failed ticks per interval. The runbook KipTicksFailing says what each reason asks for.",
        looks.timeline(units.Short, stacked=True, least=0),
        [Query(f"sum by (reason) (increase({failures}[$__rate_interval]))", "{{reason}}")],
        [links.to(links.OVERVIEW)],
        width=8,
        height=9,
    )


def _stages() -> Tile:
    by = "sum by (stage{}) (rate({}[$__rate_interval]))"
    buckets, sums, counts = (
        select(f"kip_tick_duration_seconds_{part}", *_SCOPE) for part in ("bucket", "sum", "count")
    )
    return Tile(
        "Duration by stage",
        "The 95th percentile and the mean of the time that reading, predicting, publishing and the whole tick took. A "
        "tick longer than a step is late for ever.",
        looks.timeline(units.Seconds, least=0),
        [
            Query(f"histogram_quantile(0.95, {by.format(', le', buckets)})", "{{stage}}: 95 % below"),
            Query(f"{by.format('', sums)} / ({by.format('', counts)} > 0)", "{{stage}}: mean"),
        ],
        [links.to(links.OVERVIEW)],
        width=8,
        height=9,
    )


def _entities() -> Tile:
    return Tile(
        "Entities",
        "What Prometheus knew at the last tick, by kind.",
        looks.timeline(units.Short, least=0),
        [Query(f"max by (kind) ({select('kip_entities', *_SCOPE)})", "{{kind}}s")],
        [links.to(links.OVERVIEW)],
        width=8,
        height=8,
    )


def _dropped() -> Tile:
    return Tile(
        "Series not published, over time",
        "Without usable labels, or beyond --publish.max-series, which keeps the highest probabilities.",
        looks.timeline(units.Short, least=0),
        [Query(f"max by (instance) ({select('kip_series_dropped', *_SCOPE)})", _INSTANCE)],
        [links.to(links.OVERVIEW)],
        width=8,
        height=8,
    )


def _coverage() -> Tile:
    coverage = select("kip_signal_coverage_ratio", *_SCOPE)
    return Tile(
        "Coverage by kind",
        "The share of a kind's entities that have a signal, in the mean over all its signals.",
        looks.timeline(units.PercentUnit, least=0, most=1),
        [Query(f"avg by (kind) ({coverage})", "{{kind}}")],
        [links.to(links.QUALITY)],
        width=8,
        height=8,
    )


def _weakest() -> Tile:
    coverage = select("kip_signal_coverage_ratio", *_SCOPE)
    look = looks.grid(units.PercentUnit, {"Value": "Coverage", "kind": "kind", "signal": "signal"})
    look.override_by_name("Coverage", looks.gauge_cells(((None, "red"), (0.5, "orange"), (0.9, "green"))))
    return Tile(
        "Signals that reach the fewest",
        "The thirty signals with the lowest coverage. kip-exporter check names what is missing for each.",
        look,
        [rows(f"bottomk(30, min by (kind, signal) ({coverage}))")],
        [links.to(links.QUALITY)],
        width=24,
        height=8,
    )


def _model() -> Tile:
    labels = ("instance", "estimator", "fingerprint", "horizons", "step", "scikit_learn", "numpy")
    return Tile(
        "Model",
        "What is in use, and with which libraries it was trained.",
        looks.grid(units.NoUnit, {name: name for name in labels}),
        [rows(select("kip_model_info", *_SCOPE))],
        [links.to(links.QUALITY)],
        width=14,
        height=5,
    )


def _build() -> Tile:
    return Tile(
        "Build",
        "Versions of the exporter and of what it runs on.",
        looks.grid(units.NoUnit, {name: name for name in ("instance", "version", "python_version")}),
        [rows(select("kip_build_info", *_SCOPE))],
        [links.to(links.OVERVIEW)],
        width=10,
        height=5,
    )


def _process() -> list[Tile]:
    cpu = f"rate({select('process_cpu_seconds_total', *_SCOPE)}[$__rate_interval])"
    started = f"time() - ({select('process_start_time_seconds', *_SCOPE)} {_OURS})"
    files = f"{select('process_open_fds', *_SCOPE)} / {select('process_max_fds', *_SCOPE)}"
    return [
        _line("CPU", "Cores in use.", units.Short, f"{cpu} {_OURS}"),
        _line(
            "Memory",
            "Resident memory of the process.",
            units.BytesIEC,
            f"{select('process_resident_memory_bytes', *_SCOPE)} {_OURS}",
        ),
        _line("Open files", "As a share of what the process may open.", units.PercentUnit, f"{files} {_OURS}"),
        _line("Running for", "A line that falls to zero is a restart.", units.Seconds, started),
        _line(
            "Duration of a scrape",
            "What Prometheus waits for /metrics.",
            units.Seconds,
            f"{select('scrape_duration_seconds', *_SCOPE)} {_OURS}",
        ),
        _line(
            "Samples of a scrape",
            "How many series the exporter gives to Prometheus to keep.",
            units.Short,
            f"{select('scrape_samples_scraped', *_SCOPE)} {_OURS}",
        ),
    ]


def _line(title: str, description: str, unit: str, expression: str) -> Tile:
    query = Query(f"max by (instance) ({expression})", _INSTANCE)
    return Tile(title, description, looks.timeline(unit, least=0), [query], [links.to(links.OVERVIEW)], 8, 7)
