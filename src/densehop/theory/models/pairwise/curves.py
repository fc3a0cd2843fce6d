"""Two bodies: the explicit curves on which the replica-symmetric states lie (docs/theory.md, eq. 79 to 87).

At a temperature the field's variance a (or, with a planted pattern, its mean B) is the parameter; all else follows from
averages over the field, including the load. A branch ends at the top of its curve and begins where the curve does.
"""

import math
from collections.abc import Callable
from functools import lru_cache

from scipy.optimize import brentq

from densehop.errors import NoSolution
from densehop.theory.states import site
from densehop.theory.states.site import Site

ON_TRANSITION = "this point lies on a transition to within rounding; move away from it"

ROUNDING = 1e-13  # relative: closer than this to a transition the two sides cannot be told apart


def stiffness(spin: Site, temperature: float) -> float:
    """Return D = 1 - 2 chi, free of cancellation at T >= 2 (docs/theory.md, eq. 71)."""
    if temperature >= 1:
        return (temperature - 2 + 2 * spin.square) / temperature
    return 1 - 2 * spin.susceptibility


@lru_cache(maxsize=4096)
def retrieved(variance: float, temperature: float) -> tuple[float, Site]:
    """Return m > 0 with E tanh((2m + sqrt(a) z)/T) = m, and 0 where there is none (docs/theory.md, eq. 80).

    The right side is concave in m, so Newton's method descends to the only root from the noiseless m above it.
    """
    m, deviation = _noiseless(temperature), math.sqrt(variance)
    for _ in range(100):
        spin = site.average(2 * m, deviation, temperature)
        slope = 1 - 2 * spin.susceptibility
        step = (m - spin.overlap) / slope if slope > 0 else m
        if m - step <= 1e-12 or step <= 1e-15 * m:
            break
        m -= step
    return (m, spin) if m - step > 1e-12 else (0.0, spin)


@lru_cache(maxsize=1024)
def _noiseless(temperature: float) -> float:
    """Return m = tanh(2m/T), the retrieved overlap at load 0, T < 2, by Newton's method from above."""
    m = 1.0
    for _ in range(100):
        tanh = math.tanh(2 * m / temperature) if temperature > 0 else 1.0
        slope = 1 - 2 * (1 - tanh**2) / temperature if tanh < 1 else 1.0
        if slope <= 0 or (m - tanh) / slope <= 1e-15 * m:
            break
        m -= (m - tanh) / slope
    return m


def retrieval_load(variance: float, temperature: float) -> float:
    """Return the load alpha = a D^2/(2q) whose retrieval state has variance a; 0 if none (docs/theory.md, eq. 81)."""
    m, spin = retrieved(variance, temperature)
    return variance * stiffness(spin, temperature) ** 2 / (2 * spin.square) if m > 0 else 0.0


def retrieval_slope(variance: float, temperature: float) -> float:
    """Return d log(alpha)/d log(a) of retrieval states: 0 at the spinodal, -inf if m = 0 (docs/theory.md, eq. 82)."""
    m, spin = retrieved(variance, temperature)
    if m == 0:
        return -math.inf
    d = stiffness(spin, temperature)
    softening = variance * (spin.slope + 4 * spin.skew**2 / d)  # d chi/d log a
    return 1 - softening * (4 / d - temperature / spin.square)


@lru_cache(maxsize=1024)
def spinodal_log_variance(temperature: float) -> float:
    """Return log a at the top of the curve alpha(a), the retrieval spinodal, T < 2 (docs/theory.md, eq. 82)."""

    def decline(log_a: float) -> float:
        slope = retrieval_slope(math.exp(log_a), temperature)
        return -slope / (2 + abs(slope)) if slope > -math.inf else 1.0

    return bracketed_root(decline, math.log(0.7 * (1 - temperature / 2)))


def retrieval_variance(load: float, temperature: float) -> float:
    """Return the variance a of the retrieval state of largest m at a load, T < 2 (docs/theory.md, eq. 81)."""
    a = _climb(load, temperature)
    return _below_spinodal(load, temperature) if a is None else a


def _climb(load: float, temperature: float) -> float | None:
    """Return the variance of the retrieval state by Newton's method from the noiseless end; None near the spinodal.

    log alpha is concave in log a up to the spinodal and starts with slope 1: the steps climb and do not overshoot.
    """
    if load == 0:
        return 0.0
    noiseless = retrieved(0.0, temperature)[1]
    a = 2 * load * noiseless.square / stiffness(noiseless, temperature) ** 2
    for _ in range(12):
        current, slope = retrieval_load(a, temperature), retrieval_slope(a, temperature)
        if current == 0 or slope < 0.05:
            return None
        step = math.log(load / current) / slope
        a *= math.exp(step)
        if abs(step) < 1e-14:
            return a
    return a if abs(step) < 1e-12 else None


def _below_spinodal(load: float, temperature: float) -> float:
    """Return the variance of the retrieval state from the bracket that ends at the spinodal."""
    highest = spinodal_log_variance(temperature)
    largest = retrieval_load(math.exp(highest), temperature)
    if load > largest * (1 + ROUNDING):
        raise NoSolution(
            f"no retrieval at load = {load:.10g}, T = {temperature:.10g}: for p = 2 it exists up to "
            f"load = {largest:.10g} (M/N = {largest / 2:.10g})"
        )
    if load >= largest * (1 - ROUNDING):
        return math.exp(highest)

    def excess(log_a: float) -> float:
        return math.sqrt(retrieval_load(math.exp(log_a), temperature) / load) - 1

    return math.exp(bracketed_root(excess, highest, highest))


def glass_variance(load: float, temperature: float, onset: float) -> float:
    """Return the variance a of the replica-symmetric spin glass, T < T_g = `onset` (docs/theory.md, eq. 79)."""

    def excess(log_a: float) -> float:
        a = math.exp(log_a)
        spin = site.average(0.0, math.sqrt(a), temperature)
        return stiffness(spin, temperature) * math.sqrt(a / spin.square / (2 * load)) - 1  # D may be negative

    guess = (1.6 + math.sqrt(2 * load)) ** 2 * (1 - temperature / onset)  # exact at T = 0
    return math.exp(bracketed_root(excess, math.log(guess), step=0.2))


def inference_onset(temperature: float, contrast: float) -> float:
    """Return the load at which q* > 0 begins, out of paramagnet or spin glass (docs/theory.md, eq. 86 and 87)."""
    if not starts_in_glass(temperature, contrast):
        return (temperature - 2) / contrast
    return glass_onset_load(math.exp(glass_onset_log_variance(temperature, contrast)), temperature, contrast)


def starts_in_glass(temperature: float, contrast: float) -> bool:
    """Return whether T < T*: then the spin glass forms before inference does (docs/theory.md, eq. 87)."""
    return contrast * (temperature - 2) < 2 * (1 - ROUNDING)


def glass_onset_load(variance: float, temperature: float, contrast: float) -> float:
    """Return the load 2q/(a c^2 chi^2) of a spin glass in which q* begins: (58) with D from (66), docs/theory.md."""
    spin = site.average(0.0, math.sqrt(variance), temperature)
    return 2 * spin.square / variance / (contrast * spin.susceptibility) ** 2


def glass_onset_log_variance(temperature: float, contrast: float) -> float:
    """Return log a of the spin glass in which q* begins, a c D chi = 2 q, T < T* (docs/theory.md, eq. 87)."""

    def excess(log_a: float) -> float:
        a = math.exp(log_a)
        spin = site.average(0.0, math.sqrt(a), temperature)
        return a * contrast * stiffness(spin, temperature) * spin.susceptibility / (2 * spin.square) - 1

    return bracketed_root(excess, math.log((1.6 + 2.5 / contrast) ** 2))  # exact at T = 0


def planted_variance(mean: float, temperature: float, contrast: float, guess: float) -> float:
    """Return the variance a that goes with mean field B in the planted model (docs/theory.md, eq. 84)."""
    if abs(contrast * (temperature - 2) / 2 - 1) < 1e-15:
        return temperature * mean  # the Nishimori line

    def excess(log_a: float) -> float:
        a = math.exp(log_a)
        spin = site.average(mean, math.sqrt(a), temperature)
        signal = spin.square + contrast * spin.overlap**2
        return a * contrast * stiffness(spin, temperature) * spin.overlap / (2 * mean * signal) - 1

    return math.exp(bracketed_root(excess, math.log(guess), step=0.1))


def planted_load(mean: float, variance: float, temperature: float, contrast: float) -> float:
    """Return the load alpha = B D/(c q*) (docs/theory.md, eq. 85), with D from eq. 84 where 1 - 2 chi cancels."""
    spin = site.average(mean, math.sqrt(variance), temperature)
    if temperature < 2:
        return 2 * (spin.square / spin.overlap**2 + contrast) * (mean / contrast) ** 2 / variance
    return mean * stiffness(spin, temperature) / (contrast * spin.overlap)


def bracketed_root(
    function: Callable[[float], float], guess: float, highest: float = math.inf, step: float = 0.5
) -> float:
    """Return the root of a function that increases through it, searched outwards from a guess in ever longer steps."""
    function = lru_cache(maxsize=None)(function)  # the same value at the same point, though it may start from the last
    low = high = guess
    rising = function(guess) < 0
    while (function(high) < 0 and high < highest) if rising else function(low) >= 0:
        low, high = (high, min(highest, high + step)) if rising else (low - step, low)
        step *= 2
        if step > 100:
            raise NoSolution(ON_TRANSITION)
    if (function(low) < 0) == (function(high) < 0):
        raise NoSolution(ON_TRANSITION)
    return float(brentq(function, low, high, xtol=1e-15, rtol=1e-15))
