"""Two bodies: lines of the phase diagram that compare states, or give a temperature at a load (eq. 78 to 89).

Loads at which one branch begins, ends or becomes unstable are in `models.pairwise.limits`. Here are the load at which
retrieval becomes the ground state (Amit, Gutfreund & Sompolinsky, PRL 55, 1530, 1985; Ann. Phys. 173, 30, 1987) and the
temperatures that belong to a load. load = alpha = 2 M/N; contrast = c = 2/(T* - 2).
"""

import math
from functools import lru_cache

from scipy.optimize import minimize_scalar

from densehop.errors import NoSolution
from densehop.theory.models.pairwise import curves, limits
from densehop.theory.models.pairwise import states as pairwise
from densehop.theory.models.pairwise.states import State
from densehop.theory.states.estimate import Estimate

LOWEST = math.log(1e-99)  # of temperatures
HIGHEST = 2 * (1 - 1e-6)  # temperature up to which the direct model's lines are followed towards T = 2


def glass_temperature(load: float) -> Estimate:
    """Return T_g = 2 (1 + sqrt(M/N)), where the paramagnet freezes (docs/theory.md, eq. 78)."""
    value = 2 * (1 + math.sqrt(load / 2))
    return Estimate(value, 4e-16 * value)


@lru_cache(maxsize=2)
def reentrance(kind: str = "spinodal") -> tuple[float, float]:
    """Return the temperature at which retrieval's "spinodal" or "global" line has its largest load, and that load."""
    line, highest = (limits.retrieval_spinodal_load, 0.1) if kind == "spinodal" else (retrieval_global_load, 0.3)
    top = minimize_scalar(lambda t: -line(t).value, bounds=(0.01, highest), method="bounded", options={"xatol": 1e-7})
    return float(top.x), float(-top.fun)


def retrieval_spinodal_temperature(load: float) -> Estimate:
    """Return T_M, above which no memory is retrieved: the upper one where the line is re-entrant."""
    peak, largest = reentrance()
    if not 0 < load <= largest:
        raise NoSolution(f"no retrieval at load = {load:.10g}: for p = 2 it exists at loads in (0, {largest:.10g}]")
    reduced = math.sqrt(load / 2)
    low, high = max(peak, 2 - 5.4 * reduced), min(2 - 3.9 * reduced, HIGHEST)  # near 2 it is 2 - 3.908 reduced
    return limits.root(lambda t: 1 - math.sqrt(limits.retrieval_spinodal_load(t).value / load), low, high)


def retrieval_global_load(temperature: float) -> Estimate:
    """Return the load below which retrieval wins over the RS spin glass (docs/theory.md, eq. 83)."""
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
    return Estimate(load, load * ((abs(gap) + 1e-15) / abs(slope) + limits.AVERAGES))


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
    return limits.root(excess, low, spinodal * (1 - 1e-9))


def retrieval_stability_temperature(load: float) -> Estimate:
    """Return T_R, below which replica symmetry breaks in the retrieval state (docs/theory.md, eq. 88 and 89)."""
    at_spinodal = limits.highest_instability()
    largest = limits.retrieval_spinodal_load(at_spinodal).value
    if not 0 < load <= largest:
        raise NoSolution(f"no instability of retrieval at load = {load:.10g}: the line ends at load = {largest:.10g}")

    def softness(log_t: float) -> float:
        return math.log(load / limits.retrieval_stability_load(math.exp(log_t)).value)

    lowest = max(-2 / load, LOWEST)
    if softness(lowest) < 0:
        raise NoSolution(f"no instability of retrieval at load = {load:.10g} above T = {math.exp(lowest):.1g}")
    found = limits.root(softness, lowest, math.log(at_spinodal * (1 - 1e-12)))
    return Estimate(math.exp(found.value), math.exp(found.value) * found.error)


def inference_temperature(load: float, contrast: float) -> Estimate:
    """Return the temperature T >= T* below which q* > 0 at loads of at least 2/c^2 (docs/theory.md, eq. 86)."""
    if load * contrast**2 < 2:
        raise NoSolution(
            f"no inference at load = {load:.10g}, at any temperature: for p = 2 and T* = {2 + 2 / contrast:.10g} it "
            f"begins at load = {2 / contrast**2:.10g}, on the Nishimori line"
        )
    value = 2 + load * contrast
    return Estimate(value, 4e-16 * value)


def inference_lower_temperature(load: float, contrast: float) -> Estimate:
    """Return T < T* below which q* = 0 again, for 2/c^2 < load < pi/c^2 (docs/theory.md, eq. 87)."""
    if not 2 < load * contrast**2 < math.pi:
        raise NoSolution(
            f"q* does not vanish on cooling at load = {load:.10g}: for p = 2 and T* = {2 + 2 / contrast:.10g} it does "
            f"at loads between {2 / contrast**2:.10g} and {math.pi / contrast**2:.10g}"
        )
    nishimori = 2 + 2 / contrast
    return limits.root(lambda t: 1 - curves.inference_onset(t, contrast) / load, 0.0, nishimori * (1 - 1e-9))


def inference_stability_temperature(load: float, contrast: float) -> Estimate:
    """Return T < T* below which replica symmetry breaks in the inference state (docs/theory.md, eq. 88)."""
    if load * contrast**2 <= 2:
        raise NoSolution(f"no inference at load = {load:.10g}: it begins at load = {2 / contrast**2:.10g}, at T = T*")

    def hardness(temperature: float) -> float:
        try:
            state = pairwise.inference(load, temperature, contrast)
        except NoSolution:  # the spin glass below the lower end of inference
            return -1.0
        return -limits.log_softness(state.variance, state.site, temperature, contrast)

    nishimori = 2 + 2 / contrast
    lowest = nishimori / 2
    while hardness(lowest) > 0:
        lowest /= 2
    return limits.root(hardness, lowest, nishimori)


def _advantage_of_glass(load: float, temperature: float, state: State) -> float:
    """Return the free energy of a retrieval state minus that of the spin glass (docs/theory.md, eq. 83)."""
    glass = pairwise.spin_glass(load, temperature)
    return pairwise.free_energy(state, load, temperature) - pairwise.free_energy(glass, load, temperature)
