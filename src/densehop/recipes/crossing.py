"""Where a measured curve first falls below one half, with its error: the size of a transition in a finite system."""

import math

import numpy as np

from densehop.base.arrays import Floats

HALF = 0.5  # the level whose crossing is sought


def crossing(position: Floats, curves: Floats) -> tuple[float, float]:
    """Return where the mean of curves (disorder, position) first falls below 1/2, and the jackknife's error of that.

    Both are nan if the mean never falls below 1/2 or begins below it.
    """
    n_disorders = len(curves)
    leave_one_out = np.array([_first_below(position, (curves.sum(0) - curve) / (n_disorders - 1)) for curve in curves])
    return _first_below(position, curves.mean(0)), float(math.sqrt((n_disorders - 1) * leave_one_out.var()))


def _first_below(position: Floats, curve: Floats) -> float:
    """Return where a curve first falls below 1/2, by linear interpolation; nan if it does not, or begins below."""
    below = np.flatnonzero(curve < HALF)
    if not below.size or below[0] == 0:
        return math.nan
    before, after = below[0] - 1, below[0]
    step = (curve[before] - HALF) / (curve[before] - curve[after])
    return float(position[before] + step * (position[after] - position[before]))
