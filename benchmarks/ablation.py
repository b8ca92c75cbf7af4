"""What each group of features and signals is worth: the learner without it, judged on the same held-out history.

Usage: python -m benchmarks.ablation [--training-days 6] [--days 5] [--seed 201]
       uses, or makes, what `python -m benchmarks.holdout` works on

Estimators are fitted on the last days of the training history, with everything and then with one group's columns empty,
each with half of the product's committee, and every outcome is judged by what it recalls at 0.02 false alarms an
entity-day, the threshold chosen in hindsight alike for all, and by the area under its precision-recall curve.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from benchmarks.holdout import made
from demo.processes import Processes
from demo.training import STEP_SECONDS
from predictor import artifact, features
from predictor.catalogue import Signal
from predictor.entities import KINDS, Kind
from predictor.estimators import Estimator
from predictor.issues import Outcome
from predictor.model import Model
from predictor.panel import BoolArray, FloatArray, Panel
from predictor.reader import PrometheusReader
from predictor.waits import HOLD_SECONDS
from trainer.dataset import Dataset, gather
from trainer.evaluate import watched
from trainer.fit import fit
from trainer.hard import with_hard
from trainer.hiding import SOURCES, dependent
from trainer.history import Stretch, chunks
from trainer.judged import ground_of
from trainer.spool import Spool
from trainer.standings import standing
from trainer.thresholds import PER_ENTITY_DAY
from trainer.track import TrackRecord
from trainer.windows import Panels

Belongs = Callable[[Signal, str], bool]
"""Whether the feature (its part of the name) of a signal belongs to a group."""

TRAINING_DAYS: Final = 6.0
"""Enough for every issue of the pretend cluster to come several times, and read in a few minutes."""

TIMEOUT_SECONDS: Final = 300.0
SEED: Final = 0
SEATS: Final = 2
"""Half of the product's committee, alike for all, which halves the time: one boosted ensemble for each view."""


def parts(*names: str) -> Belongs:
    """A group of features of every signal."""
    return lambda _signal, part: part in names


def endings(*endings: str) -> Belongs:
    """A group of signals by how their names end."""
    return lambda signal, _part: signal.name.endswith(endings)


def source(name: str) -> Belongs:
    """All signals that need a source."""
    return lambda signal, _part: bool(dependent([signal], name)[0])


NONE: Final = parts()
GROUPS: Final[Mapping[str, Belongs]] = {
    "level (now, 5-minute mean)": parts("now", "mean_5m"),
    "change against 5 and 30 minutes": parts("change_5m", "change_30m"),
    "trend (slope, straightness)": parts("slope_5m", "slope_30m", "trend_5m", "trend_30m"),
    "volatility": parts("spread_5m", "spread_30m"),
    "surprise": parts("surprise"),
    "time to limit": parts("time_to_limit_5m", "time_to_limit_30m"),
    "siblings and other nodes": endings("_of_siblings", "_of_all", "_others_not_ready"),
    "yesterday, last week, highest of a day": endings("_of_yesterday", "_of_last_week", "_of_highest"),
    "the pod's node": lambda signal, _part: signal.name.startswith("pod_node_"),
    "restarts, readiness, age": endings("_restarts", "pod_not_ready", "node_not_ready", "_ready_backends", "_age"),
    **{f"source {name}": source(name) for name in SOURCES},
}


@dataclass
class Rival:
    """The model with other estimators; whoever asks about the same panel shares its features."""

    name: str
    estimators: Mapping[Kind, Estimator]
    model: Model
    shared: dict[str, object] = field(repr=False)
    title: str = ""

    def scores(self, panel: Panel, outcomes: Sequence[Outcome]) -> Sequence[FloatArray]:
        """For each outcome (steps - reach + 1, entities), calibrated as the model is."""
        if self.shared.get("panel") is not panel:
            self.shared["panel"] = panel
            self.shared["rows"] = features.rows(panel, self.model.kinds[panel.kind].signals, self.model.step_seconds)
        rows = self.shared["rows"]
        assert isinstance(rows, features.Rows), "put there above"
        learned = replace(self.model.kinds[panel.kind], estimator=self.estimators[panel.kind])
        shape = (len(panel.times) - self.model.reach_steps + 1, len(panel.entities))
        found = np.full((len(outcomes), *shape), np.nan, dtype=np.float32)
        found[:, rows.step, rows.entity] = learned.calibrated(rows.values)
        return list(found)


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit without each group, judge, print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ablation", description=__doc__)
    parser.add_argument("--seed", type=int, default=made.HOLDOUT.seed)
    parser.add_argument("--training-days", type=float, default=TRAINING_DAYS)
    parser.add_argument("--days", type=float, default=made.DAYS)
    chosen = parser.parse_args(arguments)
    with Processes(made.FOLDER) as processes:
        directory = made.model(processes, made.model_folder(), made.FOLDER)
        model, _ = artifact.load(directory, {})
        past = made.history(processes, made.TRAINING, made.TRAINING_DAYS, 0.0, made.FOLDER)
        rivals = fitted(model, rows_of(model, past, chosen.training_days))
        cluster = replace(made.HOLDOUT, seed=chosen.seed)
        held_out = made.history(processes, cluster, chosen.days, made.RUN_UP_DAYS, made.FOLDER)
        reader = PrometheusReader(held_out.url, TIMEOUT_SECONDS)
        when = Stretch(held_out.start, held_out.end, STEP_SECONDS)
        records = watched(model, Panels(chunks(reader, model.catalogue, when)), rivals)
    print_table(records, rivals)
    return 0


def rows_of(model: Model, past: made.History, days: float) -> Mapping[Kind, Dataset]:
    """The rows of the last days of the training history, as the trainer draws them."""
    when = Stretch(max(past.start, past.end - days * made.DAY), past.end, STEP_SECONDS)
    reader = PrometheusReader(past.url, TIMEOUT_SECONDS)
    ahead = round(max(model.horizons_seconds) / STEP_SECONDS)
    with Spool(reader, model.catalogue, when, ahead, lambda: None) as history:
        drawn = gather(history, model.catalogue, when, model.horizons_seconds, made.MAX_ROWS)
        return with_hard(history, model.catalogue, when, drawn, SEED, made.MAX_ROWS)


def fitted(model: Model, datasets: Mapping[Kind, Dataset]) -> list[Rival]:
    """The learner with everything, and without each group."""
    shared: dict[str, object] = {}
    found = []
    for name, belongs in {"nothing": NONE, **GROUPS}.items():
        print(f"ablation: fitting without {name}", file=sys.stderr, flush=True)
        each = {kind: without(datasets[kind], model, belongs) for kind, one in model.kinds.items() if one.outcomes}
        found.append(Rival(name, each, model, shared))
    return found


def without(dataset: Dataset, model: Model, belongs: Belongs, seats: int = SEATS) -> Estimator:
    """The estimator of a kind, fitted with a group's columns empty."""
    learned = model.kinds[dataset.kind]
    blank = blanked(learned.signals, belongs)
    values = dataset.values.copy()
    values[:, blank] = np.nan
    again = fit(replace(dataset, values=values), made.ESTIMATOR, learned.signals, SEED, seats)
    if again is None or len(again.trained) < len(dataset.outcomes):
        raise SystemExit(f"ablation: an issue of {dataset.kind}s never came in these days; take more --training-days")
    return again.estimator.only(tuple(dataset.outcomes.index(o) for o in learned.outcomes))


def blanked(signals: Sequence[Signal], belongs: Belongs) -> BoolArray:
    """(features,): True for the columns of a group."""
    of = {signal.name: signal for signal in signals}
    split = [name.split(":", 1) for name in features.names(signals)]
    return np.array([belongs(of[signal], part) for signal, part in split], dtype=np.bool_)


def print_table(records: Mapping[Kind, TrackRecord], rivals: Iterable[Rival]) -> None:
    """A line per group: episodes recalled and mean average precision, of each kind and together."""
    print("| without | " + " | ".join(f"{kind} recalled, precision" for kind in KINDS) + " | recalled of all |")
    print("|---|" + "---|" * (len(KINDS) + 1))
    for rival in rivals:
        cells, recalled, episodes = [], 0, 0
        for kind in KINDS:
            seen = [figures(records[kind], outcome, rival.name) for outcome in records[kind].outcomes]
            found, every = sum(s[0] for s in seen), sum(s[1] for s in seen)
            cells.append(f"{found} of {every}, {np.mean([s[2] for s in seen if s[1]]):.3f}" if every else "-")
            recalled, episodes = recalled + found, episodes + every
        print(f"| {rival.name} | {' | '.join(cells)} | {recalled} of {episodes} ({recalled / max(1, episodes):.2f}) |")


def figures(record: TrackRecord, outcome: Outcome, name: str) -> tuple[int, int, float]:
    """Recalled episodes, episodes, average precision, of one outcome at the budget."""
    ground = ground_of(record.track(outcome), STEP_SECONDS, HOLD_SECONDS)
    days = float(ground.truth.observed.sum()) * STEP_SECONDS / made.DAY
    found = standing(name, record.beside(name, outcome), ground, int(PER_ENTITY_DAY * days))
    return found.figures.recalled, found.figures.episodes, found.pr_auc or 0.0


if __name__ == "__main__":
    sys.exit(main())
