"""Where replica-symmetric states of finite overlap end and lose stability, p >= 3, in the direct model's units.

Roots are sought along the explicit surface of `states`, so none is missed; the error of a root is its residual, or the
rounding of the averages, over the slope there.
"""

import math
from collections.abc import Callable
from functools import lru_cache

from scipy.optimize import brentq

from densehop.errors import NoSolution
from densehop.teacher import law
from densehop.theory.models.many_body import states
from densehop.theory.models.many_body.noise import TensorNoise
from densehop.theory.states.estimate import Estimate

ROUNDING = 4e-15  # of an average of order 1


def spinodal_load(p: int, temperature: float) -> Estimate:
    """Return the largest load of retrieval (docs/theory.md, eq. 31)."""
    limit = states.spinodal(p, temperature)
    if limit is None:
        raise too_hot(p, temperature, law.critical_temperature(p).spinodal_temperature, "exists")
    load = states.load_of(p, limit)
    return Estimate(load, (ROUNDING * p + states.residual(p, load, limit)) * load)


@lru_cache(maxsize=4096)
def stability_load(p: int, temperature: float) -> Estimate:
    """Return the load from which retrieval is unstable to replica symmetry breaking, its AT line (eq. 30)."""
    limit = states.spinodal(p, temperature)
    if limit is None:
        raise too_hot(p, temperature, law.critical_temperature(p).spinodal_temperature, "exists")
    if temperature == 0:
        raise NoSolution("no load with stable replica symmetry at T = 0 but 0")

    largest, noise = states.load_of(p, limit), TensorNoise(p)
    if noise.replicon(limit.order, largest, temperature, limit.site.fourth) >= 0:
        raise NoSolution(f"retrieval is stable up to its spinodal at T = {temperature:.6g} for p = {p}")

    def replicon(load: float) -> float:
        state = states.retrieval(p, load, temperature)
        return noise.replicon(state.order, load, temperature, state.site.fourth)

    return root(replicon, largest, 10 * ROUNDING * p)


def root(function: Callable[[float], float], largest: float, rounding: float) -> Estimate:
    """Return the load at which a function, positive at load 0 and negative at the largest load, vanishes.

    `rounding` is how far the function may be off: where it is no further below 0 at the largest load, the root lies
    there.
    """
    at_largest = function(largest)
    if at_largest > -rounding:
        return Estimate(largest, rounding * largest)
    load = float(brentq(function, 1e-300, largest, xtol=1e-300, rtol=1e-14))
    step = 1e-5 * min(load, largest - load)
    slope = (function(load + step) - function(load - step)) / (2 * step) if step > 0 else math.inf
    if slope == 0:  # the root lies at the largest load to within rounding
        return Estimate(load, largest - load + ROUNDING * load)
    return Estimate(load, (abs(function(load)) + rounding) / abs(slope) + ROUNDING * load)


def too_hot(p: float, temperature: float, highest: float, event: str) -> NoSolution:
    """Say up to which temperature retrieval does something."""
    return NoSolution(f"for p = {p} retrieval {event} below T = {highest:.8g}, got T = {temperature:.8g}")
