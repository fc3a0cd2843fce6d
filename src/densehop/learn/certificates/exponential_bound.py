"""The largest perturbation that provably leaves the decision of exponential memories as it is.

With weights w on the own class's memories, sum w = 1, and their mean m = sum w_b xi_b, convexity gives

    S_c(v + d) >= sum_b w_b s_b(v) + H(w) + L d.m,

so a memory a of another class gains at most exp(s_a - sum w s - H(w) + L R |xi_a - m|) on it, in the dual norm. Any
weights are a proof, and each memory a may have its own. The posterior at v is the first; for the memories that decide,
exponentiated gradient finds the best, which for one memory a alone gives its exact distance.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.spatial.distance import cdist

from densehop.base.arrays import Floats, Integers, Mask
from densehop.learn.certificates.box import Box
from densehop.learn.certificates.exponents import Exponents
from densehop.learn.certificates.minorants import Minorants, Worst, best_minorants
from densehop.learn.certificates.rounding import DOUBLE, Rounding

MOST_UNSURE = 100.0  # of the exponents; nothing is proved long before
ROUNDS = 3  # of better weights at the radius found before


@dataclass(frozen=True, eq=False)
class Decided:
    """Memories and inputs whose decisions are to be certified, in double precision.

    Attributes
    ----------
    visible : (K, N), sorted by class
    owners : (K,)
    sharpness : float
    inputs : (B, N)
    logs : (B, K), s_a
    decisions : (B,), the places of the classes decided for
    rounding : of this computation and of the classifier's own, together
    box : how far values may move, or None
    """

    visible: Floats
    owners: Integers
    sharpness: float
    inputs: Floats
    logs: Floats
    decisions: Integers
    rounding: Rounding
    box: Box | None = None

    @property
    def own(self) -> Mask:
        """Which memories are of the class decided for, (B, K)."""
        mask: Mask = self.owners == self.decisions[:, None]
        return mask

    @property
    def starts(self) -> Integers:
        """The first memory of each class that has any."""
        return np.unique(self.owners, return_index=True)[1]

    @cached_property
    def longest(self) -> float:
        """The length of the longest memory."""
        return float(np.sqrt((self.visible**2).sum(axis=1).max()))


def posterior_minorant(decided: Decided) -> tuple[Floats, Floats, Floats]:
    """Return the own class's score S_c (B,), the posterior mean m (B, N), and by how much rounding may move m, (B,)."""
    logs = np.where(decided.own, decided.logs, -np.inf)
    top = logs.max(axis=1, keepdims=True)
    shares = np.exp(logs - top)
    totals = shares.sum(axis=1, keepdims=True)
    lengths = np.sqrt((decided.inputs**2).sum(axis=1))
    errors = np.minimum(2 * decided.rounding.at(lengths), MOST_UNSURE)
    unsure = np.expm1(errors) + (len(decided.owners) + 20) * DOUBLE
    return np.log(totals[:, 0]) + top[:, 0], shares / totals @ decided.visible, 2 * unsure * decided.longest


def exponential_radii(decided: Decided, norm: str) -> Floats:
    """Return certified radii (B,) in the units of the inputs, in the norm "l2" or "linf"."""
    own_scores, centres, unsure = posterior_minorant(decided)
    longest = 1.0 if norm == "l2" else float(np.sqrt(decided.visible.shape[1]))  # L2 length of a perturbation of size 1
    per_dual = longest  # the dual norm of a vector of L2 length 1
    base = 2 * decided.rounding.at(np.sqrt((decided.inputs**2).sum(axis=1)))
    growth = 2 * decided.rounding.per_length * longest
    lengths = dual_lengths(centres, decided.visible, norm) + per_dual * unsure[:, None]
    intercepts = np.where(decided.own, -np.inf, decided.logs - own_scores[:, None] + base[:, None])
    exponents = Exponents(intercepts, decided.sharpness * lengths + growth, decided.starts)
    sizes = exponents.largest_sizes()
    for _ in range(ROUNDS):
        rows = np.flatnonzero((sizes > 0) & np.isfinite(sizes))
        if not len(rows):
            break
        minorants = best_minorants(
            decided.visible, decided.sharpness, decided.logs[rows], decided.own[rows],
            exponents.at(sizes)[rows], _worst(sizes[rows], norm), turned=norm == "l2",
        )  # fmt: skip
        exponents = _improve(decided, exponents, rows, minorants, sizes, (base, growth), norm)
        sizes = np.maximum(sizes, exponents.largest_sizes())
    return sizes


def _improve(
    decided: Decided,
    exponents: Exponents,
    rows: Integers,
    minorants: Minorants,
    sizes: Floats,
    slack: tuple[Floats, float],
    norm: str,
) -> Exponents:
    """Return exponents with the minorants of rival memories in place of those that are worse at the sizes."""
    base, growth = slack
    intercepts, slopes = exponents.intercepts.copy(), exponents.slopes.copy()
    pairs = (rows[:, None], minorants.rivals)
    per_dual = 1.0 if norm == "l2" else float(np.sqrt(decided.visible.shape[1]))
    new_intercepts = decided.logs[pairs] - minorants.lower + base[rows][:, None]
    gaps = minorants.gaps
    if decided.box is not None:
        gaps, limited = decided.box[rows].split(gaps, sizes[rows], norm)
        new_intercepts += decided.sharpness * limited
    rounded = 4 * (minorants.weights.shape[2] + 24) * DOUBLE * decided.longest * per_dual
    lengths = _dual(gaps, norm) * (1 + (decided.visible.shape[1] + 8) * DOUBLE)
    new_slopes = decided.sharpness * (lengths + rounded) + growth
    better = new_intercepts + new_slopes * sizes[rows][:, None] < exponents.at(sizes)[pairs]
    intercepts[pairs] = np.where(better, new_intercepts, intercepts[pairs])
    slopes[pairs] = np.where(better, new_slopes, slopes[pairs])
    return Exponents(intercepts, slopes, exponents.starts)


def _dual(gaps: Floats, norm: str) -> Floats:
    """Return the dual norm over the last axis."""
    norms: Floats = np.sqrt((gaps**2).sum(axis=-1)) if norm == "l2" else np.abs(gaps).sum(axis=-1)
    return norms


def _worst(sizes: Floats, norm: str) -> Worst:
    """Return the worst perturbation of sizes (B,)."""

    def worst(gaps: Floats) -> tuple[Floats, Floats]:
        lengths, reach = _dual(gaps, norm), sizes[:, None]
        direction = gaps / np.maximum(lengths, 1e-300)[:, :, None] if norm == "l2" else np.sign(gaps)
        return reach * lengths, reach[:, :, None] * direction

    return worst


def dual_lengths(centres: Floats, visible: Floats, norm: str) -> Floats:
    """Return upper bounds of the dual norm of each memory less each centre (B, N), (B, K)."""
    width = visible.shape[1]
    if norm == "linf":
        across: Floats = cdist(centres, visible, "cityblock") * (1 + (width + 4) * DOUBLE)
        return across
    first, second = (centres**2).sum(axis=1)[:, None], (visible**2).sum(axis=1)
    squares = first + second - 2 * centres @ visible.T
    rounded = (width + 8) * DOUBLE * (first + second)
    lengths: Floats = np.sqrt(np.maximum(squares, 0) + 2 * rounded) * (1 + 4 * DOUBLE)
    return lengths
