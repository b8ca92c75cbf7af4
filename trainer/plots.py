"""Plots: one figure per question and kind, every outcome in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from predictor.entities import Kind
from predictor.panel import FloatArray
from trainer.canvas import (
    COLOURS,
    DASHES,
    FAINT,
    INK,
    RIVAL_COLOURS,
    axes_grid,
    heat,
    save,
    say_empty,
    title,
    write_cell,
)
from trainer.importances import Importances
from trainer.judged import PRETTY_ISSUE, JudgedOutcome
from trainer.scores import NO_POSITIVES, ClassFigures

TOP: Final = 20

Draw = Callable[[Axes, JudgedOutcome], None]


def write(
    kind: Kind, outcomes: Sequence[JudgedOutcome], importances: Importances | None, directory: Path
) -> dict[str, Path]:
    """Write every plot of one kind; returns caption -> PNG in reading order, empty without outcomes."""
    if not outcomes:
        return {}
    figures = {
        ("lead_times", f"How long before the onset {kind} issues were announced"): _grid(outcomes, _leads),
        ("precision_recall", f"Precision against recall for {kind} issues"): _grid(outcomes, _precision_recall, 4.6),
        ("roc", f"ROC curves for {kind} issues"): _by_issue(outcomes, _roc),
        ("reliability", f"Reliability for {kind} issues: what was said, and what came"): _grid(outcomes, _reliability),
        ("confusion", f"Rows at the alert threshold for {kind} issues"): _grid(outcomes, _confusion),
        ("classification", f"Classification report at the alert threshold for {kind} issues"): _classification(
            outcomes
        ),
    }
    if importances:
        caption = f"What the {kind} model leans on: average precision lost when one signal is shuffled"
        figures[("importances", caption)] = _importances(importances)
    return {caption: save(figure, directory / f"{kind}_{name}.png") for (name, caption), figure in figures.items()}


def _grid(outcomes: Sequence[JudgedOutcome], draw: Draw, height: float = 3.3) -> Figure:
    """One set of axes per outcome: issues downwards, horizons across."""
    issues = sorted({o.outcome.issue for o in outcomes}, key=list(PRETTY_ISSUE).index)
    horizons = sorted({o.outcome.horizon_seconds for o in outcomes})
    figure, grid = axes_grid(len(issues), len(horizons), 4.4, height)
    for line in grid:
        for axes in line:
            axes.set_visible(False)
    for one in outcomes:
        axes = grid[issues.index(one.outcome.issue)][horizons.index(one.outcome.horizon_seconds)]
        axes.set_visible(True)
        title(axes, one.title)
        draw(axes, one)
    return figure


def _by_issue(outcomes: Sequence[JudgedOutcome], draw: Callable[[Axes, Sequence[JudgedOutcome]], None]) -> Figure:
    """One set of axes per issue, all its horizons in it, at most three across."""
    issues = sorted({o.outcome.issue for o in outcomes}, key=list(PRETTY_ISSUE).index)
    columns = min(3, len(issues))
    figure, grid = axes_grid(-(-len(issues) // columns), columns, 3.9, 4.6)
    places = [axes for line in grid for axes in line]
    for axes, issue in zip(places, issues, strict=False):
        title(axes, PRETTY_ISSUE[issue])
        draw(axes, sorted((o for o in outcomes if o.outcome.issue == issue), key=lambda o: o.outcome))
    for axes in places[len(issues) :]:
        axes.set_visible(False)
    return figure


def _unit_square(axes: Axes, xlabel: str, ylabel: str) -> None:
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), xlabel=xlabel, ylabel=ylabel)
    axes.set_aspect("equal")


def _roc(axes: Axes, horizons: Sequence[JudgedOutcome]) -> None:
    known = [(o, o.curves, o.rows.roc_auc) for o in horizons if o.curves]
    if not known:
        say_empty(axes, horizons[0].rows.reasons["roc_auc"])
        return
    axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1, linestyle=":")
    for number, (one, curves, area) in enumerate(known):
        label = f"within {one.outcome.horizon}, area {area:.3f}"
        _line(axes, one, number, label, curves.false_positive_rate, curves.true_positive_rate)
    _unit_square(axes, "false positive rate", "true positive rate")
    _legend(axes)


def _precision_recall(axes: Axes, one: JudgedOutcome) -> None:
    """The model's curve over those of its rivals; guessing is the line of the base rate."""
    if one.curves is None or one.rows.base_rate is None:
        say_empty(axes, one.rows.reasons["roc_auc"])
        return
    for name, rival in one.standings.items():
        if rival.curves is not None and not rival.silent and name != "base_rate":
            label = f"{rival.title.lower()}, area {rival.pr_auc:.3f}"
            axes.plot(rival.curves.recall, rival.curves.precision, color=RIVAL_COLOURS[name], linewidth=1, label=label)
    _line(axes, one, 0, f"model, area {one.rows.pr_auc:.3f}", one.curves.recall, one.curves.precision)
    guess = f"guessing, {one.rows.base_rate:.2%}"
    axes.axhline(one.rows.base_rate, color=FAINT, linewidth=1, linestyle=":", label=guess)
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), xlabel="recall of rows", ylabel="precision of rows")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.17), fontsize=7.5, frameon=False, labelcolor=INK, ncols=2)


def _legend(axes: Axes) -> None:
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), fontsize=8, frameon=False, labelcolor=INK)


def _line(
    axes: Axes,
    one: JudgedOutcome,
    number: int,
    label: str,
    x: FloatArray,
    y: FloatArray,
) -> None:
    dash = DASHES[number % len(DASHES)]
    axes.plot(x, y, color=COLOURS[one.outcome.issue], linestyle=dash, linewidth=1.8, label=label)


def _reliability(axes: Axes, one: JudgedOutcome) -> None:
    if not one.rows.positives:
        say_empty(axes, NO_POSITIVES)
        return
    bins, colour = one.rows.reliability, COLOURS[one.outcome.issue]
    predicted, observed = [b.predicted for b in bins], [b.observed for b in bins]
    axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1, linestyle=":")
    axes.plot(predicted, observed, color=colour, linewidth=1.4)
    # Ten times the rows, a dot of 12 more square points: the far end often stands on a handful.
    axes.scatter(predicted, observed, [12 + 12 * np.log10(b.rows) for b in bins], color=colour, zorder=3, clip_on=False)
    _unit_square(axes, "predicted probability", "share that came")
    note = f"ECE {one.rows.ece:.3f}\n{one.rows.positives:,} of\n{one.rows.rows:,} rows\n\nlarger dot:\nmore rows"
    axes.text(1.05, 1.0, note, transform=axes.transAxes, va="top", size=8, color=INK)


def _confusion(axes: Axes, one: JudgedOutcome) -> None:
    if not one.rows.rows:
        say_empty(axes, "no judged rows")
        return
    c = one.rows.confusion
    table = np.array([[c.true_positives, c.false_negatives], [c.false_positives, c.true_negatives]])
    share = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    heat(axes, share)
    axes.set_xticks([0, 1], [f"alarm (≥ {one.threshold:.2f})", "quiet"])
    axes.set_yticks([0, 1], ["issue\ncame", "nothing\ncame"])
    axes.tick_params(length=0, labelsize=8.5)
    for (row, column), count in np.ndenumerate(table):
        part = f"{share[row, column]:.1%}" if table[row].sum() else "no rows"
        write_cell(axes, row, column, f"{count:,}\n{part}", share[row, column])


def _leads(axes: Axes, one: JudgedOutcome) -> None:
    figures = one.events.figures
    if not figures.leads_seconds:
        say_empty(
            axes, "no episode to announce" if not figures.episodes else f"none of {figures.episodes} episodes announced"
        )
        return
    minutes = np.array(figures.leads_seconds) / 60
    horizon = one.outcome.horizon_seconds / 60
    limit = horizon * max(1, np.ceil(minutes.max() / horizon))
    axes.hist(minutes, bins=np.linspace(0, limit, 21).tolist(), color=COLOURS[one.outcome.issue], edgecolor="white")
    median = float(np.median(minutes))
    axes.axvline(median, color=INK, linewidth=1.2)
    note = f"median {median:.0f} min\n{figures.recalled} of {figures.episodes} announced"
    axes.text(0.98, 0.97, note, transform=axes.transAxes, ha="right", va="top", size=8, color=INK)
    axes.set(xlim=(0, limit), xlabel="lead time in minutes", ylabel="episodes")
    axes.set_ylim(top=axes.get_ylim()[1] * 1.3)  # room for the note above the bars
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))


def _classification(outcomes: Sequence[JudgedOutcome]) -> Figure:
    """The report as a heat table: two lines per outcome."""
    lines: list[tuple[str, ClassFigures]] = []
    for one in outcomes:
        for name, text in (("issue", one.title), ("no_issue", "no such issue")):
            lines.append((text, one.rows.classification[name]))
    shares = [[f.precision, f.recall, f.f1] for _, f in lines]
    figure, ((axes,),) = axes_grid(1, 1, 7.5, 0.7 + 0.3 * len(lines))
    values = np.array([[np.nan if v is None else v for v in line] for line in shares])
    heat(axes, values)
    axes.set_xticks([0, 1, 2], ["precision", "recall", "F1"])
    axes.xaxis.tick_top()
    axes.set_yticks(range(len(lines)), [f"{text}, {f.rows:,} rows" for text, f in lines])
    axes.tick_params(length=0, labelsize=8.5)
    for (row, column), value in np.ndenumerate(values):
        write_cell(axes, row, column, "–" if np.isnan(value) else f"{value:.3f}", value)
    return figure


def _importances(found: Importances) -> Figure:
    top = list(found.signals.items())[:TOP]
    figure, ((axes,),) = axes_grid(1, 1, 7.5, 1.0 + 0.24 * len(top))
    names, drops = [name for name, _ in top], [drop for _, drop in top]
    axes.barh(names, [d.mean for d in drops], xerr=[d.spread for d in drops], color="#56789a", height=0.7, ecolor=FAINT)
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.invert_yaxis()
    more = "" if len(found.signals) <= TOP else f": the first {TOP} of {len(found.signals)} signals"
    title(axes, f"Average precision lost by shuffling{more}")
    axes.set_xlabel(
        f"of {found.whole:.3f}, the mean over {found.outcomes} outcomes; the whiskers are one standard deviation"
    )
    axes.grid(visible=False, axis="y")
    axes.margins(y=0.01)
    return figure
