"""What the spins feel of their own influence on the examples' fields: the Onsager term and its free entropy.

Two laws of the noise: that of many bodies is Gaussian, to second order in beta with distinct indices counted exactly
(docs/theory.md, eq. 112); that of p = 2 is a Wishart matrix's, summed to all orders (eq. 113).
"""

import math
from typing import NamedTuple

import numpy as np

from densehop.base.arrays import Floats


class Reaction(NamedTuple):
    """The reaction at magnetisations m.

    free_entropy: its share of Phi, per spin;  energy: its share of the energy, per spin;
    coefficient (N,): the field of site i is h_i - coefficient_i m_i;
    replicon: positive where fixed points are stable (docs/theory.md, eq. 115).
    """

    free_entropy: float
    energy: float
    coefficient: Floats
    replicon: float


def many_body(m: Floats, p: int, load: float, beta: float) -> Reaction:
    """Return the reaction for p >= 3 (docs/theory.md, eq. 112)."""
    n_spins, square = len(m), m**2
    unit = load * math.factorial(p) / float(n_spins) ** (p - 1)
    whole = _elementary(square, p)
    before, last = np.ones(n_spins), np.ones(n_spins)  # e_{k-1} and e_k without the site itself
    for k in range(1, p):
        before, last = last, whole[k] - square * last
    coefficient = beta * unit * ((n_spins - p + 1) * before - (p - 1) * last)
    pairs = math.comb(n_spins, p) + (p - 1) * whole[p] - (n_spins - p + 1) * whole[p - 1]
    free_entropy = beta**2 / 2 * unit / n_spins * pairs
    q, fourth = float(square.mean()), float(((1 - square) ** 2).mean())
    replicon = 1 - load * beta**2 * p * (p - 1) * q ** (p - 2) * fourth
    return Reaction(free_entropy, -2 * free_entropy / beta, coefficient, replicon)


def pairwise(m: Floats, load: float, beta: float) -> Reaction:
    """Return the reaction for p = 2, Wishart noise (docs/theory.md, eq. 113); nan where D = 1 - 2 beta (1 - q) <= 0."""
    square = m**2
    own = beta * (1 - float(square.mean()))
    d = 1 - 2 * own
    if d <= 0:
        return Reaction(math.nan, math.nan, np.full_like(m, math.nan), -math.inf)
    free_entropy = -load / 2 * (own + math.log(d) / 2)
    replicon = 1 - 2 * load * beta**2 * float(((1 - square) ** 2).mean()) / d**2
    return Reaction(free_entropy, -load * own**2 / (beta * d), np.full_like(m, 2 * load * own / d), replicon)


def _elementary(values: Floats, p: int) -> list[float]:
    """Return the elementary symmetric polynomials e_0..e_p of values, by Newton's identities."""
    sums = [0.0, *(float(np.sum(values**j)) for j in range(1, p + 1))]
    polynomials = [1.0]
    for k in range(1, p + 1):
        polynomials.append(sum((-1) ** (j - 1) * polynomials[k - j] * sums[j] for j in range(1, k + 1)) / k)
    return polynomials
