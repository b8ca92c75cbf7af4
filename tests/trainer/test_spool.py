"""Spool: read once, kept on disk, and no chunk loaded from there that is not asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import joblib
import pytest

from tests.trainer.pasts import CATALOGUE, HORIZONS, START, STEP, Past, panel, ramps
from trainer import history
from trainer.history import Stretch
from trainer.spool import Spool

STEPS = 300
WHEN = Stretch(START, START + (STEPS - 1) * STEP, STEP)


@pytest.fixture
def spool(monkeypatch: pytest.MonkeyPatch) -> Iterator[Spool]:
    """Three chunks of a past that nobody has gone through."""
    monkeypatch.setattr(history, "CHUNK_STEPS", 100)
    strain, active = ramps(STEPS, 3, every=110)
    past = Past({"pod": panel("pod", strain, {"pod_failure": active})})
    with Spool(past, CATALOGUE, WHEN, round(max(HORIZONS) / STEP), lambda: None) as one:
        yield one


def firsts(chunks: Iterator[tuple[Stretch, object]]) -> list[int]:
    """The first step of each chunk."""
    return [round((chunk.start - START) / STEP) for chunk, _ in chunks]


def test_the_chunks_of_a_time_come_alike_from_prometheus_and_from_disk(spool: Spool) -> None:
    asked = START + 150 * STEP, START + 200 * STEP
    assert firsts(spool.between(*asked)) == [100, 200]
    assert firsts(spool.between(*asked)) == [100, 200]
    assert firsts(iter(spool)) == [0, 100, 200]


def test_chunks_of_another_time_stay_on_disk(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(list(spool)) == 3
    loaded, load = [], joblib.load

    def counted(path: Path) -> object:
        loaded.append(path)
        return load(path)

    monkeypatch.setattr(joblib, "load", counted)
    assert firsts(spool.between(START + 100 * STEP, START + 199 * STEP)) == [100]
    assert len(loaded) == 1
