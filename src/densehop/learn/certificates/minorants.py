"""The best weights of the own class's memories against each of the few memories of other classes that decide.

For one memory a, sum_b w_b s_b + H(w) - s_a - L h(xi_a - sum_b w_b xi_b) is concave in w, with h the largest product
with a perturbation. Its largest value is, by the minimax theorem, the smallest S_c - s_a among all perturbations of a
convex set, so that the bound is then exact for this memory.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from densehop.base.arrays import Floats, Integers, Mask

RIVALS, OWN = 12, 16  # memories of other classes that get weights of their own, and memories that share these
STEPS = 60  # of the ascent
FIRST_STEP, LONGER, LESS = 0.5, 1.3, 0.3  # its step, and the factors after a step up and after one down
LONGEST = 0.9  # step; 1 would replace the weights by those that the gradient gives
LEAST = -12.0  # log of the least weight to start from: gradient steps of the logarithm cannot leave zero


@dataclass(frozen=True, eq=False)
class Minorants:
    """What weights (B, T, m) on own memories give for T memories of other classes (B, T).

    Attributes
    ----------
    rivals : (B, T), which memories
    weights : (B, T, m)
    lower : (B, T), sum w s + H(w)
    gaps : (B, T, N), xi_a less the mean of the own memories
    """

    rivals: Integers
    weights: Floats
    lower: Floats
    gaps: Floats


# (B, T, N) of what moves a score -> the largest product with a perturbation (B, T), and that perturbation (B, T, N)
Worst = Callable[[Floats], tuple[Floats, Floats]]


def best_minorants(
    visible: Floats, sharpness: float, logs: Floats, own: Mask, exponents: Floats, worst: Worst, *, turned: bool
) -> Minorants:
    """Return weights for the memories of the largest exponents; `turned`: `worst` does not depend on the axes."""
    rivals = _largest(np.where(own, -np.inf, exponents), RIVALS)
    members = _largest(np.where(own, logs, -np.inf), OWN)
    rows = np.arange(len(logs))[:, None]
    scores = np.where(own[rows, members], logs[rows, members], -1e300)
    others, mine = visible[rivals], visible[members]
    points = _in_their_span(mine, others) if turned else (mine, others)
    weights = _ascend(scores, points[0], points[1], sharpness, worst)
    return Minorants(rivals, weights, _lower(weights, scores), others - weights @ mine)


def _largest(values: Floats, number: int) -> Integers:
    """Return the indices of the largest values of each row."""
    count = min(number, values.shape[1])
    indices: Integers = np.argpartition(-values, count - 1, axis=1)[:, :count]
    return indices


def _in_their_span(mine: Floats, others: Floats) -> tuple[Floats, Floats]:
    """Return points at the same distances from each other in as few coordinates as there are points, (B, ., m + T)."""
    number = mine.shape[1]
    both = np.concatenate([mine, others], axis=1)
    if both.shape[1] >= both.shape[2]:
        return mine, others
    both = both - both[:, :1]
    squares, axes = np.linalg.eigh(both @ both.transpose(0, 2, 1))
    flat = axes * np.sqrt(np.maximum(squares, 0))[:, None, :]
    return flat[:, :number], flat[:, number:]


def _lower(weights: Floats, scores: Floats) -> Floats:
    """Return sum w s + H(w), (B, T)."""
    logs = np.log(np.maximum(weights, 1e-300))
    terms = np.where(weights > 0, weights * (np.maximum(scores, -1e290)[:, None, :] - logs), 0)
    bounds: Floats = terms.sum(axis=2)
    return bounds


def _ascend(scores: Floats, mine: Floats, others: Floats, sharpness: float, worst: Worst) -> Floats:
    """Return the best weights (B, T, m) found; a step that does not lead up is taken back and shortened."""
    start = np.maximum(scores - scores.max(axis=1, keepdims=True), np.where(scores < -1e290, -np.inf, LEAST))
    logs = np.repeat(start[:, None, :], others.shape[1], axis=1)
    weights, logs = _normalise(logs)
    value, pull = _value(weights, scores, mine, others, sharpness, worst)
    step = np.full(value.shape, FIRST_STEP)
    for _ in range(STEPS):
        tried_weights, tried_logs = _normalise((1 - step)[:, :, None] * logs + step[:, :, None] * pull)
        tried, tried_pull = _value(tried_weights, scores, mine, others, sharpness, worst)
        up = tried > value
        value = np.where(up, tried, value)
        weights, logs, pull = (
            np.where(up[:, :, None], new, old)
            for new, old in ((tried_weights, weights), (tried_logs, logs), (tried_pull, pull))
        )
        step = np.where(up, np.minimum(LONGER * step, LONGEST), LESS * step)
    return weights


def _normalise(logs: Floats) -> tuple[Floats, Floats]:
    """Return weights of sum 1 and their logarithms."""
    logs = logs - logs.max(axis=2, keepdims=True)
    weights = np.exp(logs)
    total = weights.sum(axis=2, keepdims=True)
    return weights / total, logs - np.log(total)


def _value(
    weights: Floats, scores: Floats, mine: Floats, others: Floats, sharpness: float, worst: Worst
) -> tuple[Floats, Floats]:
    """Return the bound (B, T), and what log weights are pulled to (B, T, m): the scores at the worst perturbation."""
    products, perturbations = worst(others - weights @ mine)
    scores_there = np.where(scores < -1e290, -np.inf, scores)[:, None, :]
    pull = scores_there + sharpness * perturbations @ mine.transpose(0, 2, 1)
    return _lower(weights, scores) - sharpness * products, pull
