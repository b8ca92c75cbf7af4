"""Phrases: what people read in alerts and on the page, by a table."""

from __future__ import annotations

import math

import pytest

from predictor import catalogue
from predictor.catalogue import CatalogueError, Signal
from predictor.phrases import phrase, span, trend_text, value_text

NAN = math.nan


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.913, "ratio", "91 %"),
        (0.0213, "ratio", "2.1 %"),
        (0.0000213, "ratio", "0.0021 %"),
        (0.0, "ratio", "0 %"),
        (1.0, "ratio", "100 %"),
        (1.8, "times", "1.8 times"),
        (1.04, "times", "1.04 times"),
        (0.97, "times", "0.97 times"),
        (0.25, "seconds", "250 ms"),
        (1.25, "seconds", "1.2 s"),
        (5400.0, "seconds", "90 min"),
        (86_400.0, "seconds", "24 h"),
        (1.5e9, "bytes", "1.4 GiB"),
        (432_013_312.0, "bytes", "412 MiB"),
        (1023.7 * 1024**2, "bytes", "1 GiB"),
        (0.0, "bytes", "0 B"),
        (3.1 * 1024**2, "bytes per second", "3.1 MiB/s"),
        (3.0, "restarts", "3 restarts"),
        (12_345.0, "requests per second", "12 345 requests per second"),
        (NAN, "ratio", "unknown"),
    ],
)
def test_a_value_is_said_with_its_unit_and_two_digits(value: float, unit: str, text: str) -> None:
    assert value_text(value, unit) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 s"),
        (0.25, "250 ms"),
        (45.0, "45 s"),
        (60.0, "1 min"),
        (250.0, "4 min"),
        (59.7, "1 min"),
        (7160.0, "119 min"),
        (7180.0, "2 h"),
        (7200.0, "2 h"),
        (0.9996, "1 s"),
        (172_799.0, "2 d"),
        (3e5, "3.5 d"),
    ],
)
def test_a_span_is_said_in_the_unit_a_person_would_take(seconds: float, text: str) -> None:
    assert span(seconds) == text


@pytest.mark.parametrize(
    ("per_minute", "value", "unit", "text"),
    [
        (0.021, 0.91, "ratio", "rising 2.1 %/min"),
        (-0.021, 0.91, "ratio", "falling 2.1 %/min"),
        (0.0001, 0.91, "ratio", ""),
        (0.0, 0.0, "ratio", ""),
        (NAN, 0.5, "ratio", ""),
        (2.0 * 1024**2, 1e9, "bytes", "rising 2 MiB/min"),
    ],
)
def test_a_trend_is_told_unless_it_is_hardly_one(per_minute: float, value: float, unit: str, text: str) -> None:
    assert trend_text(per_minute, value, unit) == text


def signal(name: str) -> Signal:
    """One of the default catalogue."""
    return next(one for one in catalogue.default().signals if one.name == name)


@pytest.mark.parametrize(
    ("name", "value", "per_minute", "left", "text"),
    [
        (
            "pod_memory_of_limit", 0.91, 0.021, 257.0,
            "memory working set 91 % of its limit, rising 2.1 %/min, full in about 4 min",
        ),
        ("pod_memory_of_limit", 1.0, 0.0, 0.0, "memory working set 100 % of its limit, at its limit"),
        (
            "pod_cpu_of_limit", 0.27, 0.015, 2880.0,
            "CPU 27 % of its limit, rising 1.5 %/min, at its limit in about 48 min",
        ),
        ("pod_requests", 46.0, 0.063, NAN, "answering 46 requests per second"),
        ("pod_age", 9_300.0, 60.0, NAN, "created 2.6 h ago"),
        ("pod_age", 9_300.0, -3_000.0, NAN, "created 2.6 h ago, falling 50 min/min"),
        ("pod_restarts", 3.0, 0.0, NAN, "3 restarts within an hour"),
        ("service_errors", 0.032, 0.004, 275.0,
            "3.2 % of HTTP requests fail, rising 0.4 %/min, at its limit in about 5 min"),
        ("pod_memory_of_siblings", 1.8, NAN, NAN, "memory 1.8 times that of its siblings"),
    ],
)  # fmt: skip
def test_a_signal_is_said_as_a_person_would(name: str, value: float, per_minute: float, left: float, text: str) -> None:
    assert phrase(signal(name), value, per_minute, left) == text


def test_every_signal_of_the_default_catalogue_has_a_phrase_of_its_own_within_its_kind() -> None:
    signals = catalogue.default().signals
    assert all(one.phrase for one in signals)
    for kind in ("node", "pod", "service"):
        said = [one.phrase for one in signals if one.kind == kind]
        assert len(set(said)) == len(said)


def test_a_signal_without_a_phrase_is_said_by_its_name() -> None:
    bare = signal("pod_memory_of_limit").model_copy(update={"phrase": ""})
    assert phrase(bare, 0.5, NAN, NAN) == "memory of limit 50 %"


@pytest.mark.parametrize("wrong", ["no place", "{} and {}", "{name}", "{} {"])
def test_a_phrase_that_has_no_one_place_for_the_value_is_refused(wrong: str) -> None:
    document = catalogue.default().model_dump()
    document["signals"][0]["phrase"] = wrong
    with pytest.raises(CatalogueError, match=r"needs one \{\} where the value stands"):
        catalogue.from_document(document)
