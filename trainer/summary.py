"""Summary: what a training or a judgement came to, as tables on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from commandline.tables import table
from commandline.times import span_text
from predictor.artifact import Manifest
from predictor.phrases import span
from predictor.tried import NEAR, Tried, never_critical, tried, unheard
from predictor.waits import CRITICAL


def trained(manifest: Manifest) -> None:
    """Print what the model predicts, from which probability it alerts, at what cost, and what it was not trained on."""
    rows = []
    for kind, of in manifest.thresholds.items():
        rates = manifest.scores.get(kind, {}).get("calibration_base_rate", {})
        known = tried(manifest, kind)
        for name, threshold in of.items():
            issue, _, horizon = name.partition("/")
            rate = rates.get(name)
            rows.append(
                (
                    issue,
                    kind,
                    horizon,
                    f"{threshold:.0%}",
                    "-" if rate is None else f"{rate:.2%}",
                    *_tried(known.get(name)),
                )
            )
    heading = ("issue", "of", "within", "alerts from", "base rate", "foretold", "false alarms", "highest")
    table(heading, rows, "The model predicts; foretold, false alarms per entity and day: on rows its thresholds saw")
    if manifest.false_alarms_per_entity_day is not None:
        issues = "issue" if manifest.false_alarms_price == 1 else "issues"
        sys.stdout.write(
            f"\nThresholds allow {manifest.false_alarms_per_entity_day:g} false alarms per entity and day, or as many "
            f"as do not show yet that it is more;\neach must foretell {manifest.false_alarms_price:g} {issues} more: "
            "--false-alarms.per-entity-day and --false-alarms.price.\n"
        )
    if manifest.issues_factor != 1.0:
        sys.stdout.write(
            f"\nProbabilities and base rates are for a cluster in which issues are rarer by a factor of "
            f"{manifest.issues_factor:g} than in this history:\n--issues.factor.\n"
        )
    if never := never_critical(manifest):
        what = ", ".join(f"{issue} of {kind}s" for issue, kind, _ in never)
        sys.stdout.write(f"\nNever critical, which takes {CRITICAL:.0%} within {NEAR}: {what}\n")
    sys.stdout.writelines(f"\n{line[0].upper()}{line[1:]}\n" for line in unheard(manifest))
    if manifest.untrained:
        missing = [(*name.split("/"), why) for name, why in manifest.untrained.items()]
        table(("of", "issue", "within", "why not"), missing, "\nIt does not predict")


def _tried(one: Tried | None) -> tuple[str, str, str]:
    if one is None:
        return "-", "-", "-"
    rate = one.false_alarms_per_entity_day
    return f"{one.foretold} of {one.onsets}", "-" if rate is None else f"{rate:.3f}", one.highest


def judged(scores: Mapping[str, Any]) -> None:
    """Print how well each outcome was predicted, and the verdicts; `scores` as scores.json has them."""
    rows = []
    for one in scores["outcomes"]:
        events, figures = one["events"], one["rows"]
        lead, rate = events["lead_median_seconds"], events["false_alarms_per_entity_day"]
        rows.append(
            (
                *(one["issue"], one["kind"], one["horizon"]),
                f"{events['recalled']} of {events['episodes']}",
                "-" if lead is None else span(lead),
                "-" if rate is None else f"{rate:.3f}",
                *("-" if figures[name] is None else f"{figures[name]:.2f}" for name in ("pr_auc", "brier_skill")),
                "-" if figures["ece"] is None else f"{figures['ece']:.3f}",
            )
        )
    heading = ("issue", "of", "within", "foretold", "median lead", "false alarms", "PR-AUC", "Brier skill", "ECE")
    length = span_text(round((scores["end"] - scores["start"]) / 60) * 60)
    table(heading, rows, f"Judged over {length}; false alarms per entity and day")
