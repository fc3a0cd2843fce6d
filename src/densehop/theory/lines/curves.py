"""Where states of finite overlap end, win and lose stability, p >= 3, in the direct model's units.

Each curve is a load at a temperature: the boundary of the direct model itself, and in other coordinates that of every
inference problem (`boundaries`). Roots are sought along the explicit surface of `many_body`, so none is missed; the
error of a root is its residual, or the rounding of the averages, over the slope there.
"""

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from scipy.interpolate import CubicHermiteSpline
from scipy.optimize import brentq

from densehop.base.arrays import Floats
from densehop.errors import NoSolution
from densehop.teacher import law
from densehop.theory.lines.estimate import Estimate
from densehop.theory.states import glass, many_body, nishimori
from densehop.theory.states.many_body import State
from densehop.theory.states.noise import TensorNoise

ROUNDING = 4e-15  # of an average of order 1
TABLE, TABLE_ERROR = 161, 2e-12  # points of the glass's free energy, and the error of its Hermite interpolation


def temperatures_for(p: int, points: int) -> Floats:
    """Return temperatures at which to trace, crowded at both ends; all curves share them, and so the work."""
    end = law.critical_temperature(p).spinodal_temperature * (1 - 1e-6)
    return end * (1 - np.cos(np.linspace(0, math.pi, points))) / 2


def spinodal_load(p: int, temperature: float) -> Estimate:
    """Return the largest load of retrieval (docs/theory.md, eq. 29)."""
    limit = many_body.spinodal(p, temperature)
    if limit is None:
        raise _too_hot(p, temperature, law.critical_temperature(p).spinodal_temperature, "exists")
    load = many_body.load_of(p, limit)
    return Estimate(load, (ROUNDING * p + many_body.residual(p, load, limit)) * load)


def global_load(p: int, temperature: float) -> Estimate:
    """Return the load up to which retrieval has the lowest free energy, against paramagnet or 1RSB glass (eq. 37)."""
    if p == math.inf:
        return _infinite_global_load(temperature)
    critical = law.critical_temperature(p).temperature
    if temperature >= critical:
        raise _too_hot(p, temperature, critical, "is global")
    limit = many_body.spinodal(p, temperature)
    assert limit is not None  # the spinodal lies above the transition

    largest = many_body.load_of(p, limit)
    if advantage(p, largest, temperature, limit) >= 0:
        return spinodal_load(p, temperature)

    def lead(load: float) -> float:
        return advantage(p, load, temperature, many_body.retrieval(p, load, temperature))

    with_glass = temperature < 1 / nishimori.nishimori_lines(p).gamma_global  # the triple point
    return _root(lead, largest, TABLE_ERROR if with_glass else 10 * ROUNDING * p)


def _infinite_global_load(temperature: float) -> Estimate:
    """P -> infinity: f = -1 against the random-energy model's paramagnet or frozen glass (Derrida 1981)."""
    triple, critical = 1 / (2 * math.log(2)), 1 / math.log(2)
    if temperature >= critical:
        raise _too_hot(math.inf, temperature, critical, "is global")
    load = triple if temperature <= triple else 2 * temperature * (1 - temperature / critical)
    return Estimate(load, 2 * ROUNDING * load)


def stability_load(p: int, temperature: float) -> Estimate:
    """Return the load from which retrieval is unstable to replica symmetry breaking, its AT line (eq. 28)."""
    limit = many_body.spinodal(p, temperature)
    if limit is None:
        raise _too_hot(p, temperature, law.critical_temperature(p).spinodal_temperature, "exists")
    if temperature == 0:
        raise NoSolution("no load with stable replica symmetry at T = 0 but 0")

    largest, noise = many_body.load_of(p, limit), TensorNoise(p)
    if noise.replicon(limit.order, largest, temperature, limit.site.fourth) >= 0:
        raise NoSolution(f"retrieval is stable up to its spinodal at T = {temperature:.6g} for p = {p}")

    def replicon(load: float) -> float:
        here = many_body.retrieval(p, load, temperature)
        return noise.replicon(here.order, load, temperature, here.site.fourth)

    return _root(replicon, largest, 10 * ROUNDING * p)


def advantage(p: int, load: float, temperature: float, found: State) -> float:
    """Return the free energy of paramagnet or glass minus that of a state."""
    noise = TensorNoise(p)
    spins = found.site.entropy + noise.entropy(found.order, load)
    return background(p, load, temperature) - (noise.energy(found.order, load) - temperature * spins)


def background(p: int, load: float, temperature: float) -> float:
    """Return the free energy without overlaps: the paramagnet's, from Gamma_gR on the 1RSB glass's (eq. 35)."""
    if load == 0:
        return -temperature * math.log(2)
    scaled = temperature / math.sqrt(load)
    if scaled**2 * nishimori.nishimori_lines(p).gamma_global >= 1:
        return -temperature * math.log(2) - load / (2 * temperature)
    return math.sqrt(load) * float(glass_table(p)(scaled))


@lru_cache(maxsize=32)
def glass_table(p: int) -> CubicHermiteSpline:
    """Return the glass's free energy at load 1 against T; its slope, minus the entropy, is known too."""
    noise = TensorNoise(p)
    temperatures, energies, slopes = [], [], []
    for parisi in np.linspace(0, 1, TABLE):
        state = glass.at_parisi(p, float(parisi))
        t = 0.0 if parisi == 0 else state.gamma**-0.5
        entropy = state.site.entropy + noise.entropy(state.order, 1.0)
        temperatures.append(t)
        energies.append(noise.energy(state.order, 1.0) - t * entropy)
        slopes.append(-entropy)
    return CubicHermiteSpline(temperatures, energies, slopes)


def _root(function: Callable[[float], float], largest: float, rounding: float) -> Estimate:
    """Return the load at which a function, positive at load 0 and negative at the largest load, vanishes.

    `rounding` is how far the function may be off.
    """
    load = float(brentq(function, 1e-300, largest, xtol=1e-300, rtol=1e-14))
    step = 1e-5 * min(load, largest - load)
    slope = (function(load + step) - function(load - step)) / (2 * step) if step > 0 else math.inf
    if slope == 0:  # the root lies at the largest load to within rounding
        return Estimate(load, largest - load + ROUNDING * load)
    return Estimate(load, (abs(function(load)) + rounding) / abs(slope) + ROUNDING * load)


def _too_hot(p: float, temperature: float, highest: float, what: str) -> NoSolution:
    return NoSolution(f"for p = {p} retrieval {what} below T = {highest:.8g}, got T = {temperature:.8g}")
