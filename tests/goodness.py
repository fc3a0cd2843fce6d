"""Goodness of fit of counted states to exact probabilities."""

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

SMALLEST_EXPECTED = 10.0


def p_value(observed: npt.ArrayLike, probability: npt.ArrayLike) -> float:
    """Return the chi-square p-value; states are merged in order of probability until each group expects enough."""
    counts, weights = np.asarray(observed, dtype=float), np.asarray(probability, dtype=float)
    order = np.argsort(weights)
    expected = counts.sum() * weights[order] / weights.sum()
    groups = np.floor(np.cumsum(expected) / SMALLEST_EXPECTED).astype(int)
    groups = np.unique(groups, return_inverse=True)[1]
    merged_expected = np.bincount(groups, expected)
    merged_counts = np.bincount(groups, counts[order])
    if merged_expected[-1] < SMALLEST_EXPECTED:  # what is left over joins the last full group
        for merged in (merged_expected, merged_counts):
            merged[-2] += merged[-1]
        merged_expected, merged_counts = merged_expected[:-1], merged_counts[:-1]
    statistic = ((merged_counts - merged_expected) ** 2 / merged_expected).sum()
    return float(chi2.sf(statistic, len(merged_expected) - 1))
