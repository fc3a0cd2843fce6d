"""How many patterns any memory can hold: the limits of Shannon's channel coding theorem (docs/theory.md, eq. 107)."""

import math

from scipy.optimize import brentq
from scipy.stats import binom

from densehop.base import checks
from densehop.theory.models.exponential import sums


def channel_capacity(flip_rate: float, n_spins: int | None = None) -> float:
    """Return the largest load log(M)/N at which any memory corrects a flip rate f (docs/theory.md, eq. 107 and 108).

    It is log 2 - H(f), the capacity of a binary symmetric channel in nats per spin.

    Parameters
    ----------
    flip_rate : float
        f, the share of spins that are wrong, from 0 to 1/2.
    n_spins : int, optional
        N: the load at which half of all random patterns come back from round(f N) flips. The best that a memory can do
        is to return the nearest pattern, drawn by lot among equals. None is the limit.

    Raises
    ------
    InvalidInput
        If an argument is out of its range.
    """
    flip_rate = checks.between("flip_rate", flip_rate, 0, 0.5)
    if n_spins is not None:
        n_spins = checks.integer("n_spins", n_spins, 1, checks.LARGEST_SIZE)
        return _finite(n_spins, round(flip_rate * n_spins)) / n_spins
    if flip_rate < 0.25:
        return math.log(2) + sum(x * math.log(x) for x in (flip_rate, 1 - flip_rate) if x > 0)
    return sums.information(math.atanh(1 - 2 * flip_rate), sums.NO_PATTERN, 0.0) if flip_rate < 0.5 else 0.0


def _finite(n_spins: int, n_wrong: int) -> float:
    """Return log M with [(1 - c)^M - (1 - c - t)^M]/(M t) = 1/2; c and t: another pattern is closer, as close."""
    log_tie = float(binom.logpmf(n_wrong, n_spins, 0.5))
    tie = math.exp(log_tie)
    closer = float(binom.cdf(n_wrong - 1, n_spins, 0.5))
    ratio = math.exp(float(binom.logcdf(n_wrong - 1, n_spins, 0.5)) - log_tie) if n_wrong > 0 else 0.0
    exact = tie > 1e-9  # otherwise numbers of closer and of equal patterns are Poisson's
    from_closer = math.log1p(-closer) / tie if exact else -ratio
    from_ties = (math.log1p(-closer - tie) - math.log1p(-closer)) / tie if exact else -1.0

    def excess(log_ties: float) -> float:
        x = math.exp(log_ties)
        return math.exp(from_closer * x) * -math.expm1(from_ties * x) / x - 0.5

    low = -math.log(1 + ratio) - 3
    return max(0.0, float(brentq(excess, low, 3.0)) - log_tie)
