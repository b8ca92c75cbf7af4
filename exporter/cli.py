"""kip-exporter: serve predictions, or check what a Prometheus and a model have to offer."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from commandline import logs
from commandline.settings import Settings, run_command, subcommands
from commandline.siblings import VARIABLES
from exporter import check as checks
from exporter import serve as server
from exporter.address import ListenError
from exporter.reload import LimitsError
from exporter.settings import CheckSettings, ServeSettings
from predictor.artifact import ArtifactError
from predictor.catalogue import CatalogueError
from predictor.series import ReadError

Commands = Mapping[str, tuple[type[Settings], Callable[[Any], int]]]

EXPECTED = (ArtifactError, CatalogueError, LimitsError, ListenError, ReadError)


def serve(settings: ServeSettings) -> int:
    """Predict every step and serve the predictions on /metrics."""
    logs.configure(settings.log_level, settings.log_format)
    return 0 if settings.check_config else server.run(settings)


def check(settings: CheckSettings) -> int:
    """Validate everything, ask each query once and print what is there."""
    logs.configure(settings.log_level, settings.log_format)
    return checks.run(settings)


COMMANDS: Commands = {"serve": (ServeSettings, serve), "check": (CheckSettings, check)}


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command that the arguments name and end the process."""
    parser = argparse.ArgumentParser(prog="kip-exporter", description=__doc__, allow_abbrev=False)
    subcommands(parser, COMMANDS)
    run_command(parser, arguments, COMMANDS, VARIABLES, EXPECTED)
