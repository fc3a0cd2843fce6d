"""Evenly spaced numbers, each the float nearest to its decimal: `sel(temperature=1.9)` finds its point."""

from fractions import Fraction

import numpy as np

from densehop.base.arrays import Floats


def decimal_range(first: float, last: float, points: int) -> Floats:
    """Return `points` evenly spaced numbers, the ends included, without the rounding errors of sums of floats.

    The ends are read as the shortest decimals that denote them; each number is the float nearest to its exact value.
    """
    start, end = Fraction(repr(float(first))), Fraction(repr(float(last)))
    if points == 1:
        return np.array([float(start)])
    return np.array([float(start + (end - start) * k / (points - 1)) for k in range(points)])
