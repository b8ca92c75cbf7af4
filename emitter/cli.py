"""`kip-emitter`: a pretend Kubernetes cluster, live (`serve`) or as history (`backfill`)."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from typing import Final, NoReturn

import structlog

from commandline.logs import configure
from commandline.settings import Commands, run_command, subcommands
from commandline.siblings import VARIABLES
from emitter.backfill import BackfillError
from emitter.backfill import backfill as write_history
from emitter.server import ServerError
from emitter.server import serve as serve_cluster
from emitter.settings import (
    BackfillSettings,
    ServeSettings,
    backfill_arguments,
    listen_address,
    serve_arguments,
)

log = structlog.get_logger()


def serve(settings: ServeSettings) -> int:
    """Expose the pretend cluster as /metrics/node, /metrics/cadvisor and so on."""
    configure(settings.log_level, settings.log_format)
    arguments = serve_arguments(settings, time.time())
    serve_cluster(arguments, *listen_address(settings.web_listen_address))
    return 0


def backfill(settings: BackfillSettings) -> int:
    """Write the pretend cluster's history as a directory that Prometheus opens."""
    configure(settings.log_level, settings.log_format)
    arguments, end = backfill_arguments(settings, time.time())
    result = write_history(arguments, end, settings.output_dir)
    log.info(
        "backfill done",
        samples=result.samples,
        blocks=result.blocks,
        duration_seconds=round(result.seconds, 1),
        directory=str(settings.output_dir),
    )
    return 0


COMMANDS: Final[Commands] = {
    "serve": (ServeSettings, serve),
    "backfill": (BackfillSettings, backfill),
}


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command; settings errors end with code 2, other expected errors with code 1."""
    parser = argparse.ArgumentParser(
        prog="kip-emitter", description="A pretend Kubernetes cluster.", allow_abbrev=False
    )
    subcommands(parser, COMMANDS)
    run_command(parser, arguments, COMMANDS, VARIABLES, (BackfillError, ServerError, OSError))
