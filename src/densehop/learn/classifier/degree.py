"""The degree of a classifier where none is given: the one that tells held-out or left-out samples best."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import clone

from densehop.base.arrays import Floats, Integers, Reals
from densehop.learn.classifier.samples import Samples
from densehop.learn.classifier.scores import Memories
from densehop.learn.classifier.stopping import held_out
from densehop.learn.classifier.temperature import LeftOut

LEARNED, STORED = (10.0, 2.0), (30.0, 10.0, 100.0, 300.0)  # that are tried; the first of equal ones is taken
SHARE, SHORTER = 0.2, 2  # held out; by how much training is shorter while degrees are compared
FEWEST = 100  # samples, below which a fifth of them says nothing


def learned_degree(model: Any, samples: Samples, random: np.random.Generator) -> float:
    """Return the degree at which copies of a model, trained for fewer epochs, give held-out classes most likely."""
    data, classes, weights = samples.data, samples.classes, samples.weights
    counts = np.bincount(classes)
    if len(classes) < FEWEST or counts[counts > 0].min() < 2:
        return LEARNED[0]
    training, held = held_out(classes, SHARE, random)
    shorter = {
        "max_iter": -(-model.max_iter // SHORTER),
        "early_stopping": False,
        "verbose": False,
        "class_weight": None,  # the samples' weights hold it
        "random_state": int(random.integers(2**31)),
    }
    losses = []
    for degree in LEARNED:
        fitted = clone(model).set_params(degree=degree, **shorter)
        fitted.fit(data[training], classes[training], None if weights is None else weights[training])
        some = np.isin(classes[held], fitted.classes_)
        rows = held[some]
        found = fitted.predict_proba(data[rows])[np.arange(len(rows)), np.searchsorted(fitted.classes_, classes[rows])]
        shares = None if weights is None else weights[rows]
        losses.append(-float(np.average(np.log(np.maximum(found, 1e-12)), weights=shares)))
    return LEARNED[int(np.argmin(losses))]


def stored_degree(
    memories: Memories,
    inputs: Reals,
    classes: Integers,
    weights: Floats | None = None,
    degrees: Sequence[float] = STORED,
) -> float:
    """Return the degree at which the classes of stored inputs, each left out in turn, are most likely."""
    raised = [replace(memories, degree=degree).weighted(weights) for degree in degrees]
    losses = [LeftOut(one, inputs, classes, weights).loss for one in raised]
    return degrees[int(np.argmin(losses))]
