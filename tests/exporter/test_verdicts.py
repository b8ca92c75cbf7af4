"""The exporter says of its own alerts, tick by tick, what the trainer says of the whole record."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from predictor.waits import AWAY_SECONDS
from tests.exporter.scenes import Scene, scenes


@settings(max_examples=30)  # of up to fifty pods each
@given(scenes(), st.sampled_from([AWAY_SECONDS, 1_800.0, 3_600.0]))
def test_tick_by_tick_comes_out_what_the_trainer_says_of_the_whole_record(scene: Scene, away_seconds: float) -> None:
    """Records of four hours hold no absence of four, so that after shorter ones too somebody else comes back."""
    with pytest.MonkeyPatch.context() as patch:
        for module in ("exporter.terms", "trainer.lives", "tests.exporter.scenes"):
            patch.setattr(f"{module}.AWAY_SECONDS", away_seconds)
        compare(scene)


def compare(scene: Scene) -> None:
    """Every verdict, lead and second."""
    found = scene.followed()
    for number, outcome in enumerate(scene.outcomes):
        events = scene.trained(number)
        verdicts = Counter(
            alert.verdict
            for alert in events.alerts
            if alert.verdict != "false_alarm" or not scene.forgotten(number, alert)
        )
        figures = events.figures
        expected = {verdict: verdicts[verdict] for verdict in ("hit", "late", "early", "false_alarm")} | {
            "foretold": figures.recalled,
            "missed": figures.episodes - figures.recalled,
        }
        assert found.of(outcome) == {verdict: number for verdict, number in expected.items() if number}
        assert sorted(found.leads[outcome]) == list(figures.leads_seconds)
        assert found.seconds[outcome] == round(figures.entity_days * 86400)


@settings(max_examples=20)
@given(scenes(), st.lists(st.integers(1, 4), min_size=1, max_size=20))
def test_missed_ticks_lose_neither_an_episode_nor_a_second(scene: Scene, gaps: list[int]) -> None:
    allowed = int(300 / scene.step_seconds)
    ticks = "|" + "".join(" " * min(gap, allowed) + "|" for gap in gaps)
    found = scene.followed(ticks)
    for number, outcome in enumerate(scene.outcomes):
        figures = scene.trained(number).figures
        assert found.counts[outcome, "foretold"] + found.counts[outcome, "missed"] == figures.episodes
        assert found.seconds[outcome] == round(figures.entity_days * 86400)
