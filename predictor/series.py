"""Series: what Prometheus answers, and its place in the panels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from predictor.catalogue import Catalogue
from predictor.entities import KINDS, LABELS, Entity, Kind
from predictor.panel import BoolArray, FloatArray, Panel

# No name in Kubernetes is longer than 253; what is far beyond that is damage, not a name.
MAX_LABEL_CHARS: Final = 16_384
# Trees compare in single precision, and squares are summed on the way; no signal of ours comes near a thousandth of it.
MAX_VALUE: Final = 1e18
# Prometheus adds up series in an order that changes when it restarts, and the last digits with it. Rounded to these,
# the same history gives the same model; single precision, in which trees compare, holds no more.
DIGITS: Final = 7
# Where one share is taken from another nearly as large, the last digits of both are among the first that are left.
MAX_PLACES: Final = 8
# Counts over counts often lie halfway between two roundings, and which way they go hangs on the last digit; the golden
# part of the way is what simple fractions come nearest to last.
UP_FROM: Final = (5.0**0.5 - 1.0) / 2.0


class ReadError(Exception):
    """Prometheus could not be read; `reason` is the bounded label under which it is counted."""

    reason = "read"


class PrometheusGarbled(ReadError):
    """An answer that is not what the query API sends."""

    reason = "garbled"


class DuplicateSeries(ReadError):
    """A signal's expression gave two series for one entity."""

    reason = "duplicate_series"


@dataclass(frozen=True)
class Series:
    """One series of an answer.

    steps: (samples,) positions on the grid that was asked for. values: (samples,) rounded, NaN where a sample is
    NaN, infinite or absurdly large.
    """

    labels: Mapping[str, str]
    steps: np.ndarray[Any, np.dtype[np.intp]]
    values: FloatArray


@dataclass(frozen=True)
class Reading:
    """What one read brought: a panel per kind, and how many series had no usable entity labels."""

    panels: Mapping[Kind, Panel]
    dropped: int

    @property
    def empty(self) -> bool:
        """Whether no query was answered with a usable series."""
        return not any(panel.entities for panel in self.panels.values())


def decoded(answer: Mapping[str, Any], times: FloatArray, step_seconds: float) -> Series:
    """One series of a range answer on the grid `times`.

    Raises KeyError, IndexError, TypeError, ValueError, AttributeError or OverflowError when the answer is not one.
    """
    pairs = answer["values"]
    moments = np.array([pair[0] for pair in pairs], dtype=np.float64)
    if np.isnan(moments).any():
        raise ValueError("timestamps that are no numbers")
    values = np.array([float(pair[1]) for pair in pairs], dtype=np.float64)
    values[~(np.abs(values) < MAX_VALUE)] = np.nan  # a division by zero is no measurement
    values = rounded(values)
    steps = np.rint((moments - times[0]) / step_seconds).astype(np.intp)
    if len(steps) and (steps.min() < 0 or steps.max() >= len(times) or not np.array_equal(times[steps], moments)):
        raise ValueError("timestamps that were not asked for")
    return Series({str(k): str(v) for k, v in answer["metric"].items()}, steps, values)


def rounded(values: FloatArray) -> FloatArray:
    """The values with DIGITS significant digits, at most MAX_PLACES of them behind the point; NaN stays. Any shape."""
    with np.errstate(divide="ignore"):
        exponent = np.floor(np.log10(np.abs(values)))
    places = np.minimum(DIGITS - 1 - exponent, MAX_PLACES)
    # Powers of ten up to 22 are exact, so one multiplies or divides by a whole one, whichever it is.
    power = 10.0 ** np.abs(places)
    whole = np.where(places >= 0, np.abs(values) * power, np.abs(values) / power)
    whole = np.copysign(np.floor(whole + (1.0 - UP_FROM)), values)
    return np.asarray(np.where(places >= 0, whole / power, whole * power) + 0.0)  # nothing has no sign


def reading(catalogue: Catalogue, times: FloatArray, answers: Sequence[Sequence[tuple[int, Series]]]) -> Reading:
    """The panels of all kinds.

    answers: one list per signal and then per rule, in catalogue order; each series with the step its chunk starts at.
    Raises DuplicateSeries when a signal has two for one entity at one step.
    """
    kinds: list[Kind] = [s.kind for s in catalogue.signals] + [r.kind for r in catalogue.rules]
    placed = [_by_entity(kind, series) for kind, series in zip(kinds, answers, strict=True)]
    dropped = sum(unusable for _, unusable in placed)
    first_rule = len(catalogue.signals)
    panels = {}
    for kind in KINDS:
        signals = [placed[i][0] for i in range(first_rule) if kinds[i] == kind]
        rules = [placed[i][0] for i in range(first_rule, len(kinds)) if kinds[i] == kind]
        panels[kind] = _panel(catalogue, kind, times, signals, rules)
    return Reading(panels, dropped)


_Placed = dict[Entity, list[tuple[int, Series]]]


def _by_entity(kind: Kind, answers: Sequence[tuple[int, Series]]) -> tuple[_Placed, int]:
    found: _Placed = {}
    dropped = 0
    for start, series in answers:
        entity = tuple(series.labels.get(name, "") for name in LABELS[kind])
        if all(entity) and max(map(len, entity)) <= MAX_LABEL_CHARS:
            found.setdefault(entity, []).append((start, series))
        else:
            dropped += 1
    return found, dropped


def _panel(
    catalogue: Catalogue, kind: Kind, times: FloatArray, signals: Sequence[_Placed], rules: Sequence[_Placed]
) -> Panel:
    entities = tuple(sorted({entity for found in (*signals, *rules) for entity in found}))
    names = tuple(s.name for s in catalogue.signals_of(kind))
    values = np.full((len(signals), len(times), len(entities)), np.nan)
    active = np.zeros((len(rules), len(times), len(entities)), dtype=np.bool_)
    for column, entity in enumerate(entities):
        for i, found in enumerate(signals):
            _place_samples(values[i, :, column], found.get(entity, []), f"signal {names[i]}", kind, entity)
        for i, found in enumerate(rules):
            _place_active(active[i, :, column], found.get(entity, []))
    issues = tuple(rule.issue for rule in catalogue.rules_of(kind))
    return Panel(kind, times, entities, names, values, issues, active)


def _place_samples(
    target: FloatArray, several: Sequence[tuple[int, Series]], what: str, kind: Kind, entity: Entity
) -> None:
    taken = np.zeros(len(target), dtype=np.bool_)
    for start, series in several:
        steps = series.steps + start
        if taken[steps].any():
            raise DuplicateSeries(f"{what} gave two series for {kind} {'/'.join(entity)}; aggregate by {LABELS[kind]}")
        taken[steps] = True
        target[steps] = series.values


def _place_active(target: BoolArray, several: Sequence[tuple[int, Series]]) -> None:
    for start, series in several:
        target[series.steps + start] = True  # as in an alert, whatever its value: errors / 0 requests is infinite
