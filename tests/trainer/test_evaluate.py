"""Evaluate and its report: one small past, whole scores, and a page that stands alone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from predictor.entities import Kind
from predictor.model import Model
from predictor.panel import Panel
from tests.trainer.pasts import CATALOGUE, STEP, Past, ramps
from tests.trainer.pasts import START as PAST
from tests.trainer.pasts import panel as whole_panel
from trainer.baselines import everyone
from trainer.evaluate import NothingToJudge, evaluate, judgement, watched
from trainer.history import Stretch, chunk_count
from trainer.report import strict
from trainer.spool import Spool
from trainer.windows import Panels

START = 1_700_000_040.0
HOSTILE = "<script>alert(1)</script>"

Chunk = dict[Kind, Panel]


@pytest.fixture(scope="module")
def past(panel_of: Callable[..., Panel]) -> list[Chunk]:
    """Eighty minutes in two chunks: pod a is foreseen 8 minutes before, pod b missed, the third cries wolf."""
    strain = np.full((80, 3), 0.1)
    active = np.zeros((80, 3), dtype=np.bool_)
    strain[20:28, 0] = 0.7
    active[28:34, 0] = True
    active[50:52, 1] = True
    strain[10:12, 2] = 0.9
    pods = (("shop", "a"), ("shop", "b"), ("shop", HOSTILE))
    whole = panel_of("pod", pods, strain, active, START)
    return [{"pod": whole.steps(0, 29 + 40)}, {"pod": whole.steps(40)}]


@dataclass(frozen=True)
class Written:
    """What one evaluation gave and left behind."""

    scores: dict[str, Any]
    directory: Path

    @property
    def page(self) -> str:
        return (self.directory / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def written(model: Model, past: list[Chunk], tmp_path_factory: pytest.TempPathFactory) -> Written:
    """The small past, judged beside all baselines; the forest is the model itself."""
    directory = tmp_path_factory.mktemp("results")
    untrained = {"service/service_disruption/10m": "no episode"}
    return Written(evaluate(model, past, directory, references=model.kinds, untrained=untrained), directory)


def rounded(value: Any) -> Any:
    """The same document with floats of six digits, which no platform disputes."""
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [rounded(inner) for inner in value]
    return round(value, 6) if isinstance(value, float) else value


def test_scores_of_a_small_past_are_the_golden_ones(written: Written, golden: Callable[[str, str], None]) -> None:
    document = json.loads((written.directory / "scores.json").read_text(encoding="utf-8"))
    assert document == strict(written.scores)
    golden("trainer/scores.json", json.dumps(rounded(document), indent=2) + "\n")


def test_report_begins_with_the_verdict(written: Written) -> None:
    sentence = "1 of the 2 issues that began was announced in time, 8 min before."
    assert 0 < written.page.index(sentence) < written.page.index('<h2 id="baselines">')
    assert "1 of the 2 alerts was a false alarm" in written.page
    assert written.page.index("At equal false alarms, the best baseline, ") < written.page.index('<h2 id="baselines">')


def test_report_has_every_section_and_every_link_leads_to_one(written: Written) -> None:
    sections = re.findall(r'<h2 id="(\w+)">', written.page)
    assert sections == ["baselines", "timelines", "events", "rows", "pod", "examples", "unjudged", "terms"]
    assert set(re.findall(r'href="#(\w+)"', written.page)) == set(sections)
    assert "Snapshot forest" in written.page
    assert "service/service_disruption/10m" in written.page
    assert written.page.count("<figure ") == 1 + 3 + 6
    assert all(alt.strip() for alt in re.findall(r'alt="([^"]*)"', written.page))
    assert written.page.count("<table") == written.page.count("</table>") >= 10


def test_a_model_that_was_told_of_other_rates_says_so(
    model: Model, past: list[Chunk], written: Written, tmp_path: Path
) -> None:
    sentence = "issues are rarer by a factor of 2.5 than in the history it learned from"
    told = Written(evaluate(model, past, tmp_path, issues_factor=2.5), tmp_path)
    assert (written.scores["issues_factor"], told.scores["issues_factor"]) == (1.0, 2.5)
    assert told.page.index('<h2 id="rows">') < told.page.index(sentence) < told.page.index('<h2 id="pod">')
    assert "issues are rarer" not in written.page


def test_report_stands_alone_and_escapes_what_it_prints(written: Written) -> None:
    page = written.page
    assert not re.search(r"https?://|<link|<script|@import|url\(", page)
    assert set(re.findall(r' src="([^,]+),', page)) == {"data:image/png;base64"}
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    kinds = ("roc", "precision_recall", "reliability", "confusion", "classification", "lead_times", "importances")
    names = {f"pod_{n}.png" for n in kinds} | {f"timeline_{n}.png" for n in ("hit", "miss", "false_alarm")}
    assert {p.name for p in written.directory.glob("*.png")} == names | {"baselines.png"}
    assert page.count("<img ") == len(names)  # the classification report is a table, and a picture beside the page


def test_no_baseline_has_more_false_alarms_than_the_model_or_one(written: Written) -> None:
    names = ["static_threshold", "linear_extrapolation", "robust_z", "snapshot_forest", "base_rate"]
    for one in written.scores["outcomes"]:
        assert list(one["baselines"]) == names
        allowed = max(1, one["events"]["false_alarms"])
        assert all(b["false_alarms"] <= allowed for b in one["baselines"].values())
        forest = one["baselines"]["snapshot_forest"]  # its threshold may be chosen, the model's may not
        assert forest["recalled"] >= one["events"]["recalled"]
        assert forest["pr_auc"] == one["rows"]["pr_auc"]
        assert one["baselines"]["static_threshold"]["silent"]  # strain has no limit
        assert one["baselines"]["base_rate"]["pr_auc"] == pytest.approx(one["rows"]["base_rate"])


def test_chunks_judge_as_one_piece_would(model: Model, past: list[Chunk]) -> None:
    """Whether history came in one chunk or in two that overlap."""
    first, second = (chunk["pod"] for chunk in past)
    overlap = len(first.times) - 40
    values = np.concatenate([first.values, second.values[:, overlap:]], axis=1)
    active = np.concatenate([first.active, second.active[:, overlap:]], axis=1)
    times = np.concatenate([first.times, second.times[overlap:]])
    whole = replace(first, times=times, values=values, active=active)
    rivals = everyone(model, model.kinds)
    alone: list[Chunk] = [{"pod": whole}]
    one, two = (judgement(model, watched(model, chunks, rivals), rivals, 300.0) for chunks in (alone, past))
    for left, right in zip(one.outcomes, two.outcomes, strict=True):
        assert (left.events, left.rows) == (right.events, right.rows)
        assert left.intervals.values == right.intervals.values
        assert [s.figures for s in left.standings.values()] == [s.figures for s in right.standings.values()]
        assert [s.threshold for s in left.standings.values()] == [s.threshold for s in right.standings.values()]


def test_a_past_without_any_issue_gives_no_invented_figures(
    model: Model, panel_of: Callable[..., Panel], tmp_path: Path
) -> None:
    strain = np.full((40, 1), 0.1)
    scores = evaluate(model, [{"pod": panel_of("pod", (("shop", "a"),), strain, strain > 1, START)}], tmp_path)
    assert [o["grade"] for o in scores["outcomes"]] == ["no episode to judge by"] * 2
    assert scores["outcomes"][0]["rows"]["pr_auc"] is None
    assert scores["verdicts"][0]["comparison"] == ""
    assert scores["outcomes"][0]["interval_reasons"]["recall"] == "no entity had an episode"
    assert scores["verdicts"][0]["sentence"] == (
        "No issue began, so nothing says whether one would have been foreseen. There was no alert."
    )


def test_a_model_of_other_kinds_than_the_past_says_so(
    model: Model, panel_of: Callable[..., Panel], tmp_path: Path
) -> None:
    strain = np.full((3, 1), 0.1)
    scores = evaluate(
        replace(model, kinds={}), [{"pod": panel_of("pod", (("shop", "a"),), strain, strain > 1, START)}], tmp_path
    )
    assert scores["outcomes"] == []
    assert "predicts nothing that was observed here" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_nothing_to_judge_is_an_error_and_leaves_no_report(model: Model, tmp_path: Path) -> None:
    with pytest.raises(NothingToJudge, match="whole window of 30 steps"):
        evaluate(model, [], tmp_path / "results")
    assert not (tmp_path / "results").exists()


def test_json_is_strict() -> None:
    loose = {"a": float("nan"), "b": np.float64(0.5), "c": (np.int64(1), float("inf")), "d": np.array([True])}
    assert json.dumps(strict(loose), allow_nan=False) == '{"a": null, "b": 0.5, "c": [1, null], "d": [true]}'


def test_issues_that_always_come_are_drawn_without_curves(
    model: Model, panel_of: Callable[..., Panel], tmp_path: Path
) -> None:
    strain = np.full((60, 1), 0.1)
    active = np.arange(60)[:, None] % 8 == 7
    scores = evaluate(model, [{"pod": panel_of("pod", (("shop", "a"),), strain, active, START)}], tmp_path)
    assert scores["outcomes"][0]["rows"]["reasons"]["roc_auc"] == "no negative rows"
    assert scores["outcomes"][0]["rows"]["pr_auc"] == 1.0


def test_a_probability_that_just_reaches_the_threshold_alerts(model: Model, panel_of: Callable[..., Panel]) -> None:
    """Records are in single precision, in which 0.7 is a little less than 0.7."""
    assert float(np.float32(0.7)) < 0.7
    strain = np.full((60, 1), 0.1)
    strain[20:22] = 0.7
    exact = replace(model, kinds={"pod": replace(model.kinds["pod"], thresholds=(0.7, 0.7))})
    chunks: list[Chunk] = [{"pod": panel_of("pod", (("shop", "a"),), strain, strain > 1, START)}]
    (one, _) = judgement(exact, watched(exact, chunks, ()), (), 300.0).outcomes
    assert [(a.begin, a.last) for a in one.events.alerts] == [(20, 21)]
    assert one.rows.confusion.false_positives == 2
    assert one.threshold == 0.7


def test_history_is_read_once_and_looked_at_twice(model: Model, tmp_path: Path) -> None:
    strain, active = ramps(300, 4, every=90)
    past = Past({"pod": whole_panel("pod", strain, {"pod_failure": active})})
    pods = replace(model.kinds["pod"], signals=CATALOGUE.signals_of("pod"))
    when = Stretch(PAST + 29 * STEP, PAST + 299 * STEP, STEP)
    with Spool(past, CATALOGUE, when, 0, lambda: None) as history:
        scores = evaluate(replace(model, catalogue=CATALOGUE, kinds={"pod": pods}), Panels(history), tmp_path)
    assert len(past.asked) == chunk_count(when) == 1
    assert scores["verdicts"][0]["model"]["recalled"] > 0
    assert list(scores["importances"]["pod"]["signals"]) == ["pod_strain"]
    assert scores["importances"]["pod"]["signals"]["pod_strain"]["drop"] > 0.1
    assert scores["timelines"]["hit"]["drivers"][0]["signal"] == "pod_strain"
