"""Verdict: all outcomes of one horizon in a handful of figures and one sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trainer.judged import JudgedOutcome
from trainer.totals import Rival, Total, totals


@dataclass(frozen=True)
class HorizonVerdict:
    """What is to be said of one horizon: the model, its rivals by name, and all of it in a sentence or two."""

    horizon: str
    model: Total
    rivals: Mapping[str, Rival]
    sentence: str
    comparison: str


def verdicts(outcomes: Sequence[JudgedOutcome]) -> tuple[HorizonVerdict, ...]:
    """One verdict per horizon, the nearest first."""
    horizons = sorted({(o.outcome.horizon_seconds, o.outcome.horizon) for o in outcomes})
    return tuple(_verdict(name, [o for o in outcomes if o.outcome.horizon_seconds == h]) for h, name in horizons)


def signed(share: float) -> str:
    """A difference of shares in points, with a sign as people print it: "+12", "−3"."""
    return f"{100 * share:+.0f}".replace("-", "−")


def duration(seconds: float) -> str:
    """A lead time as people say it: "45 s", "12 min", "1 h 40 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def _verdict(horizon: str, outcomes: Sequence[JudgedOutcome]) -> HorizonVerdict:
    own, rivals = totals(outcomes)
    recalled = recalled_sentence(own.episodes, own.recalled, own.lead_median_seconds)
    alerts = alerts_sentence(own.alerts, own.early, own.false_alarms, own.false_alarms_per_entity_day)
    open_ = undecided_sentence(sum(o.events.figures.undecided for o in outcomes))
    sentence = " ".join(filter(None, (recalled, alerts, open_)))
    return HorizonVerdict(horizon, own, rivals, sentence, comparison_sentence(own, rivals))


def comparison_sentence(own: Total, rivals: Mapping[str, Rival]) -> str:
    """The best rival beside the model; empty where no issue began or nobody else was asked."""
    known = [(r.total.recalled, -r.total.false_alarms, r) for r in rivals.values() if r.total.recall is not None]
    if not known or own.recall is None:
        return ""
    best = max(known, key=lambda k: k[:2])[2]
    if not best.total.recalled:
        return "At equal false alarms, none of the baselines announced any of them."
    gain = own.recalled - best.total.recalled
    its, ours = best.total.false_alarms, own.false_alarms
    # Every outcome allows a rival one, and the model may have none.
    level = "At equal false alarms" if its <= ours else f"With {its} false alarms to the model's {ours or 'none'}"
    score = f"{level}, the best baseline, {best.title.lower()}, announced {best.total.recalled}"
    if not gain:
        return f"{score}: as many."
    points = f"{abs(gain)} {'more' if gain > 0 else 'fewer'}"
    if best.advantage_interval is None:
        return f"{score}: the model announced {points}."
    low, high = best.advantage_interval
    certain = "" if low > 0 or high < 0 else "; with other entities it could be the other way round"
    return f"{score}: the model announced {points} ({signed(low)} to {signed(high)} points of recall{certain})."


def recalled_sentence(episodes: int, recalled: int, median_seconds: float | None) -> str:
    """How many episodes were announced, and how early; median_seconds is None when none was."""
    if not episodes:
        return "No issue began, so nothing says whether one would have been foreseen."
    one = episodes == 1
    if median_seconds is None:
        who = "The one issue that began was not" if one else f"None of the {episodes} issues that began was"
        return f"{who} announced in time."
    verb = "was" if recalled == 1 else "were"
    who = "The one issue that began was" if one else f"{recalled} of the {episodes} issues that began {verb}"
    when = duration(median_seconds) if recalled == 1 else f"half of them at least {duration(median_seconds)}"
    return f"{who} announced in time, {when} before."


def alerts_sentence(alerts: int, early: int, false_alarms: int, rate: float | None) -> str:
    """How many alerts were false, and how many too early; rate: false alarms per entity and day."""
    if not alerts:
        return "There was no alert."
    if alerts == 1:
        return f"The one alert was {'a false alarm' if false_alarms else 'too early' if early else 'right'}."
    soon = f"; {early} {'was' if early == 1 else 'were'} too early" if early else ""
    if not false_alarms or rate is None:
        return f"None of the {alerts} alerts was a false alarm{soon}."
    verb = "was a false alarm" if false_alarms == 1 else "were false alarms"
    return f"{false_alarms} of the {alerts} alerts {verb}, {rate:.2g} per entity and day{soon}."


def undecided_sentence(undecided: int) -> str:
    """How many alerts nobody can judge; empty for none."""
    if not undecided:
        return ""
    more = "One more alert was" if undecided == 1 else f"{undecided} more alerts were"
    whose = "its entity" if undecided == 1 else "their entities"
    return f"{more} never decided: {whose} left, or the record ended, too early to say."
