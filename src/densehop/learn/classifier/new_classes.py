"""Exponential memories of classes that first come in a later part of the data: the others never turn into these."""

from typing import Any

import numpy as np

from densehop.base.arrays import Floats, Integers, Reals
from densehop.learn.classifier.exponential_learner import ExponentialLearner, first_rows, jittered, number_of
from densehop.learn.classifier.sharpness import likeliest_sharpness


def add_new_classes(
    learner: ExponentialLearner,
    model: Any,
    inputs: Reals,
    classes: Integers,
    weights: Floats | None,
    random: np.random.Generator,
) -> None:
    """Give memories to the classes of inputs (M, N) that have none: samples of theirs, as at the start.

    While there was one class, nothing told how sharp memories should be: with the second one it is found anew.
    """
    missing = np.setdiff1d(classes, learner.owners)
    if len(missing) == 0:
        return
    seen = inputs if learner.axes is None else inputs @ learner.axes.T
    visible, log_weights, log_sharpness = learner.trainer.arrays
    if len(np.unique(learner.owners)) == 1 and model.sharpness is None:
        amounts = None if weights is None else np.concatenate([np.ones(len(visible)), weights])
        both = np.vstack([visible, seen]), np.concatenate([learner.owners, classes])
        log_sharpness = np.log(np.array([likeliest_sharpness(*both, amounts)]))
    number = number_of(model, len(inputs), len(missing) / learner.n_classes)
    came = np.flatnonzero(np.isin(classes, missing))
    rows = came[first_rows(classes[came], None, number, random)]
    owners = np.concatenate([learner.owners, classes[rows]])
    order = np.argsort(owners, kind="stable")
    added = [jittered(seen[rows], random), np.zeros(len(rows), log_weights.dtype), None]

    def joined(arrays: list[Reals], ends: list[Reals | None]) -> list[Reals]:
        return [
            array if end is None else np.concatenate([array, end])[order]
            for array, end in zip(arrays, ends, strict=True)
        ]

    trainer, learner.owners = learner.trainer, owners[order]
    nothing = [None if end is None else np.zeros_like(end) for end in added]
    trainer.arrays[:] = joined([visible, log_weights, log_sharpness], added)
    trainer.adam.means[:] = joined(trainer.adam.means, nothing)
    trainer.adam.squares[:] = joined(trainer.adam.squares, nothing)
