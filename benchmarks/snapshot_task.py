"""The old headline, for the record: five classes of single snapshots told apart by the reference forest.

Usage: python -m benchmarks.snapshot_task        writes build/snapshot_task/report.html and confusion.png

Snapshots are drawn for each class, as in the predictor this project grew from: whoever draws them knows the answer, and
a random split puts like beside like. docs/snapshot-task.md says what that is worth.
"""

from __future__ import annotations

import sys
from html import escape
from pathlib import Path
from typing import Final

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score, classification_report, confusion_matrix, precision_score, recall_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

ROOT: Final = Path(__file__).resolve().parent.parent
SNAPSHOTS: Final = 1_000
"""Of each class."""

TEST_SHARE: Final = 0.2

USUAL: Final[dict[str, tuple[float, float]]] = {
    "node_cpu_ratio": (0.15, 0.55),
    "node_memory_ratio": (0.25, 0.60),
    "node_disk_ratio": (0.20, 0.60),
    "pod_restarts": (0, 1),
    "pod_cpu_ratio": (0.10, 0.50),
    "pod_memory_ratio": (0.20, 0.60),
    "network_in_bytes_per_second": (2e5, 8e5),
    "network_out_bytes_per_second": (2e5, 8e5),
    "http_error_ratio": (0.0, 0.01),
    "response_seconds": (0.02, 0.20),
}
"""Lowest and highest value of each feature in a normal snapshot."""

UNUSUAL: Final[dict[str, dict[str, tuple[float, float]]]] = {
    "normal": {},
    "pod_failure": {"pod_restarts": (4, 12), "http_error_ratio": (0.02, 0.08)},
    "resource_exhaustion": {
        "node_cpu_ratio": (0.85, 1.0),
        "node_memory_ratio": (0.85, 1.0),
        "pod_cpu_ratio": (0.80, 1.0),
        "pod_memory_ratio": (0.85, 1.0),
    },
    "network_issue": {
        "network_in_bytes_per_second": (1e3, 4e4),
        "network_out_bytes_per_second": (1e3, 4e4),
        "response_seconds": (0.5, 3.0),
    },
    "service_disruption": {"http_error_ratio": (0.15, 0.60), "response_seconds": (1.0, 5.0)},
}
"""What sets each class apart. Nothing overlaps where it matters: that is the whole trick."""


def main() -> int:
    """Draw, split at random, fit, report; 0 when train and test are told apart without one error."""
    values, answers = drawn(np.random.default_rng(7))
    parts = train_test_split(values, answers, test_size=TEST_SHARE, random_state=7, stratify=answers)
    train_values, test_values, train_answers, test_answers = parts
    forest = reference_forest().fit(train_values, train_answers)
    folder = ROOT / "build" / "snapshot_task"
    folder.mkdir(parents=True, exist_ok=True)
    said = {"train": (train_answers, forest.predict(train_values)), "test": (test_answers, forest.predict(test_values))}
    lines = [line(name, *pair) for name, pair in said.items()]
    report = str(classification_report(*said["test"], digits=4))
    print("\n".join(lines), "", report, sep="\n")
    picture(said).savefig(folder / "confusion.png", dpi=120)
    (folder / "report.html").write_text(page(lines, report, explanation()), encoding="utf-8")
    print(f"wrote {(folder / 'report.html').relative_to(ROOT)} and confusion.png")
    return int(any(accuracy_score(*pair) < 1.0 for pair in said.values()))


def drawn(rng: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray]:
    """Snapshots, one column per feature, and the class of each."""
    tables = []
    for unusual in UNUSUAL.values():
        ranges = USUAL | unusual
        table = {name: rng.uniform(low, high, SNAPSHOTS) for name, (low, high) in ranges.items()}
        tables.append(pd.DataFrame(table | {"pod_restarts": np.rint(table["pod_restarts"])}))
    return pd.concat(tables, ignore_index=True), np.repeat(list(UNUSUAL), SNAPSHOTS)


def reference_forest() -> Pipeline:
    """The reference model of the origin."""
    forest = RandomForestClassifier(
        100, max_depth=15, min_samples_split=10, class_weight="balanced", n_jobs=2, random_state=7
    )
    return make_pipeline(StandardScaler(), forest)


def line(name: str, answers: np.ndarray, said: np.ndarray) -> str:
    """One part's three figures; precision and recall are means over the classes."""
    precision = precision_score(answers, said, average="macro")
    recall = recall_score(answers, said, average="macro")
    accuracy = accuracy_score(answers, said)
    return f"{name}: {len(answers)} snapshots, accuracy {accuracy:.2%}, precision {precision:.2%}, recall {recall:.2%}"


def picture(said: dict[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """A confusion matrix for each part."""
    mpl.rcParams["font.size"] = 9
    figure = Figure(figsize=(11, 4.6), layout="constrained")
    names = [name.replace("_", " ") for name in UNUSUAL]
    for place, (part, (answers, guesses)) in zip(figure.subplots(1, 2, sharey=True), said.items(), strict=True):
        counts = confusion_matrix(answers, guesses, labels=list(UNUSUAL))
        place.imshow(counts / counts.sum(axis=1, keepdims=True), cmap="Blues", vmin=0, vmax=1)
        for (row, column), count in np.ndenumerate(counts):
            colour = "white" if row == column else "black"
            place.text(column, row, str(count), ha="center", va="center", color=colour)
        place.set_xticks(range(len(names)), names, rotation=30, ha="right")
        place.set_yticks(range(len(names)), names)
        place.set_title(f"{part}: {len(answers)} snapshots")
        place.set_xlabel("said")
    figure.axes[0].set_ylabel("drawn as")
    return figure


def explanation() -> list[str]:
    """Why the number says little, as docs/snapshot-task.md has it."""
    text = (ROOT / "docs" / "snapshot-task.md").read_text(encoding="utf-8")
    return [part.removeprefix("- ") for part in text.splitlines() if part.startswith("- ")]


def page(lines: list[str], report: str, reasons: list[str]) -> str:
    """The report as one HTML page beside its picture."""
    return "\n".join(
        [
            '<!doctype html><html lang="en"><meta charset="utf-8"><title>Snapshot task</title>',
            "<style>body{font:16px/1.5 system-ui;max-width:70rem;margin:2rem auto}img{max-width:100%}</style>",
            "<h1>Five classes of single snapshots</h1>",
            *(f"<p>{escape(one)}</p>" for one in lines),
            "<h2>Why that number says little</h2><ul>",
            *(f"<li>{escape(one)}</li>" for one in reasons),
            '</ul><img src="confusion.png" alt="confusion matrices of train and test">',
            f"<h2>Test in detail</h2><pre>{escape(report)}</pre></html>\n",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
