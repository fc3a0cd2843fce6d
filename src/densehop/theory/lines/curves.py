"""Where states of finite overlap win, p >= 3, in the direct model's units.

Each curve is a load at a temperature: the boundary of the direct model itself, and in other coordinates that of every
inference problem (`boundaries`). Where the states end and lose stability is in `models.many_body.limits`.
"""

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from scipy.interpolate import CubicHermiteSpline
from scipy.optimize import brentq

from densehop.base.arrays import Floats
from densehop.teacher import law
from densehop.theory.models import nishimori
from densehop.theory.models.many_body import glass, limits
from densehop.theory.models.many_body import states as many_body
from densehop.theory.models.many_body.model import ManyBody
from densehop.theory.models.many_body.noise import TensorNoise
from densehop.theory.states import broken_curve, one_step_branch
from densehop.theory.states.estimate import Estimate
from densehop.theory.states.model import OrderedBranch, State
from densehop.theory.states.one_step_branch import Point

ONE_STATE = 1e-15  # difference between the levels of a 1RSB state below which its free energy is replica symmetry's
BELOW = 0.99  # of the replica-symmetric transition: where that of the first 1RSB states is sought
TABLE, TABLE_ERROR = 161, 2e-12  # points of the glass's free energy, and the error of its Hermite interpolation


def temperatures_for(p: int, points: int) -> Floats:
    """Return temperatures at which to trace, crowded at both ends; all curves share them, and so the work."""
    end = law.critical_temperature(p).spinodal_temperature * (1 - 1e-6)
    return end * (1 - np.cos(np.linspace(0, math.pi, points))) / 2


@lru_cache(maxsize=4096)
def global_load(p: int, temperature: float) -> Estimate:
    """Return the load up to which retrieval has the lowest free energy, against paramagnet or 1RSB glass (eq. 40)."""
    if p == math.inf:
        return _infinite_global_load(temperature)
    critical = law.critical_temperature(p).temperature
    if temperature >= critical:
        raise limits.too_hot(p, temperature, critical, "is global")
    limit = many_body.spinodal(p, temperature)
    assert limit is not None  # the spinodal lies above the transition

    largest = many_body.load_of(p, limit)
    if advantage(p, largest, temperature, limit) >= 0:
        return limits.spinodal_load(p, temperature)

    def lead(load: float) -> float:
        return advantage(p, load, temperature, many_body.retrieval(p, load, temperature))

    with_glass = temperature < 1 / nishimori.nishimori_lines(p).gamma_global  # the triple point
    return limits.root(lead, largest, TABLE_ERROR if with_glass else 10 * limits.ROUNDING * p)


def broken_global_load(p: int, temperature: float) -> Estimate:
    """Return the load up to which the 1RSB retrieval state wins, p >= 3 (docs/theory.md, eq. 40)."""
    branch = ManyBody(p).retrieval
    plain, found = global_load(p, temperature), broken_curve.curve(branch, temperature)
    if found is None or plain.value <= found.parting:
        return plain
    system = found.system

    def lead(point: Point) -> float:
        here = point.state
        spins = here.site.entropy + system.noise.entropy(here.order, here.load)
        free_energy = system.noise.energy(here.order, here.load) - temperature * spins
        return background(p, here.load, temperature) - free_energy

    beaten = next((k for k, point in enumerate(found.points) if lead(point) < 0), None)
    if beaten is None:
        return broken_curve.end_load(branch, temperature)
    if beaten == 0:
        return _close_to_parting(branch, found, plain, lead)
    one, other = found.points[beaten - 1], found.points[beaten]
    root = one_step_branch.where(system, one, other, lead)
    slope = (lead(other) - lead(one)) / (other.state.load - one.state.load)
    off = (abs(lead(root)) + TABLE_ERROR) / abs(slope)
    load = one_step_branch.load_of(system, root)
    return Estimate(load.value, off + load.error + abs(load.value - root.state.load))


def _close_to_parting(
    branch: OrderedBranch, found: broken_curve.Curve, plain: Estimate, lead: Callable[[Point], float]
) -> Estimate:
    """Return the transition between the AT line and the first state: replica symmetry is almost right there."""
    first, apart = found.points[0], broken_curve.separation(branch, found, plain.value)
    if apart < ONE_STATE:
        return Estimate(plain.value, plain.error + apart)

    def lead_at(load: float) -> float:
        return lead(broken_curve.before_first(branch, found, load))

    low, high = max(found.parting, BELOW * plain.value), first.state.load
    low += 1e-6 * (high - low)
    at_low, at_high = lead_at(low), lead(first)
    if at_low < 0 or high <= found.parting:  # within 1e-6 of the AT line, where the two free energies are the same
        return plain
    load = float(brentq(lambda v: at_high if v == high else lead_at(v), low, high, xtol=1e-14))
    slope = (at_high - at_low) / (high - low)
    return Estimate(load, TABLE_ERROR / abs(slope) + plain.error)


def _infinite_global_load(temperature: float) -> Estimate:
    """Return `global_load` for p -> infinity: f = -1 against the random-energy model of Derrida (1981)."""
    triple, critical = 1 / (2 * math.log(2)), 1 / math.log(2)
    if temperature >= critical:
        raise limits.too_hot(math.inf, temperature, critical, "is global")
    load = triple if temperature <= triple else 2 * temperature * (1 - temperature / critical)
    return Estimate(load, 2 * limits.ROUNDING * load)


def advantage(p: int, load: float, temperature: float, found: State) -> float:
    """Return the free energy of paramagnet or glass minus that of a state."""
    noise = TensorNoise(p)
    spins = found.site.entropy + noise.entropy(found.order, load)
    return background(p, load, temperature) - (noise.energy(found.order, load) - temperature * spins)


def background(p: int, load: float, temperature: float) -> float:
    """Return the free energy without overlaps: the paramagnet's, from Gamma_gR on the 1RSB glass's (eq. 39)."""
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
