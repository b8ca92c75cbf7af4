"""What reasons cost beside predictions, and how exactly they add up.

Usage: python -m benchmarks.contributions [MODEL_DIR]      default: the model of `make model`

For each kind of entity 500 rows with values as in a usual life and far outside of it, some missing; the ratio is of two
times of one run.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
from scipy.special import logit

from demo.training import MODEL_DIR
from predictor import artifact
from predictor.contributions import Votes
from predictor.model import KindModel
from predictor.panel import FloatArray

ROWS: Final = 500
REPEATS: Final = 5
MISSING: Final = 0.1

Result = TypeVar("Result")


def main(model_dir: Path) -> int:
    """Print a line for each kind; 1 when something takes a second or does not add up to 1e-6."""
    model, _ = artifact.load(model_dir, {})
    print(f"| kind | outcomes | predictions of {ROWS} | their reasons | ratio | largest difference to the output |")
    print("|---|---|---|---|---|---|")
    good = True
    for kind, learned in ((k, one) for k, one in model.kinds.items() if one.outcomes):
        values = rows(learned)
        scores, prediction_seconds = timed(partial(learned.scores, values))
        explained, reason_seconds = timed(partial(learned.contributions, values))
        difference = float(np.abs(explained.output - output(learned, scores)).max())
        good = good and reason_seconds < 1.0 and difference < 1e-6
        print(
            f"| {kind} | {len(learned.outcomes)} | {prediction_seconds:.3f} s | {reason_seconds:.3f} s "
            f"| {reason_seconds / prediction_seconds:.1f} | {difference:.1e} |"
        )
    return 0 if good else 1


def rows(learned: KindModel) -> FloatArray:
    """(ROWS, features): values from the middle of a usual life to four times its span away, some missing."""
    assert learned.oddness is not None
    random = np.random.default_rng(0)
    away = random.normal(size=(ROWS, len(learned.oddness.centre))) * random.choice([0.2, 1.0, 4.0], (ROWS, 1))
    values = learned.oddness.centre + away * learned.oddness.width
    values[random.random(values.shape) < MISSING] = np.nan
    return np.asarray(values)


def output(learned: KindModel, scores: FloatArray) -> FloatArray:
    """What contributions add up to: shares of votes for forests, log-odds for the others."""
    return scores if isinstance(learned.explained, Votes) else np.asarray(logit(scores))


def timed(work: Callable[[], Result]) -> tuple[Result, float]:
    """The result and the median of several times, in seconds."""
    seconds = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        found = work()
        seconds.append(time.perf_counter() - began)
    return found, float(np.median(seconds))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else MODEL_DIR))
