"""Shelf: what is put there comes back as it was, and nothing stays when it ends."""

from __future__ import annotations

import shutil
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


def test_every_array_comes_back_as_it_was(pods: Dataset) -> None:
    with Shelf() as shelf:
        shelf.put({"pod": pods})
        (found,) = shelf.values()
        for one in fields(Dataset):
            np.testing.assert_array_equal(getattr(found, one.name), getattr(pods, one.name))


def test_what_is_done_to_a_loaded_one_does_not_change_the_kept(pods: Dataset) -> None:
    with Shelf() as shelf:
        shelf.put({"pod": pods})
        shelf["pod"].values[:] = np.nan
        np.testing.assert_array_equal(shelf["pod"].values, pods.values)


def test_only_values_leave_memory_and_all_else_is_the_very_same(pods: Dataset) -> None:
    rows = pods.where(pods.step >= 0)
    values = weakref.ref(rows.values)
    with Shelf() as shelf:
        shelf.put({"pod": rows})
        bare = shelf.bare["pod"]
        assert shelf["pod"].outcomes is bare.outcomes is rows.outcomes
        assert bare.came is rows.came
        assert not len(bare.values)
        del rows
        assert values() is None


def test_the_last_one_put_for_a_kind_counts(pods: Dataset) -> None:
    with Shelf() as shelf:
        shelf.put({"pod": pods, "node": replace(pods, kind="node")})
        shelf.put({"pod": pods.where(pods.step < 100)})
        assert list(shelf) == ["pod", "node"]
        assert len(shelf["pod"].values) < len(shelf["node"].values) == len(pods.values)


def test_nothing_is_left_on_disk_after_an_error(pods: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def interrupted() -> None:
        with Shelf() as shelf:
            shelf.put({"pod": pods})
            assert list(tmp_path.iterdir())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not list(tmp_path.iterdir())


def test_a_disk_that_refuses_is_one_line(pods: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Shelf() as shelf:
        (folder,) = tmp_path.iterdir()
        shutil.rmtree(folder)
        with pytest.raises(HistoryError, match=r"cannot keep history in .*free some space or set TMPDIR") as refused:
            shelf.put({"pod": pods})
    assert "\n" not in str(refused.value)
