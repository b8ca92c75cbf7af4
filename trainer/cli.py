"""kip-trainer: train, evaluate, replay, thresholds."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import structlog

from commandline import logs
from commandline.ending import heeding_sigterm
from commandline.memory import arrays_apart
from commandline.settings import Commands, run_command, subcommands
from commandline.siblings import VARIABLES
from commandline.times import moment, rfc3339
from predictor import artifact, catalogue
from predictor.artifact import ArtifactError
from predictor.catalogue import CatalogueError
from predictor.entities import Kind
from predictor.model import Model
from predictor.panel import Panel
from predictor.reader import PrometheusReader
from predictor.series import ReadError
from trainer import summary
from trainer.evaluate import NothingToJudge, evaluate
from trainer.history import HistoryError, Stretch, chunk_count, chunks, read_ahead, stretch
from trainer.patience import Patient
from trainer.progress import Progress
from trainer.rechosen import rechosen
from trainer.replay import replay
from trainer.settings import EvaluateSettings, ReplaySettings, ThresholdsSettings, TrainSettings
from trainer.spool import Spool
from trainer.train import train
from trainer.windows import Panels

log = structlog.get_logger()


def _train(settings: TrainSettings) -> int:
    """Learn from Prometheus' history and write a model directory."""
    logs.configure(settings.log_level, settings.log_format)
    now = time.time()
    chosen = catalogue.load(settings.catalogue_file, settings.catalogue_variable)
    reader = Patient(PrometheusReader(settings.prometheus_url, settings.prometheus_timeout))
    when = stretch(moment(settings.start, now), min(moment(settings.end, now), now), settings.step)
    manifest = train(reader, chosen, when, settings, now)
    log.info("model written", directory=str(settings.model_dir), model=artifact.describe(manifest))
    if logs.for_people(settings.log_format):
        summary.trained(manifest)
    return 0


def _evaluate(settings: EvaluateSettings) -> int:
    """Judge a model on history it has not seen, and write scores, plots and a report."""
    logs.configure(settings.log_level, settings.log_format)
    model, manifest = artifact.load(settings.model_dir, settings.catalogue_variable)
    when = _when(settings, model)
    if when.start < manifest.training_end and manifest.training_start < when.end:
        log.warning(
            "judging on the very time the model was trained on; unless this is another cluster, figures will flatter",
            training_start=rfc3339(manifest.training_start),
            training_end=rfc3339(manifest.training_end),
        )
    if manifest.issues_factor != 1.0:
        log.warning(
            "the model is for issues that come at another rate than in its training history; where they come as they "
            "did there, its probabilities are off",
            issues_factor=manifest.issues_factor,
        )
    references = artifact.load_references(settings.model_dir, manifest)
    reader = Patient(PrometheusReader(settings.prometheus_url, settings.prometheus_timeout))
    with Progress() as progress:
        reading = progress.stage("reading and predicting", chunk_count(when))
        with Spool(reader, model.catalogue, when, 0, reading) as history:
            found = evaluate(
                model,
                Panels(history),
                settings.results_dir,
                references=references,
                untrained=manifest.untrained,
                issues_factor=manifest.issues_factor,
            )
    if logs.for_people(settings.log_format):
        summary.judged(found)
    for one in found["verdicts"]:
        log.info("verdict", within=one["horizon"], verdict=one["sentence"], baselines=one["comparison"])
    log.info("evaluated", report=str(settings.results_dir / "report.html"))
    return 0


def _replay(settings: ReplaySettings) -> int:
    """Write what the exporter would have published at each step."""
    logs.configure(settings.log_level, settings.log_format)
    model, _ = artifact.load(settings.model_dir, settings.catalogue_variable)
    when = _when(settings, model)
    with Progress() as progress:
        past = _past(settings, model, when, progress.stage("replaying", chunk_count(when)))
        rows = replay(model, past, settings.output_file)
    log.info("replayed", rows=rows, file=str(settings.output_file))
    return 0


def _thresholds(settings: ThresholdsSettings) -> int:
    """Choose a model's alert thresholds again, for another budget of false alarms or another price."""
    logs.configure(settings.log_level, settings.log_format)
    manifest = rechosen(settings.model_dir, settings.false_alarms_per_entity_day, settings.false_alarms_price)
    log.info("thresholds written", directory=str(settings.model_dir), model=artifact.describe(manifest))
    if logs.for_people(settings.log_format):
        summary.trained(manifest)
    return 0


def _when(settings: EvaluateSettings | ReplaySettings, model: Model) -> Stretch:
    now = time.time()
    return stretch(moment(settings.start, now), min(moment(settings.end, now), now), model.step_seconds)


def _past(
    settings: ReplaySettings, model: Model, when: Stretch, advance: Callable[[], None]
) -> Iterator[Mapping[Kind, Panel]]:
    reader = Patient(PrometheusReader(settings.prometheus_url, settings.prometheus_timeout))
    for _, reading in read_ahead(chunks(reader, model.catalogue, when)):
        yield reading.panels
        advance()


COMMANDS: Final[Commands] = {
    "train": (TrainSettings, _train),
    "evaluate": (EvaluateSettings, _evaluate),
    "replay": (ReplaySettings, _replay),
    "thresholds": (ThresholdsSettings, _thresholds),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and end the process."""
    parser = argparse.ArgumentParser(prog="kip-trainer", description=__doc__, allow_abbrev=False)
    subcommands(parser, COMMANDS)
    expected = (ArtifactError, CatalogueError, HistoryError, NothingToJudge, ReadError, OSError)
    arrays_apart()
    with heeding_sigterm():
        run_command(parser, arguments, COMMANDS, VARIABLES, expected)
