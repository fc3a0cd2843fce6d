"""R-hat, whether chains look as if they came from one law (Vehtari, Gelman, Simpson, Carpenter and Bürkner 2021)."""

import math

import numpy as np
from scipy.special import ndtri

from densehop.base import checks
from densehop.base.arrays import ArrayLike, Floats
from densehop.errors import InvalidInput


def r_hat(series: ArrayLike, *, ranked: bool = True) -> float:
    """Return split R-hat of series (chain, sweep), burn-in already removed: near 1 where chains agree, below 1.01 say.

    Each chain is split into halves (of an odd number of sweeps the middle one is left out), so that a drift shows as
    two halves that differ. R-hat squared is the variance of all halves together over that within them. A series that
    never moves has none: nan; halves that are each stuck at a value of their own give inf.

    Parameters
    ----------
    series : (chain, sweep)
    ranked : bool, on normal scores of ranks, and the larger of the values for location and for spread around the
        median (Vehtari et al. 2021, sections 3 and 4); False: on the values themselves

    Raises
    ------
    InvalidInput
        If the series is not finite real numbers or has fewer than 4 sweeps.
    """
    array = checks.series("series", series, "(chain, sweep)")
    if array.shape[1] < 4:
        raise InvalidInput(f"series must have at least 4 sweeps, got shape {array.shape}")
    half = array.shape[1] // 2
    halves = np.concatenate([array[:, :half], array[:, -half:]])
    if not ranked:
        return _variance_ratio(halves)
    location = _variance_ratio(_normal_scores(halves))
    spread = _variance_ratio(_normal_scores(np.abs(halves - np.median(halves))))
    return location if math.isnan(spread) else max(location, spread)  # two values around the median have no spread


def _variance_ratio(halves: Floats) -> float:
    """Return the root of the variance of all chains together over the mean variance within them."""
    length = halves.shape[1]
    within = float(halves.var(axis=1, ddof=1).mean())
    between = length * float(halves.mean(axis=1).var(ddof=1))
    if not np.ptp(halves, axis=1).any():  # the variance of equal numbers may differ from 0 by rounding
        return math.inf if np.ptp(halves) else math.nan
    return math.sqrt((length - 1) / length + between / within / length)


def _normal_scores(values: Floats) -> Floats:
    """Replace values by normal quantiles of their ranks among all; equal values share their mean rank (Blom 1958)."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2
    scores: Floats = ndtri((ranks - 3 / 8) / (values.size + 1 / 4))[inverse].reshape(values.shape)
    return scores
