"""Survey: what one Prometheus has of a model's signals and rules at one moment, each asked by itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, get_args

from predictor.catalogue import Catalogue, Rule, Signal
from predictor.entities import KINDS, Entity, Kind
from predictor.reader import PrometheusTimeout, PrometheusUnavailable, Reader
from predictor.series import ReadError

SOURCES: Final[tuple[str, ...]] = get_args(Signal.model_fields["source"].annotation)
_VARIABLE: Final = re.compile(r"\$\{([a-z_]+)\}")


@dataclass(frozen=True)
class Answer:
    """Which entities one query returned. error: why it failed, empty when it did not."""

    entities: frozenset[Entity]
    dropped: int
    error: str


@dataclass(frozen=True)
class Survey:
    """The answers to all queries of a catalogue."""

    signals: Mapping[Signal, Answer]
    rules: Mapping[Rule, Answer]

    def entities(self, kind: Kind) -> frozenset[Entity]:
        """All entities of the kind that have at least one signal."""
        found = [answer.entities for signal, answer in self.signals.items() if signal.kind == kind]
        return frozenset().union(*found)

    @property
    def failed(self) -> list[str]:
        """One line for each query that failed."""
        return [answer.error for answer in (*self.signals.values(), *self.rules.values()) if answer.error]

    @property
    def empty(self) -> bool:
        """Whether there is no entity at all."""
        return not any(self.entities(kind) for kind in KINDS)

    @property
    def absent_sources(self) -> tuple[str, ...]:
        """The sources of which the catalogue has signals and this Prometheus has not one."""
        answers = {source: [a for s, a in self.signals.items() if s.source == source] for source in SOURCES}
        return tuple(
            source for source, some in answers.items() if some and not any(a.entities or a.error for a in some)
        )

    def blind(self, rule: Rule) -> tuple[str, ...]:
        """The absent sources that the rule would have to look at."""
        return tuple(source for source in _looks_at(rule) if source in self.absent_sources)

    def sees_nothing(self, rule: Rule) -> bool:
        """Whether none of the sources that the rule looks at is there, so that its silence means nothing."""
        return bool(_looks_at(rule)) and self.blind(rule) == _looks_at(rule)


def surveyed(reader: Reader, catalogue: Catalogue, time: float, step_seconds: float) -> Survey:
    """Ask every query of the catalogue once, at one step.

    A query that is refused or garbled is noted and the next one asked. Raises ReadError when Prometheus cannot be
    reached, does not answer in time, or fails every query.
    """
    errors: list[ReadError] = []

    def ask(one: Catalogue, kind: Kind) -> Answer:
        try:
            reading = reader.read(one, time, time, step_seconds)
        except (PrometheusUnavailable, PrometheusTimeout):
            raise  # the other queries would fare no better
        except ReadError as error:
            errors.append(error)
            return Answer(frozenset(), 0, " ".join(str(error).split()))
        panel = reading.panels[kind]
        here = panel.present[-1] | panel.active[:, -1].any(axis=0)
        entities = (entity for entity, is_here in zip(panel.entities, here.tolist(), strict=True) if is_here)
        return Answer(frozenset(entities), reading.dropped, "")

    # Not validated again: a catalogue of rules alone is no catalogue, but one query is what is asked here.
    signals = {s: ask(catalogue.model_copy(update={"signals": (s,), "rules": ()}), s.kind) for s in catalogue.signals}
    rules = {r: ask(catalogue.model_copy(update={"signals": (), "rules": (r,)}), r.kind) for r in catalogue.rules}
    if errors and len(errors) == len(signals) + len(rules):
        raise errors[0]
    return Survey(signals, rules)


def _looks_at(rule: Rule) -> tuple[str, ...]:
    """The sources whose matchers stand in the rule's template."""
    named = set(_VARIABLE.findall(rule.promql))
    return tuple(source for source in SOURCES if source in named)
