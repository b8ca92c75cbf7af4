"""The exporter says of its own alerts, tick by tick, what the trainer says of the whole record.

One character per step: `.` quiet, `?` at 0.6, `!` at 0.9, `#` a pod failure, `*` an exhausted resource, `%` a pod
failure without any sample, `_` away. A step is a minute where nothing else is said.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from math import floor
from typing import Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.judge import Judge
from exporter.verdicts import VERDICTS, Tally
from predictor.entities import Entity, Kind
from predictor.issues import Outcome
from predictor.model import Prediction
from predictor.panel import BoolArray, FloatArray, Panel
from tests.exporter.conftest import START, STEP, Bench
from tests.exporter.fake_prometheus import always
from tests.exporter.models import POD_FAILED, POD_MEMORY, plain_model
from trainer.events import Alert, Events, judged

ISSUES: Final = ("pod_failure", "resource_exhaustion")
EPOCH: Final = 1000  # steps before the first one
WINDOW: Final = 30
LEVELS: Final = {".": 0.1, "?": 0.6, "!": 0.9, "#": 0.9, "*": 0.9, "%": np.nan, "_": np.nan}


@dataclass
class Ledger:
    """Adds up what the judge tells."""

    counts: Counter[tuple[Outcome, str]] = field(default_factory=Counter)
    leads: dict[Outcome, list[float]] = field(default_factory=dict)
    seconds: Counter[Outcome] = field(default_factory=Counter)

    def judged(self, kind: Kind, outcome: Outcome, tally: Tally) -> None:
        """Add it."""
        assert kind == "pod"
        assert tuple(tally.counts) == VERDICTS
        self.counts.update({(outcome, verdict): number for verdict, number in tally.counts.items()})
        self.leads.setdefault(outcome, []).extend(tally.leads_seconds)
        self.seconds[outcome] += round(tally.entity_seconds)

    def of(self, outcome: Outcome) -> dict[str, int]:
        """What was counted of one outcome, without zeros."""
        return {verdict: self.counts[outcome, verdict] for verdict in VERDICTS if self.counts[outcome, verdict]}


@dataclass(frozen=True)
class Scene:
    """A record of pods, one line of marks for each, and what is judged of it."""

    lines: tuple[str, ...]
    outcomes: tuple[Outcome, ...] = (Outcome("pod_failure", 600.0),)
    thresholds: tuple[float, ...] = (0.5,)
    step_seconds: float = 60.0

    @cached_property
    def marks(self) -> np.ndarray:
        """(steps, entities)."""
        return np.array([list(line) for line in self.lines]).T

    @cached_property
    def active(self) -> BoolArray:
        """(issues, steps, entities)."""
        return np.stack([np.isin(self.marks, ["#", "%"]), self.marks == "*"])

    @cached_property
    def present(self) -> BoolArray:
        """(steps, entities)."""
        return np.asarray(~np.isin(self.marks, ["%", "_"]))

    @cached_property
    def probability(self) -> FloatArray:
        """(outcomes, steps, entities), 1 while the issue is active."""
        levels = np.vectorize(LEVELS.__getitem__, otypes=[float])(self.marks)
        rows = [np.where(self.active[ISSUES.index(o.issue)], 1.0, levels) for o in self.outcomes]
        return np.asarray(np.stack(rows), dtype=np.float64)

    def followed(self, ticks: str = "", ledger: Ledger | None = None, judge: Judge | None = None) -> Ledger:
        """What the judge tells, tick by tick; where `ticks` has a space, the tick is missed."""
        found = ledger or Ledger()
        judge = judge or Judge(found)
        for step in range(len(self.marks)):
            if ticks[step : step + 1] != " ":
                panel, prediction = self.tick(step)
                judge.watch({"pod": panel}, [prediction], self.step_seconds)
        return found

    def tick(self, step: int) -> tuple[Panel, Prediction]:
        """The window that ends with that step, of the pods that have anything in it, and what is predicted then."""
        part = slice(max(0, step + 1 - WINDOW), step + 1)
        present, active = self.present[part], self.active[:, part]
        here = present.any(axis=0) | active.any(axis=(0, 1))
        pods: tuple[Entity, ...] = tuple(("shop", f"web-{i}") for i in np.nonzero(here)[0])
        times = np.asarray((EPOCH + np.arange(part.start, part.stop)) * self.step_seconds, dtype=np.float64)
        values = np.where(present[:, here], 1.0, np.nan)[None]
        panel = Panel("pod", times, pods, ("pod_memory",), values, ISSUES, active[:, :, here])
        probability = self.probability[:, step : step + 1, here]
        return panel, Prediction(
            "pod",
            times[-1:],
            pods,
            self.outcomes,
            self.thresholds,
            probability,
            ISSUES,
            panel.active[:, -1:],
            panel.present[-1:],
            np.full((1, len(pods)), np.nan),
        )

    def trained(self, number: int) -> Events:
        """What the trainer says of the whole record and one outcome."""
        outcome = self.outcomes[number]
        return judged(
            self.probability[number],
            self.active[ISSUES.index(outcome.issue)],
            self.present,
            threshold=self.thresholds[number],
            horizon_seconds=outcome.horizon_seconds,
            step_seconds=self.step_seconds,
        )

    def forgotten(self, number: int, alert: Alert) -> bool:
        """Whether the pod is away when the alert's four horizons end, having left before it could be called false.

        The judge gives it up then. The trainer looks at the rest of the record, and if the pod ever comes back it was a
        false alarm after all.
        """
        horizon = self.outcomes[number].horizon_seconds / self.step_seconds
        end = alert.begin + floor(4 * horizon + 1e-9) + 1
        issue = ISSUES.index(self.outcomes[number].issue)
        there = (self.present | self.active[issue])[: end + 1, alert.entity]
        fired = self.probability[number, : min(alert.last, end) + 1, alert.entity] >= self.thresholds[number]
        left = int(np.nonzero(there)[0][-1]) + 1
        last = int(np.nonzero(fired)[0][-1])
        return not there[end] and left - last <= horizon and left - alert.begin <= 4 * horizon


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """Pods that come and go, get into trouble and are predicted, and then stay quiet or away until all is decided."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    horizons = draw(st.lists(st.sampled_from([300.0, 600.0, 900.0, 1800.0]), min_size=2, max_size=2, unique=True))
    step_seconds, steps = draw(st.sampled_from([60.0, 90.0])), draw(st.integers(1, 150))
    decided = round(4 * max(horizons) / step_seconds) + 12
    # Lengths at which something tips: leads and waits, the hold, the wake, the horizons and four of them.
    lengths = np.array([1, 2, 3, 4, 5, 6, 7, 10, 11, 15, 16, *(round(4 * h / step_seconds) for h in horizons)])
    lines = []
    for _ in range(draw(st.integers(1, 50))):
        marks = random.choice(list("....?!!!!###*%__"), 40).tolist()
        runs = random.choice(lengths, 40) + random.choice([0, 0, 1], 40)
        rest = random.choice([".", "_"])
        told = "".join(mark * length for mark, length in zip(marks, runs.tolist(), strict=True))
        lines.append(told[:steps].ljust(steps, rest) + rest * decided)
    outcomes = (*(Outcome("pod_failure", h) for h in horizons), Outcome("resource_exhaustion", horizons[0]))
    return Scene(tuple(lines), outcomes, (0.5, 0.75, 0.75), step_seconds)


@settings(max_examples=20)  # of up to fifty pods each
@given(scenes())
def test_tick_by_tick_comes_out_what_the_trainer_says_of_the_whole_record(scene: Scene) -> None:
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
    scene = Scene(("...!!" + "_" * 60, "." * 65))
    ledger = Ledger()
    judge = Judge(ledger)
    remembered = []
    for step in range(65):
        panel, prediction = scene.tick(step)
        judge.watch({"pod": panel}, [prediction], 60.0)
        remembered.append(len(judge.entities("pod")))
    assert ledger.of(scene.outcomes[0]) == {}
    # The window lets go of it after 30 minutes, its alert 40 after it began.
    assert remembered == [2] * 45 + [1] * 20


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
    bench.fake.table[POD_FAILED] = [(web_1, lambda t: 1 if t > START + 6 * STEP else None)]
    bench.warm()
    for _ in range(5):
        bench.step()
    bench.fake.hang = True  # one tick fails, and the next one fills it
    bench.step()
    bench.fake.hang = False
    bench.step()
    # Within 15m it fires from the second step at 0.6 on, three minutes in; 1h asks for 0.75 and three steps.
    assert of_metrics(bench) == [1, 0, 0, 0, 1, 0]
    assert bench.value("kip_prediction_lead_seconds_sum" + LABELS) == 4 * STEP
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
