"""The environment variables of all three commands, which often share one environment.

Each command refuses a KIP_ variable that none of them reads; this list is how it knows the others' without importing
them. A test of each command holds its own settings against it.
"""

from __future__ import annotations

from typing import Final

from commandline.settings import variable

_SHARED: Final = ("config.file", "log.level", "log.format")
_EXPORTER: Final = (
    "prometheus.url",
    "prometheus.timeout",
    "model.dir",
    "catalogue.variable",
    "web.listen-address",
    "web.enable-lifecycle",
    "read-delay",
    "staleness",
    "publish.floor",
    "publish.max-series",
    "runbooks.url",
    "check-config",
    "time",
)
_TRAINER: Final = (
    "prometheus.url",
    "prometheus.timeout",
    "model.dir",
    "catalogue.file",
    "catalogue.variable",
    "start",
    "end",
    "step",
    "horizons",
    "results.dir",
    "output.file",
    "seed",
    "max-rows",
    "estimator",
    "false-alarms.per-entity-day",
    "false-alarms.price",
    "issues.factor",
)
_EMITTER: Final = (
    "anchor",
    "web.listen-address",
    "nodes",
    "pods",
    "scenario",
    "episodes.factor",
    "episodes.without",
    "seed",
    "start",
    "end",
    "step",
    "output.dir",
)

VARIABLES: Final[frozenset[str]] = frozenset(variable(name) for name in (*_SHARED, *_EXPORTER, *_TRAINER, *_EMITTER))
"""Every variable that one of our commands reads."""
