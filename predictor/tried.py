"""Tried: how the threshold of an outcome did on the rows of history that it was chosen by.

They flatter it a little, since it was chosen by them, but their scores come from models that had not seen them. How
good a model is on other history only `evaluate` can say.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Final

from pydantic import Field, TypeAdapter, ValidationError

from commandline.times import span_text
from predictor.artifact import Manifest
from predictor.waits import CRITICAL

SCORE: Final = "tried"
"""Where a manifest's scores of a kind keep it, by "issue/horizon"."""

NEAR: Final = "15m"
"""The horizon that critical alerts look at."""

ALERTED: Final = (NEAR, "1h")
"""The horizons that prometheus/rules/predictions.yml alerts about."""

_Count = Annotated[int, Field(ge=0)]
_Rate = Annotated[float, Field(ge=0, allow_inf_nan=False)]
_Share = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True)
class Tried:
    """Figures of one outcome.

    onsets: those that somebody could have been told of in time. foretold: those that somebody would have been.
    false_alarms_per_entity_day: None without any row. highest_probability: what the model can say at most.
    """

    onsets: _Count
    foretold: _Count
    false_alarms_per_entity_day: _Rate | None
    highest_probability: _Share

    @property
    def never_critical(self) -> bool:
        """Whether no alert about it within NEAR ever wakes anybody."""
        return self.highest_probability < CRITICAL

    @property
    def highest(self) -> str:
        """The highest probability as text, rounded down: what is not quite critical does not look so."""
        return f"{math.floor(self.highest_probability * 1000) / 10:.1f} %"

    def document(self) -> dict[str, Any]:
        """As a manifest has it."""
        return {name: round(value, 6) if isinstance(value, float) else value for name, value in asdict(self).items()}


_TRIED: Final = TypeAdapter(Tried)


def tried(manifest: Manifest, kind: str) -> Mapping[str, Tried]:
    """By "issue/horizon"; nothing where an older trainer wrote nothing, or what this one cannot read."""
    scores = manifest.scores.get(kind)
    documents = scores.get(SCORE) if isinstance(scores, Mapping) else None
    found: dict[str, Tried] = {}
    for name, document in documents.items() if isinstance(documents, Mapping) else ():
        try:
            found[name] = _TRIED.validate_python(document)
        except ValidationError:
            continue
    return found


def never_critical(manifest: Manifest) -> list[tuple[str, str, str]]:
    """Issue, kind and highest probability of what never reaches the level of critical alerts, as far as is known."""
    return [
        (name.partition("/")[0], kind, one.highest)
        for kind in manifest.thresholds
        for name, one in tried(manifest, kind).items()
        if name in manifest.thresholds[kind] and name.endswith(f"/{NEAR}") and one.never_critical
    ]


def unheard(manifest: Manifest) -> list[str]:
    """In words, what no alert of ours tells of a model with horizons of its own; nothing for the usual ones."""
    horizons = [span_text(seconds) for seconds in manifest.horizons_seconds]
    others = [name for name in horizons if name not in ALERTED]
    said = []
    if others:
        known = " and ".join(ALERTED)
        said.append(
            f"as shipped, no rule alerts within {', '.join(others)} (prometheus/rules knows {known}): put the model's "
            'horizons into the horizon="…" matchers of predictions.yml (prometheus/README.md, Other horizons)'
        )
    if NEAR not in horizons:
        said.append(f"as shipped, nothing is ever critical: critical alerts look at {NEAR}, which the model leaves out")
    return said
