"""Settings of kip-trainer's commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    field_validator,
    model_validator,
)

from commandline.logs import LogFormat, LogLevel
from commandline.settings import Settings, flag
from commandline.times import Moment, Span, span_seconds
from predictor.reader import PrometheusUrl
from trainer.candidates import CANDIDATES, CandidateName
from trainer.thresholds import PER_ENTITY_DAY, PRICE, Budget


def _spans(value: Any) -> Any:
    """Horizons written as "15m,1h", or as a list in a file."""
    parts = value.split(",") if isinstance(value, str) else value
    spans = tuple(span_seconds(part.strip() if isinstance(part, str) else part) for part in parts)
    if len(set(spans)) < len(spans):
        raise ValueError(f"a horizon is named twice in {value!r}")
    return spans


Horizons = Annotated[tuple[float, ...], BeforeValidator(_spans), Field(min_length=1)]


EstimatorName = Literal["auto", CandidateName]


class _Logged(Settings):
    model_dir: Path = flag("model.dir", ..., "directory of the model")
    log_level: LogLevel = flag("log.level", "info", "debug, info, warn or error")
    log_format: LogFormat = flag("log.format", "auto", "auto, json or console")


class _Common(_Logged):
    prometheus_url: PrometheusUrl = flag("prometheus.url", ..., "Prometheus whose history to read")
    prometheus_timeout: Span = flag("prometheus.timeout", 120.0, "how long one query may take", gt=0)
    catalogue_variable: dict[str, str] = flag("catalogue.variable", {}, "set a catalogue variable, repeatable")
    start: Moment = flag("start", "-14d", "first moment: RFC 3339, Unix seconds, or relative such as -14d")
    end: Moment = flag("end", "now", "last moment")


class TrainSettings(_Common):
    """kip-trainer train."""

    catalogue_file: Path | None = flag("catalogue.file", None, "YAML laid over the default catalogue")
    step: Span = flag("step", 30.0, "grid of training and later of every tick", ge=1, le=300, multiple_of=1)
    horizons: Horizons = flag("horizons", (900.0, 3600.0), "how far ahead to predict")
    seed: NonNegativeInt = flag("seed", 0, "seed of everything random")
    max_rows: int = flag("max-rows", 12_000, "rows per kind to fit on, and as many again before each issue", ge=1_000)
    estimator: EstimatorName = flag(
        "estimator", "auto", "auto compares all by rolling-origin validation; or one of " + ", ".join(CANDIDATES)
    )
    false_alarms_per_entity_day: PositiveFloat = flag(
        "false-alarms.per-entity-day",
        PER_ENTITY_DAY,
        "budget from which the alert thresholds follow",
        allow_inf_nan=False,
    )
    false_alarms_price: NonNegativeFloat = flag(
        "false-alarms.price",
        PRICE,
        "issues more that a false alarm more must foretell; 0 spends the whole budget",
        allow_inf_nan=False,
    )
    issues_factor: PositiveFloat = flag(
        "issues.factor",
        1.0,
        "how many times as frequent issues are in this history as they will be: 2 halves their odds",
        le=1_000.0,
        allow_inf_nan=False,
    )

    @property
    def budget(self) -> Budget:
        """What false alarms may be spent on."""
        return Budget(self.false_alarms_per_entity_day, self.false_alarms_price)

    @model_validator(mode="after")
    def _horizons_on_grid(self) -> Self:
        if any(h < self.step or h % self.step for h in self.horizons):
            raise ValueError(f"--horizons must be multiples of --step, {self.step:g}s; write for example 15m,1h")
        return self


class EvaluateSettings(_Common):
    """kip-trainer evaluate."""

    results_dir: Path = flag("results.dir", Path("build/results"), "where scores.json, report.html and the PNGs go")


class ThresholdsSettings(_Logged):
    """kip-trainer thresholds; what is not given stays as the model has it."""

    false_alarms_per_entity_day: PositiveFloat | None = flag(
        "false-alarms.per-entity-day", None, "budget from which the thresholds follow (default: the model's)",
        allow_inf_nan=False,
    )  # fmt: skip
    false_alarms_price: NonNegativeFloat | None = flag(
        "false-alarms.price", None, "issues more that a false alarm more must foretell (default: the model's)",
        allow_inf_nan=False,
    )  # fmt: skip


class ReplaySettings(_Common):
    """kip-trainer replay."""

    start: Moment = flag("start", "-1h", "first moment: RFC 3339, Unix seconds, or relative such as -1h")
    output_file: Path = flag("output.file", ..., "F.parquet for rows, F.om for OpenMetrics")

    @field_validator("output_file")
    @classmethod
    def _known_format(cls, path: Path) -> Path:
        if path.suffix not in (".parquet", ".om"):
            raise ValueError(f"{path} must end in .parquet (rows) or .om (OpenMetrics text)")
        return path
