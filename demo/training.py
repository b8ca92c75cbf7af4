"""The default model: a pretend cluster's day in a real Prometheus, learned by kip-trainer."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from demo.folder import held
from demo.loopback import free_ports
from demo.processes import ROOT, Processes, binary, ours

STEP_SECONDS: Final = 30.0
MODEL_DIR: Final = ROOT / "build" / "model"
WORK_DIR: Final = ROOT / "build" / "training"
READY_SECONDS: Final = 60.0


@dataclass(frozen=True)
class Cluster:
    """Which pretend cluster: its size, what happens in it, how often and what never does, and the draw."""

    scenario: str
    nodes: int
    pods: int
    seed: int
    episodes_factor: float = 1.0
    without: tuple[str, ...] = ()

    @property
    def flags(self) -> list[str]:
        """The emitter's flags for it."""
        return [
            *("--scenario", self.scenario, "--nodes", str(self.nodes)),
            *("--pods", str(self.pods), "--seed", str(self.seed), "--step", f"{STEP_SECONDS:g}s"),
            *("--episodes.factor", f"{self.episodes_factor:g}"),
            *(("--episodes.without", ",".join(self.without)) if self.without else ()),
        ]


TRAINING: Final = Cluster("train", nodes=6, pods=60, seed=7, episodes_factor=32.0)
TRAINING_HOURS: Final = 16.0
"""Three minutes from nothing to the first prediction leave time for this much on two cores."""


TRAINING_END: Final = 1_793_491_200.0
"""2026-11-01T00:00:00Z. A fixed past gives every machine the same history, and so the same model."""

MAX_ROWS: Final = 8_000
"""A minute of fitting on two cores; the pretend cluster repeats itself sooner than a real one."""

ESTIMATOR: Final = "hist_gradient_boosting"
"""What wins on pretend clusters: to let all compete here as well would double the time to the first prediction."""

FALSE_ALARMS: Final = 0.2
"""Per entity and day. The pretend cluster fails a hundred times as often as a real one; so may its alerts."""


def backfill(processes: Processes, cluster: Cluster, start: float, end: float, anchor: float, directory: Path) -> None:
    """Write the cluster's history into a TSDB directory. Raises ProcessError."""
    shutil.rmtree(directory, ignore_errors=True)
    command = [*ours("kip-emitter"), "backfill", *cluster.flags, "--start", f"{start:.0f}", "--end", f"{end:.0f}"]
    processes.run("backfill", [*command, "--anchor", f"{anchor:.0f}", "--output.dir", str(directory)])


def history_server(processes: Processes, directory: Path) -> tuple[subprocess.Popen[bytes], str]:
    """A Prometheus that only answers queries over a TSDB directory, and its URL. Raises ProcessError."""
    config = directory.with_suffix(".yml")
    config.write_text("# scrapes nothing: history only\nglobal: {}\n", encoding="utf-8")
    url = f"127.0.0.1:{free_ports(1)[0]}"
    command = [binary("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={directory}"]
    # Old blocks would be deleted at once under the default retention, and hundreds of small ones be made a few large
    # ones, which keeps a core busy that training wants.
    command += ["--storage.tsdb.retention.time=100y", "--storage.tsdb.max-block-duration=2h"]
    command += [f"--web.listen-address={url}"]
    server = processes.start("prometheus", command)
    processes.await_url(f"http://{url}/-/ready", READY_SECONDS)
    return server, f"http://{url}"


def working_folder(model_dir: Path) -> Path:
    """Where history and logs lie while a model is made: beside it, so that two models can be made at a time."""
    model_dir = model_dir.resolve()
    return WORK_DIR if model_dir == MODEL_DIR else model_dir.with_name(f"{model_dir.name}-training")


def make_model(model_dir: Path = MODEL_DIR, hours: float = TRAINING_HOURS, cluster: Cluster = TRAINING) -> None:
    """Train the default model into a directory. Raises ProcessError."""
    start, end = TRAINING_END - hours * 3600, TRAINING_END
    folder = working_folder(model_dir)
    data = folder / "tsdb"
    with held(folder, "training"), Processes(folder) as processes:
        _say(f"backfilling {hours:g} h of a pretend cluster of {cluster.nodes} nodes and {cluster.pods} pods")
        backfill(processes, cluster, start, end, end, data)
        server, url = history_server(processes, data)
        _say("training on it")
        command = [*ours("kip-trainer"), "train", "--prometheus.url", url, "--model.dir", str(model_dir)]
        command += ["--start", f"{start:.0f}", "--end", f"{end:.0f}"]
        command += ["--estimator", ESTIMATOR, "--max-rows", str(MAX_ROWS)]
        command += ["--false-alarms.per-entity-day", str(FALSE_ALARMS)]
        processes.run("trainer", command)
        processes.end(server)
        shutil.rmtree(data, ignore_errors=True)
    _say(f"the model is in {model_dir.relative_to(ROOT) if model_dir.is_relative_to(ROOT) else model_dir}")


def _say(line: str) -> None:
    print(f"model: {line}", flush=True)
