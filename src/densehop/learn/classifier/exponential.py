"""Class scores of exponential memories, each of which belongs to one class.

Memory a at xi_a has the weight exp(b_a - L |v - xi_a|^2/2) at an input v, and the score of class c is the logarithm of
the sum over its memories. What all classes share, L |v|^2/2, is left out:

    s_a(v) = L v . xi_a - L |xi_a|^2/2 + b_a,   S_c(v) = log sum_{a of c} exp s_a(v).

Differences of scores are the log odds of the classes if inputs are memories with Gaussian noise of variance 1/L.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from densehop.base.arrays import Integers, Reals

NOTHING = -1e30  # the score of a class without memories
LEAST = -50.0  # log of the least share: still smaller ones add nothing, and products with subnormal numbers are slow


@dataclass(frozen=True)
class ExponentialMemories:
    """Memories of an exponential classifier.

    Attributes
    ----------
    visible : (K, N)
    log_weights : (K,), b_a
    owners : (K,), the places of their classes, ascending
    sharpness : float, L
    n_classes : int
    """

    visible: Reals
    log_weights: Reals
    owners: Integers
    sharpness: float
    n_classes: int

    @property
    def divisor(self) -> float:
        """Scores are log odds as they are."""
        return 1.0

    @property
    def n_memories(self) -> int:
        """K."""
        return len(self.visible)

    @property
    def labels(self) -> Reals:
        """+1 for a memory's class and -1 for the others, (K, C)."""
        return np.where(np.arange(self.n_classes) == self.owners[:, None], 1.0, -1.0).astype(self.visible.dtype)

    @cached_property
    def starts(self) -> Integers:
        """The first memory of each class that has any."""
        return np.unique(self.owners, return_index=True)[1]

    @cached_property
    def offsets(self) -> npt.NDArray[np.float64]:
        """What does not depend on the input, b_a - L |xi_a|^2/2, (K,)."""
        squares = np.einsum("kn,kn->k", self.visible, self.visible, dtype=np.float64)
        offsets: npt.NDArray[np.float64] = self.log_weights - 0.5 * self.sharpness * squares
        return offsets

    def astype(self, dtype: npt.DTypeLike) -> "ExponentialMemories":
        """Return the same in another precision."""
        visible, log_weights = (array.astype(dtype, copy=False) for array in (self.visible, self.log_weights))
        return ExponentialMemories(visible, log_weights, self.owners, self.sharpness, self.n_classes)

    def logs(self, inputs: Reals) -> Reals:
        """Return s_a of inputs (B, N), (B, K)."""
        fields: Reals = inputs @ self.visible.T
        fields *= fields.dtype.type(self.sharpness)
        fields += self.offsets.astype(fields.dtype)
        return fields

    def scores(self, inputs: Reals) -> Reals:
        """Return S_c of inputs (B, N), (B, C)."""
        return self.sums(self.logs(inputs))[0]

    def shares(self, inputs: Reals, classes: Integers) -> Reals:
        """Return what each memory adds to the score of a class (B,) of inputs (B, N), up to a factor, (B, K)."""
        shares: Reals = np.where(self.owners == classes[:, None], self.sums(self.logs(inputs))[1], 0)
        return shares

    def sums(self, logs: Reals) -> tuple[Reals, Reals]:
        """Return log sums over each class's memories, (B, C), and the share of each memory in its sum, (B, K)."""
        sizes = np.diff([*self.starts, len(self.owners)])
        largest = np.maximum.reduceat(logs, self.starts, axis=1)
        shares = np.exp(np.maximum(logs - np.repeat(largest, sizes, axis=1), LEAST))
        totals = np.add.reduceat(shares, self.starts, axis=1)
        shares /= np.repeat(totals, sizes, axis=1)
        scores = np.full((len(logs), self.n_classes), NOTHING, dtype=logs.dtype)
        scores[:, self.owners[self.starts]] = np.log(totals) + largest
        return scores, shares
