"""Averages over examples that keep their digits: where terms cancel (docs/theory.md, eq. 11), or are huge (eq. 12)."""

import math

import numpy as np
from scipy.special import gammainc, gammaln, hyp1f1, logsumexp

from densehop.base.arrays import Floats

LOWEST = -1e300  # finite logarithm of nothing


def log_free_law(n_spins: int) -> Floats:
    """Return the log probability of c = 0..N agreeing sites for free spins."""
    c = np.arange(n_spins + 1)
    free: Floats = gammaln(n_spins + 1) - gammaln(c + 1) - gammaln(n_spins - c + 1) - n_spins * math.log(2)
    return free


def mean_under_teacher(values: Floats, exponent: Floats, order: int) -> float:
    """Return the mean of `values` under weights (free law) exp(exponent), from the terms of `order` and above alone.

    The lower orders average to zero exactly; summing them in floating point would leave their rounding errors, which
    at large N and p exceed the answer. The remainder of the exponential series is
    exp(x) P(order, x) for x > 0 (P: regularised incomplete gamma) and x^n/n! 1F1(1; n+1; x) for x <= 0.
    """
    free = log_free_law(len(values) - 1)
    largest = exponent.max()
    log_norm = logsumexp(free + (exponent - largest))  # of all but exp(largest), which would hide its digits at low T
    above = np.maximum(exponent, 0.0)
    below = np.clip(exponent, -1e4, 0.0)  # where x is more negative still, its weight over the norm has underflowed
    remainder = np.where(
        exponent > 0,
        np.exp(free + (above - largest) - log_norm) * gammainc(order, above),
        np.exp(free - largest - log_norm) * below**order / math.factorial(order) * hyp1f1(1, order + 1, below),
    )
    return math.fsum(values * remainder)


def log_variance(log_chance: Floats, log_value: Floats, sign: Floats) -> float:
    """Return the log variance of values sign exp(log_value), however large; -inf where they do not vary."""
    mean, mean_sign = logsumexp(log_chance + log_value, b=sign, return_sign=True)
    larger = np.maximum(np.maximum(log_value, mean), LOWEST)
    difference = np.abs(sign * np.exp(log_value - larger) - mean_sign * np.exp(mean - larger))
    return float(logsumexp(log_chance + 2 * (larger + np.log(difference))))
