"""Telemetry: what the exporter says about itself, whether or not there is anything to predict."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, disable_created_metrics
from prometheus_client import generate_latest as as_text
from prometheus_client.openmetrics import exposition as openmetrics

from commandline.times import span_text
from exporter.verdicts import Tally
from predictor.artifact import Manifest
from predictor.entities import Kind
from predictor.issues import Outcome
from predictor.reader import NoData, PrometheusRefused, PrometheusTimeout, PrometheusUnavailable
from predictor.series import DuplicateSeries, PrometheusGarbled

INTERNAL: Final = "internal"
OVERRUN: Final = "overrun"
REASONS: Final = (
    *(
        error.reason
        for error in (
            PrometheusUnavailable,
            PrometheusTimeout,
            PrometheusRefused,
            PrometheusGarbled,
            DuplicateSeries,
            NoData,
        )
    ),
    OVERRUN,
    INTERNAL,
)
_NO_CREATED: Final[Callable[[], None]] = disable_created_metrics
_AS_OPENMETRICS: Final[Callable[[CollectorRegistry], bytes]] = openmetrics.generate_latest
STAGES: Final = ("read", "predict", "publish", "total")

# From a few pods on a fast machine to a tick as long as the usual 30 s step.
_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

# From the shortest warning that counts to the four horizons of an hour.
_LEADS: Final = (120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 14400.0)


class Telemetry:
    """The exporter's metrics about itself, in a registry of their own."""

    def __init__(self, versions: Mapping[str, str], timer: Callable[[], float] = perf_counter) -> None:
        """versions: those named in kip_build_info. timer: seconds, for durations."""
        _NO_CREATED()  # nothing reads them, and they double the number of counters
        self.registry = registry = CollectorRegistry()
        self._timer = timer
        self.up = Gauge("kip_up", "1 if the last tick went well, 0 if it failed or none has ended.", registry=registry)
        self.last_tick = Gauge(
            "kip_last_tick_timestamp_seconds",
            "Grid time of the last tick that went well, Unix time.",
            registry=registry,
        )
        self._duration = Histogram(
            "kip_tick_duration_seconds", "Time a tick took, by stage.", ["stage"], buckets=_BUCKETS, registry=registry
        )
        self._ticks = Counter("kip_ticks_total", "Ticks that went well.", registry=registry)
        self._failures = Counter(
            "kip_tick_failures_total", "Ticks that failed, by reason.", ["reason"], registry=registry
        )
        self._model = Info("kip_model", "The model that is in use.", registry=registry)
        self._trained = Gauge(
            "kip_model_trained_timestamp_seconds", "When the model was trained, Unix time.", registry=registry
        )
        self._reloaded = Gauge(
            "kip_config_last_reload_successful", "1 if the last reload of the model went well.", registry=registry
        )
        self._outcomes = Counter(
            "kip_prediction_outcomes_total",
            "Own alerts by what came of them, and episodes by whether an alert foretold them.",
            ["issue", "kind", "horizon", "outcome"],
            registry=registry,
        )
        self._leads = Histogram(
            "kip_prediction_lead_seconds",
            "Time from the first alert to the onset of episodes that were foretold.",
            ["issue", "kind", "horizon"],
            buckets=_LEADS,
            registry=registry,
        )
        self._entity_seconds = Counter(
            "kip_prediction_entity_seconds_total",
            "Time, summed over entities, watched without the issue and outside of its wake.",
            ["issue", "kind", "horizon"],
            registry=registry,
        )
        Info("kip_build", "Versions of the exporter.", registry=registry).info(dict(versions))
        for reason in REASONS:
            self._failures.labels(reason)
        for stage in STAGES:
            self._duration.labels(stage)

    @contextmanager
    def stage(self, name: str) -> Iterator[Callable[[], float]]:
        """Time what happens inside as one stage, and give the seconds since it began; what fails is not timed."""
        start = self._timer()
        yield lambda: self._timer() - start
        self._duration.labels(name).observe(self._timer() - start)

    def succeeded(self, time: float) -> None:
        """Count a tick for the given grid time that went well."""
        self._ticks.inc()
        self.last_tick.set(time)
        self.up.set(1)

    def failed(self, reason: str) -> None:
        """Count a tick that failed."""
        self._failures.labels(reason).inc()
        self.up.set(0)

    def adopted(self, manifest: Manifest) -> None:
        """Name the model that is in use from now on."""
        self._model.info(
            {
                "fingerprint": manifest.fingerprint,
                "estimator": manifest.estimator,
                "step": span_text(manifest.step_seconds),
                "horizons": ",".join(span_text(h) for h in manifest.horizons_seconds),
                **{name.replace("-", "_"): version for name, version in sorted(manifest.versions.items())},
            }
        )
        self._trained.set(manifest.trained_at)
        self._reloaded.set(1)

    def reload_failed(self) -> None:
        """Say that the model on disk could not replace the one in use."""
        self._reloaded.set(0)

    def judged(self, kind: Kind, outcome: Outcome, tally: Tally) -> None:
        """Count what became of own predictions; what is still zero appears as well, so that increase() works."""
        labels = outcome.issue, kind, outcome.horizon
        for verdict, number in tally.counts.items():
            self._outcomes.labels(*labels, verdict).inc(number)
        leads = self._leads.labels(*labels)
        for seconds in tally.leads_seconds:
            leads.observe(seconds)
        self._entity_seconds.labels(*labels).inc(tally.entity_seconds)

    def text(self) -> bytes:
        """Everything in the text format 0.0.4."""
        return as_text(self.registry)

    def openmetrics(self) -> bytes:
        """Everything in OpenMetrics, with its end mark."""
        return _AS_OPENMETRICS(self.registry)
