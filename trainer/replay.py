"""Replay: what the exporter would have published at each step of the past, one row per value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from predictor.entities import KINDS, LABELS, Entity, Kind, name_of, namespace_of
from predictor.model import Model, Prediction
from predictor.panel import Panel
from trainer.track import Track, TrackRecord, since

Chunks = Iterable[Mapping[Kind, Panel]]

SCHEMA: Final = pa.schema(
    [
        ("time", pa.float64()),
        ("kind", pa.string()),
        ("namespace", pa.string()),
        ("name", pa.string()),
        ("issue", pa.string()),
        ("horizon", pa.string()),
        ("probability", pa.float64()),
        ("active", pa.bool_()),
        ("threshold", pa.float64()),
    ]
)


def replay(model: Model, chunks: Chunks, output: Path) -> int:
    """Write a row for each entity, outcome and step that has a probability; returns how many.

    chunks: panels in time order, each with reach - 1 steps of run-up; steps that came before are not written again.
    output: F.parquet for rows, F.om for OpenMetrics that `promtool tsdb create-blocks-from openmetrics` reads. It
    appears under its name only when it is whole. Raises ValueError for another suffix.
    """
    writers: dict[str, Callable[[Model, Chunks, Path], int]] = {".parquet": _parquet, ".om": _openmetrics}
    write = writers.get(output.suffix)
    if write is None:
        raise ValueError(
            f"{output.name}: replay writes .parquet or .om, not {output.suffix or 'a file without suffix'}"
        )
    output.parent.mkdir(parents=True, exist_ok=True)
    with _whole(output) as part:
        return write(model, chunks, part)


def rows(prediction: Prediction) -> pa.Table:
    """The probabilities of one prediction as rows of SCHEMA, by step, entity and outcome."""
    step, entity, outcome = np.nonzero(~np.isnan(prediction.probability.transpose(1, 2, 0)))
    kind, entities, outcomes = prediction.kind, prediction.entities, prediction.outcomes
    issue_row = np.array([prediction.issues.index(o.issue) for o in outcomes], dtype=np.intp)
    columns = [
        pa.array(prediction.times[step]),
        _text([kind], np.zeros(len(step), dtype=np.intp)),
        _text([namespace_of(kind, e) for e in entities], entity),
        _text([name_of(e) for e in entities], entity),
        _text([o.issue for o in outcomes], outcome),
        _text([o.horizon for o in outcomes], outcome),
        pa.array(prediction.probability[outcome, step, entity]),
        pa.array(prediction.active[issue_row[outcome], step, entity]),
        pa.array(np.array(prediction.thresholds, dtype=np.float64)[outcome]),
    ]
    return pa.table(columns, schema=SCHEMA)


def _parquet(model: Model, chunks: Chunks, path: Path) -> int:
    written = 0
    last = dict.fromkeys(KINDS, -np.inf)
    with parquet.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
        for chunk in chunks:
            tables = []
            for kind, panel in chunk.items():
                prediction = since(model.probabilities(panel), last[kind])
                last[kind] = float(np.max(prediction.times, initial=last[kind]))
                tables.append(rows(prediction))
            table = pa.concat_tables(tables) if tables else SCHEMA.empty_table()
            if len(table):
                writer.write_table(table, row_group_size=len(table))
            written += len(table)
    return written


def _openmetrics(model: Model, chunks: Chunks, path: Path) -> int:
    """OpenMetrics wants every series in one piece, so the probabilities of the whole past are held in memory."""
    records = {kind: TrackRecord(kind, model.step_seconds) for kind in KINDS}
    for chunk in chunks:
        for kind, panel in chunk.items():
            records[kind].add(model.probabilities(panel))
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write("# TYPE kip_issue_probability gauge\n")
        file.write("# HELP kip_issue_probability Probability that the issue is present within the horizon.\n")
        tracks = (record.track(outcome) for record in records.values() for outcome in record.outcomes)
        written = sum(_write_probability(file, track) for track in tracks)
        file.write("# TYPE kip_issue_active gauge\n")
        file.write("# HELP kip_issue_active 1 while the issue is present.\n")
        for record in records.values():
            _write_active(file, record)
        file.write("# EOF\n")
    return written


def _write_probability(file: TextIO, track: Track) -> int:
    moments = [_number(t) for t in track.times.tolist()]
    written = 0
    for column, entity in enumerate(track.entities):
        values = track.probability[:, column]
        head = _series(
            "kip_issue_probability",
            {"issue": track.outcome.issue, "horizon": track.outcome.horizon, "kind": track.kind},
            entity,
            track.kind,
        )
        there = np.flatnonzero(~np.isnan(values)).tolist()
        file.writelines(f"{head} {_number(values[i])} {moments[i]}\n" for i in there)
        written += len(there)
    return written


def _write_active(file: TextIO, record: TrackRecord) -> None:
    """1 at every active step, and one 0 behind them: blocks hold no staleness marker that would end the series."""
    moments = [_number(t) for t in record.times.tolist()]
    entities = record.entities
    for issue in record.issues:
        active = record.active(issue)
        for column in np.flatnonzero(active.any(axis=0)).tolist():
            head = _series("kip_issue_active", {"issue": issue, "kind": record.kind}, entities[column], record.kind)
            on = active[:, column]
            ended = np.concatenate([[False], on[:-1] & ~on[1:]])
            steps = np.flatnonzero(on | ended).tolist()
            file.writelines(f"{head} {int(on[i])} {moments[i]}\n" for i in steps)


def _series(name: str, labels: Mapping[str, str], entity: Entity, kind: Kind) -> str:
    both = {**labels, **dict(zip(LABELS[kind], entity, strict=True))}
    pairs = ",".join(f'{key}="{_escaped(value)}"' for key, value in both.items())
    return f"{name}{{{pairs}}}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _number(value: float) -> str:
    """The shortest text that reads back as the same number."""
    return repr(float(value)).removesuffix(".0")


def _text(words: list[str], position: np.ndarray[tuple[int], np.dtype[np.intp]]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(position, pa.int32()), pa.array(words, pa.string())).cast(
        pa.string()
    )


@contextmanager
def _whole(output: Path) -> Iterator[Path]:
    part = output.with_name(f".{output.name}.part")
    try:
        yield part
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)
