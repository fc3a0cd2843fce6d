"""The degree of a classifier where none is given: the one that tells held-out or left-out samples best."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import clone

from densehop.base.arrays import Integers, Reals
from densehop.learn.classifier.scores import Memories
from densehop.learn.classifier.stopping import held_out
from densehop.learn.classifier.temperature import LeftOut

LEARNED, STORED = (10.0, 2.0), (30.0, 10.0, 100.0, 300.0)  # that are tried; the first of equal ones is taken
SHARE, SHORTER = 0.2, 2  # held out; by how much training is shorter while degrees are compared
FEWEST = 100  # samples, below which a fifth of them says nothing


def learned_degree(model: Any, data: Any, classes: Integers, random: np.random.Generator) -> float:
    """Return the degree at which copies of a model, trained for fewer epochs, give held-out classes most likely."""
    counts = np.bincount(classes)
    if len(classes) < FEWEST or counts[counts > 0].min() < 2:
        return LEARNED[0]
    training, held = held_out(classes, SHARE, random)
    shorter = {
        "max_iter": -(-model.max_iter // SHORTER),
        "early_stopping": False,
        "verbose": False,
        "random_state": int(random.integers(2**31)),
    }
    losses = []
    for degree in LEARNED:
        fitted = clone(model).set_params(degree=degree, **shorter).fit(data[training], classes[training])
        some = np.isin(classes[held], fitted.classes_)
        rows = held[some]
        found = fitted.predict_proba(data[rows])[np.arange(len(rows)), np.searchsorted(fitted.classes_, classes[rows])]
        losses.append(-float(np.log(np.maximum(found, 1e-12)).mean()))
    return LEARNED[int(np.argmin(losses))]


def stored_degree(memories: Memories, inputs: Reals, classes: Integers, degrees: Sequence[float] = STORED) -> float:
    """Return the degree at which the classes of stored inputs, each left out in turn, are most likely."""
    losses = [LeftOut(replace(memories, degree=degree), inputs, classes).loss for degree in degrees]
    return degrees[int(np.argmin(losses))]
