"""Judge the default model on ten hours of a pretend cluster whose seed no training has seen."""

from __future__ import annotations

import json
import subprocess
from typing import Any, Final

from demo.processes import ROOT, Processes, ours
from demo.training import MODEL_DIR, TRAINING_END, Cluster, backfill, history_server

UNSEEN: Final = Cluster("train", nodes=6, pods=60, seed=99, episodes_factor=32.0)
HOURS: Final = 10.0
RESULTS: Final = ROOT / "build" / "results"


def main() -> None:
    """Backfill, evaluate, print."""
    folder = ROOT / "build" / "benchmark"
    start, end = TRAINING_END, TRAINING_END + HOURS * 3600
    with Processes(folder) as processes:
        backfill(processes, UNSEEN, start, end, end, folder / "tsdb")
        _, url = history_server(processes, folder / "tsdb")
        command = [*ours("kip-trainer"), "evaluate", "--prometheus.url", url, "--model.dir", str(MODEL_DIR)]
        command += ["--start", f"{start + 1800:.0f}", "--end", f"{end:.0f}", "--results.dir", str(RESULTS)]
        subprocess.run(command, check=True)
    print("| issue | of | horizon | foretold | alerts right | median lead | false alarms a day | PR-AUC | ECE |")
    print("|---|---|---|---|---|---|---|---|---|")
    scores = json.loads((RESULTS / "scores.json").read_text())
    for one in scores["outcomes"]:
        print(row(one))
    print("\n| within | who | foretold | right | false alarms | median lead | mean PR-AUC |")
    print("|---|---|---|---|---|---|---|")
    for verdict in scores["verdicts"]:
        rivals = {rival["title"]: rival["total"] for rival in verdict["baselines"].values()}
        for who, total in {"Model": verdict["model"], **rivals}.items():
            print(rival_row(verdict["horizon"], who, total))


def row(one: dict[str, dict[str, float | None]]) -> str:
    """One outcome as a line of the README's table."""
    events, rows = one["events"], one["rows"]
    lead = "-" if events["lead_median_seconds"] is None else f"{events['lead_median_seconds'] / 60:.0f} min"
    right = "-" if events["precision"] is None else f"{events['precision']:.0%}"
    cells = [
        *(f"`{one['issue']}`", str(one["kind"]), str(one["horizon"])),
        f"{events['recalled']} of {events['episodes']}",
        *(right, lead, f"{events['false_alarms_per_entity_day']:.2f}", f"{rows['pr_auc']:.2f}", f"{rows['ece']:.3f}"),
    ]
    return f"| {' | '.join(cells)} |"


def rival_row(horizon: str, who: str, total: dict[str, Any]) -> str:
    """The model or a baseline at equal false alarms, all issues together, as a line of a table."""
    lead = "-" if total["lead_median_seconds"] is None else f"{total['lead_median_seconds'] / 60:.0f} min"
    right = "-" if total["precision"] is None else f"{total['precision']:.0%}"
    area = "-" if total["pr_auc"] is None else f"{total['pr_auc']:.2f}"
    found = f"{total['recalled']} of {total['episodes']}"
    return f"| {horizon} | {who} | {found} | {right} | {total['false_alarms']} | {lead} | {area} |"


if __name__ == "__main__":
    main()
