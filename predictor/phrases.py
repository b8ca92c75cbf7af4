"""Phrases: values, spans and trends of signals as a person says them."""

from __future__ import annotations

import math
from typing import Final

from predictor.catalogue import Signal

_BYTES: Final = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_SMALLEST_SHARE: Final = 0.001

_FILLS: Final = ("full", "memory", "used")
"""Words in a phrase whose limit of 1 is a state of being full; whatever else reaches a limit is at it."""

_BARELY: Final = 1.05
"""Below it two digits would say that something is once as much as something else."""

_MOVES: Final = 0.05
_NEARS: Final = 0.01
"""The share of itself that a value moves in a quarter of an hour to be worth telling, less where a limit is near."""

_CLOCK: Final = 0.5
"""How near to 60 seconds per minute something moves that counts time."""


def value_text(value: float, unit: str) -> str:
    """A value with its unit: 0.913 ratio -> "91 %", 0.25 seconds -> "250 ms", 1.5e9 bytes -> "1.4 GiB"."""
    if math.isnan(value):
        return "unknown"
    match unit:
        case "ratio":
            return _percent(value)
        case "times":
            near = 1.0 <= value < _BARELY
            return f"{value:.2f} times" if near else f"{_number(value)} times"
        case "seconds":
            return span(value)
        case "bytes":
            return _bytes(value)
        case "bytes per second":
            return f"{_bytes(value)}/s"
        case _:
            return f"{_number(value)} {unit}"


def span(seconds: float) -> str:
    """A span to two digits: "250 ms", "45 s", "4 min", "2.5 h", "3 d".

    A unit is left for the larger one where rounding would reach it: never "60 s" nor "120 min".
    """
    minutes = round(seconds / 60)
    for unit, size in (("d", 86_400.0), ("h", 3_600.0)):
        if abs(minutes) >= 2 * size / 60:
            count = round(seconds / size, 1)
            return f"{_number(count)} {unit}"
    if abs(round(seconds)) >= 60:
        return f"{minutes} min"
    thousandths = round(seconds * 1000)
    return f"{_number(seconds)} s" if abs(thousandths) >= 1000 or seconds == 0 else f"{_number(seconds * 1000)} ms"


def trend_text(per_minute: float, value: float, unit: str, least: float = _NEARS) -> str:
    """How fast a value moves, empty when it moves by less than that share of itself in a quarter of an hour."""
    if math.isnan(per_minute) or abs(per_minute) * 15 < least * abs(value) or per_minute == 0:
        return ""
    word = "rising" if per_minute > 0 else "falling"
    size = abs(per_minute)
    text = f"{_number(size * 100)} %" if unit == "ratio" else value_text(size, unit)
    return f"{word} {text}/min"


def trend(signal: Signal, value: float, per_minute: float) -> str:
    """How fast a signal moves, empty where that is not worth telling. value and per_minute in its unit.

    An age that grows as fast as time passes is no news.
    """
    if signal.unit == "seconds" and signal.limit is None and abs(per_minute - 60.0) < _CLOCK:
        return ""
    return trend_text(per_minute, value, signal.unit, _MOVES if signal.limit is None else _NEARS)


def phrase(signal: Signal, value: float, per_minute: float, seconds_to_limit: float) -> str:
    """The signal in words: "memory working set 91 % of its limit, rising 2.1 %/min, full in about 4 min".

    value and per_minute in the signal's unit; seconds_to_limit is NaN where it does not come.
    """
    parts = [signal.saying.format(value_text(value, signal.unit))]
    if moving := trend(signal, value, per_minute):
        parts.append(moving)
    if signal.limit is not None and value >= signal.limit:
        parts.append("at its limit")
    elif not math.isnan(seconds_to_limit):
        fills = signal.limit == 1.0 and any(word in signal.saying for word in _FILLS)
        end = "full" if fills else "at its limit"
        parts.append(f"{end} in about {span(seconds_to_limit)}")
    return ", ".join(parts)


def _percent(value: float) -> str:
    share = abs(value)
    if 0 < share < _SMALLEST_SHARE:
        return f"{value * 100:.2g} %"
    return f"{value * 100:.1f} %" if share < 0.1 and value else f"{value * 100:.0f} %"


def _bytes(value: float) -> str:
    size, step = value, 0
    while round(abs(size)) >= 1024 and step < len(_BYTES) - 1:
        size, step = size / 1024, step + 1
    return f"{_number(size)} {_BYTES[step]}"


def _number(value: float) -> str:
    """Two digits, more only where they are whole: 3.14159 -> "3.1", 412.7 -> "413"."""
    if value == 0 or abs(value) >= 10:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.2g}"
