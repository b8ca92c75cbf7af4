"""Evaluate and its report: one small past, whole scores, and a page that stands alone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from predictor.entities import Kind
from predictor.model import Model
from predictor.panel import Panel
from trainer.evaluate import NothingToJudge, evaluate
from trainer.report import strict

START = 1_700_000_040.0
HOSTILE = "<script>alert(1)</script>"

Chunk = dict[Kind, Panel]


@pytest.fixture
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


def rounded(value: Any) -> Any:
    """The same document with floats of six digits, which no platform disputes."""
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [rounded(inner) for inner in value]
    return round(value, 6) if isinstance(value, float) else value


def test_scores_of_a_small_past_are_the_golden_ones(
    model: Model, past: list[Chunk], tmp_path: Path, golden: Callable[[str, str], None]
) -> None:
    scores = evaluate(model, past, tmp_path, untrained={"service/service_disruption/10m": "no episode"})
    written = json.loads((tmp_path / "scores.json").read_text(encoding="utf-8"))
    assert written == strict(scores)
    golden("trainer/scores.json", json.dumps(rounded(written), indent=2) + "\n")


def test_report_begins_with_the_verdict(model: Model, past: list[Chunk], tmp_path: Path) -> None:
    evaluate(model, past, tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    sentence = "1 of the 2 issues that began was announced in time, 8 min before."
    assert 0 < page.index(sentence) < page.index("Issues and alerts</h2>")
    assert "1 of the 2 alerts was a false alarm" in page


def test_report_stands_alone_and_escapes_what_it_prints(model: Model, past: list[Chunk], tmp_path: Path) -> None:
    evaluate(model, past, tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"https?://|<link|<script|@import|url\(", page)
    assert set(re.findall(r' src="([^,]+),', page)) == {"data:image/png;base64"}
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    names = {f"pod_{n}.png" for n in ("roc", "precision_recall", "reliability", "confusion", "classification")}
    assert {p.name for p in tmp_path.glob("*.png")} == names | {"pod_lead_times.png"}
    assert page.count("<img ") == 6


def test_a_past_without_any_issue_gives_no_invented_figures(
    model: Model, panel_of: Callable[..., Panel], tmp_path: Path
) -> None:
    strain = np.full((40, 1), 0.1)
    scores = evaluate(model, [{"pod": panel_of("pod", (("shop", "a"),), strain, strain > 1, START)}], tmp_path)
    assert [o["grade"] for o in scores["outcomes"]] == ["no episode to judge by"] * 2
    assert scores["outcomes"][0]["rows"]["pr_auc"] is None
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
