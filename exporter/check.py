"""Check: what a Prometheus and a model have to offer together, told before anybody relies on it."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from typing import Final

from commandline.tables import table
from commandline.times import moment, rfc3339
from exporter.reload import ModelSource
from exporter.settings import CheckSettings
from exporter.survey import Survey, surveyed
from predictor.artifact import Manifest, describe
from predictor.catalogue import Rule
from predictor.entities import KINDS
from predictor.model import Model
from predictor.reader import PrometheusReader, last_grid_point
from predictor.tried import never_critical, unheard
from predictor.waits import CRITICAL

NAMES: Final = {
    "node_exporter": "node_exporter",
    "cadvisor": "cAdvisor",
    "kubelet": "kubelet",
    "kube_state_metrics": "kube-state-metrics",
    "http": "HTTP",
}

HTTP_NAME: Final = "http_requests"
"""The catalogue's variable that people need most often: HTTP alone of all sources has no usual name."""


def run(settings: CheckSettings) -> int:
    """Print the coverage; 0 when every query was answered and there is something to predict, else 1.

    Raises ArtifactError, CatalogueError, LimitsError or ReadError.
    """
    model, manifest = ModelSource.of(settings).load()
    reader = PrometheusReader(settings.prometheus_url, settings.prometheus_timeout)
    at = last_grid_point(moment(settings.time, time.time()), model.step_seconds, settings.read_delay)
    survey = surveyed(reader, model.catalogue, at, model.step_seconds)
    _lines([f"model      {describe(manifest)}", f"prometheus {reader.url} at {rfc3339(at)}", ""])
    table(("signal", "kind", "source", "entities that have it", "share"), signal_rows(survey))
    _lines([""])
    table(("issue", "kind", "entities that have it now", "seen"), rule_rows(survey))
    _lines(["", *summary(survey, model, manifest)])
    return 1 if survey.failed or survey.empty else 0


def signal_rows(survey: Survey) -> list[tuple[str, ...]]:
    """One line of the table for each signal."""
    totals = {kind: len(survey.entities(kind)) for kind in KINDS}
    rows: list[tuple[str, ...]] = []
    for signal, answer in survey.signals.items():
        total, having = totals[signal.kind], len(answer.entities)
        share = f"{100 * having / total:.0f} %" if total else "-"
        counts = ("failed", "-") if answer.error else (f"{having} of {total}", share)
        rows.append((signal.name, signal.kind, NAMES[signal.source], *counts))
    return rows


def rule_rows(survey: Survey) -> list[tuple[str, ...]]:
    """One line of the table for each rule; where nothing can be seen, no number pretends otherwise."""
    rows: list[tuple[str, ...]] = []
    for rule, answer in survey.rules.items():
        blind = ", ".join(NAMES[source] for source in survey.blind(rule))
        if answer.error:
            count, seen = "failed", "-"
        elif survey.sees_nothing(rule):
            count, seen = "unknown", f"not at all: no {blind}"
        else:
            count, seen = str(len(answer.entities)), f"in part: no {blind}" if blind else "yes"
        rows.append((rule.issue, rule.kind, count, seen))
    return rows


def summary(survey: Survey, model: Model, manifest: Manifest) -> list[str]:
    """What the tables mean, in lines."""
    lines = [f"failed: {error}" for error in survey.failed]
    lines += [_absent(survey, source) for source in survey.absent_sources]
    if "http" in survey.absent_sources and HTTP_NAME in model.catalogue.variables:
        lines.append(f"HTTP metrics have other names here? --catalogue.variable {HTTP_NAME}=… (docs/catalogue.md)")
    dropped = sum(answer.dropped for answer in (*survey.signals.values(), *survey.rules.values()))
    if dropped:
        lines.append(f"{dropped} series have no usable entity labels and are left out")
    predicted = [kind for kind, of in model.kinds.items() if of.outcomes]
    untrained = [kind for kind in KINDS if kind not in predicted]
    if untrained:
        lines.append(f"the model predicts nothing for {', '.join(untrained)}: there was nothing to learn from")
    usual = [kind for kind in untrained if kind in model.kinds]
    if usual:
        lines.append(f"for {', '.join(usual)} it says how odd they look (kip_anomaly_score), and no more")
    lines += [f"not trained: {name}: {why}" for name, why in sorted(manifest.untrained.items())]
    lines += [
        f"never critical: {issue} of {kind}s: the model says {highest} at most, and critical is {CRITICAL:.0%}"
        for issue, kind, highest in never_critical(manifest)
    ]
    lines += unheard(manifest)
    counts = ", ".join(f"{len(survey.entities(kind))} {kind}s" for kind in KINDS)
    having = sum(1 for answer in survey.signals.values() if answer.entities)
    lines.append(f"{counts}; {having} of {len(survey.signals)} signals have data")
    if survey.empty:
        lines.append("nothing to predict: no entity has any signal; check the targets and --catalogue.variable")
    return lines


def _absent(survey: Survey, source: str) -> str:
    concerned = [rule for rule in survey.rules if source in survey.blind(rule)]
    unseen = [_named(rule) for rule in concerned if survey.sees_nothing(rule)]
    partly = [_named(rule) for rule in concerned if not survey.sees_nothing(rule)]
    effects = [f"{', '.join(unseen)} cannot be seen active"] if unseen else []
    effects += [f"{', '.join(partly)} only in part"] if partly else []
    return f"no {NAMES[source]} signals: {'; '.join(effects) or 'fewer signs to predict from'}"


def _named(rule: Rule) -> str:
    return f"{rule.issue} of {rule.kind}s"


def _lines(lines: Iterable[str]) -> None:
    sys.stdout.writelines(f"{line.rstrip()}\n" for line in lines)
