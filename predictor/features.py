"""Features: what a window of every signal looks like, as numbers a model can weigh.

A pure function of the last REACH steps. Every sum runs over the window's offsets in one order, so that a row's bits do
not depend on how many rows or entities are computed with it: live equals history.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from predictor.catalogue import Signal
from predictor.panel import BoolArray, FloatArray, Panel

REACH_SECONDS: Final = 1800.0
"""How far back features see: the longest leaks worth a 15 minute horizon show within half an hour."""

SHORT_SECONDS: Final = 300.0
HOLD_SECONDS: Final = 90.0
"""A missed scrape or two is bridged with the last sample; more is missing."""

MAX_TIME_TO_LIMIT_SECONDS: Final = 6 * 3600.0
"""Six times the longest default horizon: beyond it, "not soon" says it all."""

MAX_SURPRISE: Final = 30.0
"""Spreads from the usual: beyond it, "never seen before" says it all."""

_OF_EVERY_SIGNAL: Final = (
    "now",
    "mean_5m",
    "change_5m",
    "change_30m",
    "slope_5m",
    "slope_30m",
    "trend_5m",
    "trend_30m",
    "spread_5m",
    "spread_30m",
    "surprise",
)
BLOCK: Final = 4_000
"""Values whose sums stay in the processor's cache while windows are gone through: a quarter of the time less."""

MAX_SHARE: Final = 1_000.0
"""Of the own recent mean."""

SMALLEST_SPREAD: Final = 1e-6
"""As a share of the mean: a signal that varies less is a constant."""

_OF_LIMITED: Final = ("time_to_limit_5m", "time_to_limit_30m")


@dataclass(frozen=True)
class Rows:
    """One row of features per step and entity that was present.

    values: (rows, features), NaN where a signal gave too little. step and entity: (rows,) positions in the panel's
    steps, counted from its first full window, and in its entities.
    """

    names: tuple[str, ...]
    values: FloatArray
    step: np.ndarray[tuple[int], np.dtype[np.intp]]
    entity: np.ndarray[tuple[int], np.dtype[np.intp]]


def reach_steps(step_seconds: float) -> int:
    """Steps in one window."""
    return round(REACH_SECONDS / step_seconds)


def names(signals: Sequence[Signal]) -> tuple[str, ...]:
    """Feature names in column order, `signal:feature`."""
    return tuple(f"{s.name}:{part}" for s in signals for part in _parts(s))


def rows(panel: Panel, signals: Sequence[Signal], step_seconds: float) -> Rows:
    """The features of every entity present at each step that ends a full window.

    panel: at least REACH steps. Its step i + REACH - 1 is row step i. Raises ValueError when the panel is shorter, or
    its signals are not those given.
    """
    reach = reach_steps(step_seconds)
    if len(panel.times) < reach:
        raise ValueError(f"a window has {reach} steps, the panel only {len(panel.times)}")
    if panel.signals != tuple(s.name for s in signals):
        raise ValueError("the panel's signals are not the model's")
    step, entity = np.nonzero(panel.present[reach - 1 :])
    columns = names(signals)
    values = np.empty((len(step), len(columns)))
    column = 0
    for i, signal in enumerate(signals):
        for feature in _features(panel.values[i], signal, reach, step_seconds):
            values[:, column] = feature[step, entity]
            column += 1
    return Rows(columns, values, step, entity)


def held(values: FloatArray, steps: int) -> FloatArray:
    """The array with gaps of at most `steps` steps filled with the last sample before them.

    values: (steps, entities). Row i depends on rows i - steps … i only.
    """
    filled = values.copy()
    for back in range(1, steps + 1):
        gap = np.isnan(filled[back:])
        filled[back:][gap] = values[:-back][gap]
    return filled


def trailing(values: FloatArray, window: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mean, standard deviation and least-squares slope per step of every trailing window, over the samples there are.

    values: (steps, entities), NaN where missing. Each result is (steps - window + 1, entities), NaN where fewer than
    half of the window's samples are there (a mean needs only one). Row i reads values[i : i + window].
    """
    count = len(values) - window + 1
    gone = np.isnan(values)
    centre = _last_sample(values, gone, window)  # sums of squares around a near value lose no digits
    n, sum_t, sum_tt = _moments(gone, window)
    sum_x, sum_xx, sum_tx = (np.zeros((count, values.shape[1])) for _ in range(3))
    size = max(1, BLOCK // max(1, values.shape[1]))
    for first in range(0, count, size):
        _add_up(values, gone, centre, window, slice(first, min(first + size, count)), (sum_x, sum_xx, sum_tx))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = sum_x / n
        variance = np.maximum(sum_xx / n - mean * mean, 0.0)
        spread_t = sum_tt - sum_t * sum_t / n
        slope = (sum_tx - sum_t * sum_x / n) / spread_t
    enough = n >= max(2, window // 2)
    return mean + centre, np.where(enough, np.sqrt(variance), np.nan), np.where(enough, slope, np.nan)


def time_to_limit(now: FloatArray, slope_per_second: FloatArray, limit: float) -> FloatArray:
    """Seconds until a straight line reaches the limit: 0 beyond it, the maximum when it never does soon.

    now: in the signal's unit. Returns the same shape, NaN where either is missing.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        seconds = (limit - now) / slope_per_second
    never = (slope_per_second <= 0) | (seconds > MAX_TIME_TO_LIMIT_SECONDS)
    bounded = np.where(never, MAX_TIME_TO_LIMIT_SECONDS, seconds)
    bounded = np.where(now >= limit, 0.0, bounded)
    return np.where(np.isnan(now) | np.isnan(slope_per_second), np.nan, bounded)


def surprise(now: FloatArray, mean: FloatArray, spread: FloatArray) -> FloatArray:
    """How many spreads a value lies from the mean of its window, so that signals of any unit compare.

    All of the same shape and in the signal's unit. NaN where one is missing.
    """
    least = SMALLEST_SPREAD * np.abs(mean) + SMALLEST_SPREAD**2  # what never moved may not divide by its rounding
    return np.clip((now - mean) / np.maximum(spread, least), -MAX_SURPRISE, MAX_SURPRISE)


def trend(slope: FloatArray, spread: FloatArray, mean: FloatArray, window: int) -> FloatArray:
    """How straight a window climbs (1) or falls (-1): the correlation of its values with time.

    slope per step, spread and mean of every window, all of the same shape; NaN where one is missing. It tells a climb
    from a jump of the same height, in any unit. Where samples are missing it may lie beyond ±1, and is cut there.
    """
    of_time = np.sqrt((window * window - 1) / 12.0)  # the spread of 0 … window - 1
    least = SMALLEST_SPREAD * np.abs(mean) + SMALLEST_SPREAD**2
    return np.asarray(np.clip(slope * of_time / np.maximum(spread, least), -1.0, 1.0))


def shares(values: FloatArray, mean: FloatArray) -> FloatArray:
    """The values over the mean of their window, at most MAX_SHARE either way; 0 where there was nothing at all."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.clip(values / np.abs(mean), -MAX_SHARE, MAX_SHARE)
    return np.where((values == 0) & (mean == 0), 0.0, found)


def _parts(signal: Signal) -> tuple[str, ...]:
    return _OF_EVERY_SIGNAL + (_OF_LIMITED if signal.limit is not None else ())


def _features(values: FloatArray, signal: Signal, reach: int, step_seconds: float) -> list[FloatArray]:
    short = max(2, round(SHORT_SECONDS / step_seconds))
    now = held(values, round(HOLD_SECONDS / step_seconds))[reach - 1 :]
    mean_long, spread_long, slope_long = trailing(values, reach)
    mean_short, spread_short, slope_short = trailing(values[reach - short :], short)
    odd = surprise(now, mean_long, spread_long)
    steady_short = trend(slope_short, spread_short, mean_short, short)
    steady_long = trend(slope_long, spread_long, mean_long, reach)
    if signal.relative:
        parts = (now, mean_short, spread_short, slope_short, spread_long, slope_long)
        now, mean_short, spread_short, slope_short, spread_long, slope_long = (shares(p, mean_long) for p in parts)
        mean_long = np.where(np.isnan(mean_long), np.nan, 1.0)
    slope_short, slope_long = slope_short / step_seconds, slope_long / step_seconds
    features = [
        now,
        mean_short,
        now - mean_short,
        now - mean_long,
        slope_short,
        slope_long,
        steady_short,
        steady_long,
        spread_short,
        spread_long,
        odd,
    ]
    if signal.limit is not None:
        features += [time_to_limit(now, slope, signal.limit) for slope in (slope_short, slope_long)]
    return features


def _add_up(
    values: FloatArray,
    gone: BoolArray,
    centre: FloatArray,
    window: int,
    rows: slice,
    sums: tuple[FloatArray, FloatArray, FloatArray],
) -> None:
    """Add the windows of some rows to the sums of values, of their squares and of time times value."""
    sum_x, sum_xx, sum_tx = (one[rows] for one in sums)
    near = centre[rows]
    x, square = np.empty_like(near), np.empty_like(near)
    gaps = bool(gone[rows.start : rows.stop + window - 1].any())
    for k in range(window):
        there = slice(rows.start + k, rows.stop + k)
        np.subtract(values[there], near, out=x)
        if gaps:
            np.copyto(x, 0.0, where=gone[there])
        sum_x += x
        np.multiply(x, x, out=square)
        sum_xx += square
        x *= float(k - window + 1)
        sum_tx += x


def _last_sample(values: FloatArray, gone: BoolArray, window: int) -> FloatArray:
    """(steps - window + 1, entities): the newest sample inside each window, NaN where there is none."""
    step = np.arange(len(values))[:, None]
    newest = np.maximum.accumulate(np.where(gone, -1, step), axis=0)[window - 1 :]
    found = np.take_along_axis(values, np.maximum(newest, 0), axis=0)
    return np.where(newest >= step[: len(newest)], found, np.nan)


def _moments(gone: BoolArray, window: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """How many samples each trailing window has, and the sums of their times and of the times' squares.

    Times count steps from the window's last. All (steps - window + 1, entities). Whole numbers, so that differences of
    running sums are exact, and no row depends on those before it.
    """
    step = np.arange(len(gone), dtype=np.float64)[:, None]
    there = np.where(gone, 0.0, 1.0)
    n, first, second = (_window_sums(there * step**power, window) for power in range(3))
    last = step[window - 1 :]
    return n, first - last * n, second - 2.0 * last * first + last * last * n


def _window_sums(whole_numbers: FloatArray, window: int) -> FloatArray:
    running = np.cumsum(whole_numbers, axis=0)
    running[window:] -= running[:-window].copy()
    return running[window - 1 :]
