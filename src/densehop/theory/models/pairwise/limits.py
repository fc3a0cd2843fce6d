"""Two bodies: where replica-symmetric states begin, end and lose stability (docs/theory.md, eq. 78 to 89).

Direct model: Amit, Gutfreund & Sompolinsky, PRL 55, 1530 (1985); Ann. Phys. 173, 30 (1987). Each limit is the root of
an explicit function. load = alpha = 2 M/N; contrast = c = 2/(T* - 2).
"""

import math
from collections.abc import Callable
from functools import lru_cache

from scipy.optimize import brentq

from densehop.errors import NoSolution
from densehop.theory.models.pairwise import curves
from densehop.theory.states import site
from densehop.theory.states.estimate import Estimate
from densehop.theory.states.site import Site

AVERAGES = 1e-13  # relative error of the field averages
NUDGE = 1e-9  # relative: two evaluations this close tell slope and rounding of a function


def retrieval_spinodal_load(temperature: float) -> Estimate:
    """Return the largest load at which a memory is retrieved at T < 2 (docs/theory.md, eq. 82)."""
    if temperature >= 2:
        raise NoSolution(f"no retrieval at T = {temperature:.10g}: for p = 2 it exists below T = 2")
    log_a = curves.spinodal_log_variance(temperature)
    value, *others = (
        curves.retrieval_load(math.exp(log_a + shift), temperature) for shift in (0.0, 10 * NUDGE, -10 * NUDGE)
    )
    return Estimate(value, max(abs(other - value) for other in others) + AVERAGES * value)


def retrieval_stability_load(temperature: float) -> Estimate:
    """Return the load above which replica symmetry breaks in the retrieval state (docs/theory.md, eq. 88).

    At temperatures where it is stable up to its spinodal there is none: `NoSolution`.
    """
    highest = curves.spinodal_log_variance(temperature) if 0 < temperature < 2 else -math.inf

    def softness(log_a: float) -> float:
        a = math.exp(log_a)
        return log_softness(a, curves.retrieved(a, temperature)[1], temperature)

    if highest == -math.inf or softness(highest) < 0:
        raise NoSolution(
            f"no instability of retrieval at T = {temperature:.10g}: for p = 2 it lies between T = 0 (all loads) and "
            f"T = {highest_instability():.10g}"
        )
    log_a = root(softness, math.log(1e-3), highest)
    return _load_at(log_a, lambda a: curves.retrieval_load(a, temperature))


@lru_cache(maxsize=1)
def highest_instability() -> float:
    """Return the temperature at which the retrieval state's instability meets its spinodal."""

    def softness(temperature: float) -> float:
        a = math.exp(curves.spinodal_log_variance(temperature))
        return log_softness(a, curves.retrieved(a, temperature)[1], temperature)

    return float(brentq(softness, 0.01, 1.9, xtol=1e-14))


def inference_load(temperature: float, contrast: float) -> Estimate:
    """Return the load at which q* > 0 begins, out of the paramagnet or the spin glass (docs/theory.md, eq. 86, 87)."""
    value = curves.inference_onset(temperature, contrast)
    if not curves.starts_in_glass(temperature, contrast):
        return Estimate(value, 1e-15 * temperature / contrast)
    log_a = curves.glass_onset_log_variance(temperature, contrast)
    return _load_at(Estimate(log_a, 1e-14), lambda a: curves.glass_onset_load(a, temperature, contrast))


def inference_stability_load(temperature: float, contrast: float) -> Estimate:
    """Return the load below which replica symmetry breaks in the inference state, T < T* (docs/theory.md, eq. 88)."""
    nishimori = 2 + 2 / contrast
    if not 0 < temperature < nishimori:
        raise NoSolution(
            f"no instability of inference at T = {temperature:.10g}: for p = 2 it lies between T = 0 (all loads) and "
            f"T* = {nishimori:.10g}"
        )
    variance = math.exp(curves.glass_onset_log_variance(temperature, contrast))

    def stability(log_mean: float) -> float:
        nonlocal variance
        mean = math.exp(log_mean)
        variance = curves.planted_variance(mean, temperature, contrast, variance)
        spin = site.average(mean, math.sqrt(variance), temperature)
        return -log_softness(variance, spin, temperature, contrast)

    log_mean = curves.bracketed_root(stability, math.log(variance) / 2)
    edge = _with_error(stability, log_mean, 1e-5)

    def load_of(mean: float) -> float:
        variance_there = curves.planted_variance(mean, temperature, contrast, variance)
        return curves.planted_load(mean, variance_there, temperature, contrast)

    return _load_at(edge, load_of)


def log_softness(variance: float, spin: Site, temperature: float, contrast: float = 0.0) -> float:
    """Return log[a beta^2 E sech^4/(q + c q*^2)]: positive where replica symmetry breaks (docs/theory.md, eq. 88)."""
    signal = spin.square + contrast * spin.overlap**2
    return math.log(max(variance * spin.fourth / (temperature * signal), 1e-300))


def _load_at(point: Estimate, load_of: Callable[[float], float]) -> Estimate:
    """Return the load at a point known in the logarithm of a field, with its error."""
    value = load_of(math.exp(point.value))
    shift = max(point.error, NUDGE)
    slope = abs(load_of(math.exp(point.value + shift)) - value) / shift
    return Estimate(value, slope * point.error + AVERAGES * value)


def root(function: Callable[[float], float], low: float, high: float) -> Estimate:
    """Return the root of a function between two points with its error: bracketed to 1e-8, then one secant step."""
    value = float(brentq(function, low, high, xtol=1e-8 * (high - low), rtol=1e-12))
    step = (1 if value - low < high - value else -1) * 1e-5 * (high - low)
    residual = function(value)
    slope = (function(value + step) - residual) / step
    if residual != 0 and low < value - residual / slope < high:
        value -= residual / slope
        residual = function(value)
    return Estimate(value, (abs(residual) + 1e-14) / abs(slope) + 4e-16 * abs(value))


def _with_error(function: Callable[[float], float], value: float, step: float) -> Estimate:
    """Return a root with its error: residual and rounding over slope."""
    residual = function(value)
    slope = (function(value + step) - residual) / step
    return Estimate(value, (abs(residual) + 1e-14) / abs(slope) + 4e-16 * abs(value))
