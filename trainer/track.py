"""Track record: what the model said and what was there, chunk after chunk, over entities that come and go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from predictor.entities import Entity, Kind
from predictor.issues import Outcome
from predictor.model import Prediction
from predictor.panel import BoolArray, FloatArray


@dataclass(frozen=True)
class Track:
    """One outcome of one kind over the whole record.

    times: (steps,) without a gap. probability: (steps, entities), NaN where the entity was not there.
    active and present: (steps, entities), False where it was not there.
    """

    kind: Kind
    outcome: Outcome
    threshold: float
    times: FloatArray
    entities: tuple[Entity, ...]
    probability: FloatArray
    active: BoolArray
    present: BoolArray


class TrackRecord:
    """The predictions of one kind in time order.

    Each chunk keeps its own entities until one outcome is asked for: in a cluster where pods are replaced all the time,
    a table of all entities at all steps would be mostly empty.
    """

    def __init__(self, kind: Kind, step_seconds: float) -> None:
        self.kind = kind
        self._step_seconds = step_seconds
        self._chunks: list[Prediction] = []
        self._beside: dict[str, list[Sequence[FloatArray]]] = {}

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """What the model predicts for this kind; empty without a model or before the first chunk."""
        return self._chunks[0].outcomes if self._chunks else ()

    @property
    def issues(self) -> tuple[str, ...]:
        """The issues that have a rule for this kind."""
        return self._chunks[0].issues if self._chunks else ()

    @property
    def entities(self) -> tuple[Entity, ...]:
        """All entities of all chunks, sorted."""
        return tuple(sorted({entity for chunk in self._chunks for entity in chunk.entities}))

    @property
    def times(self) -> FloatArray:
        """(steps,) Unix seconds of all chunks."""
        return np.concatenate([chunk.times for chunk in self._chunks]) if self._chunks else np.zeros(0)

    def add(self, prediction: Prediction, beside: Mapping[str, Sequence[FloatArray]] | None = None) -> Prediction:
        """Keep the steps that are not yet on record, and return them.

        beside: what others say of the same steps, for each of the prediction's outcomes (steps, entities). Raises
        ValueError when steps between the record's end and them are missing, or the kind is another.
        """
        before = len(self._chunks)
        new = self._added(prediction)
        if len(self._chunks) > before:
            cut = len(prediction.times) - len(new.times)
            for name, scores in (beside or {}).items():
                # Several outcomes may share one array, which is cut once and kept once.
                parts = {id(score): score[cut:] for score in scores}
                self._beside.setdefault(name, []).append([parts[id(score)] for score in scores])
        return new

    def _added(self, prediction: Prediction) -> Prediction:
        if prediction.kind != self.kind:
            raise ValueError(f"a {prediction.kind} prediction does not belong to the record of {self.kind}s")
        if not self._chunks:
            self._chunks.append(prediction)
            return prediction
        end = float(self._chunks[-1].times[-1]) if len(self._chunks[-1].times) else -np.inf
        new = since(prediction, end)
        if len(new.times):
            missing = float(new.times[0]) - end - self._step_seconds
            if missing > self._step_seconds / 2 and np.isfinite(end):
                raise ValueError(f"{missing:g} s are missing after {end:g} in the record of {self.kind}s")
            self._chunks.append(new)
        return new

    def track(self, outcome: Outcome) -> Track:
        """Everything about one outcome. Raises ValueError for one that the model does not predict."""
        row = self.outcomes.index(outcome)
        issue = self.issues.index(outcome.issue)
        return Track(
            self.kind,
            outcome,
            self._chunks[0].thresholds[row],
            self.times,
            self.entities,
            self._aligned([chunk.probability[row] for chunk in self._chunks], np.nan),
            self._aligned([chunk.active[issue] for chunk in self._chunks], 0.0) > 0,
            self._aligned([chunk.present for chunk in self._chunks], 0.0) > 0,
        )

    def beside(self, name: str, outcome: Outcome) -> FloatArray:
        """(steps, entities): what another said of an outcome, NaN where nothing."""
        row = self.outcomes.index(outcome)
        return self._aligned([scores[row] for scores in self._beside[name]], np.nan)

    def active(self, issue: str) -> BoolArray:
        """(steps, entities): True while the issue was there, also for an issue without a model."""
        position = self.issues.index(issue)
        return self._aligned([chunk.active[position] for chunk in self._chunks], 0.0) > 0

    def _aligned(self, parts: list[FloatArray] | list[BoolArray], absent: float) -> FloatArray:
        """(steps, entities): the chunks' (steps, entities) one after the other, `absent` where there is nothing."""
        position = {entity: i for i, entity in enumerate(self.entities)}
        bounds = np.cumsum([0, *(len(chunk.times) for chunk in self._chunks)]).tolist()
        whole: FloatArray = np.full((bounds[-1], len(position)), absent, dtype=parts[0].dtype)
        for chunk, part, (start, end) in zip(self._chunks, parts, pairwise(bounds), strict=True):
            whole[start:end, [position[entity] for entity in chunk.entities]] = part
        return whole


def since(prediction: Prediction, moment: float) -> Prediction:
    """The same prediction, only its steps after the moment (Unix seconds)."""
    first = int(np.searchsorted(prediction.times, moment, side="right"))
    return replace(
        prediction,
        times=prediction.times[first:],
        probability=prediction.probability[:, first:],
        active=prediction.active[:, first:],
        present=prediction.present[first:],
        anomaly=prediction.anomaly[first:],
    )
