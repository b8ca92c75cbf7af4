"""What the live judge does where a record would not: gaps, entities that leave, other models, the counters.

Marks are those of scenes.py.
"""

from __future__ import annotations

from collections import Counter

import pytest

from exporter.judge import Judge
from exporter.verdicts import VERDICTS
from predictor.issues import Outcome
from tests.exporter.conftest import START, STEP, Bench
from tests.exporter.fake_prometheus import always
from tests.exporter.models import POD_FAILED, POD_MEMORY, plain_model
from tests.exporter.scenes import Ledger, Scene

REST = "." * 50


@pytest.mark.parametrize(
    ("line", "ticks", "counted", "leads_minutes"),
    [
        pytest.param("....!!!.....!!#", "", {"hit": 1, "foretold": 1}, [10], id="five quiet minutes are held"),
        pytest.param("....!!!......!!#", "", {"hit": 2, "foretold": 1}, [11], id="six end the alert"),
        pytest.param("....!!!......!!#", "|||||||     |", {"hit": 1, "foretold": 1}, [11], id="unseen ones do not"),
        pytest.param("....!!!..#......", "|||||||||   |||", {"hit": 1, "foretold": 1}, [5], id="an unseen onset"),
        pytest.param("....!..!..#", "|||||  ||||", {"hit": 1, "foretold": 1}, [6], id="no tick, no end"),
        pytest.param(".....!!.....#", "|||||  ||||||", {"missed": 1}, [], id="nobody was told what no tick saw"),
        pytest.param("....!!!......!!#", "|||||||      |", {"hit": 1, "foretold": 1}, [2], id="a longer gap is"),
        pytest.param("....!!!........#", "|||||||      |", {"missed": 1}, [], id="nothing told then counts any more"),
        pytest.param("....!!!.........", "|||||||      |", {}, [], id="nor as a false alarm"),
        pytest.param("....!!!.#.......", "|||||||      |", {}, [], id="an episode that nobody watched begin"),
        pytest.param("....!!!......#..", "|||||||      |", {}, [], id="one that is there when watching begins anew"),
    ],
)
def test_a_gap_ends_nothing_wrongly(line: str, ticks: str, counted: dict[str, int], leads_minutes: list[int]) -> None:
    scene = Scene((line + REST,))
    found = scene.followed(ticks)
    assert found.of(scene.outcomes[0]) == counted
    assert [lead / 60 for lead in found.leads[scene.outcomes[0]]] == leads_minutes


@pytest.mark.parametrize(("ticks", "last"), [("", 4), ("|||| ", 5), ("||||  ", 6)])
def test_what_no_tick_saw_neither_breaks_the_wait_nor_counts_for_it(ticks: str, last: int) -> None:
    quarter = (Outcome("pod_failure", 900.0),)
    assert Scene(("...!" + "!" * (last - 3) + "." * 80,), quarter).followed(ticks).of(quarter[0]) == {"false_alarm": 1}
    assert Scene(("...!" + "!" * (last - 4) + "." * 80,), quarter).followed(ticks).of(quarter[0]) == {}


def test_an_alert_is_counted_when_its_four_horizons_are_over_and_not_before() -> None:
    scene = Scene(("...!" + "." * 41,))
    ledger = Ledger()
    judge = Judge(ledger)
    for step in range(45):
        panel, prediction = scene.tick(step)
        judge.watch({"pod": panel}, [prediction], 60.0)
        assert ledger.of(scene.outcomes[0]) == ({"false_alarm": 1} if step == 44 else {})


def test_an_entity_that_left_is_undecided_and_forgotten_with_its_alert() -> None:
    scene = Scene(("...!!" + "_" * 250, "." * 255))
    ledger = Ledger()
    judge = Judge(ledger)
    remembered = []
    for step in range(255):
        panel, prediction = scene.tick(step)
        judge.watch({"pod": panel}, [prediction], 60.0)
        remembered.append(len(judge.entities("pod")))
    assert ledger.of(scene.outcomes[0]) == {}
    # The window lets go of it after 30 minutes, its alert 40 after it began; after four hours it would be somebody new.
    assert remembered == [2] * 246 + [1] * 9


@pytest.mark.parametrize(
    ("line", "counted"),
    [
        pytest.param("___..!!__", {"false_alarm": 1}, id="its whole life was short"),
        pytest.param(".....!!__", {}, id="nobody saw it come"),
        pytest.param("___!!" + "." * 35 + "_", {"false_alarm": 1}, id="forty minutes are"),
        pytest.param(
            "___" + "." * 36 + "!!" + ".." + "_", {"false_alarm": 1}, id="forty minutes are, at their end too"
        ),
        pytest.param("___" + "." * 36 + "!!" + "..." + "_", {}, id="forty-one minutes are a life"),
        pytest.param("___" + "." * 30 + "_" * 239 + "." * 9 + "!!__", {}, id="away for less than four hours"),
        pytest.param("_.__" + "_" * 238 + "!!__", {}, id="away for four hours"),
        pytest.param("_.__" + "_" * 239 + "!!__", {"false_alarm": 1}, id="away for longer: somebody new"),
    ],
)
def test_of_a_short_life_all_is_known(line: str, counted: dict[str, int]) -> None:
    """Four horizons are forty minutes; the trainer says the same."""
    scene = Scene((line + "_" * 90, "." * (len(line) + 90)))
    assert scene.followed().of(scene.outcomes[0]) == counted
    assert Counter(alert.verdict for alert in scene.trained(0).alerts) == (counted or {"undecided": 1})


@pytest.mark.parametrize("from_step", [0, 28])
def test_who_was_in_the_window_before_watching_began_is_not_new(from_step: int) -> None:
    scene = Scene(("." * 28 + "_..!!" + "_" * 60, "." * 93))
    ledger = Ledger()
    judge = Judge(ledger)
    for step in range(from_step, 93):
        panel, prediction = scene.tick(step)
        judge.watch({"pod": panel}, [prediction], 60.0)
    assert ledger.of(scene.outcomes[0]) == {}
    assert [alert.verdict for alert in scene.trained(0).alerts] == ["undecided"]


def test_who_is_there_as_an_outage_ends_may_have_been_there_before() -> None:
    scene = Scene(("_" * 10 + "..!!" + "_" * 80, "..." + "_" * 7 + "." * 84))
    assert scene.followed().of(scene.outcomes[0]) == {}
    assert [alert.verdict for alert in scene.trained(0).alerts] == ["undecided"]


def test_an_entity_that_comes_back_in_time_is_the_same() -> None:
    scene = Scene(("...!!" + "_" * 32 + "..#", "." * 40), (Outcome("pod_failure", 900.0),))
    assert scene.followed().of(scene.outcomes[0]) == {"early": 1, "missed": 1}


def test_the_wake_of_an_issue_that_ended_before_the_first_tick_is_quiet() -> None:
    scene = Scene(("." * 10 + "##" + "!" * 10 + "." * 60,))
    ledger = Ledger()
    judge = Judge(ledger)
    for step in range(15, 80):
        panel, prediction = scene.tick(step)
        judge.watch({"pod": panel}, [prediction], 60.0)
    assert ledger.of(scene.outcomes[0]) == {}
    assert ledger.seconds[scene.outcomes[0]] == (80 - 27) * 60


def test_the_same_tick_twice_counts_once() -> None:
    scene = Scene(("...",))
    ledger = Ledger()
    judge = Judge(ledger)
    for step in (0, 1, 1, 0, 2):
        panel, prediction = scene.tick(step)
        judge.watch({"pod": panel}, [prediction], 60.0)
    assert ledger.seconds[scene.outcomes[0]] == 180


def both(before: Scene, after: Scene, at: int) -> Ledger:
    """What is told when the first scene's model is replaced by the second's at that step."""
    ledger = Ledger()
    judge = Judge(ledger)
    for step in range(len(before.marks)):
        scene = before if step < at else after
        panel, prediction = scene.tick(step)
        judge.watch({"pod": panel}, [prediction], scene.step_seconds)
    return ledger


def test_alerts_go_on_under_a_new_model_with_the_same_outcomes() -> None:
    line = "....!!!!!!#" + REST
    found = both(Scene((line,)), Scene((line,), thresholds=(0.8,)), at=7)
    assert found.of(Outcome("pod_failure", 600.0)) == {"hit": 1, "foretold": 1}
    assert found.leads[Outcome("pod_failure", 600.0)] == [360.0]


def test_a_new_model_with_other_outcomes_begins_anew_and_adds_its_own() -> None:
    line = "....!!!!!!#" + "." * 60
    horizons = (Outcome("pod_failure", 600.0), Outcome("pod_failure", 720.0))
    found = both(Scene((line,)), Scene((line,), horizons, (0.5, 0.5)), at=7)
    for outcome in horizons:
        assert found.of(outcome) == {"hit": 1, "foretold": 1}
        assert found.leads[outcome] == [180.0]


OUTCOMES = 'kip_prediction_outcomes_total{{horizon="{}",issue="pod_failure",kind="pod",outcome="{}"}}'
LABELS = '{horizon="15m",issue="pod_failure",kind="pod"}'


def of_metrics(bench: Bench, horizon: str = "15m") -> list[float | None]:
    """What /metrics counts of pod failures within a horizon, in the order of VERDICTS."""
    return [bench.value(OUTCOMES.format(horizon, verdict)) for verdict in VERDICTS]


def test_every_outcome_of_the_model_is_zero_from_the_first_tick_on(bench: Bench) -> None:
    assert of_metrics(bench) == [None] * 6
    bench.warm()
    assert of_metrics(bench) == of_metrics(bench, "1h") == [0.0] * 6
    assert bench.value("kip_prediction_lead_seconds_count" + LABELS) == 0
    assert bench.value("kip_prediction_entity_seconds_total" + LABELS) == 2 * STEP


def test_a_foretold_failure_appears_in_the_metrics(bench: Bench) -> None:
    web_1 = {"namespace": "shop", "pod": "web-1"}
    bench.fake.table[POD_MEMORY][0] = (web_1, lambda t: 0.6 if t > START + STEP else 0.25)
    bench.fake.table[POD_FAILED] = [(web_1, lambda t: 1 if t > START + 8 * STEP else None)]
    bench.warm()
    for _ in range(7):
        bench.step()
    bench.fake.hang = True  # one tick fails, and the next one fills it
    bench.step()
    bench.fake.hang = False
    bench.step()
    # Within 15m it fires from the second step at 0.6 on, three minutes in; 1h asks for 0.75 and five steps.
    assert of_metrics(bench) == [1, 0, 0, 0, 1, 0]
    assert bench.value("kip_prediction_lead_seconds_sum" + LABELS) == 6 * STEP
    assert of_metrics(bench, "1h") == [1, 0, 0, 0, 1, 0]
    bench.warm(plain_model(STEP))  # the counters outlive a model
    assert of_metrics(bench) == [1, 0, 0, 0, 1, 0]


def test_whoever_alerts_without_end_is_a_false_alarm_once(bench: Bench) -> None:
    bench.fake.table[POD_MEMORY][1] = ({"namespace": "shop", "pod": "web-2"}, always(0.9))
    bench.warm()
    for _ in range(65):
        bench.step()
    assert of_metrics(bench) == [0, 0, 0, 1, 0, 0]
    assert of_metrics(bench, "1h") == [0] * 6
