"""Answers: a recording's predictions, as the exporter published them or as another model would have, and onsets."""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from benchmarks.kernel.plan import NAMESPACE
from demo.loopback import fetch
from demo.processes import Processes, ours
from predictor import catalogue
from predictor.entities import Issue

SCRAPE_SECONDS: Final = 15.0
READ_DELAY_SECONDS: Final = 10.0
"""The exporter's default: a step's probability is published so long after it, and replay writes the step's own time."""

TIMEOUT_SECONDS: Final = 60.0
COLUMNS: Final = ("time", "pod", "issue", "horizon", "probability", "threshold", "active")


class NoAnswer(Exception):
    """Prometheus gave no answer to a query."""


@dataclass(frozen=True)
class Recording:
    """A Prometheus over a recording, and the first and last moment of it in Unix seconds."""

    url: str
    start: float
    end: float

    def series(self, promql: str) -> Iterator[tuple[dict[str, str], list[tuple[float, float]]]]:
        """Labels and samples of every series, one sample per scrape interval. Raises NoAnswer."""
        asked = {"query": promql, "start": self.start, "end": self.end, "step": SCRAPE_SECONDS}
        url = f"{self.url}/api/v1/query_range?{urllib.parse.urlencode(asked)}"
        answer: Any = fetch(url, TIMEOUT_SECONDS)
        if answer is None:
            raise NoAnswer(f"{self.url} did not answer {promql}")
        for one in answer["data"]["result"]:
            yield one["metric"], [(float(time), float(value)) for time, value in one["values"]]

    def onset(self, issue: Issue, pod: str, after: float) -> float | None:
        """When the catalogue's rule first said that the pod has the issue, at or after a moment; None if never."""
        rules = catalogue.load(None, {})
        rule = next(one for one in rules.rules if one.issue == issue and one.kind == "pod")
        moments = [
            time
            for labels, samples in self.series(rules.promql(rule.promql))
            if labels.get("pod") == pod
            for time, _ in samples
            if time >= after
        ]
        return min(moments, default=None)


def published(recording: Recording) -> pd.DataFrame:
    """COLUMNS of every probability of our pods that Prometheus scraped from the exporter. Raises NoAnswer."""
    ours_only = f'kind="pod",namespace="{NAMESPACE}"'
    active = {
        (labels["pod"], labels["issue"], time)
        for labels, samples in recording.series(f"kip_issue_active{{{ours_only}}} == 1")
        for time, _ in samples
    }
    threshold = {
        (labels["issue"], labels["horizon"], time): value
        for labels, samples in recording.series('kip_alert_threshold{kind="pod"}')
        for time, value in samples
    }
    rows = [
        (time, pod, issue, horizon, value, threshold[issue, horizon, time], (pod, issue, time) in active)
        for labels, samples in recording.series(f"kip_issue_probability{{{ours_only}}}")
        for pod, issue, horizon in [(labels["pod"], labels["issue"], labels["horizon"])]
        for time, value in samples
        if (issue, horizon, time) in threshold
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def replayed(recording: Recording, model_dir: Path, folder: Path) -> pd.DataFrame:
    """COLUMNS of every probability that this model would have published, by kip-trainer replay. Raises ProcessError."""
    output = folder / "replay.parquet"
    with Processes(folder) as processes:
        command = [*ours("kip-trainer"), "replay", "--prometheus.url", recording.url, "--model.dir", str(model_dir)]
        command += ["--start", f"{recording.start:.0f}", "--end", f"{recording.end:.0f}"]
        processes.run("replay", [*command, "--output.file", str(output)])
    rows = pd.read_parquet(output)
    rows = rows[(rows["kind"] == "pod") & (rows["namespace"] == NAMESPACE)].rename(columns={"name": "pod"})
    return rows.assign(time=rows["time"] + READ_DELAY_SECONDS)[list(COLUMNS)].reset_index(drop=True)
