"""kip-trainer: train, evaluate, replay."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

import structlog

from commandline import logs
from commandline.settings import run_command, subcommands
from commandline.siblings import VARIABLES
from commandline.times import moment
from predictor import artifact, catalogue
from predictor.artifact import ArtifactError
from predictor.catalogue import CatalogueError
from predictor.reader import PrometheusReader
from predictor.series import ReadError
from trainer.history import HistoryError, stretch
from trainer.settings import TrainSettings
from trainer.train import train

log = structlog.get_logger()


def _train(settings: TrainSettings) -> int:
    """Learn from Prometheus' history and write a model directory."""
    logs.configure(settings.log_level, settings.log_format)
    now = time.time()
    chosen = catalogue.load(settings.catalogue_file, settings.catalogue_variable)
    reader = PrometheusReader(settings.prometheus_url, settings.prometheus_timeout)
    when = stretch(moment(settings.start, now), moment(settings.end, now), settings.step)
    manifest = train(reader, chosen, when, settings, now)
    log.info("model written", directory=str(settings.model_dir), model=artifact.describe(manifest))
    return 0


COMMANDS = {"train": (TrainSettings, _train)}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and end the process."""
    parser = argparse.ArgumentParser(prog="kip-trainer", description=__doc__, allow_abbrev=False)
    subcommands(parser, COMMANDS)
    run_command(parser, arguments, COMMANDS, VARIABLES, (ArtifactError, CatalogueError, HistoryError, ReadError))
