"""The teacher: the exact law of its examples, its critical temperature, and the signal and noise of its examples.

With one planted pattern the law of an example sigma depends on the overlap k = xi* . sigma alone (docs/theory.md,
eq. 7). Sources: theory of the p-body Curie-Weiss model; Thériault & Tantari, SciPost Phys. 17, 040 (2024).
"""

import math
import warnings
from dataclasses import dataclass
from functools import lru_cache
from itertools import count

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import logsumexp

from densehop.base import checks
from densehop.base.arrays import Floats
from densehop.energies.tables import elementary_symmetric
from densehop.teacher.averages import log_free_law, log_variance, mean_under_teacher

SATURATED = 18.0  # field beyond which tanh is 1 to rounding


@dataclass(frozen=True)
class CriticalPoint:
    """Where the teacher of one pattern orders, in the limit of large N (docs/theory.md, eq. 8 and 9).

    Attributes
    ----------
    temperature : float
        T_crit, below which the examples are near copies of the pattern.
    magnetisation : float
        Overlap of an example with the pattern just below T_crit; 0 at p = 2, where the transition is continuous.
    spinodal_temperature : float
        Up to here the ordered state exists, metastable above T_crit.
    """

    temperature: float
    magnetisation: float
    spinodal_temperature: float


def critical_temperature(p: int) -> CriticalPoint:
    """Return where the teacher orders, the transition of the p-body Curie-Weiss model (docs/theory.md, eq. 8 and 9).

    Parameters
    ----------
    p : int
        The teacher's number of bodies, >= 2.

    Raises
    ------
    InvalidInput
        If p is no integer >= 2.

    Notes
    -----
    Above the critical temperature examples carry no magnetisation, only p-body correlations. At p = 2 the transition
    is continuous, at T = 2; for p >= 3 it is of first order.
    """
    p = checks.body_number(p)
    if p == 2:
        return CriticalPoint(2.0, 0.0, 2.0)
    field = brentq(lambda h: _log_cosh(h) - (1 - 1 / p) * h * math.tanh(h), 0.5, 2.0 * p, xtol=1e-14, rtol=1e-15)
    return CriticalPoint(_ordered_temperature(p, field), math.tanh(field), _ordered_temperature(p, _spinodal_field(p)))


def magnetisation(p: int, temperature: float) -> float:
    """Return the overlap of an example with the pattern at large N: the stable solution of m = tanh(p m^(p-1)/T).

    Parameters
    ----------
    p : int
        The teacher's number of bodies, >= 2.
    temperature : float
        T* > 0; from the critical temperature on the result is 0 (docs/theory.md, eq. 8 and 9).

    Raises
    ------
    InvalidInput
        If an argument is out of its range.
    """
    temperature = checks.number("temperature", temperature)
    if temperature >= critical_temperature(p).temperature:
        return 0.0
    return ordered_magnetisation(p, temperature)


def ordered_magnetisation(p: int, temperature: float) -> float:
    """Return the largest solution of m = tanh(p m^(p-1)/T), stable or metastable; T at most the spinodal's."""
    if p / temperature > SATURATED:
        return 1.0
    return _magnetisation_between(p, temperature, max(_spinodal_field(p), 1e-12), p / temperature)


def barrier_magnetisation(p: int, temperature: float) -> float:
    """Return the smaller positive solution of m = tanh(p m^(p-1)/T), p >= 3: the barrier to the ordered state."""
    lowest = 0.5 * (temperature / p) ** (1 / (p - 2))  # since tanh h < h, the solution has h^(p-2) > T/p
    return _magnetisation_between(p, temperature, lowest, _spinodal_field(p))


def _magnetisation_between(p: int, temperature: float, low: float, high: float) -> float:
    """Return tanh of the field between low and high at which the ordered teacher has this temperature."""
    log_field = brentq(
        lambda log_h: _ordered_temperature(p, math.exp(log_h)) - temperature,
        math.log(low),
        math.log(high),
        xtol=1e-14,
        rtol=1e-15,
    )
    return math.tanh(math.exp(log_field))


@dataclass(frozen=True, eq=False)
class TeacherLaw:
    """The exact law of the overlap k = xi* . sigma of an example with the pattern (docs/theory.md, eq. 7).

    Attributes
    ----------
    overlaps : (N + 1,) integers k = -N, -N + 2, ..., N
    log_probability : (N + 1,) natural logarithm of P(k)
    """

    overlaps: npt.NDArray[np.int64]
    log_probability: Floats

    @property
    @np.errstate(under="ignore")  # whatever the program has set: a weight that is nearly nothing is nothing
    def probability(self) -> Floats:
        """P(k), shape (N + 1,)."""
        return np.exp(self.log_probability)


@np.errstate(under="ignore")  # whatever the program has set: a weight that is nearly nothing is nothing
def teacher_law(n_spins: int, p: int, temperature: float) -> TeacherLaw:
    """Return the exact law of an example's overlap with the teacher's pattern, at any N (docs/theory.md, eq. 7).

    Parameters
    ----------
    n_spins : int
        N >= 2.
    p : int
        The teacher's number of bodies, 2 <= p <= N.
    temperature : float
        T* > 0.

    Raises
    ------
    InvalidInput
        If an argument is out of its range.
    """
    n_spins = checks.integer("n_spins", n_spins, 2, checks.LARGEST_SIZE)
    p = checks.body_number(p, n_spins)
    temperature = checks.number("temperature", temperature)
    exponent = _reduced_energy(n_spins, p) / temperature
    log_weight = log_free_law(n_spins) + (exponent - exponent.max())  # in this order nothing is lost at low T
    return TeacherLaw(np.arange(-n_spins, n_spins + 1, 2), log_weight - logsumexp(log_weight))


def signal_strength(
    n_spins: int, n_examples: int, p: int, teacher_temperature: float, teacher_p: int | None = None
) -> float:
    """Return how strongly M examples point at the pattern, lambda_N, exact at any N (docs/theory.md, eq. 10 and 11).

    Parameters
    ----------
    n_spins, n_examples : int
        N >= 2 and M >= 0.
    p : int
        The student's number of bodies, 2 <= p <= N.
    teacher_temperature : float
        T* > 0.
    teacher_p : int, optional
        The teacher's number of bodies; None means p.

    Returns
    -------
    float
        lambda_N = (M/N) (p!/N^(p-1)) <e_p(k; N)>. On the Nishimori line the student's mean energy per spin is exactly
        -lambda_N.

    Raises
    ------
    InvalidInput
        If an argument is out of its range.

    Warns
    -----
    UserWarning
        If p is odd and teacher_p even: by symmetry the signal is 0, and that student cannot learn the pattern.
    """
    n_spins = checks.integer("n_spins", n_spins, 2, checks.LARGEST_SIZE)
    n_examples = checks.integer("n_examples", n_examples, 0)
    p = checks.body_number(p, n_spins)
    teacher_p = p if teacher_p is None else checks.integer("teacher_p", teacher_p, 2, n_spins)
    beta = 1 / checks.number("teacher_temperature", teacher_temperature)
    if p % 2 == 1 and teacher_p % 2 == 0:
        warnings.warn(
            f"signal is 0: odd p = {p} cannot learn from a teacher with even p = {teacher_p}; use an even p",
            stacklevel=2,
        )
        return 0.0
    exponent = beta * _reduced_energy(n_spins, teacher_p)
    return n_examples / n_spins * mean_under_teacher(_reduced_energy(n_spins, p), exponent, _first_order(p, teacher_p))


def noise_ratio(n_spins: int, p: int, teacher_temperature: float, teacher_p: int | None = None) -> float:
    """Return rho_N, the exact variance of the field's noise over its limit for large N (docs/theory.md, eq. 12).

    At finite N the student's load acts as rho_N alpha: at the pattern a site's field has the variance alpha p rho_N
    over draws of the examples. Those of a hot teacher have that of random ones, (N-1) ... (N-p+1)/N^(p-1); above its
    critical temperature rho_N -> 1 for large N.

    Parameters
    ----------
    n_spins : int
        N >= 2.
    p : int
        The student's number of bodies, 2 <= p <= N.
    teacher_temperature : float
        T* > 0.
    teacher_p : int, optional
        The teacher's number of bodies; None means p.

    Raises
    ------
    InvalidInput
        If an argument is out of its range.
    """
    n_spins = checks.integer("n_spins", n_spins, 2, checks.LARGEST_SIZE)
    p = checks.body_number(p, n_spins)
    law = teacher_law(n_spins, p if teacher_p is None else teacher_p, teacher_temperature)
    field = elementary_symmetric(p - 1, n_spins - 1)  # of an example, by how many of the other sites agree
    agreeing = np.arange(1, n_spins + 1) / n_spins  # probability that sigma_i xi*_i = +1, given k; it is -1 below
    with np.errstate(divide="ignore", under="ignore"):
        log_chance = np.log(agreeing) + law.log_probability[1:], np.log(agreeing[::-1]) + law.log_probability[:-1]
        log_field = np.array([math.log(abs(value)) if value else -math.inf for value in field])
        log_square = log_variance(
            np.concatenate(log_chance),
            np.concatenate([log_field, log_field]),
            np.concatenate([np.sign(field).astype(float), -np.sign(field).astype(float)]),
        )
    return math.exp(log_square + math.lgamma(p) - (p - 1) * math.log(n_spins))


def _log_cosh(h: float) -> float:
    return h + math.log1p(math.exp(-2 * h)) - math.log(2)


def _ordered_temperature(p: int, field: float) -> float:
    """Return the temperature at which the ordered teacher has the reduced field h = p m^(p-1)/T, with m = tanh h."""
    return p * math.tanh(field) ** (p - 1) / field


def _spinodal_field(p: int) -> float:
    """Return the field at the largest temperature of the ordered state: d log T/dh = 0, that is sinh 2h = 2(p-1)h."""
    if p == 2:
        return 0.0
    return float(brentq(lambda h: math.sinh(2 * h) - 2 * (p - 1) * h, 0.1, 5 + math.log(p), xtol=1e-14, rtol=1e-15))


@lru_cache(maxsize=8)
def _reduced_energy(n_spins: int, p: int) -> Floats:
    """Return minus the energy of one example against the pattern, p! e_p/N^(p-1), for c = 0..N; read only."""
    scale, unit = math.factorial(p), n_spins ** (p - 1)
    energy = np.array([value * scale / unit for value in elementary_symmetric(p, n_spins)])
    energy.flags.writeable = False
    return energy


def _first_order(p: int, teacher_p: int) -> int:
    """Return the order n of the first power of the teacher's energy U that is not orthogonal to e_p under free spins.

    <e_p U^j> vanishes for free spins when j teacher_p < p (degree), when j teacher_p and p differ in parity, and at
    j = 1 unless p = teacher_p (the e_p are orthogonal).
    """
    if p == teacher_p:
        return 1
    return next(n for n in count(2) if n * teacher_p >= p and (n * teacher_p - p) % 2 == 0)
