"""From probabilities and events to lead times and false alarms, on rows small enough to check by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from benchmarks.kernel.answers import COLUMNS
from benchmarks.kernel.judge import (
    OF_A_LEAK,
    Alarm,
    Foretold,
    Nearest,
    agreement,
    alarms,
    false_alarms,
    foretold,
    nearest,
)

POD = "orders-6c9f7b5d4-x2x9q"
Row = tuple[float, str, str, str, float, float, bool]


def row(minute: float, probability: float = 0.9, issue: str = "pod_failure", active: bool = False) -> Row:
    """A row of the 15m horizon with a threshold of 0.5."""
    return (60.0 * minute, POD, issue, "15m", probability, 0.5, active)


def table(*rows: Row) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(COLUMNS))


def test_an_alarm_lasts_over_dips_of_five_minutes_and_no_longer() -> None:
    rows = table(row(10), row(11, 0.1), row(15), row(20.5))
    assert alarms(rows, POD, OF_A_LEAK) == [
        Alarm(600.0, 900.0, "pod_failure", "15m"),
        Alarm(1230.0, 1230.0, "pod_failure", "15m"),
    ]


def test_a_probability_at_its_threshold_alarms_and_that_of_another_pod_or_issue_does_not() -> None:
    rows = table(row(1, 0.5), row(9, 0.49), row(17, issue="network_issue"))
    assert [one.start for one in alarms(rows, POD, OF_A_LEAK)] == [60.0]
    assert alarms(rows, "search-7d8bd9f6c5-k4zvw", OF_A_LEAK) == []


def test_what_is_active_already_is_no_prediction() -> None:
    rows = table(row(10, 1.0, active=True))
    assert foretold(rows, POD, OF_A_LEAK, event_at=660.0, trouble_at=0.0).alarm is None


@pytest.mark.parametrize(("first_minute", "lead", "in_time"), [(7, 180.0, True), (8, 120.0, True), (8.5, 90.0, False)])
def test_the_lead_runs_from_the_begin_of_the_alarm_to_the_event(
    first_minute: float, lead: float, in_time: bool
) -> None:
    rows = table(row(first_minute), row(9), row(11))
    verdict = foretold(rows, POD, OF_A_LEAK, event_at=600.0, trouble_at=60.0)
    assert (verdict.lead_seconds, verdict.in_time) == (lead, in_time)


def test_an_alarm_that_went_away_long_before_the_event_did_not_foretell_it() -> None:
    assert foretold(table(row(2)), POD, OF_A_LEAK, event_at=600.0, trouble_at=60.0) == Foretold(600.0, None)


def test_an_alarm_from_before_the_trouble_began_did_not_foretell_its_end() -> None:
    verdict = foretold(table(row(1), row(5), row(9)), POD, OF_A_LEAK, event_at=600.0, trouble_at=120.0)
    assert verdict.early
    assert not verdict.in_time


def test_false_alarms_are_those_that_begin_while_nothing_is_wrong() -> None:
    rows = table(row(1, issue="network_issue"), row(10), row(20))
    assert [one.start for one in false_alarms(rows, POD, until=1000.0)] == [60.0, 600.0]


def test_live_agrees_with_a_replay_of_the_step_published_last_or_the_one_before() -> None:
    replayed = table(row(1, 0.1), row(1.5, 0.2), row(2, 0.3))
    assert agreement(table(row(1.2, 0.1), row(1.9, 0.2), row(2.1, 0.2), row(2.2, 0.3)), replayed) == 1.0
    assert agreement(table(row(1.2, 0.2), row(2.1, 0.3)), replayed) == 0.5


def test_the_nearest_is_what_reached_most_of_its_threshold_within_the_time() -> None:
    rows = table(row(4, 0.2), row(5, 0.4), row(5, 1.0, active=True), row(9, 0.49))
    assert nearest(rows, POD, OF_A_LEAK, 0.0, 480.0) == Nearest("pod_failure", "15m", 0.4, 0.5)
    assert nearest(rows, POD, OF_A_LEAK, 600.0, 700.0) is None
