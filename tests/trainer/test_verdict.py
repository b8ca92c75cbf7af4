"""Verdicts read like sentences, whatever the counts are."""

from __future__ import annotations

import pytest

from trainer import verdict
from trainer.report import ends
from trainer.totals import Rival, Total
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
    ("alerts", "early", "false_alarms", "text"),
    [
        (0, 0, 0, "There was no alert."),
        (1, 0, 0, "The one alert was right."),
        (1, 1, 0, "The one alert was too early."),
        (1, 0, 1, "The one alert was a false alarm."),
        (4, 0, 0, "None of the 4 alerts was a false alarm."),
        (4, 1, 0, "None of the 4 alerts was a false alarm; 1 was too early."),
        (4, 0, 1, "1 of the 4 alerts was a false alarm, 0.25 per entity and day."),
        (4, 0, 3, "3 of the 4 alerts were false alarms, 0.25 per entity and day."),
        (7, 2, 3, "3 of the 7 alerts were false alarms, 0.25 per entity and day; 2 were too early."),
    ],
)
def test_precision_is_a_sentence(alerts: int, early: int, false_alarms: int, text: str) -> None:
    assert verdict.alerts_sentence(alerts, early, false_alarms, 0.25) == text


def total(recalled: int, false_alarms: int = 0) -> Total:
    """Of ten episodes so many recalled."""
    nothing = dict.fromkeys(("precision", "lead_median_seconds", "lead_p10_seconds", "pr_auc", "brier_skill", "ece"))
    return Total(
        episodes=10,
        recalled=recalled,
        recall=recalled / 10,
        alerts=0,
        early=0,
        false_alarms=false_alarms,
        entity_days=1.0,
        false_alarms_per_entity_day=0.0,
        intervals={},
        interval_reasons={},
        **nothing,
    )


def rival(title: str, recalled: int, false_alarms: int, interval: tuple[float, float] | None = None) -> Rival:
    """A baseline beside a model that recalls five of ten."""
    return Rival(title, total(recalled, false_alarms), 0.5 - recalled / 10, interval, 0)


@pytest.mark.parametrize(
    ("rivals", "text"),
    [
        ([], ""),
        ([rival("Base rate", 0, 0)], "At equal false alarms, none of the baselines announced any of them."),
        (
            [rival("Robust z-score", 5, 1), rival("Static thresholds", 2, 0)],
            "At equal false alarms, the best baseline, robust z-score, announced 5: as many.",
        ),
        (
            [rival("Robust z-score", 3, 4), rival("Static thresholds", 3, 2, (0.0512, 0.34))],
            "At equal false alarms, the best baseline, static thresholds, announced 3: the model announced 2 more "
            "(+5 to +34 points of recall).",
        ),
        (
            [rival("Snapshot forest", 6, 1, (-0.2, 0.03))],
            "At equal false alarms, the best baseline, snapshot forest, announced 6: the model announced 1 fewer "
            "(−20 to +3 points of recall; with other entities it could be the other way round).",
        ),
        (
            [rival("Snapshot forest", 4, 1)],
            "At equal false alarms, the best baseline, snapshot forest, announced 4: the model announced 1 more.",
        ),
    ],
    ids=["nobody", "no use", "as many", "certain", "uncertain", "no interval"],
)
def test_the_comparison_is_a_sentence_about_the_best_rival(rivals: list[Rival], text: str) -> None:
    assert verdict.comparison_sentence(total(5, false_alarms=4), {r.title: r for r in rivals}) == text


@pytest.mark.parametrize(("ours", "said"), [(0, "none"), (2, "2")])
def test_a_rival_with_more_false_alarms_is_not_called_equal(ours: int, said: str) -> None:
    found = verdict.comparison_sentence(total(5, false_alarms=ours), {"forest": rival("Snapshot forest", 6, 6)})
    assert found == (
        f"With 6 false alarms to the model's {said}, the best baseline, snapshot forest, announced 6: "
        "the model announced 1 fewer."
    )


@pytest.mark.parametrize(
    ("undecided", "text"),
    [
        (0, ""),
        (1, "One more alert was never decided: its entity left, or the record ended, too early to say."),
        (8, "8 more alerts were never decided: their entities left, or the record ended, too early to say."),
    ],
)
def test_what_nobody_can_judge_is_said(undecided: int, text: str) -> None:
    assert verdict.undecided_sentence(undecided) == text


@pytest.mark.parametrize(
    ("interval", "how", "text"),
    [
        (None, "percent", ""),
        ((0.284, 0.456), "percent", "28 to 46%"),
        ((-0.1, 0.08), "points", "−10 to +8"),
        ((240.0, 840.0), "lead", "4 to 14 min"),
        ((60.0, 840.0), "lead", "60 s to 14 min"),
        ((240.0, 7080.0), "lead", "4 min to 1 h 58 min"),
        ((7200.0, 10800.0), "lead", "2 to 3 h"),
        ((0.0874, 0.28), "rate", "0.087 to 0.28"),
        ((0.1, 0.25), "number", "0.100 to 0.250"),
    ],
)
def test_intervals_are_written_as_people_say_them(interval: tuple[float, float] | None, how: str, text: str) -> None:
    assert ends(interval, how) == text
