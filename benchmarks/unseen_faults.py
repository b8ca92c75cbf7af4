"""Something is odd: does kip_anomaly_score see failures of types that training has never met?

Usage: python -m benchmarks.unseen_faults [HOURS]        writes build/unseen_faults/report.md, prints it

For each set of fault types a pretend cluster without them trains a model with the product; all models are judged on the
same cluster of another seed, which has every type. Beside the score stands what the learned probabilities say of the
same faults. Both are judged alike: at the level that 1 % of quiet rows of the same kind of entity pass.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from sklearn.metrics import roc_auc_score

from demo.processes import ROOT, Processes, ours
from demo.training import TRAINING_END, Cluster, backfill, history_server
from predictor.artifact import load
from predictor.entities import LABELS, Kind
from predictor.model import Model, Prediction
from predictor.panel import BoolArray, FloatArray
from predictor.reader import PrometheusReader
from trainer.history import Stretch, chunks

Types = tuple[str, ...]
LEFT_OUT: Final[tuple[Types, ...]] = (
    ("packet_loss", "pod_packet_loss"),
    ("volume_filling", "disk_filling"),
    ("cpu_saturation",),
    ("node_not_ready",),
)
TRAINING: Final = Cluster("train", nodes=4, pods=40, seed=7, episodes_factor=10.0)
JUDGING: Final = replace(TRAINING, seed=21)
HOURS: Final = 24.0
FOLDER: Final = ROOT / "build" / "unseen_faults"

STEP_SECONDS: Final = 30.0
LAST_SECONDS: Final = 600.0
"""Of a ramp: what comes earlier is too faint to be fair, and what comes later is no warning."""

AFTER_SECONDS: Final = 1800.0
"""An entity is not quiet until a whole window has passed since its fault."""

SETTLED_SECONDS: Final = 3600.0
"""The cluster's first hour fills the first windows."""

QUIET_SHARE: Final = 0.01
MAX_ROWS: Final = "10000"
TIMEOUT_SECONDS: Final = 300.0


@dataclass(frozen=True)
class Said:
    """What a model said of one kind over the whole judged history, all (steps, entities).

    score: the anomaly score. probability: of any issue within the shortest horizon. active: any issue is there.
    """

    times: FloatArray
    entities: tuple[tuple[str, ...], ...]
    score: FloatArray
    probability: FloatArray
    active: BoolArray


@dataclass(frozen=True)
class Figure:
    """How well one measure tells the rows of a type's faults from quiet ones.

    detected: faults with a row above the level that 1 % of quiet rows pass. auc: over rows.
    """

    auc: float
    detected: int
    faults: int


def main(hours: str = f"{HOURS:g}") -> int:
    """Train without each set, judge, print."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    seconds = float(hours) * 3600.0
    with Processes(FOLDER) as processes:
        models = {left_out: trained(processes, left_out, seconds) for left_out in LEFT_OUT}
        backfill(processes, JUDGING, TRAINING_END - seconds, TRAINING_END, TRAINING_END, FOLDER / "judged")
        _, url = history_server(processes, FOLDER / "judged")
        faults = json.loads((FOLDER / "judged" / "truth.json").read_text(encoding="utf-8"))["faults"]
        when = Stretch(TRAINING_END - seconds + SETTLED_SECONDS, TRAINING_END, STEP_SECONDS)
        lines = [HEAD]
        for left_out, said in spoken(models, url, when).items():
            lines += [line for one in left_out for line in judged(said, faults, one)]
    report = "\n".join(lines)
    (FOLDER / "report.md").write_text(report + "\n", encoding="utf-8")
    print(report)
    return 0


def trained(processes: Processes, left_out: Types, seconds: float) -> Model:
    """A model of a cluster in which these faults never came."""
    name = "-".join(left_out)
    data, model_dir = FOLDER / f"without-{name}", FOLDER / f"model-without-{name}"
    cluster = replace(TRAINING, without=left_out)
    backfill(processes, cluster, TRAINING_END - seconds, TRAINING_END, TRAINING_END, data)
    server, url = history_server(processes, data)
    command = [*ours("kip-trainer"), "train", "--prometheus.url", url, "--model.dir", str(model_dir)]
    command += ["--start", f"{TRAINING_END - seconds:.0f}", "--end", f"{TRAINING_END:.0f}", "--max-rows", MAX_ROWS]
    processes.run(f"trainer-{name}", [*command, "--estimator", "extra_trees"])
    processes.end(server)
    print(f"trained without {', '.join(left_out)}", file=sys.stderr, flush=True)
    return load(model_dir, {})[0]


def spoken(models: Mapping[Types, Model], url: str, when: Stretch) -> Mapping[Types, Mapping[Kind, Said]]:
    """What each model says of every kind over a stretch of history, which is read once: all have one catalogue."""
    parts: dict[Types, dict[Kind, list[Prediction]]] = {left_out: {} for left_out in models}
    catalogue = next(iter(models.values())).catalogue
    for _, reading in chunks(PrometheusReader(url, TIMEOUT_SECONDS), catalogue, when):
        for left_out, model in models.items():
            for kind, panel in reading.panels.items():
                # Kinds without outcomes have no probabilities to be judged beside.
                if kind in model.kinds and model.kinds[kind].outcomes:
                    parts[left_out].setdefault(kind, []).append(model.probabilities(panel))
    return {left_out: {kind: _joined(one) for kind, one in each.items()} for left_out, each in parts.items()}


def _joined(several: list[Prediction]) -> Said:
    entities = tuple(sorted({e for one in several for e in one.entities}))
    place = {entity: i for i, entity in enumerate(entities)}
    steps = sum(len(one.times) for one in several)
    score, probability = (np.full((steps, len(entities)), np.nan) for _ in range(2))
    active = np.zeros((steps, len(entities)), dtype=np.bool_)
    first = 0
    for one in several:
        rows, columns = slice(first, first + len(one.times)), [place[e] for e in one.entities]
        shortest = min(o.horizon_seconds for o in one.outcomes)
        near = [i for i, o in enumerate(one.outcomes) if o.horizon_seconds == shortest]
        score[rows, columns] = one.anomaly
        probability[rows, columns] = one.probability[near].max(axis=0)
        active[rows, columns] = one.active.any(axis=0)
        first += len(one.times)
    return Said(np.concatenate([one.times for one in several]), entities, score, probability, active)


def judged(said: Mapping[Kind, Said], faults: list[dict[str, Any]], name: str) -> list[str]:
    """The lines of one type of fault: the last minutes of its ramp, and the episode itself."""
    some = [f for f in faults if f["type"] == name and f["onset"] is not None]
    if not some:
        return [f"| {name} | no such fault in the judged history | | | | | |"]
    if some[0]["kind"] not in said:
        return [f"| {name} | {some[0]['kind']} | nothing was learned about this kind, so it has no score | | | | |"]
    kind: Kind = some[0]["kind"]
    one = said[kind]
    quiet = _quiet(one, kind, faults)
    lines = []
    for what, begin, end in (("last 10 min before", -LAST_SECONDS, 0.0), ("while it is there", 0.0, None)):
        spans = [(f, f["onset"] + begin, f["end"] if end is None else f["onset"] + end) for f in some]
        windows = [w for f, start, stop in spans if (w := _window(one, kind, f, start, stop)).any()]
        cells = [_cells(figure(measure, windows, quiet)) for measure in (one.score, one.probability)]
        lines.append(f"| {name} | {kind} | {what} | {' | '.join(cells)} |")
    return lines


def figure(measure: FloatArray, windows: list[BoolArray], quiet: BoolArray) -> Figure:
    """The figures of one measure. measure and each of the masks: (steps, entities)."""
    usual = measure[quiet & ~np.isnan(measure)]
    level = float(np.quantile(usual, 1.0 - QUIET_SHARE))
    each = [measure[w & ~np.isnan(measure)] for w in windows]
    rows = np.concatenate(each) if each else np.zeros(0)
    answers = np.concatenate([np.zeros(len(usual)), np.ones(len(rows))])
    auc = float(roc_auc_score(answers, np.concatenate([usual, rows]))) if len(rows) else float("nan")
    return Figure(auc, sum(bool((one > level).any()) for one in each), len(windows))


def _quiet(one: Said, kind: Kind, faults: list[dict[str, Any]]) -> BoolArray:
    """(steps, entities): the entity has no issue and no fault of its own, whatever happens around it."""
    quiet = ~one.active & ~np.isnan(one.score)
    for fault in faults:
        if fault["kind"] == kind:
            quiet &= ~_window(one, kind, fault, fault["start"], fault["end"] + AFTER_SECONDS)
    return quiet


def _window(one: Said, kind: Kind, fault: dict[str, Any], start: float, end: float) -> BoolArray:
    """(steps, entities): rows of the fault's entity from start up to before end."""
    entity = tuple(fault["entity"].get(label, "") for label in LABELS[kind])
    own = np.array([e == entity for e in one.entities], dtype=np.bool_)
    during = (one.times >= start) & (one.times < end)
    return np.asarray(during[:, None] & own[None, :])


def _cells(one: Figure) -> str:
    return f"{one.auc:.3f} | {one.detected} of {one.faults}"


HEAD: Final = (
    "| type left out of training | kind | rows | score: ROC-AUC | detected at 1 % of quiet rows "
    "| probabilities: ROC-AUC | detected likewise |\n|---|---|---|---|---|---|---|"
)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
