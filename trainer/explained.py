"""Explained: a fitted estimator taken apart into trees and sums that say what each signal adds to a score."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
from sklearn.dummy import DummyClassifier

from predictor.contributions import LEAF, Boosted, Constant, Explained, IntArray, Several, Sum, Trees, Votes, joined
from predictor.estimators import Committee, Forest, Separate
from predictor.panel import FloatArray
from trainer.dataset import Dataset

USUAL_ROWS: Final = 3_000
"""Rows of a quiet life, from which a contribution is counted: what is usual needs no more to be known."""

PRIOR_ROWS: Final = 10.0
"""So many rows of training count at each node, for those to which hardly any usual row comes."""


def explained(estimator: Forest | Separate, usual: FloatArray) -> Explained:
    """The estimator taken apart. usual: (rows, features) of a quiet life."""
    if isinstance(estimator, Forest):
        scaler, forest = (step for _, step in estimator.pipeline.steps)
        scaled = scaler.transform(usual).astype(np.float32)
        return Votes(scaler, _measured(_voting(forest), scaled), estimator.columns)
    return Several(tuple(_outcome(one, usual) for one in estimator.pipelines))


def usual_rows(dataset: Dataset, seed: int) -> FloatArray:
    """(rows, features) of a quiet life, drawn by weight so that they look like history; see Dataset.quiet."""
    quiet = np.flatnonzero(dataset.quiet)
    if not len(quiet):
        return dataset.values[:0]
    share = dataset.weight[quiet] / dataset.weight[quiet].sum()
    chosen = np.random.default_rng(seed).choice(quiet, min(USUAL_ROWS, len(quiet)), p=share)
    return np.asarray(dataset.values[np.sort(chosen)])


def _outcome(pipeline: Any, usual: FloatArray) -> Explained:
    if isinstance(pipeline, Committee):
        seats = [(one.steps[0][1], one.steps[-1][1]) for one in pipeline.pipelines]
        of_seats = [_positions(columns) for columns, _ in seats]
        positions = np.unique(np.concatenate(of_seats))
        several = zip(seats, of_seats, strict=True)
        trees = joined(
            [_boosting(one, np.searchsorted(positions, own).astype(np.int32), len(seats)) for (_, one), own in several]
        )
        baseline = float(np.mean([boosting._baseline_prediction for _, boosting in seats]))  # no other way
        return Boosted(_measured(trees, usual[:, positions]), positions, baseline)
    if isinstance(pipeline, DummyClassifier):
        return Constant(float(pipeline.predict_proba(usual[:1] if len(usual) else np.zeros((1, 1)))[0, 1]))
    transform, line = pipeline[:-1], pipeline[-1]
    each = np.asarray(transform.transform(usual), dtype=np.float64) if len(usual) else np.zeros((1, len(line.coef_[0])))
    mean = np.asarray(each.mean(axis=0))
    return Sum(transform, _positions(pipeline.steps[0][1]), line.coef_[0], mean, float(line.intercept_[0]))


def _positions(columns: Any) -> IntArray:
    """(features,): those that the first step lets through."""
    return np.asarray(columns.kw_args["positions"], dtype=np.int32)


def _voting(forest: Any) -> Trees:
    """The trees of a forest; outputs are the shares of votes for each outcome.

    One field of all trees after the other: trees that are joined when each is whole take twice the memory.
    """
    trees = [one.tree_ for one in forest.estimators_]
    starts = np.cumsum([0, *(tree.node_count for tree in trees)])[:-1].astype(np.int32)
    shifted = list(zip(trees, starts.tolist(), strict=True))
    return Trees(
        usual=np.concatenate([tree.value[:, :, 1] / tree.value.sum(axis=2) / len(trees) for tree in trees]),
        feature=np.concatenate(
            [np.where(tree.children_left == -1, LEAF, tree.feature).astype(np.int32) for tree in trees]
        ),
        threshold=np.concatenate([tree.threshold for tree in trees]),
        left=np.concatenate([tree.children_left.astype(np.int32) + start for tree, start in shifted]),
        right=np.concatenate([tree.children_right.astype(np.int32) + start for tree, start in shifted]),
        missing_left=np.concatenate([tree.missing_go_to_left.astype(np.bool_) for tree in trees]),
        roots=starts,
    )


def _boosting(boosting: Any, columns: IntArray, seats: int) -> Trees:
    """The trees of one boosted ensemble, each a part of the mean over so many. columns: of each of its features."""
    several = []
    for (predictor,) in boosting._predictors:  # scikit-learn shows them nowhere else
        nodes = predictor.nodes
        leaf = nodes["is_leaf"].astype(np.bool_)
        output = np.where(leaf, nodes["value"], 0.0) / seats
        for node in np.flatnonzero(~leaf)[::-1]:  # children lie behind their parents
            both = [nodes["left"][node], nodes["right"][node]]
            output[node] = np.average(output[both], weights=nodes["count"][both])
        several.append(
            Trees(
                np.where(leaf, LEAF, columns[np.where(leaf, 0, nodes["feature_idx"])]).astype(np.int32),
                nodes["num_threshold"].copy(),
                nodes["left"].astype(np.int32),
                nodes["right"].astype(np.int32),
                nodes["missing_go_to_left"].astype(np.bool_),
                output[:, None],
                np.zeros(1, dtype=np.int32),
            )
        )
    return joined(several)


def _measured(trees: Trees, usual: FloatArray) -> Trees:
    """The trees with the mean output of usual rows at each node, where enough of them come; leaves as they are."""
    at = trees.starts(len(usual))
    path = [at]
    while (trees.feature[at] != LEAF).any():
        at = trees.children(at, usual)
        path.append(at)
    leaf, nodes = trees.feature == LEAF, len(trees.feature)
    came = [(level[~leaf[level]], at[~leaf[level]]) for level in path]
    count = sum((np.bincount(node, minlength=nodes) for node, _ in came), np.zeros(nodes))
    measured = np.empty_like(trees.usual)
    for output, own in enumerate(trees.usual.T):  # one at a time: of a large forest all of them take much memory
        total = sum((np.bincount(node, weights=own[end], minlength=nodes) for node, end in came), np.zeros(nodes))
        measured[:, output] = np.where(leaf, own, (total + PRIOR_ROWS * own) / (count + PRIOR_ROWS))
    return replace(trees, usual=measured)
