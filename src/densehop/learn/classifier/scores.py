"""Class scores of a dense associative memory over visible and class units (Krotov & Hopfield 2016), and their gradient.

Memory mu has visible values xi_mu (N,) and class values zeta_mu (C,). With visible units v and all class units at -1
but that of class c at +1, its field is

    h_mu,c = xi_mu . v + a_mu,c,   a_mu,c = 2 zeta_mu,c - sum_c' zeta_mu,c'

and the score of class c is log sum_mu max(h_mu,c, 0)^n: the lowest energy wins. Everything stays in logarithms, so that
any degree n works in single precision.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from densehop.base.arrays import Floats, Integers, Reals


@dataclass(frozen=True)
class Memories:
    """Visible values (K, N) and class values (K, C) of K memories, the degree n, and the least field that counts."""

    visible: Reals
    labels: Reals
    degree: float
    floor: float

    def astype(self, dtype: npt.DTypeLike) -> "Memories":
        """Return the same in another precision."""
        return Memories(
            self.visible.astype(dtype, copy=False), self.labels.astype(dtype, copy=False), self.degree, self.floor
        )

    def weighted(self, weights: Floats | None) -> "Memories":
        """Return memories whose terms in the sums count by weights (K,): a factor w^(1/n) of all their values."""
        if weights is None:
            return self
        factors = (weights ** (1 / self.degree)).astype(self.visible.dtype)[:, None]
        return Memories(self.visible * factors, self.labels * factors, self.degree, self.floor)

    @property
    def divisor(self) -> float:
        """Scores over it, times the inverse temperature, are the logits."""
        return self.degree

    @property
    def n_memories(self) -> int:
        """K."""
        return len(self.visible)

    @property
    def n_classes(self) -> int:
        """C."""
        return int(self.labels.shape[1])

    def scores(self, inputs: Reals) -> Reals:
        """Return the class scores (B, C) of inputs (B, N)."""
        return class_scores(self, inputs).scores

    def shares(self, inputs: Reals, classes: Integers) -> Reals:
        """Return what each memory adds to the score of a class (B,) of inputs (B, N), up to a factor, (B, K)."""
        fields = inputs @ self.visible.T + self.class_fields()[classes]
        shares: Reals = np.maximum(fields / np.maximum(fields.max(axis=1, keepdims=True), self.floor), 0) ** self.degree
        return shares

    def class_fields(self, *, none: bool = False) -> Reals:
        """Return a_mu,c as (C, K); `none` adds a last row, all class units at -1."""
        total = self.labels.sum(axis=1)
        rows = [2 * self.labels.T - total]
        fields = np.vstack([*rows, -total[None]] if none else rows)
        return np.ascontiguousarray(fields)  # of sums with it, the last axis lies together too: twice as fast


@dataclass(frozen=True)
class Scores:
    """Scores (B, C) of inputs v (B, N), with what their gradient needs.

    Attributes
    ----------
    scores : (B, C), or (B, C + 1) with the score of no class at all
    pull : (B, C, K), d score/d field
    """

    scores: Reals
    pull: Reals


@np.errstate(under="ignore")  # whatever the program has set: a weight that is nearly nothing is nothing
def class_scores(memories: Memories, inputs: Reals, *, none: bool = False) -> Scores:
    """Return the scores of inputs (B, N) and their derivatives by the fields."""
    fields = (inputs @ memories.visible.T)[:, None, :] + memories.class_fields(none=none)
    fields = np.maximum(fields, memories.floor, out=fields)
    logarithms = np.log(fields)
    logarithms *= memories.degree
    largest = logarithms.max(axis=2, keepdims=True)
    logarithms -= largest
    weights = np.exp(logarithms, out=logarithms)
    total = weights.sum(axis=2, keepdims=True)
    scores = (np.log(total) + largest)[:, :, 0]
    weights *= fields > memories.floor
    weights /= fields
    weights *= memories.degree / total
    return Scores(scores, weights)


def input_gradient(memories: Memories, scores: Scores, upstream: Reals) -> Reals:
    """Return d loss/d v, (B, N), from d loss/d score (B, C)."""
    gradient: Reals = np.einsum("bck,bc->bk", scores.pull, upstream, optimize=True) @ memories.visible
    return gradient


def memory_gradients(memories: Memories, scores: Scores, upstream: Reals, inputs: Reals) -> tuple[Reals, Reals]:
    """Return d loss/d xi (K, N) and d loss/d zeta (K, C) from d loss/d score, (B, C) or (B, C + 1)."""
    by_visible = np.einsum("bck,bc->bk", scores.pull, upstream).T @ inputs
    by_class = np.einsum("bck,bc->ck", scores.pull, upstream)  # (C, K) or (C + 1, K)
    n_classes = memories.labels.shape[1]
    by_label = 2 * by_class[:n_classes].T - by_class.sum(axis=0)[:, None]
    return by_visible, by_label
