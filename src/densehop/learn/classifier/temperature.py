"""The inverse temperature of a classifier that stores its samples, from how well each is told by all others."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import minimize_scalar

from densehop.base.arrays import Floats, Integers, Reals
from densehop.learn.classifier.losses import softmax
from densehop.learn.classifier.scores import Memories

SAMPLES = 500  # that are left out in turn
MOST_FIELDS = 2**25  # at more memories, fewer are left out
LARGEST = 1e4  # inverse temperature


@dataclass(frozen=True, eq=False)
class LeftOut:
    """Stored inputs (M, N) and their classes (M,), from which the inverse temperature is found when first needed."""

    memories: Memories
    inputs: Reals
    classes: Integers
    weights: Floats | None = None

    @cached_property
    def _likeliest(self) -> tuple[float, float]:
        return left_out_temperature(self.memories, self.inputs, self.classes, self.weights)

    @property
    def inverse_temperature(self) -> float:
        """The most likely inverse temperature."""
        return self._likeliest[0]

    @property
    def loss(self) -> float:
        """Minus the mean logarithm of the classes' probabilities there."""
        return self._likeliest[1]


def left_out_temperature(
    memories: Memories, inputs: Reals, classes: Integers, weights: Floats | None = None
) -> tuple[float, float]:
    """Return the inverse temperature that makes the classes of stored inputs (M, N), each left out, most likely.

    The second number is the loss there, per sample.

    One further sample of the mean weight, of which nothing is known, keeps the probabilities from 0 and 1 where no
    sample is mistaken; all copies of a sample count as one of their joint weight.
    """
    most = max(MOST_FIELDS // memories.labels.size, 20)
    rows = np.arange(0, len(inputs), -(-len(inputs) // min(SAMPLES, most)))
    scores, distinct = _left_out_scores(memories, inputs, rows)
    truth = classes[rows]
    shares = np.ones(len(rows)) if weights is None else weights[rows]

    def loss(log_beta: float) -> float:
        logarithms = np.log(np.maximum(softmax(np.exp(log_beta) / memories.degree * scores), 1e-300))
        unknown = logarithms.mean(axis=1) @ shares / distinct
        return -float(logarithms[np.arange(len(rows)), truth] @ shares + unknown)

    optimum = minimize_scalar(loss, bounds=(np.log(1e-3), np.log(LARGEST)), method="bounded", options={"xatol": 1e-3})
    return float(np.exp(optimum.x)), float(optimum.fun / shares.sum())


def _left_out_scores(memories: Memories, inputs: Reals, rows: Integers) -> tuple[Floats, float]:
    """Return the scores (R, C) of some inputs without the memories that they are, and without copies of these.

    The second number is how many of the inputs are no copies of each other.
    """
    own, scores, distinct = memories.class_fields(), [], 0.0
    for row in rows:
        fields = np.maximum(memories.visible @ inputs[row] + own, memories.floor)
        copies = (inputs == inputs[row]).all(axis=1)
        distinct += 1 / int(copies.sum())
        fields[:, copies] = memories.floor
        logarithms = memories.degree * np.log(fields.astype(np.float64))
        largest = logarithms.max(axis=1, keepdims=True)
        scores.append(np.log(np.exp(logarithms - largest).sum(axis=1)) + largest[:, 0])
    return np.array(scores), distinct
