"""Class scores to first order in the class values: what a class unit's flip changes in the energy, in one product.

Memory mu has visible values xi_mu (N,), a bias b_mu and class values zeta_mu (C,), and at inputs v the field
h_mu = xi_mu . v + b_mu. With F(h) = max(h, 0)^n, the flip of class unit c lowers the energy -sum_mu F by

    s_c(v) = sum_mu F'(h_mu) zeta_mu,c + o_c,   F'(h) = n max(h, 0)^(n - 1)

to first order in zeta (o_c: the threshold of the unit). Where zeta is small beside the fields, these are differences of
the exact energies (scores.py); one product gives all classes, where the exact energies need C powers a memory.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from densehop.base.arrays import Integers, Reals


@dataclass(frozen=True)
class LinearMemories:
    """Memories whose class values count to first order.

    Attributes
    ----------
    visible, biases, labels : (K, N), (K,) and (K, C)
    thresholds : (C,), o_c
    degree : float, n >= 2
    """

    visible: Reals
    biases: Reals
    labels: Reals
    thresholds: Reals
    degree: float

    @property
    def divisor(self) -> float:
        """Scores are log odds as they are."""
        return 1.0

    @property
    def n_memories(self) -> int:
        """K."""
        return len(self.visible)

    @property
    def n_classes(self) -> int:
        """C."""
        return int(self.labels.shape[1])

    def astype(self, dtype: npt.DTypeLike) -> "LinearMemories":
        """Return the same in another precision."""
        arrays = (self.visible, self.biases, self.labels, self.thresholds)
        visible, biases, labels, thresholds = (array.astype(dtype, copy=False) for array in arrays)
        return LinearMemories(visible, biases, labels, thresholds, self.degree)

    def fields(self, inputs: Reals) -> Reals:
        """Return h_mu of inputs (B, N), (B, K)."""
        fields: Reals = inputs @ self.visible.T
        fields += self.biases
        return fields

    def scores(self, inputs: Reals) -> Reals:
        """Return the class scores (B, C) of inputs (B, N)."""
        scores: Reals = drive(self.fields(inputs), self.degree) @ self.labels
        scores += self.thresholds
        return scores

    def shares(self, inputs: Reals, classes: Integers) -> Reals:
        """Return the size of what each memory adds to the score of a class (B,) of inputs (B, N), (B, K)."""
        shares: Reals = drive(self.fields(inputs), self.degree) * np.abs(self.labels.T[classes])
        return shares

    def input_gradient(self, inputs: Reals, upstream: Reals) -> Reals:
        """Return d loss/d v, (B, N), from d loss/d score (B, C)."""
        gradient: Reals = (upstream @ self.labels.T * slope(self.fields(inputs), self.degree)) @ self.visible
        return gradient


def drive(fields: Reals, degree: float) -> Reals:
    """Return F'(h) = n max(h, 0)^(n - 1)."""
    driven: Reals = np.maximum(fields, 0)
    if degree == 3:
        driven *= driven
    elif degree != 2:
        driven **= fields.dtype.type(degree - 1)
    driven *= fields.dtype.type(degree)
    return driven


def slope(fields: Reals, degree: float) -> Reals:
    """Return F''(h) = n (n - 1) max(h, 0)^(n - 2); 0 up to h = 0."""
    factor = fields.dtype.type(degree * (degree - 1))
    if degree == 2:
        return factor * (fields > 0)
    slopes: Reals = np.maximum(fields, 0)
    if degree != 3:
        slopes **= fields.dtype.type(degree - 2)
    slopes *= factor
    return slopes
