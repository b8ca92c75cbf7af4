"""PromQL that dashboards share: which series a board looks at, and one series per entity out of them.

Where an operator scrapes the exporter, its target labels (namespace, pod, service) stand on every series that has none
of its own; so an entity's series are chosen by kind, and each kind keeps the labels that are its own.
"""

from __future__ import annotations

from typing import Final

from predictor.entities import KINDS, LABELS, Kind

CLUSTER: Final = 'cluster=~"$cluster"'
"""An optional label: the variable's All is the pattern .*, which series without the label match as well."""

KIND: Final = 'kind="{}"'
"""The matcher that chooses the series of one kind, whatever other labels they carry."""

IDENTITY: Final = "namespace, pod, node, service"
"""The labels that tell entities of all kinds apart; an absent one counts as empty."""

EXPECTED: Final = "max by (cluster, issue, horizon, kind, namespace) ({})"
"""One series of kip_issues_expected, however many exporters publish it."""


def select(metric: str, *matchers: str) -> str:
    """The series of a metric that match."""
    return f"{metric}{{{', '.join(matchers)}}}"


def per_entity(metric: str, labels: str, *matchers: str, read: str = "{}") -> str:
    """One series per entity and distinct labels, the highest of all exporters.

    labels: comma-separated names to keep beside cluster, kind and the entity's own. read: what to do with the selected
    series before that, with {} in their place, such as "max_over_time({}[15m])".
    """
    arms = []
    for kind in KINDS:
        kept = ", ".join(("cluster", *filter(None, [labels]), "kind", *LABELS[kind]))
        series = read.format(select(metric, KIND.format(kind), *matchers))
        arms.append(f"max by ({kept}) ({series})")
    return " or ".join(arms)


def of_entity(metric: str, labels: str, *matchers: str, read: str = "{}") -> str:
    """The series of the one entity that the variables kind, namespace and entity name, by the given labels only."""
    arms = []
    for kind in KINDS:
        series = read.format(select(metric, KIND.format(kind), *this_entity(kind), *matchers))
        arms.append(f"max by ({labels}) ({series})")
    return " or ".join(arms)


def this_entity(kind: Kind) -> tuple[str, ...]:
    """Matchers of the entity that the variables name, if it is of this kind; of another kind, they match nothing."""
    return (*its_neighbours(kind), f'{LABELS[kind][-1]}="$entity"')


def its_neighbours(kind: Kind) -> tuple[str, ...]:
    """Matchers of all entities of the chosen kind and namespace, if this is the kind; a node is in any namespace."""
    return (CLUSTER, 'kind="$kind"', *(f'{label}=~"$namespace"' for label in LABELS[kind][:-1]))


def named(expression: str) -> str:
    """The expression with the entity's name in one label for all kinds, as tables and links want it."""
    return f'label_join({expression}, "entity", "", "pod", "node", "service")'


def with_threshold(probabilities: str, thresholds: str) -> str:
    """For each of the probabilities its threshold: the same labels, another number."""
    return f"({probabilities}) * 0 + on (cluster, issue, kind, horizon) group_left () {thresholds}"
