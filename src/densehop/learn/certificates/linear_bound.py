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
from typing import Any

import numpy as np

from densehop.base.arrays import Floats, Integers, Reals
from densehop.learn.certificates.rounding import DOUBLE

HALVINGS = 16
SPARE = 0.01  # of the largest number


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


def linear_radii(case: LinearCase) -> Floats:
    """Return certified radii (B,) in the units of the inputs: by halving between 0 and the length of the inputs."""
    dual = np.sqrt((case.visible**2).sum(axis=1)) if case.norm == "l2" else np.abs(case.visible).sum(axis=1)
    lengths = np.sqrt((case.inputs**2).sum(axis=1))
    found = np.zeros(len(lengths))
    largest = lengths if case.norm == "l2" else np.abs(case.inputs).max(axis=1)
    for row in range(len(found)):
        low, high = 0.0, float(largest[row])
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            if _holds(case, row, middle, dual):
                low = middle
            else:
                high = middle
        found[row] = low
    return found


def _holds(case: LinearCase, row: int, radius: float, dual: Floats) -> bool:
    """Return whether the lines of all memories together prove that no perturbation of this size turns a decision."""
    width, n_memories, unit = case.visible.shape[1], len(case.visible), float(case.precision.eps)
    own = case.decisions[row]
    fields = case.visible @ case.inputs[row] + case.biases
    reach = radius * dual
    error = _field_error(case, row, radius)
    low, high = fields - reach - error, fields + reach + error
    at_low, at_high = case.drive(low), case.drive(high)
    chords = (at_high - at_low) / np.maximum(high - low, 1e-300)
    tangents = case.slope(fields)
    differences = case.labels[:, own][:, None] - np.delete(case.labels, own, axis=1)  # (K, C - 1)
    rising = differences > 0
    heights = np.where(rising, case.drive(fields)[:, None], (at_low + chords * (fields - low))[:, None])
    slopes = np.where(rising, tangents[:, None], chords[:, None]) * differences
    pulls = slopes.T @ case.visible  # (C - 1, N)
    steep = np.sqrt((pulls**2).sum(axis=1)) if case.norm == "l2" else np.abs(pulls).sum(axis=1)
    margins = (heights * differences).sum(axis=0) + case.thresholds[own] - np.delete(case.thresholds, own)
    sizes = np.abs(differences)
    largest = (at_high[:, None] * sizes).sum(axis=0)  # of all that is added up here, twice in the slopes
    steepest = case.slope(high)
    moved = (steepest * error)[:, None] * sizes
    terms = n_memories + width + 4 * case.degree + 40
    lost = moved.sum(axis=0) * 2 + 2 * unit * terms * (largest + np.abs(case.thresholds).max())
    lost += 8 * DOUBLE * terms * ((steepest * reach)[:, None] * sizes).sum(axis=0)
    # the scores of both classes, each with its own rounding, whose class values may be larger than their difference
    both = np.abs(case.labels[:, own])[:, None] + np.abs(np.delete(case.labels, own, axis=1))
    lost += ((steepest * error + 2 * unit * terms * at_high)[:, None] * both).sum(axis=0)
    least = float(case.precision.tiny) * terms  # below it, numbers may be 0
    lost += least * (both.sum(axis=0) + 1 + 1 / case.factor)
    return _in_range(case, high, at_high) and bool((margins - radius * steep > lost).all())


def _in_range(case: LinearCase, high: Floats, at_high: Reals) -> bool:
    """Return whether no field, score or logit can overflow in the precision of the decision."""
    scores = (at_high[:, None] * np.abs(case.labels)).sum(axis=0) + np.abs(case.thresholds)
    sizes = (np.abs(high).max(), at_high.max(), scores.max() * max(case.factor, 1.0))
    return bool(max(sizes) < SPARE * float(case.precision.max))


def _field_error(case: LinearCase, row: int, radius: float) -> Floats:
    """Return what rounding may move each field by, in double precision and in that of the decision, (K,)."""
    width = case.visible.shape[1]
    length = float(np.sqrt((case.inputs[row] ** 2).sum())) + radius * (1 if case.norm == "l2" else np.sqrt(width))
    longest = np.sqrt((case.visible**2).sum(axis=1))
    unit = float(case.precision.eps) + DOUBLE
    error: Floats = unit * ((width + 16) * length * longest + 4 * np.abs(case.biases))
    error += 4 * DOUBLE * case.origin * longest
    return error
