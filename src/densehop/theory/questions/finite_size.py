"""The student on the Nishimori line at finite N: the theory's equations with the exact signal and noise of that N.

At finite N the signal is lambda_N and the noise acts as a load rho_N alpha (docs/theory.md, eq. 19), so that q and q*
differ. This describes simulation at p = 3 down to N of about 160 where the temperature is well above the teacher's
transition.
"""

import math
from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from densehop.base import checks
from densehop.errors import NoSolution, OutOfRange
from densehop.problem import load_of
from densehop.teacher import law
from densehop.theory.models import nishimori
from densehop.theory.states import gaussian

STEP = 0.1  # in log a, between points where the curve is looked at
SATURATED_FIELD = 20.0  # tanh is 1 in double precision
LARGEST_VARIANCE = 1e4  # of the field: what quadrature handles in milliseconds
TINY = 1e-300


def finite_size_overlap(
    n_spins: int,
    n_examples: int,
    p: int,
    temperature: float,
    teacher_temperature: float | None = None,
    teacher_p: int | None = None,
) -> tuple[float, float]:
    """Return (q, q*) of a student that finds the pattern, at finite N and p >= 3 (docs/theory.md, eq. 19).

    Parameters
    ----------
    n_spins, n_examples : int
        N >= p and M >= 1.
    p : int
        The student's number of bodies, >= 3.
    temperature : float
        The student's T > 0.
    teacher_temperature : float, optional
        T* of a teacher above its critical temperature; None is the student's T.
    teacher_p : int, optional
        The teacher's number of bodies; None is the student's p.

    Returns
    -------
    q, q_star : float
        Overlap of two students with each other, and of a student with the pattern.

    Raises
    ------
    InvalidInput
        If an argument is out of its range.
    NoSolution
        If there is no retrieval solution at this load and temperature.
    OutOfRange
        If the teacher is ordered, or a few ordered examples dominate the signal, which no Gaussian noise describes.
    """
    n_spins = checks.integer("n_spins", n_spins, 3, checks.LARGEST_SIZE)
    p = checks.integer("p", p, 3, n_spins)
    bodies = p if teacher_p is None else teacher_p
    critical = law.critical_temperature(bodies).temperature
    temperature = checks.number("temperature", temperature)
    hot = temperature if teacher_temperature is None else checks.number("teacher_temperature", teacher_temperature)
    if hot < critical:
        raise OutOfRange(f"the teacher is ordered below T_crit = {critical:.6f}, got T = {hot:g}: see `solve`")
    load = load_of(n_examples, n_spins, p)
    if load == 0:
        raise NoSolution("no retrieval solution without examples")
    signal = law.signal_strength(n_spins, n_examples, p, hot, bodies)
    noise = law.noise_ratio(n_spins, p, hot, bodies) * load
    return _largest_solution(p, noise / temperature**2, signal * temperature / noise)


def _largest_solution(p: int, noise: float, ratio: float) -> tuple[float, float]:
    """Return (q, q*) with the largest field variance a that solves a = p noise q^(p-1), noise = rho_N alpha/T^2.

    As on the Nishimori line, a is the parameter and log noise(a) explicit; its minimum is the spinodal. `ratio` is the
    signal over the noise, lambda_N beta/(rho_N alpha beta^2), which is 1 at infinite N.
    """
    largest = p * noise  # of a, since q <= 1
    if ratio * largest - gaussian.REACH * math.sqrt(largest) > SATURATED_FIELD:
        return 1.0, 1.0
    if largest > LARGEST_VARIANCE:
        raise OutOfRange(
            f"signal too weak for its noise (ratio {ratio:.2g}): a few ordered examples; use a larger N or T"
        )

    def excess(log_a: float) -> float:
        a = math.exp(log_a)
        mean = _mean_field(p, ratio, a)
        return math.inf if mean == 0 else log_a - math.log(largest) - (p - 1) * math.log(_averages(mean, a)[0])

    point = math.log(largest) + 1e-9
    end = math.log(nishimori.spinodal_variance(p) / 100)
    before, current = math.inf, excess(point)
    while point > end and current < math.inf:
        if current <= 0:
            return _at(p, ratio, excess, point, point + STEP)
        after = excess(point - STEP)
        if current <= min(before, after):  # a minimum nearby: does it reach below zero between the points?
            with np.errstate(invalid="ignore"):  # beyond the end of the curve the search meets infinities
                lowest = minimize_scalar(
                    excess, bounds=(point - STEP, point + STEP), method="bounded", options={"xatol": 1e-10}
                )
            if lowest.fun <= 0:
                return _at(p, ratio, excess, float(lowest.x), point + STEP)
        point, before, current = point - STEP, current, after
    raise NoSolution("no retrieval solution at this size, load and temperature")


def _at(p: int, ratio: float, excess: Callable[[float], float], low: float, high: float) -> tuple[float, float]:
    """Return (q, q*) at the root of `excess` between low and high, in log a; it is positive and finite at high."""
    a = math.exp(brentq(excess, low, high, xtol=1e-13, rtol=1e-13))
    return _averages(_mean_field(p, ratio, a), a)


def _averages(mean: float, variance: float) -> tuple[float, float]:
    """Return q = E tanh^2 and q* = E tanh of the field mean + sqrt(variance) z."""
    z, weights = gaussian.nodes(math.sqrt(variance))
    tanh = np.tanh(mean + math.sqrt(variance) * z)
    return float(weights @ tanh**2), float(weights @ tanh)


def _mean_field(p: int, ratio: float, a: float) -> float:
    """Return the largest mean field B of the field variance a: B = ratio a (q*/q)^(p-1); 0 if there is none."""

    def excess(log_mean: float) -> float:
        q, q_star = _averages(math.exp(log_mean), a)
        return math.log(ratio * a) + (p - 1) * math.log(max(q_star, TINY) / q) - log_mean

    center, step = math.log(ratio * a), 0.125
    if excess(center) >= 0:
        low, high = center, center + step
        while excess(high) >= 0:
            low, high = high, high + step
    else:
        low, high = center - step, center
        while excess(low) < 0:
            low, high = low - step, low
            if low < center - 20 * step:
                return 0.0
    return math.exp(brentq(excess, low, high, xtol=1e-13, rtol=1e-13))
