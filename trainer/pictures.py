"""Pictures: every PNG of an evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from predictor.entities import KINDS, Kind
from trainer import plots, timelines, versus
from trainer.cases import CaseName
from trainer.closer import Timeline
from trainer.importances import Importances
from trainer.judged import JudgedOutcome
from trainer.verdict import HorizonVerdict


@dataclass(frozen=True)
class Pictures:
    """Where they are. kinds: kind -> caption -> PNG in reading order."""

    versus: Path | None
    timelines: Mapping[CaseName, Path]
    kinds: Mapping[Kind, Mapping[str, Path]]


def write(
    outcomes: Sequence[JudgedOutcome],
    verdicts: Sequence[HorizonVerdict],
    weighed: Mapping[Kind, Importances],
    told: Mapping[CaseName, Timeline | None],
    directory: Path,
) -> Pictures:
    """Draw everything into a directory."""
    return Pictures(
        versus=versus.draw(verdicts, directory / "baselines.png"),
        timelines={name: timelines.draw(one, directory / f"timeline_{name}.png") for name, one in told.items() if one},
        kinds={
            kind: plots.write(kind, [o for o in outcomes if o.kind == kind], weighed.get(kind), directory)
            for kind in KINDS
        },
    )
