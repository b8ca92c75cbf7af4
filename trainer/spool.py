"""Spool: history read once from Prometheus and kept on disk while training looks at it several times.

PromQL is the cost of training. Memory stays flat, since two chunks are in memory at a time; the disk holds the chunks,
compressed, in a temporary directory that goes when training ends.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import joblib

from predictor.catalogue import Catalogue
from predictor.reader import Reader
from predictor.series import Reading
from trainer.history import HistoryError, Stretch, chunks, read_ahead

COMPRESSION = ("zlib", 1)
PREFIX = "kip-trainer-"
"""Of temporary directories."""


class Spool:
    """The chunks of one stretch, in time order: from Prometheus the first time, from disk afterwards."""

    def __init__(
        self, reader: Reader, catalogue: Catalogue, when: Stretch, ahead_steps: int, advance: Callable[[], None]
    ) -> None:
        self.when = when
        self._source = read_ahead(chunks(reader, catalogue, when, ahead_steps))
        self._advance = advance
        self._kept: list[tuple[Stretch, Path]] = []
        self._folder = tempfile.TemporaryDirectory(prefix=PREFIX)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._folder.cleanup()

    def __iter__(self) -> Iterator[tuple[Stretch, Reading]]:
        """Each chunk's own stretch, and its reading with run-up and horizon. Raises ReadError, HistoryError."""
        return self.between(self.when.start, self.when.end)

    def between(self, start: float, end: float) -> Iterator[tuple[Stretch, Reading]]:
        """The same of the chunks that have a grid point from start to end, Unix seconds.

        What was not read yet is read and kept, to the end of history; of what was, only these are loaded. Raises
        ReadError, HistoryError.
        """
        for chunk, path in self._kept:
            if chunk.meets(start, end):
                yield chunk, joblib.load(path)
        for chunk, reading in self._source:
            path = Path(self._folder.name) / f"{len(self._kept):06d}.joblib"
            self._kept.append((chunk, to_disk(reading, path, COMPRESSION)))
            self._advance()
            if chunk.meets(start, end):
                yield chunk, reading


def to_disk(what: object, path: Path, compress: int | tuple[str, int] = 0) -> Path:
    """Keep something in a file, and say in which. Raises HistoryError when the disk refuses."""
    try:
        joblib.dump(what, path, compress=compress)
    except OSError as error:
        raise HistoryError(
            f"cannot keep history in {path.parent}: {error}; free some space or set TMPDIR to another disk"
        ) from error
    return path
