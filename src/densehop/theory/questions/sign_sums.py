"""The law of a sum of independent signs."""

import numpy as np
from scipy.special import gammaln, xlogy

from densehop.base.arrays import Floats


def sign_sums(size: int, mean: float = 0.0) -> tuple[Floats, Floats]:
    """Return the values S = -n, -n + 2, ..., n of the sum of n signs of the given mean, and their probability."""
    plus = np.arange(size + 1)
    log_weights = (
        -gammaln(plus + 1) - gammaln(size - plus + 1) + xlogy(plus, (1 + mean) / 2) + xlogy(size - plus, (1 - mean) / 2)
    )
    weights: Floats = np.exp(log_weights - log_weights.max())
    return (2 * plus - size).astype(np.float64), weights / weights.sum()
