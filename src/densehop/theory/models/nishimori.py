"""The Nishimori line: a Bayes-optimal student, q = q*, replica symmetry exact (docs/theory.md, section 4).

The solver never iterates. With the field's variance a as parameter, q(a) = E tanh(a + sqrt(a) z) is explicit and so is
the value of Gamma = alpha/T^2 at which it solves the saddle-point equation (p >= 3), or of gamma = M/N (p = 2). A
spinodal is then the minimum of an explicit curve and a transition the root of an explicit function. Source: Thériault &
Tantari, SciPost Phys. 17, 040 (2024), whose equations are rewritten here in terms of a.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.optimize import brentq

from densehop.base import checks
from densehop.errors import InvalidInput, NoSolution
from densehop.theory.states import gaussian

SATURATED = 160.0  # field variance beyond which 1 - q < exp(-a/2) vanishes in double precision


@dataclass(frozen=True)
class NishimoriLines:
    """Where local and global retrieval begin: Gamma = alpha/T^2 and the overlap q = q* there."""

    gamma_local: float
    q_local: float
    gamma_global: float
    q_global: float


def overlap(a: float) -> float:
    """Return q(a) = E tanh^2(a + sqrt(a) z), equal to E tanh but free of cancellation (docs/theory.md, eq. 14)."""
    if a > SATURATED:
        return 1.0
    z, weights = gaussian.nodes(math.sqrt(a))
    return min(1.0, float(weights @ np.tanh(a + math.sqrt(a) * z) ** 2))  # weights are rounded


def overlap_slope(a: float) -> float:
    """Return dq/da = E sech^4(a + sqrt(a) z) (docs/theory.md, eq. 15)."""
    if a > 4 * SATURATED:
        return 0.0
    z, weights = gaussian.nodes(math.sqrt(a))
    return float(weights @ np.exp(-4 * gaussian.log_cosh(a + math.sqrt(a) * z)))


def mean_log_cosh(a: float) -> float:
    """Return E log cosh(a + sqrt(a) z)."""
    if a > SATURATED:
        return a - math.log(2)
    z, weights = gaussian.nodes(math.sqrt(a))
    return float(weights @ gaussian.log_cosh(a + math.sqrt(a) * z))


def log_gamma_of(p: int, a: float) -> float:
    """Return log Gamma at which field variance a solves a = p Gamma q^(p-1), p >= 3 (docs/theory.md, eq. 13)."""
    return math.log(a / p) - (p - 1) * math.log(overlap(a))


def gamma_of(p: int, a: float) -> float:
    """Return the Gamma at which field variance a solves a = p Gamma q^(p-1), p >= 3 (docs/theory.md, eq. 13)."""
    return math.exp(log_gamma_of(p, a))


def gain(p: int, a: float) -> float:
    """Return Phi(a) - Phi(paramagnet), p >= 3: global retrieval where positive (docs/theory.md, eq. 17)."""
    return mean_log_cosh(a) - a / 2 - (p - 1) / (2 * p) * a * overlap(a)


def stability(p: int, a: float) -> float:
    """Return the replicon 1 - (p-1) a q'(a)/q(a), p >= 3: zero at the spinodal (docs/theory.md, eq. 20)."""
    return 1 - (p - 1) * a * overlap_slope(a) / overlap(a)


@lru_cache(maxsize=256)
def spinodal_variance(p: int) -> float:
    """Return the field variance at the spinodal, where Gamma(a) is smallest (docs/theory.md, eq. 16)."""
    return float(brentq(lambda a: stability(p, a), 1e-3, 20 + 4 * math.log(p), xtol=1e-13, rtol=1e-14))


@lru_cache(maxsize=256)
def _lines(p: int) -> NishimoriLines:
    local = spinodal_variance(p)
    crossing = float(brentq(lambda a: gain(p, a), local, 2 * p * math.log(2) + 10, xtol=1e-13, rtol=1e-14))
    return NishimoriLines(gamma_of(p, local), overlap(local), gamma_of(p, crossing), overlap(crossing))


def nishimori_lines(p: int | float) -> NishimoriLines:
    """Return where retrieval becomes locally stable and globally favoured (docs/theory.md, eq. 16 and 18).

    Both are lines of constant Gamma = alpha/T^2. `p = math.inf` gives the random-energy limit, Gamma_gR = 2 log 2.

    Raises
    ------
    InvalidInput
        For p = 2, whose transition is continuous.
    """
    if p == math.inf:
        return NishimoriLines(0.0, 1.0, 2 * math.log(2), 1.0)
    if checks.body_number(p) == 2:
        raise InvalidInput(
            "nishimori_lines needs p >= 3: the transition of p = 2 is continuous, "
            "at M/N = (T - 2)^2/4, that is load alpha = (T - 2)^2/2"
        )
    return _lines(int(p))


def field_variance(p: int, gamma: float, *, stable: bool = True) -> float:
    """Return the field variance a of the retrieval solution at Gamma, p >= 3 (docs/theory.md, eq. 13).

    `stable=False` gives the other solution, of smaller overlap: the barrier between retrieval and the paramagnet.
    """
    local = spinodal_variance(p)
    if gamma < gamma_of(p, local):
        raise NoSolution(
            f"no retrieval solution at Gamma = load/T^2 = {gamma:.10g}: for p = {p} it exists from "
            f"Gamma = {gamma_of(p, local):.10g} on (more examples or a lower temperature)"
        )
    if gamma_of(p, local) >= gamma * (1 - 1e-15):
        return local
    if stable:
        low, high = local, p * gamma * (1 + 1e-12)  # a = p Gamma q^(p-1) <= p Gamma
        if high > SATURATED and gamma_of(p, SATURATED) <= gamma:
            return p * gamma  # q = 1 in double precision
    else:
        # q < a for small a, so Gamma(a) > a^(2-p)/p: this lower end is beyond the solution
        low, high = min(local, 0.5 * (p * gamma) ** (-1 / (p - 2))), local
    return root_in_log(lambda a: log_gamma_of(p, a) - math.log(gamma), low, high)


def pairwise_critical_load(temperature: float) -> float:
    """Return gamma_c = (1 - 2 beta)^2/(4 beta^2), where p = 2 orders continuously (docs/theory.md, eq. 25)."""
    return (temperature / 2 - 1) ** 2


def pairwise_field_variance(temperature: float, load_per_spin: float) -> float:
    """Return the field variance a > 0 of p = 2 at gamma = M/N > gamma_c, T > 2 (docs/theory.md, eq. 24)."""
    critical = pairwise_critical_load(temperature)
    if load_per_spin <= critical:
        raise NoSolution(
            f"no inference at M/N = {load_per_spin:.6g}: for p = 2 at T = {temperature:g} it begins continuously "
            f"at M/N = {critical:.6g}"
        )
    c = 2 / (temperature - 2)
    distance = load_per_spin / critical - 1  # from the transition; also an upper bound of c a

    def excess(a: float) -> float:
        q = overlap(a)
        return (a - q) / q + c * a - distance

    return root_in_log(excess, 1e-3 * distance / (2 + c), distance / c * (1 + 1e-12))


def root_in_log(function: Callable[[float], float], low: float, high: float) -> float:
    """Return the root of a function of a > 0 between low and high, to relative precision."""
    log_root = brentq(lambda log_a: function(math.exp(log_a)), math.log(low), math.log(high), xtol=1e-14, rtol=1e-14)
    return math.exp(log_root)
