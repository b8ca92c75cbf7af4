"""Shelf: what is put there comes back as it was, and its values leave memory."""

from __future__ import annotations

import weakref
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from tests.trainer.pasts import CATALOGUE, HORIZONS, START, STEP, Past, panel, ramps
from trainer.dataset import Dataset, gather
from trainer.history import HistoryError, Stretch, chunks
from trainer.shelf import Shelf


@pytest.fixture(scope="module")
def pods() -> Dataset:
    """Rows of a past with ramps."""
    strain, active = ramps(300, 3, every=110)
    past = Past({"pod": panel("pod", strain, {"pod_failure": active})})
    when = Stretch(START, START + 299 * STEP, STEP)
    return gather(chunks(past, CATALOGUE, when, round(max(HORIZONS) / STEP)), CATALOGUE, when, HORIZONS, 1_000)["pod"]


def test_every_array_comes_back_as_it_was(pods: Dataset, tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.put({"pod": pods})
    (found,) = shelf.values()
    for one in fields(Dataset):
        np.testing.assert_array_equal(getattr(found, one.name), getattr(pods, one.name))


def test_what_is_done_to_a_loaded_one_does_not_change_the_kept(pods: Dataset, tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.put({"pod": pods})
    shelf["pod"].values[:] = np.nan
    np.testing.assert_array_equal(shelf["pod"].values, pods.values)


def test_only_values_leave_memory_and_all_else_is_the_very_same(pods: Dataset, tmp_path: Path) -> None:
    rows = pods.where(pods.step >= 0)
    values = weakref.ref(rows.values)
    shelf = Shelf(tmp_path)
    shelf.put({"pod": rows})
    bare = shelf.bare["pod"]
    assert shelf["pod"].outcomes is bare.outcomes is rows.outcomes
    assert bare.came is rows.came
    assert not len(bare.values)
    del rows
    assert values() is None


def test_the_last_one_put_for_a_kind_counts(pods: Dataset, tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.put({"pod": pods, "node": replace(pods, kind="node")})
    shelf.put({"pod": pods.where(pods.step < 100)})
    assert list(shelf) == ["pod", "node"]
    assert len(shelf["pod"].values) < len(shelf["node"].values) == len(pods.values)


def test_a_disk_that_refuses_is_one_line(pods: Dataset, tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match=r"cannot keep history in .*free some space or set TMPDIR") as refused:
        Shelf(tmp_path / "gone").put({"pod": pods})
    assert "\n" not in str(refused.value)
