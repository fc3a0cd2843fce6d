"""Where an eigenvector of the examples sticks out of their noise: the pattern is then found from nothing (eq. 120)."""

import math

from densehop.base import checks
from densehop.errors import InvalidInput


def unfolding_threshold(n_spins: int, p: int) -> float:
    """Return Gamma = alpha/T^2 from which an eigenvector of the unfolded couplings finds the pattern (eq. 120).

    Gamma_unf = N^(p/2 - 1) sqrt(a! b!)/p! with a = p//2 and b = p - a, for p >= 3 on the Nishimori line. It grows with
    N, while the information is there from a finite Gamma_gR on: in between lies the hard phase.

    Parameters
    ----------
    n_spins, p : int
        N and the number of bodies, 3 <= p <= N.

    Raises
    ------
    InvalidInput
        If an argument is out of its range; p = 2 has no hard phase (docs/theory.md, eq. 120).
    """
    n_spins = checks.integer("n_spins", n_spins, 3, checks.LARGEST_SIZE)
    if checks.body_number(p, n_spins) == 2:
        raise InvalidInput("unfolding_threshold needs p >= 3: at p = 2 there is no hard phase")
    return math.exp(log_unfolding_threshold(n_spins, p))


def log_unfolding_threshold(n_spins: int, p: int) -> float:
    """Return the logarithm of `unfolding_threshold`, for p >= 3 and sizes of which the threshold itself overflows."""
    rows = p // 2
    halves = (math.lgamma(rows + 1) + math.lgamma(p - rows + 1)) / 2
    return (p / 2 - 1) * math.log(n_spins) + halves - math.lgamma(p + 1)
