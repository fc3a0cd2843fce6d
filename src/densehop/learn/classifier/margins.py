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
from densehop.learn.classifier.exponential import ExponentialMemories

HEAVIEST = 32  # memories for each input whose pull is followed in the L1 norm
STEP = 0.5  # of the weights' exponentiated gradient
TINY = 1e-12  # squared length, so that no gradient divides by 0


@dataclass(frozen=True)
class Gradients:
    """d loss/d xi (K, N), d loss/d b (K,) and d loss/d log L, with the mean loss."""

    loss: float
    visible: Reals
    log_weights: Reals
    log_sharpness: float


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
    shares = memories.sums(logs)[1]
    own = memories.owners == classes[:, None]
    weights = np.where(own, shares, 0)
    if radius > 0:
        weights = _better_weights(memories, logs, weights, own, radius, norm)
    centres = weights @ memories.visible
    raised = logs.copy()
    if radius > 0:
        lengths = _lengths(memories.visible, centres, norm)
        raised += memories.sharpness * radius * lengths
    entropy = -(weights * np.log(np.maximum(weights, TINY))).sum(axis=1)
    lowered = np.where(own, weights * logs, 0).sum(axis=1) + entropy
    scores, pulls = memories.sums(raised)
    rows = np.arange(len(inputs))
    margins = lowered[:, None] - scores
    margins[rows, classes] = np.inf
    exponents = np.hstack([np.zeros((len(rows), 1), logs.dtype), -margins / temperature])
    top = exponents.max(axis=1, keepdims=True)
    odds = np.exp(exponents - top)
    total = odds.sum(axis=1, keepdims=True)
    each = np.log(total[:, 0]) + top[:, 0]
    part = np.full(len(rows), 1 / len(rows)) if amounts is None else amounts / len(rows)
    missed = odds[:, 1:] / total * (part / temperature)[:, None]  # -d loss/d margin, (B, C)
    up = np.where(own, 0, pulls * missed[:, memories.owners]).astype(logs.dtype)  # d loss/d s_a of the others
    slopes = (up - weights * missed.sum(axis=1, keepdims=True)).astype(logs.dtype)
    visible = memories.sharpness * (slopes.T @ inputs - slopes.sum(axis=0)[:, None] * memories.visible)
    log_sharpness = float((slopes * (logs - memories.log_weights)).sum())
    if radius > 0:
        log_sharpness += float((up * lengths).sum()) * memories.sharpness * radius
        to_memories, to_centres = _pulls(memories.visible, centres, lengths, memories.sharpness * radius * up, norm)
        visible += to_memories + weights.T.astype(logs.dtype) @ to_centres
    return Gradients(float(each @ part), visible, slopes.sum(axis=0), log_sharpness)


def _better_weights(
    memories: ExponentialMemories, logs: Reals, weights: Reals, own: Reals, radius: float, norm: str
) -> Reals:
    """Return weights after one step of exponentiated gradient towards the largest certified margin."""
    centres = weights @ memories.visible
    lengths = _lengths(memories.visible, centres, norm)
    raised = np.where(own, -np.inf, logs + memories.sharpness * radius * lengths)
    pulls = np.exp(raised - raised.max(axis=1, keepdims=True))
    pulls /= pulls.sum(axis=1, keepdims=True)
    worst = -radius * _pulls(memories.visible, centres, lengths, pulls, norm)[1]  # the perturbation, (B, N)
    moved = (1 - STEP) * np.log(np.maximum(weights, TINY)) + STEP * (
        logs + memories.sharpness * worst @ memories.visible.T
    )
    moved = np.where(own, moved, -np.inf)
    weights = np.exp(moved - moved.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    return weights.astype(logs.dtype)


def _lengths(visible: Reals, centres: Reals, norm: str) -> Reals:
    """Return the dual norm of each memory less each centre (B, N), (B, K)."""
    if norm == "linf":
        distances: Reals = np.empty((len(centres), len(visible)), dtype=visible.dtype)
        city_block(centres.astype(visible.dtype, copy=False), visible, distances)
        return distances
    squares = np.einsum("kn,kn->k", visible, visible) - 2 * centres @ visible.T
    squares += np.einsum("bn,bn->b", centres, centres)[:, None]
    lengths: Reals = np.sqrt(np.maximum(squares, TINY))
    return lengths


def _pulls(visible: Reals, centres: Reals, lengths: Reals, amounts: Reals, norm: str) -> tuple[Reals, Reals]:
    """Return the gradient of sum amounts * lengths by the memories (K, N) and by the centres (B, N)."""
    if norm == "l2":
        shares = amounts / lengths
        to_centres = shares.sum(axis=1)[:, None] * centres - shares @ visible
        return shares.sum(axis=0)[:, None] * visible - shares.T @ centres, to_centres
    count = min(HEAVIEST, amounts.shape[1])
    heavy = np.argpartition(-amounts, count - 1, axis=1)[:, :count]
    factors = np.take_along_axis(amounts, heavy, axis=1).astype(visible.dtype, copy=False)
    to_memories, to_centres = np.zeros_like(visible), np.zeros_like(visible, shape=centres.shape)
    add_city_block_slopes(centres.astype(visible.dtype, copy=False), visible, heavy, factors, to_centres, to_memories)
    return to_memories, to_centres
