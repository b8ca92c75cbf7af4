"""Verdicts read like sentences, whatever the counts are."""

from __future__ import annotations

import pytest

from trainer import verdict
from trainer.verdict import duration


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(45, "45 s"), (89.6, "90 s"), (90, "2 min"), (720, "12 min"), (5400, "1 h 30 min"), (7200, "2 h")],
)
def test_durations_are_written_as_people_say_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("episodes", "recalled", "median", "text"),
    [
        (0, 0, None, "No issue began, so nothing says whether one would have been foreseen."),
        (1, 0, None, "The one issue that began was not announced in time."),
        (3, 0, None, "None of the 3 issues that began was announced in time."),
        (1, 1, 600.0, "The one issue that began was announced in time, 10 min before."),
        (3, 1, 600.0, "1 of the 3 issues that began was announced in time, 10 min before."),
        (3, 2, 600.0, "2 of the 3 issues that began were announced in time, half of them at least 10 min before."),
    ],
)
def test_recall_is_a_sentence(episodes: int, recalled: int, median: float | None, text: str) -> None:
    assert verdict.recalled_sentence(episodes, recalled, median) == text


@pytest.mark.parametrize(
    ("alerts", "false_alarms", "text"),
    [
        (0, 0, "There was no alert."),
        (1, 0, "The one alert was right."),
        (1, 1, "The one alert was a false alarm."),
        (4, 0, "None of the 4 alerts was a false alarm."),
        (4, 1, "1 of the 4 alerts was a false alarm, 0.25 per entity and day."),
        (4, 3, "3 of the 4 alerts were false alarms, 0.25 per entity and day."),
    ],
)
def test_precision_is_a_sentence(alerts: int, false_alarms: int, text: str) -> None:
    assert verdict.alerts_sentence(alerts, false_alarms, 0.25) == text
