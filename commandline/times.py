"""Moments and spans as Prometheus' users write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import BeforeValidator

UNITS_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0, "y": 31536000.0}
YEAR_10000: Final = 253_402_300_800.0
_SPAN = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[smhdwy]))+")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdwy])")


def span_seconds(text: str | float) -> float:
    """Seconds of a span such as 90, "30s", "1h30m" or "14d".

    Raises ValueError with the text when it is none.
    Source: https://prometheus.io/docs/prometheus/latest/querying/basics/#time-durations
    """
    if isinstance(text, int | float):
        return float(text)
    if re.fullmatch(r"\d+(?:\.\d+)?", text):
        return float(text)
    if not _SPAN.fullmatch(text):
        raise ValueError(f"{text!r} is not a duration; write for example 30s, 15m, 1h30m or 14d")
    return sum(float(number) * UNITS_SECONDS[unit] for number, unit in _PART.findall(text))


def span_text(seconds: float) -> str:
    """The shortest usual writing of whole seconds: 900 -> "15m", 5400 -> "90m", 45 -> "45s"."""
    for unit in ("w", "d", "h", "m"):
        if seconds >= UNITS_SECONDS[unit] and seconds % UNITS_SECONDS[unit] == 0:
            return f"{seconds / UNITS_SECONDS[unit]:.0f}{unit}"
    return f"{seconds:.0f}s" if seconds == int(seconds) else f"{seconds:g}s"


def moment(text: str | float, now: float) -> float:
    """Unix seconds, UTC, of "now", "-14d", "now-2h", Unix seconds or RFC 3339.

    Raises ValueError with the text when it is none, or lies outside the years 1970 to 9999; a date without a zone is
    none.
    """
    seconds = _moment(text, now)
    if not 0.0 <= seconds < YEAR_10000:
        raise ValueError(f"{text!r} is not a time between the years 1970 and 9999")
    return seconds


def _moment(text: str | float, now: float) -> float:
    if isinstance(text, int | float):
        return float(text)
    relative = re.fullmatch(r"(?:now)?(?:([+-])(.+))?", text)
    if text and relative and not re.fullmatch(r"[+-]?\d+(?:\.\d+)?", text):
        sign, span = relative.groups()
        return now if span is None else now + (1 if sign == "+" else -1) * span_seconds(span)
    if re.fullmatch(r"\d+(?:\.\d+)?", text):
        return float(text)
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is not a time; write now, -14d, Unix seconds or 2026-11-22T18:00:00Z") from error
    if parsed.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone; write {text}Z for UTC")
    return parsed.timestamp()


def rfc3339(seconds: float) -> str:
    """Unix seconds as RFC 3339 in UTC, to the second."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def on_grid(seconds: float, step_seconds: float) -> float:
    """The last multiple of the step that is not after the given moment."""
    return seconds // step_seconds * step_seconds


def _checked_moment(value: str | float) -> str | float:
    moment(value, now=YEAR_10000 / 2)  # far from either end, so that only what can never be a time is refused
    return value


Span = Annotated[float, BeforeValidator(span_seconds)]
"""A setting in seconds that may be written as a Prometheus duration."""

Moment = Annotated[str | float, BeforeValidator(_checked_moment)]
"""A setting that names a moment; it becomes Unix seconds only when the command runs."""
