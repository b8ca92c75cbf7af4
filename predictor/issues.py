"""Issues over horizons: what one number that we publish says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from commandline.times import span_text
from predictor.entities import Issue
from predictor.panel import FloatArray


@dataclass(frozen=True, order=True)
class Outcome:
    """Will the issue be present at some moment of the coming horizon?"""

    issue: Issue
    horizon_seconds: float

    @property
    def horizon(self) -> str:
        """The horizon as a label value, for example 15m."""
        return span_text(self.horizon_seconds)

    def __str__(self) -> str:
        return f"{self.issue} within {self.horizon}"


def monotone(outcomes: Sequence[Outcome], probability: FloatArray) -> FloatArray:
    """The probabilities, raised where a longer horizon had less than a shorter one of the same issue.

    probability: (outcomes, …). Whatever happens within 15 minutes happens within the hour.
    """
    raised = probability.copy()
    for issue in {o.issue for o in outcomes}:
        columns = sorted((o.horizon_seconds, i) for i, o in enumerate(outcomes) if o.issue == issue)
        for (_, shorter), (_, longer) in pairwise(columns):
            raised[longer] = np.fmax(raised[longer], raised[shorter])
    return raised
