"""Candidates: the estimators that compete, each behind one function from rows to a fitted estimator."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final, Literal

import numpy as np
from joblib import Parallel, delayed
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, QuantileTransformer, StandardScaler
from threadpoolctl import threadpool_limits

from predictor.estimators import Columns, Committee, Forest, Separate, columns_of
from predictor.panel import BoolArray, FloatArray
from trainer.sample import IntArray
from trainer.telling import telling

CandidateName = Literal["random_forest", "extra_trees", "hist_gradient_boosting", "logistic_regression"]

STEPS: Final = 200
"""Fewer than boosting's 255 bins, which then are the steps themselves."""

SEATS: Final = 4
"""Boosted ensembles per outcome, dealt to the views: few episodes make any one of them a matter of luck near its
threshold, and views that disagree err in different rows."""

MOST_FEATURES: Final = 100
"""A third of a pod's: what tells of one issue is in far fewer."""

COLUMNS: Final = 32
"""That a scaler is fitted on at a time, at most."""

FEW_FEATURES: Final = 40
"""For a weighted sum, which cannot leave out what does not help."""

RANDOM_FOREST_TREES: Final = 100

EXTRA_TREES: Final = 60
"""Each sees all rows: scikit-learn draws a tree's share of them by weight, which would leave out what comes before
onsets. A hundred take two thirds longer."""


@dataclass(frozen=True)
class Lessons:
    """What a candidate learns from.

    values: (rows, features), which a candidate may change in place. came, near, during: (rows, outcomes), see Dataset.
    weights: (views, rows), how many rows each stands for. worse: (features,), see directions. always: positions of
    features that need no proof, see telling. seats: boosted ensembles per outcome; forests have as large a share of
    their trees. floors: (features,), see directions; without it every value tells.
    """

    values: FloatArray
    came: BoolArray
    near: BoolArray
    during: BoolArray
    weights: FloatArray
    worse: IntArray
    always: IntArray
    seed: int
    seats: int = SEATS
    floors: FloatArray | None = None

    @property
    def weight(self) -> FloatArray:
        """(rows,): the mean of the views."""
        return np.asarray(self.weights.mean(axis=0))

    def raise_to_floors(self) -> None:
        """Raise values below the floors to them, in place.

        What boosting learns then needs no floors: its cuts lie above them, so that lower values take the same branch.
        Forests cut at a floor where all that lies above it is missing values, and would take high ones for missing.
        """
        if self.floors is not None:
            np.maximum(self.values, self.floors.astype(self.values.dtype), out=self.values)

    def share_of(self, trees: int) -> int:
        """Of a whole forest's trees, as many as of a whole committee's seats."""
        return max(1, round(trees * self.seats / SEATS))


Fit = Callable[[Lessons], Forest | Separate]


def random_forest(of: Lessons) -> Forest:
    """The reference model of the origin: 100 trees (half in a contest), depth 15, split 10, balanced, scaled."""
    trees = of.share_of(RANDOM_FOREST_TREES)
    forest = RandomForestClassifier(trees, max_depth=15, min_samples_split=10, n_jobs=2, random_state=of.seed)
    return _forest(forest, of, _balanced(of.came))


def extra_trees(of: Lessons) -> Forest:
    """Trees that draw their cuts: less variance, which few episodes need."""
    trees = of.share_of(EXTRA_TREES)
    forest = ExtraTreesClassifier(trees, min_samples_leaf=5, max_features=0.06, n_jobs=2, random_state=of.seed)
    return _forest(forest, of, of.weight)


def hist_gradient_boosting(of: Lessons) -> Separate:
    """A few boosted ensembles per outcome over the telling features, held to the way they move before trouble."""
    of.raise_to_floors()
    return Separate(_each(_boosted, of))


def _each(one: Callable[[Lessons, int], Any], of: Lessons) -> tuple[Any, ...]:
    """Every outcome's own fit, two at a time."""
    return tuple(Parallel(n_jobs=2, prefer="threads")(delayed(one)(of, i) for i in range(of.came.shape[1])))


def _boosted(of: Lessons, outcome: int) -> Any:
    rows = np.flatnonzero(~of.during[:, outcome])
    answers = of.came[rows, outcome].astype(np.int8)
    views = [of.weights[number % len(of.weights)] for number in range(of.seats)]
    chosen = [_telling(of, outcome, MOST_FEATURES, weight, of.seed + i, of.always) for i, weight in enumerate(views)]
    if not all(len(columns) for columns in chosen):
        return DummyClassifier().fit(of.values[rows], answers)
    steps = {column: stepped(of.values[rows, column]) for column in sorted(set(np.concatenate(chosen).tolist()))}
    seats = zip(chosen, views, strict=True)
    return Committee(
        tuple(
            _seat(of, columns, steps, answers, weight[rows], of.seed + i) for i, (columns, weight) in enumerate(seats)
        )
    )


def _seat(
    of: Lessons,
    chosen: IntArray,
    steps: Mapping[int, FloatArray],
    answers: np.ndarray[Any, Any],
    weight: FloatArray,
    seed: int,
) -> Any:
    boosting = HistGradientBoostingClassifier(
        max_iter=100, learning_rate=0.06, max_leaf_nodes=8, min_samples_leaf=20, l2_regularization=10.0,
        max_features=0.3, early_stopping=False, monotonic_cst=of.worse[chosen].tolist(),
        random_state=seed,
    )  # fmt: skip
    seen = weight > 0
    values = np.column_stack([steps[column][seen] for column in chosen.tolist()])
    # Where another process keeps a core busy, OpenMP threads wait for one another seven times as long as they work.
    with threadpool_limits(1, user_api="openmp"):  # OpenMP counts for each thread that asks
        boosting.fit(values, answers[seen], sample_weight=weight[seen])
    return make_pipeline(_only(chosen).fit(of.values[:1]), boosting)


def stepped(column: FloatArray) -> FloatArray:
    """The values of a column moved to at most STEPS of them, NaN left alone.

    Boosting bins its values anyhow, and with weights it takes a minute to find the bins of what has more values. The
    thresholds that it learns lie between steps, in the feature's own unit, so that nothing has to be moved later.
    """
    there = column[~np.isnan(column)]
    if not len(there):
        return column
    steps = np.unique(np.quantile(there, np.linspace(0, 1, STEPS), method="nearest"))
    nearest = steps[np.searchsorted((steps[:-1] + steps[1:]) / 2, column)]  # NaN falls to the last, and is put back
    return np.where(np.isnan(column), np.nan, nearest)


def logistic_regression(of: Lessons) -> Separate:
    """A weighted sum of ranks per outcome over few features: what is left when there is little to learn from."""
    return Separate(_each(_line, of))


def _line(of: Lessons, outcome: int) -> Any:
    rows = ~of.during[:, outcome]
    answers = of.came[rows, outcome].astype(np.int8)
    chosen = _telling(of, outcome, FEW_FEATURES, of.weight, of.seed, of.always[:0])
    if not len(chosen):
        return DummyClassifier().fit(of.values[rows], answers)
    line = make_pipeline(
        _only(chosen),
        SimpleImputer(strategy="median"),
        QuantileTransformer(n_quantiles=100, subsample=10_000, random_state=of.seed),
        LogisticRegression(C=0.05, max_iter=300),
    )
    return line.fit(of.values[rows], answers)


def _only(chosen: IntArray) -> FunctionTransformer:
    return FunctionTransformer(columns_of, kw_args={"positions": chosen})


def _telling(of: Lessons, outcome: int, most: int, weight: FloatArray, seed: int, always: IntArray) -> IntArray:
    quiet = ~of.during[:, outcome] & ~of.came[:, outcome]
    near = of.near[:, outcome]
    if not near.any():
        near = of.came[:, outcome] & ~of.during[:, outcome]
    return telling(of.values, near, quiet, weight, of.worse, most, seed, always)


CANDIDATES: Final[Mapping[CandidateName, Fit]] = {
    "random_forest": random_forest,
    "extra_trees": extra_trees,
    "hist_gradient_boosting": hist_gradient_boosting,
    "logistic_regression": logistic_regression,
}


def snapshot_forest(of: Lessons, names: tuple[str, ...]) -> Columns:
    """The reference forest on the newest sample of every signal only, as a baseline."""
    now = tuple(i for i, name in enumerate(names) if name.endswith(":now"))
    return Columns(now, random_forest(replace(of, values=of.values[:, list(now)])))


def _forest(forest: Any, of: Lessons, weight: FloatArray) -> Forest:
    scaler = _scaler(of.values)
    answers = of.came.astype(np.int8) if of.came.shape[1] > 1 else of.came[:, 0].astype(np.int8)
    forest.fit(scaler.transform(of.values, copy=False), answers, sample_weight=weight)
    forest.n_jobs = 1  # trees must add up in one order: bits, not only digits
    _cleaned(forest)
    return Forest(make_pipeline(scaler, forest), tuple(range(of.came.shape[1])))


def _scaler(values: FloatArray) -> StandardScaler:
    """A scaler fitted on some columns at a time: its sums need more memory than the rows. values: (rows, features)."""
    count = values.shape[1]
    # Of as many columns each: NumPy adds up a single one in another order.
    bounds = np.linspace(0, count, -(-count // COLUMNS) + 1).astype(int).tolist()
    with warnings.catch_warnings():
        # A signal this cluster does not have is a column of NaN, which the scaler remarks upon and the trees ignore.
        warnings.simplefilter("ignore", RuntimeWarning)
        parts = [StandardScaler().fit(values[:, first:last]) for first, last in pairwise(bounds)]
        whole = StandardScaler().fit(values[:1])
    seen = np.concatenate([np.broadcast_to(one.n_samples_seen_, one.mean_.shape) for one in parts])
    whole.n_samples_seen_ = seen if np.ptp(seen) else seen[0]
    for name in ("mean_", "var_", "scale_"):
        setattr(whole, name, np.concatenate([getattr(one, name) for one in parts]))
    return whole


def _cleaned(forest: Any) -> None:
    """Zero the bytes between the nodes of each tree, which are what was in memory there, and no two runs alike."""
    for one in forest.estimators_:
        state = one.tree_.__getstate__()
        nodes = np.zeros(state["nodes"].shape, state["nodes"].dtype)  # zeros_like leaves what is between the fields
        for name in nodes.dtype.names:
            nodes[name] = state["nodes"][name]
        one.tree_.__setstate__({**state, "nodes": nodes})


def _balanced(came: BoolArray) -> FloatArray:
    """(rows,): balanced class weights, averaged over the outcomes.

    scikit-learn's own class_weight="balanced" multiplies them over outcomes, so that a row before two rare issues
    would outweigh thousands of others.
    """
    share = came.mean(axis=0)
    return np.asarray(np.where(came, 0.5 / share, 0.5 / (1.0 - share)).mean(axis=1))
