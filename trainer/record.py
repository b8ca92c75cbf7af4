"""Record: what the manifest says of how a model was made, beside the model itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from commandline.times import span_text
from predictor.entities import KINDS, Kind
from predictor.issues import Outcome
from predictor.model import Model
from predictor.tried import SCORE, Tried
from trainer.calibrate import NEVER_LATER, Calibrated
from trainer.dataset import Dataset
from trainer.fit import untrainable
from trainer.ladders import Ladder
from trainer.scored import Scored
from trainer.selection import Chosen


def untrained(model: Model, datasets: Mapping[Kind, Dataset]) -> dict[str, str]:
    """Every outcome of the catalogue that the model does not give, with the reason."""
    reasons: dict[str, str] = {}
    for kind in KINDS:
        given = model.kinds[kind].outcomes if kind in model.kinds else ()
        for rule in model.catalogue.rules_of(kind):
            for horizon in model.horizons_seconds:
                outcome = Outcome(rule.issue, horizon)
                if outcome not in given:
                    reasons[f"{kind}/{rule.issue}/{span_text(horizon)}"] = _reason(datasets.get(kind), outcome)
    return reasons


def _reason(dataset: Dataset | None, outcome: Outcome) -> str:
    if dataset is None:
        return "no entity of this kind in this history"
    return untrainable(dataset)[dataset.outcomes.index(outcome)] or NEVER_LATER


def hopeless(datasets: Mapping[Kind, Dataset]) -> str:
    """Why nothing can be learned about any outcome: each reason with the issues it is true of."""
    of: dict[str, list[str]] = {}
    for kind, dataset in datasets.items():
        for outcome, why in zip(dataset.outcomes, untrainable(dataset), strict=True):
            of.setdefault(why, []).append(f"{kind}/{outcome.issue}")
    reasons = [f"{', '.join(dict.fromkeys(names))}: {why}" for why, names in of.items()]
    return "; ".join(reasons) or "there is no entity in it"


def ladders(dataset: Dataset, worth: Calibrated) -> Mapping[str, Ladder]:
    """What other thresholds of each outcome would have come to, by "issue/horizon"."""
    several = zip(dataset.outcomes, worth.ladders, strict=True)
    return {f"{outcome.issue}/{outcome.horizon}": one for outcome, one in several if one is not None}


def scores(
    dataset: Dataset, seen: Scored, chosen: Chosen, tried: Sequence[Tried | None], without: Mapping[str, str]
) -> dict[str, Any]:
    """What the model was made from; how good it is on other history only `evaluate` can say.

    tried: how the threshold of each outcome did. without: signals it was trained without, each with the reason.
    """
    rates = {}
    for i, outcome in enumerate(dataset.outcomes):
        came, weight = (seen.ahead[i] > 0)[seen.counts[i]], seen.expected_weight[seen.counts[i]]
        rate = float(np.average(came, weights=weight)) if len(came) else 0.0
        rates[f"{outcome.issue}/{outcome.horizon}"] = round(rate, 6)
    return {
        "fitted_rows": len(dataset.values),
        "calibration_rows": len(seen.step),
        "calibration_base_rate": rates,
        SCORE: {
            f"{outcome.issue}/{outcome.horizon}": one.document()
            for outcome, one in zip(dataset.outcomes, tried, strict=True)
            if one is not None
        },
        "candidates": {
            name: {"recall": round(f.recall, 4), "average_precision": round(f.average_precision, 4)}
            for name, f in chosen.figures.items()
        },
        "trained_without": dict(without),
    }
