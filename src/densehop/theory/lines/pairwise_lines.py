"""Two bodies: the lines of the phase diagram, each a root of an explicit function (docs/theory.md, eq. 57 to 68).

Direct model: where retrieval ends, where it becomes the ground state, where replica symmetry breaks in it (Amit,
Gutfreund & Sompolinsky, PRL 55, 1530, 1985; Ann. Phys. 173, 30, 1987). Planted model: where inference begins and where
replica symmetry breaks in it. load = alpha = 2 M/N; contrast = c = 2/(T* - 2).
"""

import math
from collections.abc import Callable
from functools import lru_cache

from scipy.optimize import brentq, minimize_scalar

from densehop.errors import NoSolution
from densehop.theory.lines.estimate import Estimate
from densehop.theory.states import pairwise, site
from densehop.theory.states import pairwise_curves as curves
from densehop.theory.states.pairwise import State
from densehop.theory.states.site import Site

AVERAGES = 1e-13  # relative error of the field averages
NUDGE = 1e-9  # relative: two evaluations this close tell slope and rounding of a function
LOWEST = math.log(1e-99)  # of temperatures
HIGHEST = 2 * (1 - 1e-6)  # temperature up to which the direct model's lines are followed towards T = 2


def glass_temperature(load: float) -> Estimate:
    """Return T_g = 2 (1 + sqrt(M/N)), where the paramagnet freezes (docs/theory.md, eq. 57)."""
    value = 2 * (1 + math.sqrt(load / 2))
    return Estimate(value, 4e-16 * value)


def retrieval_spinodal_load(temperature: float) -> Estimate:
    """Return the largest load at which a memory is retrieved at T < 2 (docs/theory.md, eq. 61)."""
    if temperature >= 2:
        raise NoSolution(f"no retrieval at T = {temperature:.10g}: for p = 2 it exists below T = 2")
    log_a = curves.spinodal_log_variance(temperature)
    value, *others = (
        curves.retrieval_load(math.exp(log_a + shift), temperature) for shift in (0.0, 10 * NUDGE, -10 * NUDGE)
    )
    return Estimate(value, max(abs(other - value) for other in others) + AVERAGES * value)


@lru_cache(maxsize=2)
def reentrance(kind: str = "spinodal") -> tuple[float, float]:
    """Return the temperature at which retrieval's "spinodal" or "global" line has its largest load, and that load."""
    line, highest = (retrieval_spinodal_load, 0.1) if kind == "spinodal" else (retrieval_global_load, 0.3)
    top = minimize_scalar(lambda t: -line(t).value, bounds=(0.01, highest), method="bounded", options={"xatol": 1e-7})
    return float(top.x), float(-top.fun)


def retrieval_spinodal_temperature(load: float) -> Estimate:
    """Return T_M, above which no memory is retrieved: the upper one where the line is re-entrant."""
    peak, largest = reentrance()
    if not 0 < load <= largest:
        raise NoSolution(f"no retrieval at load = {load:.10g}: for p = 2 it exists at loads in (0, {largest:.10g}]")
    reduced = math.sqrt(load / 2)
    low, high = max(peak, 2 - 5.4 * reduced), min(2 - 3.9 * reduced, HIGHEST)  # near 2 it is 2 - 3.908 reduced
    return _root(lambda t: 1 - math.sqrt(retrieval_spinodal_load(t).value / load), low, high)


def retrieval_global_load(temperature: float) -> Estimate:
    """Return the load below which retrieval wins over the RS spin glass (docs/theory.md, eq. 62)."""
    if temperature >= 2:
        raise NoSolution(f"no retrieval at T = {temperature:.10g}: for p = 2 it exists below T = 2")
    highest = curves.spinodal_log_variance(temperature)

    def excess(log_a: float) -> float:
        a = math.exp(log_a)
        load = curves.retrieval_load(a, temperature)
        return _advantage_of_glass(load, temperature, pairwise.retrieval_at(a, load, temperature))

    log_a = curves.bracketed_root(excess, highest - 0.5, highest)
    load = curves.retrieval_load(math.exp(log_a), temperature)
    gap = excess(log_a)
    slope = (gap - excess(log_a - 1e-4)) / 1e-4
    return Estimate(load, load * ((abs(gap) + 1e-15) / abs(slope) + AVERAGES))


def retrieval_global_temperature(load: float) -> Estimate:
    """Return T_c, below which retrieval wins over the RS spin glass: the upper one where the line is re-entrant."""
    peak, largest = reentrance("global")
    if not 0 < load <= largest:
        raise NoSolution(
            f"retrieval never wins at load = {load:.10g}: for p = 2 it does at loads in (0, {largest:.10g}]"
        )
    spinodal = min(HIGHEST, retrieval_spinodal_temperature(load).value)

    def excess(temperature: float) -> float:
        return _advantage_of_glass(load, temperature, pairwise.retrieval(load, temperature))

    reduced = math.sqrt(load / 2)
    low = 2 - 7.2 * reduced if reduced < 0.19 else peak  # near 2 it is 2 - 5.19 reduced
    return _root(excess, low, spinodal * (1 - 1e-9))


def retrieval_stability_load(temperature: float) -> Estimate:
    """Return the load above which replica symmetry breaks in the retrieval state (docs/theory.md, eq. 67).

    At temperatures where it is stable up to its spinodal there is none: `NoSolution`.
    """
    highest = curves.spinodal_log_variance(temperature) if 0 < temperature < 2 else -math.inf

    def softness(log_a: float) -> float:
        a = math.exp(log_a)
        return _log_softness(a, curves.retrieved(a, temperature)[1], temperature)

    if highest == -math.inf or softness(highest) < 0:
        raise NoSolution(
            f"no instability of retrieval at T = {temperature:.10g}: for p = 2 it lies between T = 0 (all loads) and "
            f"T = {_highest_instability():.10g}"
        )
    log_a = _root(softness, math.log(1e-3), highest)
    return _load_at(log_a, lambda a: curves.retrieval_load(a, temperature))


@lru_cache(maxsize=1)
def _highest_instability() -> float:
    """Return the temperature at which the retrieval state's instability meets its spinodal."""

    def softness(temperature: float) -> float:
        a = math.exp(curves.spinodal_log_variance(temperature))
        return _log_softness(a, curves.retrieved(a, temperature)[1], temperature)

    return float(brentq(softness, 0.01, 1.9, xtol=1e-14))


def retrieval_stability_temperature(load: float) -> Estimate:
    """Return T_R, below which replica symmetry breaks in the retrieval state (docs/theory.md, eq. 67 and 68)."""
    at_spinodal = _highest_instability()
    largest = retrieval_spinodal_load(at_spinodal).value
    if not 0 < load <= largest:
        raise NoSolution(f"no instability of retrieval at load = {load:.10g}: the line ends at load = {largest:.10g}")

    def softness(log_t: float) -> float:
        return math.log(load / retrieval_stability_load(math.exp(log_t)).value)

    lowest = max(-2 / load, LOWEST)
    if softness(lowest) < 0:
        raise NoSolution(f"no instability of retrieval at load = {load:.10g} above T = {math.exp(lowest):.1g}")
    found = _root(softness, lowest, math.log(at_spinodal * (1 - 1e-12)))
    return Estimate(math.exp(found.value), math.exp(found.value) * found.error)


def inference_load(temperature: float, contrast: float) -> Estimate:
    """Return the load at which q* > 0 begins, out of the paramagnet or the spin glass (docs/theory.md, eq. 65, 66)."""
    value = curves.inference_onset(temperature, contrast)
    if not curves.starts_in_glass(temperature, contrast):
        return Estimate(value, 1e-15 * temperature / contrast)
    log_a = curves.glass_onset_log_variance(temperature, contrast)
    return _load_at(Estimate(log_a, 1e-14), lambda a: curves.glass_onset_load(a, temperature, contrast))


def inference_temperature(load: float, contrast: float) -> Estimate:
    """Return the temperature T >= T* below which q* > 0 at loads of at least 2/c^2 (docs/theory.md, eq. 65)."""
    if load * contrast**2 < 2:
        raise NoSolution(
            f"no inference at load = {load:.10g}, at any temperature: for p = 2 and T* = {2 + 2 / contrast:.10g} it "
            f"begins at load = {2 / contrast**2:.10g}, on the Nishimori line"
        )
    value = 2 + load * contrast
    return Estimate(value, 4e-16 * value)


def inference_lower_temperature(load: float, contrast: float) -> Estimate:
    """Return T < T* below which q* = 0 again, for 2/c^2 < load < pi/c^2 (docs/theory.md, eq. 66)."""
    if not 2 < load * contrast**2 < math.pi:
        raise NoSolution(
            f"q* does not vanish on cooling at load = {load:.10g}: for p = 2 and T* = {2 + 2 / contrast:.10g} it does "
            f"at loads between {2 / contrast**2:.10g} and {math.pi / contrast**2:.10g}"
        )
    nishimori = 2 + 2 / contrast
    return _root(lambda t: 1 - curves.inference_onset(t, contrast) / load, 0.0, nishimori * (1 - 1e-9))


def inference_stability_load(temperature: float, contrast: float) -> Estimate:
    """Return the load below which replica symmetry breaks in the inference state, T < T* (docs/theory.md, eq. 67)."""
    nishimori = 2 + 2 / contrast
    if not 0 < temperature < nishimori:
        raise NoSolution(
            f"no instability of inference at T = {temperature:.10g}: for p = 2 it lies between T = 0 (all loads) and "
            f"T* = {nishimori:.10g}"
        )
    variance = math.exp(curves.glass_onset_log_variance(temperature, contrast))

    def hardness(log_mean: float) -> float:
        nonlocal variance
        mean = math.exp(log_mean)
        variance = curves.planted_variance(mean, temperature, contrast, variance)
        found = site.average(mean, math.sqrt(variance), temperature)
        return -_log_softness(variance, found, temperature, contrast)

    log_mean = curves.bracketed_root(hardness, math.log(variance) / 2)
    edge = _with_error(hardness, log_mean, 1e-5)

    def load_of(mean: float) -> float:
        there = curves.planted_variance(mean, temperature, contrast, variance)
        return curves.planted_load(mean, there, temperature, contrast)

    return _load_at(edge, load_of)


def inference_stability_temperature(load: float, contrast: float) -> Estimate:
    """Return T < T* below which replica symmetry breaks in the inference state (docs/theory.md, eq. 67)."""
    if load * contrast**2 <= 2:
        raise NoSolution(f"no inference at load = {load:.10g}: it begins at load = {2 / contrast**2:.10g}, at T = T*")

    def hardness(temperature: float) -> float:
        try:
            state = pairwise.inference(load, temperature, contrast)
        except NoSolution:  # the spin glass below the lower end of inference
            return -1.0
        return -_log_softness(state.variance, state.site, temperature, contrast)

    nishimori = 2 + 2 / contrast
    lowest = nishimori / 2
    while hardness(lowest) > 0:
        lowest /= 2
    return _root(hardness, lowest, nishimori)


def _log_softness(variance: float, found: Site, temperature: float, contrast: float = 0.0) -> float:
    """Return log[a beta^2 E sech^4/(q + c q*^2)]: positive where replica symmetry breaks (docs/theory.md, eq. 67)."""
    signal = found.square + contrast * found.overlap**2
    return math.log(max(variance * found.fourth / (temperature * signal), 1e-300))


def _advantage_of_glass(load: float, temperature: float, state: State) -> float:
    """Return the free energy of a retrieval state minus that of the spin glass (docs/theory.md, eq. 62)."""
    glass = pairwise.spin_glass(load, temperature)
    return pairwise.free_energy(state, load, temperature) - pairwise.free_energy(glass, load, temperature)


def _load_at(point: Estimate, load_of: Callable[[float], float]) -> Estimate:
    """Return the load at a point known in the logarithm of a field, with its error."""
    value = load_of(math.exp(point.value))
    shift = max(point.error, NUDGE)
    slope = abs(load_of(math.exp(point.value + shift)) - value) / shift
    return Estimate(value, slope * point.error + AVERAGES * value)


def _root(function: Callable[[float], float], low: float, high: float) -> Estimate:
    """Return the root of a function between two points with its error: bracketed to 1e-8, then one secant step."""
    value = float(brentq(function, low, high, xtol=1e-8 * (high - low), rtol=1e-12))
    step = (1 if value - low < high - value else -1) * 1e-5 * (high - low)
    here = function(value)
    slope = (function(value + step) - here) / step
    if here != 0 and low < value - here / slope < high:
        value -= here / slope
        here = function(value)
    return Estimate(value, (abs(here) + 1e-14) / abs(slope) + 4e-16 * abs(value))


def _with_error(function: Callable[[float], float], value: float, step: float) -> Estimate:
    """Return a root with its error: residual and rounding over slope."""
    here = function(value)
    slope = (function(value + step) - here) / step
    return Estimate(value, (abs(here) + 1e-14) / abs(slope) + 4e-16 * abs(value))
