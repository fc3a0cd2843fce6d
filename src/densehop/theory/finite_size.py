"""The student on the Nishimori line at finite N: the theory's equations with the exact signal and noise of that N.

At finite N the signal is lambda_N and the noise acts as a load rho_N alpha (docs/theory.md, eq. 19), so that q and q*
differ. This describes simulation at p = 3 down to N of about 160 where the temperature is well above the teacher's
transition.
"""

import math

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from densehop import checks, teacher
from densehop.errors import NoSolution
from densehop.problem import load_of
from densehop.theory import gaussian, nishimori

STEP = 0.1  # in log a, between points where the curve is looked at


def finite_size_overlap(n_spins: int, n_examples: int, p: int, temperature: float) -> tuple[float, float]:
    """Return (q, q*) of the retrieval solution at finite N, p >= 3 (docs/theory.md, eq. 19).

    Raises
    ------
    NoSolution
        If there is no retrieval solution at this load and temperature.
    """
    p = checks.integer("p", p, 3, n_spins)
    load = load_of(n_examples, n_spins, p)
    signal = teacher.signal_strength(n_spins, n_examples, p, temperature)
    noise = teacher.noise_ratio(n_spins, p, temperature) * load
    if load == 0:
        raise NoSolution("no retrieval solution without examples")
    return _largest_solution(p, noise / temperature**2, signal * temperature / noise)


def _largest_solution(p: int, noise: float, ratio: float) -> tuple[float, float]:
    """Return (q, q*) with the largest field variance a that solves a = p noise q^(p-1), noise = rho_N alpha/T^2.

    As on the Nishimori line, a is the parameter and log noise(a) explicit; its minimum is the spinodal. `ratio` is the
    signal over the noise, lambda_N beta/(rho_N alpha beta^2), which is 1 at infinite N.
    """

    def excess(log_a: float) -> float:
        a = math.exp(log_a)
        q, _ = _averages(_mean_field(p, ratio, a), a)
        return log_a - math.log(p * noise) - (p - 1) * math.log(q)

    point = math.log(p * noise) + 1e-9  # a = p noise q^(p-1) is no larger
    end = math.log(nishimori.spinodal_variance(p) / 4)
    before, here = math.inf, excess(point)
    while point > end:
        if here <= 0:
            a = math.exp(brentq(excess, point, point + STEP, xtol=1e-13, rtol=1e-13))
            return _averages(_mean_field(p, ratio, a), a)
        after = excess(point - STEP)
        if 0 < here <= min(before, after):  # a minimum nearby: does it reach below zero between the points?
            lowest = minimize_scalar(
                excess, bounds=(point - STEP, point + STEP), method="bounded", options={"xatol": 1e-10}
            )
            if lowest.fun <= 0:
                a = math.exp(brentq(excess, lowest.x, point + STEP, xtol=1e-13, rtol=1e-13))
                return _averages(_mean_field(p, ratio, a), a)
        point, before, here = point - STEP, here, after
    raise NoSolution("no retrieval solution at this size, load and temperature")


def _averages(mean: float, variance: float) -> tuple[float, float]:
    """Return q = E tanh^2 and q* = E tanh of the field mean + sqrt(variance) z."""
    z, weights = gaussian.nodes(math.sqrt(variance))
    tanh = np.tanh(mean + math.sqrt(variance) * z)
    return float(weights @ tanh**2), float(weights @ tanh)


def _mean_field(p: int, ratio: float, a: float) -> float:
    """Return the largest mean field B of the field variance a: B = ratio a (q*/q)^(p-1); 0 if there is none."""

    def excess(log_mean: float) -> float:
        q, q_star = _averages(math.exp(log_mean), a)
        return ratio * a * (q_star / q) ** (p - 1) / math.exp(log_mean) - 1

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
