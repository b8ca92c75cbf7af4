"""Track record: entities that come and go line up, steps are neither lost nor counted twice."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from predictor.issues import Outcome
from predictor.model import Model
from predictor.panel import Panel
from trainer.track import TrackRecord

SOON = Outcome("pod_failure", 600.0)
A, B = ("shop", "a"), ("shop", "b")


def test_entities_of_different_chunks_line_up(model: Model, panel_of: Callable[..., Panel]) -> None:
    first = panel_of("pod", (A,), np.array([[0.1], [0.2]]), np.array([[False], [True]]), 6000.0)
    second = panel_of("pod", (A, B), np.array([[0.3, 0.4]]), np.array([[False, True]]), 6120.0)
    record = TrackRecord("pod", model.step_seconds)
    record.add(model.probabilities(first))
    record.add(model.probabilities(second))
    track = record.track(SOON)
    assert (track.entities, track.times.tolist(), track.threshold) == ((A, B), [6000.0, 6060.0, 6120.0], 0.5)
    np.testing.assert_array_equal(track.probability, [[0.1, np.nan], [1.0, np.nan], [0.3, 1.0]])
    np.testing.assert_array_equal(track.active, [[False, False], [True, False], [False, True]])
    np.testing.assert_array_equal(track.present, [[True, False], [True, False], [True, True]])
    np.testing.assert_array_equal(record.active("pod_failure"), track.active)


def test_steps_already_on_record_are_not_counted_again(model: Model, panel_of: Callable[..., Panel]) -> None:
    strain = np.array([[0.1], [0.2], [0.3]])
    record = TrackRecord("pod", model.step_seconds)
    record.add(model.probabilities(panel_of("pod", (A,), strain[:2], strain[:2] > 1, 6000.0)))
    new = record.add(model.probabilities(panel_of("pod", (A,), strain[1:], strain[1:] > 1, 6060.0)))
    assert new.times.tolist() == [6120.0]
    assert record.track(SOON).probability.ravel().tolist() == [0.1, 0.2, 0.3]


def test_a_gap_is_refused(model: Model, panel_of: Callable[..., Panel]) -> None:
    one = np.array([[0.1]])
    record = TrackRecord("pod", model.step_seconds)
    record.add(model.probabilities(panel_of("pod", (A,), one, one > 1, 6000.0)))
    with pytest.raises(ValueError, match="120 s are missing after 6000 in the record of pods"):
        record.add(model.probabilities(panel_of("pod", (A,), one, one > 1, 6180.0)))


def test_a_prediction_of_another_kind_is_refused(model: Model, panel_of: Callable[..., Panel]) -> None:
    one = np.array([[0.1]])
    with pytest.raises(ValueError, match="a service prediction does not belong to the record of pods"):
        TrackRecord("pod", model.step_seconds).add(model.probabilities(panel_of("service", (A,), one, one > 1, 6000.0)))


def test_an_empty_record_has_no_outcomes_and_no_times() -> None:
    record = TrackRecord("pod", 60.0)
    assert (record.outcomes, record.issues, record.entities, record.times.tolist()) == ((), (), (), [])
