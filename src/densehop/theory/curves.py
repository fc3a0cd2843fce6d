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

from densehop import teacher
from densehop.errors import NoSolution
from densehop.theory import glass, many_body, nishimori
from densehop.theory.estimate import Estimate
from densehop.theory.many_body import TIGHT, State
from densehop.theory.noise import TensorNoise

ROUNDING = 4e-15  # of an average of order 1
TABLE = 161  # points of the glass's free energy: its Hermite interpolation is then right to 1e-11


def spinodal_load(p: int, temperature: float) -> Estimate:
    """Return the largest load of retrieval (docs/theory.md, eq. 29)."""
    limit = many_body.spinodal(p, temperature)
    if limit is None:
        raise _too_hot(p, temperature, teacher.critical_temperature(p).spinodal_temperature, "exists")
    load = many_body.load_of(p, limit)
    return Estimate(load, (ROUNDING * p + many_body.residual(p, load, limit)) * load)


def global_load(p: int, temperature: float) -> Estimate:
    """Return the load up to which retrieval has the lowest free energy, against paramagnet or 1RSB glass (eq. 37)."""
    critical = teacher.critical_temperature(p).temperature
    if temperature >= critical:
        raise _too_hot(p, temperature, critical, "is global")
    limit = many_body.spinodal(p, temperature)
    assert limit is not None  # the spinodal lies above the transition

    def lead(mean: float) -> float:
        return advantage(p, temperature, many_body.at_mean(p, mean, temperature))

    if lead(limit.mean) >= 0:
        return spinodal_load(p, temperature)
    top = many_body.largest_mean(p, temperature)
    return _root(p, temperature, lead, limit.mean, top * (1 - 1e-13))


def stability_load(p: int, temperature: float) -> Estimate:
    """Return the load from which retrieval is unstable to replica symmetry breaking, its AT line (eq. 28)."""
    limit = many_body.spinodal(p, temperature)
    if limit is None:
        raise _too_hot(p, temperature, teacher.critical_temperature(p).spinodal_temperature, "exists")
    if temperature == 0:
        raise NoSolution("no load with stable replica symmetry at T = 0 but 0")

    def replicon(mean: float) -> float:
        here = many_body.at_mean(p, mean, temperature)
        return TensorNoise(p).replicon(here.order, many_body.load_of(p, here), temperature, here.site.fourth)

    if replicon(limit.mean) >= 0:
        raise NoSolution(f"retrieval is stable up to its spinodal at T = {temperature:.6g} for p = {p}")
    return _root(p, temperature, replicon, limit.mean, many_body.largest_mean(p, temperature) * (1 - 1e-13))


def advantage(p: int, temperature: float, found: State) -> float:
    """Return the free energy of paramagnet or glass minus that of a state, at the state's own load."""
    load, noise = many_body.load_of(p, found), TensorNoise(p)
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


def _root(p: int, temperature: float, function: Callable[[float], float], low: float, high: float) -> Estimate:
    """Return the load where a function of the mean field vanishes, with its error."""
    mean = float(brentq(function, low, high, **TIGHT))
    step = 1e-5 * min(mean - low, high - mean)
    before, after = mean - step, mean + step
    slope = (function(after) - function(before)) / (2 * step) if step > 0 else math.inf
    loads = [many_body.load_of(p, many_body.at_mean(p, b, temperature)) for b in (before, mean, after)]
    by_mean = (loads[2] - loads[0]) / (2 * step) if step > 0 else 0.0
    off = (abs(function(mean)) + ROUNDING * p) / abs(slope)
    return Estimate(loads[1], abs(by_mean) * off + ROUNDING * loads[1])


def _too_hot(p: int, temperature: float, highest: float, what: str) -> NoSolution:
    return NoSolution(f"for p = {p} retrieval {what} below T = {highest:.8g}, got T = {temperature:.8g}")
