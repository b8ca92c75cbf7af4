"""Shelf: the rows to fit on, kept on disk, since only one kind's are worked on at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import joblib

from predictor.entities import Kind
from trainer.dataset import Dataset
from trainer.spool import to_disk


class Shelf(Mapping[Kind, Dataset]):
    """Datasets by kind, whose values, nearly all of their memory, are loaded when one is asked for.

    All else stays as it is: outcomes that are one object are that in the artifact too, whose bytes tell. Going through
    `items` loads each kind; `bare` loads none. folder: where they are written, to stay as long as the shelf is used.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: dict[Kind, tuple[Dataset, Path]] = {}

    def put(self, datasets: Mapping[Kind, Dataset]) -> None:
        """Keep these, in place of others of their kinds. Raises HistoryError when the disk refuses."""
        for kind, one in datasets.items():
            path = to_disk(one.values, self._folder / f"{kind}.joblib")
            self._kept[kind] = replace(one, values=one.values[:0].copy()), path  # a view would keep all of them

    @property
    def bare(self) -> Mapping[Kind, Dataset]:
        """The datasets without their values."""
        return {kind: rest for kind, (rest, _) in self._kept.items()}

    def __getitem__(self, kind: Kind) -> Dataset:
        rest, path = self._kept[kind]
        return replace(rest, values=joblib.load(path))

    def __iter__(self) -> Iterator[Kind]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)
