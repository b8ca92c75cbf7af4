"""Logs that tell the story: JSON for machines, colour on a terminal."""

from __future__ import annotations

import logging
import os
import sys
from typing import Literal

import structlog

LogFormat = Literal["auto", "json", "console"]
LogLevel = Literal["debug", "info", "warn", "error"]


def for_people(log_format: LogFormat) -> bool:
    """Whether a command also shows its result as a table: on a terminal, or where the console format is forced."""
    return log_format == "console" or (log_format == "auto" and sys.stdout.isatty())


def configure(level: LogLevel, log_format: LogFormat) -> None:
    """Send structlog and the standard library's loggers to standard error in one format.

    auto means console on a terminal and JSON elsewhere; NO_COLOR is respected (https://no-color.org).
    """
    terminal = sys.stderr.isatty()
    as_json = log_format == "json" or (log_format == "auto" and not terminal)
    number = {"debug": logging.DEBUG, "info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}[level]
    colour = terminal and not os.environ.get("NO_COLOR")
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=colour)
    )
    shared: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),  # as it is then: tests and reloads replace it
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(number, logging.WARNING))  # libraries speak only when something is wrong
