"""Report: the scores as one self-contained page for people, and as strict JSON for programs."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import numpy as np
from jinja2 import Environment, StrictUndefined

from commandline.times import span_text
from trainer import examples, timelines
from trainer.cases import NONE, CaseName
from trainer.closer import Timeline
from trainer.judged import JudgedOutcome
from trainer.pictures import Pictures
from trainer.verdict import HorizonVerdict, duration, signed

SCORES: Final = "scores.json"
REPORT: Final = "report.html"
LISTED: Final = 10
"""Lines of a list of examples: enough to see a pattern, few enough to read."""

MARKS: Final = {"warns in time": "good", "no episode to judge by": "none"}


def write(
    scores: Mapping[str, Any],
    outcomes: Sequence[JudgedOutcome],
    verdicts: Sequence[HorizonVerdict],
    told: Mapping[CaseName, Timeline | None],
    pictures: Pictures,
    results_dir: Path,
) -> None:
    """Write scores.json and report.html, which holds the pictures itself."""
    text = json.dumps(strict(scores), indent=2, allow_nan=False)
    (results_dir / SCORES).write_text(text + "\n", encoding="utf-8")
    (results_dir / REPORT).write_text(page(scores, outcomes, verdicts, told, pictures), encoding="utf-8")


def strict(value: Any) -> Any:
    """The value as JSON has it: NaN and infinity become null, numpy's numbers Python's, tuples lists."""
    if isinstance(value, Mapping):
        return {str(key): strict(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [strict(inner) for inner in value]
    if isinstance(value, np.generic):
        return strict(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def page(
    scores: Mapping[str, Any],
    outcomes: Sequence[JudgedOutcome],
    verdicts: Sequence[HorizonVerdict],
    told: Mapping[CaseName, Timeline | None],
    pictures: Pictures,
) -> str:
    """The HTML page; it names no other resource."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(
        percent=_percent,
        number=_number,
        rate=_rate,
        moment=examples.when,
        lead=_lead,
        span=span_text,
        ends=ends,
        points=signed,
    )
    template = environment.from_string(files("trainer").joinpath("templates/report.html.j2").read_text("utf-8"))
    return template.render(
        scores=scores,
        verdicts=verdicts,
        outcomes=outcomes,
        kinds=[kind for kind in pictures.kinds if any(o.kind == kind for o in outcomes)],
        rivals={name: s.title for name, s in outcomes[0].standings.items()} if outcomes else {},
        marks=MARKS,
        listed=LISTED,
        missed=examples.missed(outcomes),
        announced=examples.announced(outcomes),
        noisy=examples.noisy(outcomes),
        unjudged=examples.unjudged(outcomes),
        timelines=_timelines(told, pictures),
        versus=_inlined(pictures.versus) if pictures.versus else None,
        plots={kind: _plots(drawn) for kind, drawn in pictures.kinds.items()},
    )


def _plots(drawn: Mapping[str, Path]) -> dict[str, str]:
    """Caption -> image of a kind's plots; the classification report is a table on the page, and a picture beside it."""
    return {text: _inlined(path) for text, path in drawn.items() if not path.stem.endswith("_classification")}


def _timelines(told: Mapping[CaseName, Timeline | None], pictures: Pictures) -> list[dict[str, str]]:
    """Title, sentence and picture of each case; only a sentence where there is none."""
    lines = []
    for name, one in told.items():
        sentence = timelines.sentences(one) if one else NONE[name]
        image = _inlined(pictures.timelines[name]) if one else ""
        lines.append({"title": timelines.WHAT[name], "sentence": sentence, "image": image})
    return lines


def _inlined(path: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode("ascii")


def _percent(value: float | None, digits: int = 0) -> str:
    return "–" if value is None else f"{value:.{digits}%}"


def _number(value: float | None, digits: int = 3) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


def _rate(value: float | None) -> str:
    return "–" if value is None else f"{value:.2g}"


def _lead(seconds: float | None) -> str:
    return "–" if seconds is None else duration(seconds)


def ends(interval: tuple[float, float] | None, how: str) -> str:
    """An interval as people write it; empty without one."""
    if interval is None:
        return ""
    low, high = interval
    if how == "percent":
        return f"{100 * low:.0f} to {high:.0%}"
    if how == "points":
        return f"{signed(low)} to {signed(high)}"
    if how == "lead":
        first, last = duration(low), duration(high)
        same = " h " not in first + last and first.rsplit(" ", 1)[-1] == last.rsplit(" ", 1)[-1]
        return f"{first.rsplit(' ', 1)[0] if same else first} to {last}"
    if how == "rate":
        return f"{low:.2g} to {high:.2g}"
    return f"{low:.3f} to {high:.3f}"
