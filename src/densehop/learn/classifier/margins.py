"""Losses of exponential memories and their gradients: of the margins at an input, or of those certified around it.

For a perturbation of a norm up to R and any weights w_b of the own class c, sum_b w_b = 1, with m = sum_b w_b xi_b,

    margin_c' = sum_b w_b s_b + H(w) - log sum_{a of c'} exp(s_a + L R |xi_a - m|)

in the dual norm is a lower bound of S_c - S_c' (docs/theory.md, section 18). The loss is
log(1 + sum_c' exp(-margin_c'/T)); at R = 0, with the posterior as weights, the cross-entropy of the scores over T.
"""

from dataclasses import dataclass

import numpy as np

from densehop.base.arrays import Integers, Reals
from densehop.kernels.distances import add_city_block_slopes, city_block
from densehop.learn.classifier.exponential import LEAST, ExponentialMemories
from densehop.learn.classifier.losses import softmax

HEAVIEST = 32  # memories for each input whose pull is followed in the L1 norm
STEP = 0.5  # of the weights' exponentiated gradient
TINY = 1e-12  # squared length, so that no gradient divides by 0
NO_LOSS = 1e-14  # of its derivative; see LEAST


@dataclass(frozen=True)
class Gradients:
    """d loss/d xi (K, N), d loss/d b (K,) and d loss/d log L, with the mean loss."""

    loss: float
    visible: Reals
    log_weights: Reals
    log_sharpness: float


@dataclass(frozen=True)
class Own:
    """Inputs of one class, rows (b,) of a batch, the memories of that class, and their weights w (b, m)."""

    rows: Integers
    members: slice
    weights: Reals


def margin_gradients(
    memories: ExponentialMemories,
    inputs: Reals,
    classes: Integers,
    temperature: float,
    radius: float = 0.0,
    norm: str = "l2",
    amounts: Reals | None = None,
) -> Gradients:
    """Return the loss of inputs (B, N), weighted by amounts (B,), and its gradient, the weights w held."""
    logs = memories.logs(inputs)
    own = _posteriors(memories, logs, classes)
    raised = logs
    if radius > 0:
        own = _better_weights(memories, logs, own, radius, norm)
        centres = _means(memories, own, len(inputs))
        lengths = _lengths(memories.visible, centres, norm)
        raised = logs + logs.dtype.type(memories.sharpness * radius) * lengths
    scores, pulls = memories.sums(raised)
    part = np.full(len(inputs), 1 / len(inputs)) if amounts is None else amounts / len(inputs)
    loss, missed = _loss(_lower_bounds(logs, own)[:, None] - scores, classes, temperature, part)
    up = pulls * missed.astype(logs.dtype)[:, memories.owners]  # d loss/d s_a of other classes; 0 of the own one
    slopes = up.copy()
    for one in own:
        slopes[one.rows, one.members] -= one.weights * missed[one.rows].sum(axis=1, keepdims=True).astype(logs.dtype)
    visible = memories.sharpness * (slopes.T @ inputs - slopes.sum(axis=0)[:, None] * memories.visible)
    log_sharpness = float((slopes * (logs - memories.log_weights)).sum())
    if radius > 0:
        log_sharpness += float((up * lengths).sum()) * memories.sharpness * radius
        to_memories, to_centres = _pulls(memories.visible, centres, lengths, memories.sharpness * radius * up, norm)
        visible += to_memories
        for one in own:
            visible[one.members] += one.weights.T @ to_centres[one.rows]
    return Gradients(loss, visible, slopes.sum(axis=0), log_sharpness)


def _loss(margins: Reals, classes: Integers, temperature: float, part: Reals) -> tuple[float, Reals]:
    """Return the loss of margins (B, C), of which inputs count by their parts (B,), and minus its gradient (B, C)."""
    margins[np.arange(len(classes)), classes] = np.inf
    exponents = np.hstack([np.zeros((len(classes), 1), margins.dtype), -margins / temperature])
    top = exponents.max(axis=1, keepdims=True)
    odds = np.exp(exponents - top)
    total = odds.sum(axis=1, keepdims=True)
    each = np.log(total[:, 0]) + top[:, 0]
    missed = odds[:, 1:] / total * (part / temperature)[:, None]
    return float(each @ part), np.where(missed < NO_LOSS, 0, missed)


def _posteriors(memories: ExponentialMemories, logs: Reals, classes: Integers) -> list[Own]:
    """Return the inputs of each class that has memories, weighted by the posterior."""
    starts = memories.starts
    parts = []
    for first, last in zip(starts, [*starts[1:], len(memories.owners)], strict=True):
        rows = np.flatnonzero(classes == memories.owners[first])
        if len(rows):
            members = slice(int(first), int(last))
            parts.append(Own(rows, members, _shares(logs[rows, members])))
    return parts


def _shares(logs: Reals) -> Reals:
    """Return exp(logs) of each row, normalised, none so small that the processor is slow with it."""
    return softmax(np.maximum(logs - logs.max(axis=1, keepdims=True), LEAST))


def _means(memories: ExponentialMemories, own: list[Own], n_inputs: int) -> Reals:
    """Return the own class's mean memory m at each input, (B, N)."""
    means = np.zeros_like(memories.visible, shape=(n_inputs, memories.visible.shape[1]))
    for one in own:
        means[one.rows] = one.weights @ memories.visible[one.members]
    return means


def _lower_bounds(logs: Reals, own: list[Own]) -> Reals:
    """Return sum_b w_b s_b + H(w) of each input, (B,)."""
    bounds = np.zeros_like(logs, shape=len(logs))
    for one in own:
        scores = logs[one.rows, one.members]
        bounds[one.rows] = (one.weights * (scores - np.log(np.maximum(one.weights, TINY)))).sum(axis=1)
    return bounds


def _better_weights(memories: ExponentialMemories, logs: Reals, own: list[Own], radius: float, norm: str) -> list[Own]:
    """Return weights after one step of exponentiated gradient towards the largest certified margin."""
    centres = _means(memories, own, len(logs))
    lengths = _lengths(memories.visible, centres, norm)
    raised = logs + logs.dtype.type(memories.sharpness * radius) * lengths
    for one in own:
        raised[one.rows, one.members] = -np.inf
    worst = -radius * _pulls_of_centres(memories.visible, centres, lengths, _shares(raised), norm)  # (B, N)
    better = []
    for one in own:
        moved = logs[one.rows, one.members] + memories.sharpness * worst[one.rows] @ memories.visible[one.members].T
        logarithms = (1 - STEP) * np.log(np.maximum(one.weights, TINY)) + STEP * moved
        better.append(Own(one.rows, one.members, _shares(logarithms).astype(logs.dtype)))
    return better


def _lengths(visible: Reals, centres: Reals, norm: str) -> Reals:
    """Return the dual norm of each memory less each centre (B, N), (B, K)."""
    if norm == "linf":
        distances: Reals = np.empty((len(centres), len(visible)), dtype=visible.dtype)
        city_block(centres, visible, distances)
        return distances
    squares: Reals = centres @ visible.T
    squares *= -2
    squares += np.einsum("kn,kn->k", visible, visible)
    squares += np.einsum("bn,bn->b", centres, centres)[:, None]
    np.maximum(squares, TINY, out=squares)
    return np.sqrt(squares, out=squares)


def _pulls(visible: Reals, centres: Reals, lengths: Reals, amounts: Reals, norm: str) -> tuple[Reals, Reals]:
    """Return the gradient of sum amounts * lengths by the memories (K, N) and by the centres (B, N)."""
    if norm == "l2":
        shares = amounts / lengths
        return shares.sum(axis=0)[:, None] * visible - shares.T @ centres, _towards(shares, visible, centres)
    count = min(HEAVIEST, amounts.shape[1])
    heavy = np.argpartition(-amounts, count - 1, axis=1)[:, :count]
    factors = np.take_along_axis(amounts, heavy, axis=1).astype(visible.dtype, copy=False)
    to_memories, to_centres = np.zeros_like(visible), np.zeros_like(visible, shape=centres.shape)
    add_city_block_slopes(centres, visible, heavy, factors, to_centres, to_memories)
    return to_memories, to_centres


def _pulls_of_centres(visible: Reals, centres: Reals, lengths: Reals, amounts: Reals, norm: str) -> Reals:
    """Return the gradient of sum amounts * lengths by the centres alone, (B, N)."""
    if norm == "l2":
        return _towards(amounts / lengths, visible, centres)
    return _pulls(visible, centres, lengths, amounts, norm)[1]


def _towards(shares: Reals, visible: Reals, centres: Reals) -> Reals:
    """Return sum_a share_a (m - xi_a) at each centre m, (B, N)."""
    towards: Reals = shares.sum(axis=1)[:, None] * centres - shares @ visible
    return towards
