"""Parts: every row of history once, whatever the cut, and results in order while others are under way."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from predictor.entities import Kind
from predictor.issues import Outcome
from tests.trainer.pasts import CATALOGUE, HORIZONS, START, STEP, Past, panel, ramps
from trainer import history
from trainer import parts as parts_module
from trainer.history import Stretch
from trainer.labels import outcomes_of
from trainer.parts import WORKERS, Part, each, parts

STEPS = 300
WHEN = Stretch(START, START + (STEPS - 1) * STEP, STEP)
WANTED: dict[Kind, tuple[Outcome, ...]] = {"pod": outcomes_of(CATALOGUE, "pod", HORIZONS)}


def several() -> list[Part]:
    """Three pods that are always there."""
    strain, active = ramps(STEPS, 3, every=110)
    past = Past({"pod": panel("pod", strain, {"pod_failure": active})})
    read = history.chunks(past, CATALOGUE, WHEN, round(max(HORIZONS) / STEP))
    return list(parts(read, CATALOGUE, WHEN, WANTED))


@pytest.mark.parametrize(("rows", "chunk_steps"), [(3, 1_000), (7, 50), (100, 99)])
def test_every_row_comes_once_with_the_same_values_and_labels(
    monkeypatch: pytest.MonkeyPatch, rows: int, chunk_steps: int
) -> None:
    whole, seen = several()[0].rows()
    monkeypatch.setattr(parts_module, "ROWS", rows)
    monkeypatch.setattr(history, "CHUNK_STEPS", chunk_steps)
    cut = [part.rows() for part in several()]
    assert len(cut) > 1
    assert np.concatenate([r.step for r, _ in cut]).tolist() == whole.step.tolist()
    assert np.concatenate([r.entity for r, _ in cut]).tolist() == whole.entity.tolist()
    np.testing.assert_array_equal(np.concatenate([r.values for r, _ in cut]), whole.values)
    for name in ("ahead", "counts", "during", "settled"):
        np.testing.assert_array_equal(
            np.concatenate([getattr(s, name) for _, s in cut], axis=1), getattr(seen, name), err_msg=name
        )


def test_a_part_knows_its_first_and_its_last_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts_module, "ROWS", 3 * 70)
    monkeypatch.setattr(history, "CHUNK_STEPS", 100)
    found = several()
    assert [(part.first, part.last) for part in found[:3]] == [(0, 69), (70, 99), (100, 169)]
    steps = [set(part.rows()[0].step.tolist()) for part in found]
    assert all(of == set(range(part.first, part.last + 1)) for of, part in zip(steps, found, strict=True))


@pytest.mark.parametrize(("first", "last"), [(0, 99), (20, 50), (70, 99), (99, 99)])
def test_some_steps_of_a_part_are_as_they_are_in_the_whole(first: int, last: int) -> None:
    (whole,) = several()
    (rows, seen), (some, labels) = whole.rows(), whole.within(100, 199).within(100 + first, 100 + last).rows()
    at = (rows.step >= 100 + first) & (rows.step <= 100 + last)
    assert at.sum() == 3 * (last - first + 1)
    assert some.step.tolist() == rows.step[at].tolist()
    assert some.entity.tolist() == rows.entity[at].tolist()
    np.testing.assert_array_equal(some.values, rows.values[at])
    np.testing.assert_array_equal(labels.ahead, seen.ahead[:, at])


def test_results_come_in_order_and_never_more_than_the_workers_parts_are_under_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(parts_module, "ROWS", 3 * 20)
    lock, under_way, most = threading.Lock(), 0, 0

    def slow_at_first(part: Part) -> int:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        time.sleep(0.05 if part.first == 0 else 0.001)
        with lock:
            under_way -= 1
        return part.first

    found = [(part.first, result) for part, result in each(several(), slow_at_first)]
    assert found == [(first, first) for first in range(0, STEPS, 20)]
    assert 1 < most <= WORKERS


def test_what_the_work_raises_is_raised_to_who_asked() -> None:
    def broken(part: Part) -> None:
        raise ValueError("no such luck")

    with pytest.raises(ValueError, match="no such luck"):
        list(each(several(), broken))
