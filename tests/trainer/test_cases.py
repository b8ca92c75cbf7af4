"""Cases and what drove them: the right three are shown, from windows read again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from predictor import features
from predictor.model import Model
from predictor.panel import BoolArray, FloatArray, Panel
from trainer import timelines
from trainer.cases import NONE, CaseName
from trainer.closer import Timeline
from trainer.drivers import drivers
from trainer.evaluate import evaluate, second_look, watched
from trainer.evaluate import judgement as judge_all
from trainer.windows import Chunks, Moment, Span, look

START = 1_700_000_040.0
PODS = tuple(("shop", name) for name in "abcdef")


def past() -> tuple[FloatArray, BoolArray]:
    """Three hits 4, 8 and 15 minutes before (a, b, c), a short miss (d), a long one (e), two false alarms (f, a)."""
    strain = np.full((200, 6), 0.1)
    active = np.zeros((200, 6), dtype=np.bool_)
    for entity, lead in enumerate((4, 8, 15)):
        strain[60 - lead : 60, entity] = 0.7
        active[60:66, entity] = True
    active[90:93, 3] = True
    active[80:95, 4] = True
    strain[72, 4] = 0.4  # as near as it came to a warning
    strain[20:22, 5] = 0.8
    strain[120:124, 0] = [0.6, 0.6, 0.95, 0.6]
    return strain, active


@pytest.fixture
def told(model: Model, panel_of: Callable[..., Panel]) -> dict[CaseName, Timeline | None]:
    chunks: Chunks = [{"pod": panel_of("pod", PODS, *past(), START)}]
    found = judge_all(model, watched(model, chunks, ()), (), 300.0)
    return dict(second_look(model, chunks, found)[1])


def test_the_hit_has_a_typical_lead_the_miss_is_the_longest_and_the_false_alarm_the_surest(
    told: dict[CaseName, Timeline | None],
) -> None:
    entities = {name: one.case.entity[-1] for name, one in told.items() if one}
    assert entities == {"hit": "b", "miss": "e", "false_alarm": "a"}


def test_each_case_explains_its_decisive_moment(told: dict[CaseName, Timeline | None]) -> None:
    decisive = {name: one.case.decisive for name, one in told.items() if one}
    assert decisive == {"hit": 52, "miss": 72, "false_alarm": 122}
    hit = told["hit"]
    assert hit is not None
    assert (hit.case.alert, hit.case.onset, hit.case.recovery) == ((52, 59), 60, 66)
    assert list(hit.probabilities) == ["10m", "20m"]
    np.testing.assert_allclose(hit.values[0], past()[0][hit.case.start : hit.case.end + 1, 1])
    (driver, signal) = hit.drivers[0]
    assert signal.name == driver.signal == "strain"
    assert driver.fall == pytest.approx(0.6, abs=1e-6)  # 0.7 instead of the usual 0.1


def test_sentences_say_what_the_pictures_show(told: dict[CaseName, Timeline | None]) -> None:
    sentences = {name: timelines.sentences(one) for name, one in told.items() if one}
    assert sentences["hit"].startswith("The alert began 8 min before the pod failure, at a probability of 70% within ")
    assert sentences["miss"].startswith("The pod failure lasted 15 min and nobody was warned; the nearest to it was ")
    assert "a probability of 40% within 20m, 8 min before" in sentences["miss"]
    assert "lasted 4 min, up to a probability of 95% within" in sentences["false_alarm"]
    assert all(s.endswith("Behind it: strain.") for s in sentences.values())


def test_an_entity_that_nobody_could_watch_is_no_miss_to_show(model: Model, panel_of: Callable[..., Panel]) -> None:
    strain, active = np.full((100, 2), 0.1), np.zeros((100, 2), dtype=np.bool_)
    active[50:90, 0] = True
    strain[:49, 0] = np.nan  # it came a minute before
    active[50:52, 1] = True
    chunks: Chunks = [{"pod": panel_of("pod", PODS[:2], strain, active, START)}]
    miss = second_look(model, chunks, judge_all(model, watched(model, chunks, ()), (), 300.0))[1]["miss"]
    assert miss is not None
    assert miss.case.entity == PODS[1]


def test_cases_that_do_not_exist_are_a_sentence(model: Model, panel_of: Callable[..., Panel], tmp_path: Path) -> None:
    strain = np.full((40, 1), 0.1)
    scores = evaluate(model, [{"pod": panel_of("pod", PODS[:1], strain, strain > 1, START)}], tmp_path)
    assert scores["timelines"] == NONE
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert all(sentence in page for sentence in NONE.values())
    assert not list(tmp_path.glob("timeline_*.png"))


@dataclass(frozen=True)
class Weighted:
    """Scores one outcome with 0.5 of the first signal's newest value and 0.3 of the second's."""

    second: int

    def predict_proba(self, values: FloatArray) -> list[FloatArray]:
        score = 0.5 * values[:, 0] + 0.3 * np.nan_to_num(values[:, self.second])
        return [np.column_stack([1 - score, score])] * 2


def test_drivers_are_what_the_probability_falls_by_when_a_signal_is_as_usual(model: Model) -> None:
    pods = model.kinds["pod"]
    signals = tuple(pods.signals[0].model_copy(update={"name": name}) for name in ("strain", "leak", "odd", "gone"))
    names = features.names(signals)
    chosen = replace(pods, signals=signals, estimator=Weighted(names.index("leak:now")))
    quiet = np.random.default_rng(0).normal(0.2, 0.01, (30, len(names)))
    row = np.full(len(names), 0.2)
    row[names.index("strain:now")], row[names.index("leak:now")], row[names.index("odd:now")] = 0.6, 1.0, 5.0
    row[[i for i, name in enumerate(names) if name.startswith("gone:")]] = np.nan
    found = drivers(chosen, row, quiet, 0)
    assert [d.signal for d in found] == ["leak", "strain", "odd"]
    assert found[0].fall == pytest.approx(0.3 * 0.8, abs=0.01)
    assert found[1].fall == pytest.approx(0.5 * 0.4, abs=0.01)
    assert found[2].fall is None  # it stands out, and the model did not heed it


def test_windows_read_again_give_the_very_rows_of_the_first_look(model: Model, panel_of: Callable[..., Panel]) -> None:
    strain, active = past()
    strain += np.random.default_rng(0).normal(0, 0.01, strain.shape)
    whole = panel_of("pod", PODS, strain, active, START)
    halves: Chunks = [{"pod": whole.steps(0, 29 + 100)}, {"pod": whole.steps(90)}]
    first = features.rows(whole, model.kinds["pod"].signals, 60.0)
    some = [(step, entity) for step in (0, 63, 99, 100, 199) for entity in (0, 5)]
    moments: list[Moment] = [("pod", PODS[entity], START + 60.0 * step) for step, entity in some]
    span = Span("pod", PODS[1], START + 60.0 * 80, START + 60.0 * 120)
    found = look(halves, moments, [span], model.reach_steps, 60.0)
    again = features.rows(found.panel("pod", moments, ("strain",), 60.0), model.kinds["pod"].signals, 60.0)
    at = [step * len(PODS) + entity for step, entity in some]
    np.testing.assert_array_equal(again.values, first.values[at])
    times, values = found.stretches[span]
    np.testing.assert_array_equal(values[0], strain[80:121, 1])
    assert (times[0], times[-1]) == (span.start, span.end)
