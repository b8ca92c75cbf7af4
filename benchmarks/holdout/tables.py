"""Tables: how well issues were foretold in one history or several, as Markdown on standard output."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from benchmarks.holdout import coincident, told
from benchmarks.holdout.told import Told
from benchmarks.holdout.trial import Trial, counted, keys
from benchmarks.holdout.trusted import bands, trusted

RAMPED_SECONDS: Final = 900.0
"""Faults that last at least a quarter of an hour are those that anybody could have foreseen."""

OFTEN: Final = 200
SKILL: Final = 0.3
"""What Brier skill is asked for, of outcomes that came in so many rows."""


def print_all(title: str, trials: Sequence[Trial], whole: bool) -> None:
    """All tables of some histories; those of probabilities only where nothing was taken away."""
    print(f"\n## {title}")
    if whole:
        print_outcomes(trials)
        print_bands(trials)
    print_told(trials)
    print_mistaken(trials)


def print_outcomes(trials: Sequence[Trial]) -> None:
    """A table of all outcomes."""
    print("\n| issue | of | horizon | threshold | episodes foretold | false alarms a day and entity ", end="")
    print("| rows ahead of it | ECE | Brier skill | calibrated in hindsight | its ceiling | once a tenth shows |")
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    worth = trusted(trials)
    for key, rows in worth.items():
        (kind, issue, horizon), events = key, counted(trials, key)
        threshold = next(one.judged[key][0].threshold for one in trials if key in one.judged)
        print(f"| `{issue}` | {kind} | {horizon} | {threshold:.2f} | {events.recalled} of {events.episodes} ", end="")
        print(f"| {_digits(events.false_alarms_per_entity_day)} | {rows.positives} | {_digits(rows.ece)} ", end="")
        print(f"| {_digits(rows.brier_skill)} | {_digits(rows.discriminating)} ", end="")
        print(f"| {_digits(rows.ceiling)} | {_digits(rows.visible)} |")
    often = [one for one in worth.values() if one.positives >= OFTEN and one.brier_skill is not None]
    skilled = sum(one.brier_skill is not None and one.brier_skill > SKILL for one in often)
    print(f"\nBrier skill above {SKILL:g} in {skilled} of the {len(often)} outcomes with at least {OFTEN} rows ahead")


def print_bands(trials: Sequence[Trial]) -> None:
    """What was said and what came, for each horizon."""
    for horizon in dict.fromkeys(key[2] for key in keys(trials)):
        print(f"\n| it said, within {horizon} | rows | on average | and it came in |")
        print("|---|---|---|---|")
        for one in bands(trials, horizon):
            said, came = ("-" if share is None else f"{share:.1%}" for share in (one.said, one.came))
            print(f"| {one.low:.0%} to {one.high:.0%} | {one.rows} | {said} | {came} |")


def _digits(figure: float | None) -> str:
    return "-" if figure is None else f"{figure:.3f}"


def print_told(trials: Sequence[Trial]) -> None:
    """A table of ramped faults by type."""
    told_of = [one for trial in trials for one in told.faults(trial.truth, trial.judged)]
    begun = [one for one in told_of if one.predictable and one.ramp_seconds >= RAMPED_SECONDS]
    print("\n| ramped faults of at least 15 minutes | foretold 2 min before | median lead | 10 % below |")
    print("|---|---|---|---|")
    for kind in sorted({one.type for one in begun}):
        print(_line(kind, [one for one in begun if one.type == kind]))
    print(_line("**all**", begun))
    every = [fault for trial in trials for fault in told.judgeable(trial.truth, trial.judged)]
    ramped = [f for f in every if f["predictable"] and f["ramp_seconds"] >= RAMPED_SECONDS]
    print(f"\n{len(ramped) - len(begun)} more never began, began before or in the wake of another, or after the end")


def print_mistaken(trials: Sequence[Trial]) -> None:
    """Which look-alikes raised a false alarm, with the faults beside it, and what those of nodes raised of pods."""
    several = [(trial, told.lookalikes(trial.truth, trial.judged)) for trial in trials]
    every = [one for _, mistaken in several for one in mistaken]
    alarms, episodes = sum(len(one.alarms) for one in every), sum(bool(one.alarms) for one in every)
    print(f"\n{alarms} false alarms in {episodes} of {len(every)} look-alike episodes")
    of_pods = []
    for trial, mistaken in several:
        node = coincident.node_of(trial.url)
        for one in mistaken:
            for alarm in one.alarms:
                print(_said(one.type, alarm, coincident.faults_beside(trial.truth, alarm, node(alarm))))
        own = {alarm for one in mistaken for alarm in one.alarms}
        for lookalike, alarm in coincident.of_pods(trial.truth, trial.judged, node):
            if alarm not in own:
                of_pods.append(_said(lookalike, alarm, coincident.faults_beside(trial.truth, alarm, node(alarm))))
    print(f"\n{len(of_pods)} false alarms of pods while their node had a look-alike, not counted above")
    print("\n".join(of_pods))


def _said(lookalike: str, alarm: told.FalseAlarm, faults: Sequence[str]) -> str:
    beside = f", beside {', '.join(faults)}" if faults else ""
    return f"- {lookalike}: {alarm.issue} of {alarm.kind} {alarm.entity[1]} within {alarm.horizon}{beside}"


def _line(name: str, faults: Iterable[Told]) -> str:
    several = list(faults)
    foretold = sum(one.lead_seconds is not None for one in several)
    median, tenth = (f"{lead:.1f} min" if foretold else "-" for lead in told.leads_minutes(several, (0.5, 0.1)))
    return f"| {name} | {foretold} of {len(several)} | {median} | {tenth} |"
