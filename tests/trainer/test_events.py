"""Episodes, alerts and verdicts on timelines that can be read by eye.

One character per minute: `.` quiet, `!` at or above the threshold, `#` the issue is present, `_` the entity is away.
The horizon is 10 minutes, an alert is held for 5, and the wake of an episode is 15 long.
"""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from predictor.entities import Issue
from predictor.waits import pending_seconds
from trainer.events import Events, judged

QUIET = "." * 12
WAKE = "." * 15

timelines = st.integers(1, 60).flatmap(
    lambda steps: st.lists(st.text("...!!#_", min_size=steps, max_size=steps), min_size=1, max_size=4)
)


def events(*timelines: str, probability_inside: float = 1.0, horizon_seconds: float = 600.0) -> Events:
    """The events of one timeline per entity."""
    marks = np.array([list(line) for line in timelines]).T
    chances = {".": 0.1, "!": 0.7, "#": probability_inside, "_": np.nan}
    probability = np.vectorize(chances.__getitem__, otypes=[float])(marks)
    return judged(
        probability,
        marks == "#",
        marks != "_",
        threshold=0.5,
        horizon_seconds=horizon_seconds,
        pending_seconds=pending_seconds("pod_failure", horizon_seconds),
        step_seconds=60.0,
        hold_seconds=300.0,
    )


@pytest.mark.parametrize(
    ("timeline", "leads_minutes", "verdicts"),
    [
        pytest.param("....!!!....###" + QUIET, [7], ["hit"], id="an alert before the onset"),
        pytest.param("....!.###" + QUIET, [2], ["hit"], id="two minutes are just in time"),
        pytest.param("....!###" + QUIET, [None], ["late"], id="one minute is true but too late"),
        pytest.param("....!.........#" + QUIET, [10], ["hit"], id="one horizon after the last firing step"),
        pytest.param("....!..........#" + QUIET, [None], ["early"], id="one step more than the horizon"),
        pytest.param("....!" + "." * 20 + "!!#" + QUIET, [2], ["early", "hit"], id="early at first, then right"),
        pytest.param("....!" + "." * 39 + "#" + QUIET, [None], ["early"], id="four horizons before the onset"),
        pytest.param("....!" + "." * 40 + "#" + QUIET, [None], ["false_alarm"], id="earlier than four horizons"),
        pytest.param("...." + "!" * 40 + "#" + QUIET, [40], ["hit"], id="four horizons of alert"),
        pytest.param("...." + "!" * 41 + "#" + QUIET, [None], ["false_alarm"], id="longer than four horizons"),
        pytest.param("....!.....!..###" + QUIET, [9], ["hit"], id="five minutes below are held"),
        pytest.param("....!......!..###" + QUIET, [10], ["hit", "hit"], id="six minutes below end the alert"),
        pytest.param("....!!!##!!" + QUIET, [3], ["hit"], id="firing on in the wake is no alert"),
        pytest.param("..!!##" + "!" * 15 + QUIET, [2], ["hit"], id="nor is it when it lasts as long as the wake"),
        pytest.param("..!!##" + "!" * 16 + QUIET, [2], ["hit", "false_alarm"], id="after the wake it is a new one"),
        pytest.param("..!!##...!!##" + QUIET, [2], ["hit"], id="a relapse in the wake need not be announced"),
        pytest.param("..!!##" + "." * 14 + "##" + QUIET, [2], ["hit"], id="nor one in its last step"),
        pytest.param("..!!##...##" + "!" * 15 + QUIET, [2], ["hit"], id="a relapse has a wake of its own"),
        pytest.param("..!!##" + WAKE + "!!##" + QUIET, [2, 2], ["hit", "hit"], id="an alert for each of two episodes"),
        pytest.param("..!!##" + WAKE + "..##" + QUIET, [2, None], ["hit"], id="an episode after the wake is missed"),
        pytest.param("##" + WAKE + "!!##" + QUIET, [2], ["hit"], id="the wake of one there from the start"),
        pytest.param("....!!!##..##" + QUIET, [3], ["hit"], id="two minutes of pause are no recovery"),
        pytest.param("....!!!##...##" + QUIET, [3], ["hit"], id="three minutes of pause are one, and a relapse"),
        pytest.param("##....." + QUIET, [], [], id="there from the start"),
        pytest.param(".#....." + QUIET, [], [], id="no two minutes of record before it"),
        pytest.param("..#...." + QUIET, [None], [], id="two minutes of record before it"),
        pytest.param("....!!!!....", [], ["undecided"], id="the record ends within the horizon"),
        pytest.param("..!!" + "." * 10, [], ["false_alarm"], id="the record ends with the horizon"),
        pytest.param("." + "!" * 41, [], ["false_alarm"], id="firing for more than four horizons to the end"),
        pytest.param("...!!___________", [], ["undecided"], id="the entity went away within the horizon"),
        pytest.param("!" * 41 + "___________", [], ["false_alarm"], id="firing for too long before it went away"),
        pytest.param("...!!" + "." * 12 + "____", [], ["false_alarm"], id="the entity went away afterwards"),
        pytest.param("...!!____________#" + QUIET, [None], ["early"], id="it went away, and came back with the issue"),
        pytest.param("...!!_______" + QUIET, [], ["false_alarm"], id="it went away, and came back well"),
    ],
)
def test_timeline_is_judged_as_a_person_would(
    timeline: str, leads_minutes: list[int | None], verdicts: list[str]
) -> None:
    found = events(timeline)
    leads = [None if e.lead_seconds is None else e.lead_seconds / 60 for e in found.episodes]
    assert leads == leads_minutes
    assert [a.verdict for a in found.alerts] == verdicts


@pytest.mark.parametrize(
    ("timeline", "leads_minutes", "alerts"),
    [
        pytest.param("....!.........###" + QUIET, [None], [], id="one step is not for four minutes"),
        pytest.param("..!!!!.!!!!...###" + QUIET, [None], [], id="nor are four, again and again"),
        pytest.param("....!!!!!.....###" + QUIET, [6], [(8, 8)], id="the fifth step alerts"),
        pytest.param("....!!!!!!!...###" + QUIET, [6], [(8, 10)], id="and so do those after it"),
        pytest.param("..!..!!!!!....###" + QUIET, [5], [(9, 9)], id="steps that did not last begin nothing"),
        pytest.param("..!!!!!......!.###" + QUIET, [9], [(6, 6)], id="nor do they once the alert is over"),
        pytest.param(
            "....!!!!!...!.!....!..###" + QUIET, [14], [(8, 19)], id="once it fires, a dip needs no new `for`"
        ),
        pytest.param("!!!!!......" + "." * 70, [], [(4, 4)], id="what was before the record is not known"),
        pytest.param("..###!" + "!" * 14 + "!!!!" + "." * 70, [None], [], id="`for` begins anew after the wake"),
        pytest.param("..###!" + "!" * 14 + "!!!!!" + "." * 70, [None], [(24, 24)], id="and is over at its fifth step"),
    ],
)
def test_an_alert_of_an_hour_fires_after_four_minutes(
    timeline: str, leads_minutes: list[int | None], alerts: list[tuple[int, int]]
) -> None:
    found = events(timeline, horizon_seconds=3600.0)
    assert [None if e.lead_seconds is None else e.lead_seconds / 60 for e in found.episodes] == leads_minutes
    assert [(a.begin, a.last) for a in found.alerts] == alerts


@pytest.mark.parametrize(
    ("issue", "waits"),
    [("pod_failure", [0, 0, 60, 120, 240, 600]), ("service_disruption", [0, 0, 120, 120, 240, 600])],
)
def test_longer_horizons_wait_longer_short_ones_not_at_all_and_services_as_long_as_a_rate(
    issue: Issue, waits: list[int]
) -> None:
    assert [pending_seconds(issue, h) for h in (120.0, 600.0, 900.0, 1800.0, 3600.0, 86400.0)] == waits


def test_positions_of_episodes_and_alerts_are_those_of_the_timeline() -> None:
    found = events(QUIET + "." * 9, "....!!!....###.......")
    assert [tuple(e) for e in found.episodes] == [(1, 11, 14, 420.0)]
    assert [tuple(a) for a in found.alerts] == [(1, 4, 6, "hit")]


def test_figures_add_up_by_hand() -> None:
    figures = events(
        "....!!!....###......................",  # foreseen 7 minutes before
        "....!!!!...###......................",  # the same
        "....!......###......................",  # the same
        "...............###..................",  # missed
        "__________###.......................",  # missed, and nobody could have seen it
        "!!..................................",  # a false alarm
        "..................................!!",  # undecided
    ).figures
    assert asdict(figures) == {
        "episodes": 5,
        "unforeseeable": 1,
        "recalled": 3,
        "recall": 0.6,
        "alerts": 4,
        "late": 0,
        "early": 0,
        "undecided": 1,
        "precision": 0.75,
        "lead_median_seconds": 420.0,
        "lead_p10_seconds": 420.0,
        "false_alarms": 1,
        "entity_days": (7 * 36 - 5 * (3 + 15) - 10) / 1440,  # without episodes, their wakes and who was away
        "false_alarms_per_entity_day": pytest.approx(1440 / (7 * 36 - 5 * (3 + 15) - 10)),
        "alerting_ratio": 12 / (7 * 36 - 5 * (3 + 15) - 10),
        "leads_seconds": (420.0, 420.0, 420.0),
    }


def test_early_alerts_are_no_false_alarms_but_no_precision_either() -> None:
    figures = events(
        "....!!!....###......................",  # a hit
        "....!..............................#",  # early, and missed
        "....!...............................",  # a false alarm
        "....!_______________________________",  # undecided: the entity went away
    ).figures
    assert (figures.episodes, figures.recalled, figures.recall) == (2, 1, 0.5)
    assert (figures.alerts, figures.early, figures.false_alarms, figures.undecided) == (3, 1, 1, 1)
    assert figures.precision == pytest.approx(1 / 3)


def test_a_relapse_is_no_counted_episode_and_the_quiet_wake_no_time_to_be_wrong_in() -> None:
    found = events("....!!!##....##" + "." * 20)
    assert [tuple(e) for e in found.episodes] == [(0, 7, 9, 180.0)]
    assert found.figures.entity_days == pytest.approx((7 + 5) / 1440)  # 7 before, 5 after the wake of the relapse


def test_lead_percentiles_lie_between_the_leads() -> None:
    figures = events(*("...." + "!" * n + "#" + "." * (20 - n) for n in (2, 4, 6, 8, 10))).figures
    assert figures.leads_seconds == (120.0, 240.0, 360.0, 480.0, 600.0)
    assert figures.lead_median_seconds == 360.0
    assert figures.lead_p10_seconds == pytest.approx(168.0)


def test_figures_that_nothing_speaks_for_are_none_and_never_zero() -> None:
    figures = events(QUIET).figures
    assert (figures.recall, figures.precision, figures.lead_median_seconds) == (None, None, None)
    assert figures.false_alarms_per_entity_day == 0.0
    nobody = events("____").figures
    assert (nobody.false_alarms_per_entity_day, nobody.alerting_ratio, nobody.entity_days) == (None, None, 0.0)


def test_no_entity_and_no_step_are_judged_without_a_crash() -> None:
    nothing = np.zeros((0, 0))
    waits = {"horizon_seconds": 600.0, "pending_seconds": 0.0, "step_seconds": 60.0}
    found = judged(nothing, nothing > 0, nothing > 0, threshold=0.5, **waits)
    assert (found.episodes, found.alerts, found.figures.episodes) == ((), (), 0)


@given(timelines)
def test_every_alert_has_one_verdict_and_leads_stay_in_their_bounds(lines: list[str]) -> None:
    found = events(*lines)
    figures = found.figures
    hits = sum(a.verdict == "hit" for a in found.alerts)
    assert hits + figures.late + figures.early + figures.false_alarms + figures.undecided == len(found.alerts)
    assert figures.alerts == hits + figures.late + figures.early + figures.false_alarms
    assert figures.recalled == len(figures.leads_seconds) <= min(hits, figures.episodes)
    assert all(120.0 <= lead <= 2400.0 for lead in figures.leads_seconds)
    assert all(lines[a.entity][a.begin] == lines[a.entity][a.last] == "!" for a in found.alerts)
    assert not any("#" in lines[a.entity][max(0, a.begin - 15) : a.begin] for a in found.alerts)
    assert all(lines[e.entity][e.onset] == lines[e.entity][e.end - 1] == "#" for e in found.episodes)


@given(timelines)
def test_what_the_model_says_inside_an_episode_changes_nothing(lines: list[str]) -> None:
    assert events(*lines, probability_inside=0.0) == events(*lines, probability_inside=1.0)


@given(timelines)
def test_entities_are_judged_apart(lines: list[str]) -> None:
    alone, doubled = events(*lines).figures, events(*lines, *lines).figures
    assert (doubled.episodes, doubled.recalled) == (2 * alone.episodes, 2 * alone.recalled)
    assert (doubled.alerts, doubled.false_alarms) == (2 * alone.alerts, 2 * alone.false_alarms)
    assert doubled.recall == alone.recall
    assert doubled.precision == alone.precision


@pytest.mark.parametrize(
    ("timeline", "verdict"),
    [
        pytest.param("!!!" + "_" * 45, "undecided", id="there from the start, and for how long before"),
        pytest.param("_.!!" + "_" * 40, "false_alarm", id="its whole life, and nothing came"),
        pytest.param("_.!!" + "_" * 38, "undecided", id="four horizons are not over as the record ends"),
        pytest.param("_.!!" + "_" * 250 + "..", "false_alarm", id="another of its name comes hours later"),
        pytest.param("_" + "." * 40 + "!!" + "_" * 60, "undecided", id="a longer life"),
        pytest.param("_" + "." * 40 + "!!" + "_" * 300 + "..", "undecided", id="a longer life, and another much later"),
        pytest.param("_" + "." * 40 + "!!" + "_" * 100 + "..", "false_alarm", id="away for a while and back"),
    ],
)
def test_of_a_short_life_that_somebody_saw_begin_all_is_known(timeline: str, verdict: str) -> None:
    found = events(timeline, "." * len(timeline))
    assert [alert.verdict for alert in found.alerts] == [verdict]
