"""Times: written as Prometheus' users write them, and one line when they are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commandline.times import moment, on_grid, rfc3339, span_seconds, span_text

NOW = 1_700_000_000.0

SPANS = {"90": 90.0, "30s": 30.0, "15m": 900.0, "1h30m": 5400.0, "14d": 1_209_600.0, "500ms": 0.5, "1.5h": 5400.0}
MOMENTS = {
    "now": NOW,
    "-14d": NOW - 1_209_600,
    "now-2h": NOW - 7200,
    "now+5m": NOW + 300,
    "1700000000.5": 1_700_000_000.5,
    "2023-11-14T22:13:20Z": NOW,
    "2023-11-15T00:13:20+02:00": NOW,
}


@pytest.mark.parametrize(("text", "seconds"), SPANS.items())
def test_a_span_is_read_in_seconds(text: str, seconds: float) -> None:
    assert span_seconds(text) == seconds


@pytest.mark.parametrize(("text", "seconds"), MOMENTS.items())
def test_a_moment_is_read_in_unix_seconds(text: str, seconds: float) -> None:
    assert moment(text, NOW) == seconds


@pytest.mark.parametrize("text", ["", "soon", "5 minutes", "-", "1h2", "2023-13-01T00:00:00Z"])
def test_what_is_no_moment_is_quoted(text: str) -> None:
    with pytest.raises(ValueError, match="is not a"):
        moment(text, NOW)


def test_a_moment_without_a_zone_says_how_to_write_utc() -> None:
    with pytest.raises(ValueError, match="has no time zone; write 2023-11-14T22:13:20Z for UTC"):
        moment("2023-11-14T22:13:20", NOW)


@given(st.integers(1, 10**7))
def test_a_span_survives_being_written(seconds: int) -> None:
    assert span_seconds(span_text(seconds)) == seconds


@given(st.integers(0, 2**31))
def test_a_moment_survives_being_written(seconds: int) -> None:
    assert moment(rfc3339(seconds), NOW) == seconds


@given(st.floats(0, 4e9), st.sampled_from([1.0, 15.0, 30.0, 60.0]))
def test_a_grid_point_is_a_multiple_of_the_step_at_most_one_step_back(seconds: float, step: float) -> None:
    point = on_grid(seconds, step)
    assert point % step == 0
    assert 0 <= seconds - point < step
