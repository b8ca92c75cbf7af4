"""What is published singly, and what is only summed up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from exporter.api import rows
from exporter.snapshot import Publishing, Snapshot, taken
from predictor.entities import Entity, Kind
from predictor.issues import Outcome
from predictor.model import Prediction

QUARTER = Outcome("pod_failure", 900.0)
HOUR = Outcome("pod_failure", 3600.0)


def prediction(
    kind: Kind, probabilities: dict[str, tuple[float, float]], active: frozenset[str] = frozenset()
) -> Prediction:
    """One step of two outcomes; a name is namespace/name, or a node's name."""
    entities: tuple[Entity, ...] = tuple(tuple(name.split("/")) for name in probabilities)
    values = np.array(list(probabilities.values())).reshape(-1, 2).T
    states = np.array([[[name in active for name in probabilities]]])
    return Prediction(
        kind,
        np.array([60.0]),
        entities,
        (QUARTER, HOUR),
        (0.5, 0.6),
        values[:, None, :],
        ("pod_failure",),
        states.reshape(1, 1, -1),
        ~np.isnan(values[:1]),
        np.full((1, len(probabilities)), np.nan),
    )


def snapshot_of(*predictions: Prediction, floor: float = 0.01, max_series: int = 1000, dropped: int = 0) -> Snapshot:
    return taken(60.0, {}, predictions, dropped, Publishing(floor, max_series))


def shown(snapshot: Snapshot) -> set[str]:
    return {
        "/".join(entity)
        for forecast in snapshot.forecasts
        for entity, is_shown in zip(forecast.entities, forecast.published.tolist(), strict=True)
        if is_shown
    }


def test_pods_below_the_floor_are_not_shown_and_nodes_are() -> None:
    pods = prediction("pod", {"a/low": (0.001, 0.009), "a/at": (0.001, 0.01), "a/high": (0.5, 0.6)})
    nodes = prediction("node", {"n1": (0.0, 0.0)})
    assert shown(snapshot_of(nodes, pods)) == {"n1", "a/at", "a/high"}


def test_an_entity_with_an_active_issue_is_shown_whatever_the_floor_and_the_limit() -> None:
    pods = prediction("pod", {"a/quiet": (0.4, 0.4), "a/failing": (np.nan, np.nan)}, active=frozenset({"a/failing"}))
    snapshot = snapshot_of(pods, floor=1.0, max_series=0)
    assert shown(snapshot) == {"a/failing"}
    assert snapshot.dropped == 0


def test_the_limit_keeps_the_highest_of_all_kinds_and_counts_the_rest_as_dropped() -> None:
    pods = prediction("pod", {"a/low": (0.1, 0.2), "a/high": (0.1, 0.9)})
    nodes = prediction("node", {"n1": (0.3, 0.5)})
    snapshot = snapshot_of(nodes, pods, max_series=6, dropped=4)  # two probabilities and one issue each
    assert shown(snapshot) == {"n1", "a/high"}
    assert snapshot.dropped == 4 + 3


def test_what_the_floor_hides_is_not_counted_as_dropped() -> None:
    assert snapshot_of(prediction("pod", {"a/low": (0.0, 0.0)})).dropped == 0


def test_expected_issues_are_summed_over_all_entities_by_namespace() -> None:
    pods = prediction("pod", {"a/low": (0.001, 0.002), "a/high": (0.5, 0.75), "b/one": (0.25, np.nan)})
    (forecast,) = snapshot_of(pods).forecasts
    assert forecast.expected() == [
        (QUARTER, {"a": pytest.approx(0.501), "b": 0.25}),
        (HOUR, {"a": pytest.approx(0.752), "b": 0.0}),
    ]


def test_nodes_have_the_empty_namespace() -> None:
    (forecast,) = snapshot_of(prediction("node", {"n1": (0.25, 0.5), "n2": (0.5, 0.5)})).forecasts
    assert forecast.expected() == [(QUARTER, {"": 0.75}), (HOUR, {"": 1.0})]


def test_entities_of_the_window_that_are_not_there_now_are_left_out() -> None:
    gone = prediction("pod", {"a/here": (0.5, 0.5), "a/gone": (np.nan, np.nan)})
    (forecast,) = snapshot_of(gone).forecasts
    assert forecast.entities == (("a", "here"),)


def test_without_any_entity_there_is_nothing_and_nothing_breaks() -> None:
    empty = replace(
        prediction("pod", {}),
        probability=np.zeros((2, 1, 0)),
        active=np.zeros((1, 1, 0), dtype=np.bool_),
        present=np.zeros((1, 0), dtype=np.bool_),
        anomaly=np.zeros((1, 0)),
    )
    snapshot = snapshot_of(empty)
    assert shown(snapshot) == set()
    assert snapshot.forecasts[0].expected() == [(QUARTER, {}), (HOUR, {})]
    assert snapshot_of().forecasts == ()


def test_rows_are_made_once_for_all_who_look_at_a_snapshot() -> None:
    pods = prediction("pod", {"a/one": (0.3, 0.6), "a/two": (0.1, 0.2)}, active=frozenset({"a/one"}))
    one, other = snapshot_of(pods), snapshot_of(pods)
    assert rows(one) is rows(one)
    assert rows(one) is not rows(other)
    assert [(row.name, row.horizon, row.probability, row.active) for row in rows(one)] == [
        ("one", "15m", 0.3, True),
        ("one", "1h", 0.6, True),
        ("two", "15m", 0.1, False),
        ("two", "1h", 0.2, False),
    ]
