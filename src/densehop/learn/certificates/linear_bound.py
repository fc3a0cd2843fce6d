"""The largest perturbation that provably leaves a decision by class values to first order as it is.

The margin of class c over c' at v + d is, with z_mu = zeta_mu,c - zeta_mu,c' and the drive f(h) = n max(h, 0)^(n - 1),

    S_c - S_c' = sum_mu f(h_mu + xi_mu.d) z_mu + o_c - o_c'.

For |d| <= R a field moves by no more than r_mu = R |xi_mu| in the dual norm. For n >= 2 the drive is convex: where
z_mu > 0 it lies above any line that touches it, where z_mu < 0 it lies below the chord from h_mu - r_mu to h_mu + r_mu.
The sum of these lines, of slopes g_mu and heights k_mu at d = 0, is at least

    sum_mu z_mu k_mu - R |sum_mu z_mu g_mu xi_mu|,

in which the pulls of memories that oppose each other cancel. Where that is positive for every c', the ball of radius R,
and so every smaller one, is proved; what rounding may move a score by is taken off. Where scores or logits may leave
the range of numbers in the precision of the decision, nothing is proved.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from densehop.base.arrays import Floats, Integers, Mask, Reals
from densehop.learn.certificates.roots import last_positive
from densehop.learn.certificates.rounding import DOUBLE

SPARE = 0.01  # of the largest number
NUMBERS_AT_ONCE = 2**18  # fields of pairs of an input and a rival in one block


@dataclass(frozen=True, eq=False)
class LinearCase:
    """What is certified.

    Attributes
    ----------
    visible, biases, labels, thresholds : (K, N), (K,), (K, C) and (C,)
    drive, slope : fields -> F'(h) and F''(h), the first convex, both growing
    degree : float, n
    inputs, decisions : (B, N) and (B,)
    precision : that of the decisions
    factor : float, from scores to logits
    origin : float, the length of the origin of the inputs in their units
    norm : "l2" or "linf"
    """

    visible: Floats
    biases: Floats
    labels: Floats
    thresholds: Floats
    drive: Callable[[Floats], Reals]
    slope: Callable[[Floats], Reals]
    degree: float
    inputs: Floats
    decisions: Integers
    precision: "np.finfo[Any]"  # NumPy 2.0 cannot subscript it when it runs
    factor: float
    origin: float
    norm: str

    @cached_property
    def fields(self) -> Floats:
        """h_mu of the inputs, (B, K)."""
        fields: Floats = self.inputs @ self.visible.T + self.biases
        return fields

    @cached_property
    def lengths(self) -> Floats:
        """L2 lengths of the inputs, (B,)."""
        lengths: Floats = np.sqrt((self.inputs**2).sum(axis=1))
        return lengths

    @cached_property
    def longest(self) -> Floats:
        """L2 lengths of the memories, (K,)."""
        lengths: Floats = np.sqrt((self.visible**2).sum(axis=1))
        return lengths

    def dual(self, vectors: Floats) -> Floats:
        """Return the dual norm of each vector (M, N), (M,)."""
        norms: Floats = np.sqrt((vectors**2).sum(axis=1)) if self.norm == "l2" else np.abs(vectors).sum(axis=1)
        return norms

    @cached_property
    def duals(self) -> Floats:
        """The dual norms of the memories, (K,)."""
        return self.dual(self.visible)


def linear_radii(case: LinearCase) -> Floats:
    """Return certified radii (B,) in the units of the inputs, at most the size of each input.

    The rival whose gap would close first were it linear comes first; most others then only have to hold where it ends.
    """
    radii = case.lengths.copy() if case.norm == "l2" else np.abs(case.inputs).max(axis=1)
    rows = np.arange(len(radii))
    n_classes = case.labels.shape[1]
    rivals = np.argsort(np.arange(n_classes) == case.decisions[:, None], axis=1, kind="stable")[:, :-1]
    starts, guesses = _starts(case, np.repeat(rows, n_classes - 1), rivals.ravel())
    starts, guesses = starts.reshape(rivals.shape), guesses.reshape(rivals.shape)
    radii[(starts <= 0).any(axis=1)] = 0
    for order in np.argsort(guesses, axis=1).T:
        open_rows = np.flatnonzero(radii > 0)
        against = rivals[open_rows, order[open_rows]]
        ends = gaps(case, open_rows, against, radii[open_rows])
        short = ends <= 0
        shrinking, against = open_rows[short], against[short]

        def gap(sizes: Floats, which: Integers, shrinking: Integers = shrinking, against: Integers = against) -> Floats:
            return gaps(case, shrinking[which], against[which], sizes)

        start, guess = starts[shrinking, order[shrinking]], guesses[shrinking, order[shrinking]]
        radii[shrinking] = last_positive(gap, start, radii[shrinking], ends[short], guess)
    return radii


def _starts(case: LinearCase, rows: Integers, rivals: Integers) -> tuple[Floats, Floats]:
    """Return the gaps of pairs at radius 0, and where they would close if all memories' drives were linear."""
    at_zero, guesses = np.empty(len(rows)), np.empty(len(rows))
    for block in _blocks(case, len(rows)):
        fields = case.fields[rows[block]]
        differences = case.labels.T[case.decisions[rows[block]]] - case.labels.T[rivals[block]]
        steep = case.dual((case.slope(fields) * differences) @ case.visible)
        at_zero[block] = gaps(case, rows[block], rivals[block], np.zeros(len(fields)))
        guesses[block] = at_zero[block] / np.maximum(steep, 1e-300)
    return at_zero, guesses


def _blocks(case: LinearCase, number: int) -> list[slice]:
    """Return slices of so many pairs, each of a block that fits into a cache."""
    size = max(1, NUMBERS_AT_ONCE // len(case.visible))
    return [slice(first, first + size) for first in range(0, number, size)]


def gaps(case: LinearCase, rows: Integers, rivals: Integers, radii: Floats) -> Floats:
    """Return by how much the decision of each row (P,) provably stands above a rival class at a radius, (P,).

    Rounding is taken off; minus infinity where numbers may overflow.
    """
    blocks = [np.empty(0)]
    blocks += [_gaps(case, rows[block], rivals[block], radii[block]) for block in _blocks(case, len(rows))]
    return np.concatenate(blocks)


def _gaps(case: LinearCase, rows: Integers, rivals: Integers, radii: Floats) -> Floats:
    """Return the gaps of one block of pairs."""
    own = case.decisions[rows]
    fields = case.fields[rows]
    reach = radii[:, None] * case.duals
    error = _field_errors(case, rows, radii)
    low, high = fields - reach - error, fields + reach + error
    at_low, at_high = case.drive(low), case.drive(high)
    chords = (at_high - at_low) / np.maximum(high - low, 1e-300)
    mine, theirs = case.labels.T[own], case.labels.T[rivals]
    differences = mine - theirs  # (P, K)
    rising = differences > 0
    heights = np.where(rising, case.drive(fields), at_low + chords * (fields - low))
    pulls = (np.where(rising, case.slope(fields), chords) * differences) @ case.visible  # (P, N)
    margins = (heights * differences).sum(axis=1) + case.thresholds[own] - case.thresholds[rivals]
    steepest = case.slope(high)
    lost = _lost(case, np.abs(differences), np.abs(mine) + np.abs(theirs), (at_high, steepest), (reach, error))
    return np.where(_in_range(case, high, at_high), margins - radii * case.dual(pulls) - lost, -np.inf)


def _lost(
    case: LinearCase, sizes: Floats, both: Floats, largest: tuple[Reals, Reals], moved: tuple[Floats, Floats]
) -> Floats:
    """Return what rounding may take from the gaps, (P,).

    All (P, K): sizes of differences of class values, sums of both sizes, largest drives and slopes, moves and errors.
    """
    (at_high, steepest), (reach, error) = largest, moved
    n_memories, width, unit = len(case.visible), case.visible.shape[1], float(case.precision.eps)
    terms = n_memories + width + 4 * case.degree + 40
    lost: Floats = 2 * (steepest * error * sizes).sum(axis=1)
    lost += 2 * unit * terms * ((at_high * sizes).sum(axis=1) + np.abs(case.thresholds).max())
    lost += 8 * DOUBLE * terms * (steepest * reach * sizes).sum(axis=1)
    # the scores of both classes, each with its own rounding, whose class values may be larger than their difference
    lost += ((steepest * error + 2 * unit * terms * at_high) * both).sum(axis=1)
    least = float(case.precision.tiny) * terms  # below it, numbers may be 0
    lost += least * (both.sum(axis=1) + 1 + 1 / case.factor)
    return lost


def _in_range(case: LinearCase, high: Floats, at_high: Reals) -> Mask:
    """Return where no field, score or logit can overflow in the precision of the decision, (P,)."""
    scores = (at_high @ np.abs(case.labels)).max(axis=1) + np.abs(case.thresholds).max()
    sizes = (np.abs(high).max(axis=1), at_high.max(axis=1), scores * max(case.factor, 1.0))
    in_range: Mask = np.maximum.reduce(sizes) < SPARE * float(case.precision.max)
    return in_range


def _field_errors(case: LinearCase, rows: Integers, radii: Floats) -> Floats:
    """Return what rounding may move each field by, in double precision and in that of the decision, (P, K)."""
    width = case.visible.shape[1]
    lengths = case.lengths[rows] + radii * (1 if case.norm == "l2" else np.sqrt(width))
    unit = float(case.precision.eps) + DOUBLE
    error: Floats = unit * ((width + 16) * lengths[:, None] * case.longest + 4 * np.abs(case.biases))
    error += 4 * DOUBLE * case.origin * case.longest
    return error
