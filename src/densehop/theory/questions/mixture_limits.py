"""Where symmetric mixtures of n independent memories end: in temperature at load 0, in load at T = 0.

Both curves are explicit in the field per memory, so that an end is the maximum of a curve or the root of an explicit
stability (docs/theory.md, eq. 65, 66, 69 and 70). Sources: Amit, Gutfreund & Sompolinsky, Phys. Rev. A 32, 1007 (1985),
for p = 2 at load 0; the rest is the project's own.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq, minimize_scalar
from scipy.special import erf

from densehop.base import checks
from densehop.base.arrays import Floats
from densehop.errors import NoSolution
from densehop.theory.questions.sign_sums import sign_sums
from densehop.theory.states import gaussian

MOST_MIXED = 1_001
LOWEST, SCANNED = 0.1, 81  # fields per memory, times sqrt(n), from which on the largest load is sought, and how many
EXACT = {"xtol": 1e-14, "rtol": 1e-14}


@dataclass(frozen=True)
class MixtureLoads:
    """The largest loads alpha of a symmetric mixture at T = 0, p >= 3 (docs/theory.md, eq. 66, 69 and 70).

    Attributes
    ----------
    stable : float
        Up to here the mixture is stable; beyond, it falls into one of its memories.
    exists : float
        Up to here it exists as a solution.
    """

    stable: float
    exists: float


def mixture_temperature(p: int, n_mixed: int = 3) -> float:
    """Return the temperature below which symmetric n-mixtures are stable at load 0 (docs/theory.md, eq. 65).

    Parameters
    ----------
    p : int
        Number of bodies, >= 2.
    n_mixed : int
        Number n of memories in the mixture, odd, at most 1,001. 1 is the pure state, which ends at the spinodal; from 3
        on, mixtures become unstable towards unequal overlaps.

    Raises
    ------
    InvalidInput
        If an argument is out of its range.
    NoSolution
        For even n_mixed, which are stable at no temperature: their sites of balanced signs have no field.
    """
    p = checks.body_number(p)
    n_mixed = _odd(n_mixed)
    if p == 2 and n_mixed == 1:
        return 2.0
    field = brentq(lambda h: _thermal_stability(p, n_mixed, h), 0.1, 10 + math.log(p * n_mixed), **EXACT)
    return float(p * _thermal_overlap(n_mixed, field) ** (p - 1) / field)


def mixture_loads(p: int, n_mixed: int = 3) -> MixtureLoads:
    """Return the largest loads of symmetric n-mixtures at T = 0, p >= 3 (docs/theory.md, eq. 66, 69 and 70).

    Parameters
    ----------
    p : int
        Number of bodies, >= 3.
    n_mixed : int
        Number n of memories in the mixture, odd, at most 1,001. For n = 1, retrieval, both loads are its capacity.

    Raises
    ------
    InvalidInput
        If an argument is out of its range.
    NoSolution
        For even n_mixed, which are stable at no load.

    Notes
    -----
    Replica symmetric; the memories outside the mixture act as a Gaussian noise.
    """
    p = checks.integer("p", p, 3)
    n_mixed = _odd(n_mixed)
    scan = np.geomspace(LOWEST / math.sqrt(n_mixed), 5 + math.log(p), SCANNED)  # S is of order sqrt(n)
    best = int(np.argmax([_log_load(p, n_mixed, float(y)) for y in scan]))
    top = minimize_scalar(
        lambda y: -_log_load(p, n_mixed, y),
        bounds=(scan[best - 1], scan[best + 1]),
        method="bounded",
        options={"xatol": 1e-9 * scan[best]},
    )
    exists = math.exp(-float(top.fun))
    if n_mixed == 1:
        return MixtureLoads(exists, exists)
    end = brentq(lambda y: _frozen_stability(p, n_mixed, y), float(top.x), 5 + math.log(p * n_mixed), **EXACT)
    return MixtureLoads(math.exp(_log_load(p, n_mixed, float(end))), exists)


def _odd(n_mixed: int) -> int:
    n_mixed = checks.integer("n_mixed", n_mixed, 1, MOST_MIXED)
    if n_mixed % 2 == 0:
        raise NoSolution(f"even mixtures are never stable, got n_mixed = {n_mixed}; choose an odd number")
    return n_mixed


def _thermal_overlap(n_mixed: int, h: float) -> float:
    """Return m = E (S/n) tanh(h S)."""
    sums, weights = sign_sums(n_mixed)
    return float(weights @ (sums / n_mixed * np.tanh(h * sums)))


def _thermal_stability(p: int, n_mixed: int, h: float) -> float:
    """Return the smallest eigenvalue within the mixture at reduced field h = p m^(p-1)/T (docs/theory.md, eq. 65)."""
    sums, _ = sign_sums(n_mixed)
    gain = (p - 1) * h / _thermal_overlap(n_mixed, h)
    return _stability(n_mixed, gain * np.exp(-2 * gaussian.log_cosh(h * sums)))


def _frozen_overlap(n_mixed: int, y: float) -> float:
    """Return m = E (S/n) erf(y S)."""
    sums, weights = sign_sums(n_mixed)
    return float(weights @ (sums / n_mixed * erf(y * sums)))


def _log_load(p: int, n_mixed: int, y: float) -> float:
    """Return the log of the load at which y = p m^(p-1)/sqrt(2 p alpha) at T = 0 (docs/theory.md, eq. 66)."""
    return math.log(p / 2) - 2 * math.log(y) + (2 * p - 2) * math.log(_frozen_overlap(n_mixed, y))


def _frozen_stability(p: int, n_mixed: int, y: float) -> float:
    """Return the smallest eigenvalue within the mixture at T = 0 (docs/theory.md, eq. 70)."""
    sums, _ = sign_sums(n_mixed)
    gain = (p - 1) * 2 * y / (math.sqrt(math.pi) * _frozen_overlap(n_mixed, y))
    return _stability(n_mixed, gain * np.exp(-((y * sums) ** 2)))


def _stability(n_mixed: int, response: Floats) -> float:
    """Return the smallest eigenvalue of 1 - D C, from D times the sites' responses: common and difference direction."""
    sums, weights = sign_sums(n_mixed)
    alone = float(weights @ response)
    if n_mixed == 1:
        return 1 - alone
    together = float(weights @ (response * (sums**2 - n_mixed))) / (n_mixed * (n_mixed - 1))
    # D C has `alone` on its diagonal and `together` elsewhere: n - 1 eigenvalues for differences, one for the sum.
    return 1 - max(alone - together, alone + (n_mixed - 1) * together)
