"""Report: the scores as one self-contained page for people, and as strict JSON for programs."""

from __future__ import annotations

import base64
import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import numpy as np
from jinja2 import Environment, StrictUndefined

from commandline.times import span_text
from predictor.entities import Kind
from trainer.cases import CaseName
from trainer.closer import Timeline
from trainer.judged import JudgedOutcome
from trainer.pictures import Pictures
from trainer.verdict import HorizonVerdict, duration

SCORES: Final = "scores.json"
REPORT: Final = "report.html"
LISTED: Final = 10
"""Lines of a list of examples: enough to see a pattern, few enough to read."""

MARKS: Final = {"warns in time": "good", "no episode to judge by": "none"}


def write(
    scores: Mapping[str, Any],
    outcomes: Sequence[JudgedOutcome],
    verdicts: Sequence[HorizonVerdict],
    timelines: Mapping[CaseName, Timeline | None],
    pictures: Pictures,
    results_dir: Path,
) -> None:
    """Write scores.json and report.html, which holds the pictures itself."""
    text = json.dumps(strict(scores), indent=2, allow_nan=False)
    (results_dir / SCORES).write_text(text + "\n", encoding="utf-8")


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


def page(scores: Mapping[str, Any], outcomes: Sequence[JudgedOutcome], plots: Mapping[Kind, Mapping[str, Path]]) -> str:
    """The HTML page; it names no other resource."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(percent=_percent, number=_number, rate=_rate, moment=_moment, lead=_lead, span=span_text)
    template = environment.from_string(files("trainer").joinpath("templates/report.html.j2").read_text("utf-8"))
    return template.render(
        scores=scores,
        kinds=[kind for kind in plots if any(o.kind == kind for o in outcomes)],
        outcomes=outcomes,
        marks=MARKS,
        listed=LISTED,
        missed=_missed(outcomes),
        announced=_announced(outcomes),
        noisy=_noisy(outcomes),
        plots={kind: {caption: _inlined(path) for caption, path in drawn.items()} for kind, drawn in plots.items()},
    )


def _by_episode(outcomes: Sequence[JudgedOutcome]) -> dict[tuple[float, str, Kind, str], list[tuple[float, str]]]:
    """Onset, issue, kind and entity of every episode -> lead and horizon of each outcome that announced it."""
    found: dict[tuple[float, str, Kind, str], list[tuple[float, str]]] = {}
    for one in outcomes:
        for episode in one.events.episodes:
            key = (float(one.times[episode.onset]), one.issue, one.kind, "/".join(one.entities[episode.entity]))
            leads = found.setdefault(key, [])
            if episode.lead_seconds is not None:
                leads.append((episode.lead_seconds, one.outcome.horizon))
    return found


def _missed(outcomes: Sequence[JudgedOutcome]) -> list[dict[str, str]]:
    """Newest first: episodes that no horizon announced in time."""
    missed = sorted((key for key, leads in _by_episode(outcomes).items() if not leads), reverse=True)
    return [{"onset": _moment(k[0]), "issue": k[1], "kind": k[2], "entity": k[3]} for k in missed]


def _announced(outcomes: Sequence[JudgedOutcome]) -> list[dict[str, str]]:
    """Longest lead first: every announced episode once, with the horizon that was the first to say so."""
    first = [(*max(leads), *key) for key, leads in _by_episode(outcomes).items() if leads]
    first.sort(key=lambda item: (-item[0], *item[1:]))
    return [
        {
            "lead": duration(lead),
            "horizon": horizon,
            "onset": _moment(onset),
            "issue": issue,
            "kind": kind,
            "entity": name,
        }
        for lead, horizon, onset, issue, kind, name in first
    ]


def _noisy(outcomes: Sequence[JudgedOutcome]) -> list[dict[str, Any]]:
    """Most false alarms first."""
    count = Counter(
        (one.title, one.kind, "/".join(one.entities[alert.entity]))
        for one in outcomes
        for alert in one.events.alerts
        if alert.verdict == "false_alarm"
    )
    ranked = sorted(count.items(), key=lambda item: (-item[1], item[0]))
    return [{"issue": k[0], "kind": k[1], "entity": k[2], "false_alarms": n} for k, n in ranked]


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


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")
