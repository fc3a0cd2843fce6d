"""The spin glass for p >= 3: no overlap with any memory (docs/theory.md, section 8 and eq. 33 to 37).

Only Gamma = alpha/T^2 matters, and every curve is explicit: replica-symmetric states in the field's variance, 1RSB
states in the Parisi parameter x (at each x one variance makes the free entropy stationary in x, and Gamma follows).
The limit T = 0 is x -> 0 at fixed y = x/T.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from scipy.optimize import brentq

from densehop.base import checks
from densehop.errors import NoSolution
from densehop.theory.models import nishimori
from densehop.theory.models.many_body.noise import TensorNoise
from densehop.theory.models.many_body.states import TIGHT, state
from densehop.theory.states import site
from densehop.theory.states.model import State
from densehop.theory.states.noise import Order
from densehop.theory.states.tilted_site import TiltedSite, tilted_average

SMALLEST_PARISI = 1e-13  # below it, Gamma > 1e24, x/T is that of T = 0 in double precision


# --- replica symmetry -------------------------------------------------------------------------------------------------


def symmetric(p: int, load: float, temperature: float) -> State:
    """Return the replica-symmetric spin glass of largest q (docs/theory.md, eq. 32)."""
    if load == 0:
        raise NoSolution("no spin glass without load")
    if temperature == 0:
        return state(0.0, p * load, 0.0)
    gamma = load / temperature / temperature
    limit = symmetric_spinodal(p)
    lowest = gamma_of(p, limit)
    if gamma < lowest * (1 - 1e-15):
        raise NoSolution(
            f"no spin glass at alpha/T^2 = {gamma:.10g}: for p = {p} its replica-symmetric state exists "
            f"from {lowest:.10g} on"
        )
    if gamma <= lowest * (1 + 1e-15):
        variance = limit
    else:
        variance = nishimori.root_in_log(lambda a: math.log(gamma_of(p, a) / gamma), limit, p * gamma * (1 + 1e-12))
    solution = state(0.0, variance * temperature**2, temperature)
    for _ in range(2):  # rounding of the logarithm matters at large Gamma
        solution = state(0.0, p * load * solution.site.square ** (p - 1), temperature) if variance > 100 else solution
    return solution


def gamma_of(p: int, variance: float) -> float:
    """Return the Gamma at which the reduced variance a solves a = p Gamma q^(p-1), q = E tanh^2(sqrt(a) z)."""
    return variance / (p * site.average(0.0, math.sqrt(variance), 1.0).square ** (p - 1))


@lru_cache(maxsize=256)
def symmetric_spinodal(p: int) -> float:
    """Return the reduced variance at which Gamma(a) is smallest: (p-1) a q'(a)/q(a) = 1."""

    def excess(variance: float) -> float:
        spin = site.average(0.0, math.sqrt(variance), 1.0)
        return 1 + (p - 1) * variance * spin.slope / spin.square  # dq/da = -T d chi/da

    return float(brentq(excess, 1e-3, 100.0 * p * p, **TIGHT))


# --- one step of replica symmetry breaking ----------------------------------------------------------------------------


class Broken(NamedTuple):
    """A 1RSB spin glass with q0 = 0: Gamma (inf at T = 0), Parisi parameter x, y = x/T at load 1, and averages."""

    gamma: float
    parisi: float
    tilt: float
    variance: float
    site: TiltedSite

    @property
    def order(self) -> Order:
        """The order parameters at load 1."""
        s = self.site
        return Order(0.0, 0.0, s.inner_square, s.susceptibility, self.tilt, s.inner_square)


def parisi_slope(p: int, deviation: float, tilt: float, temperature: float) -> tuple[float, TiltedSite]:
    """Return y times d(T Phi)/dy at load a/(p q1^(p-1)), over the variance a (docs/theory.md, eq. 35)."""
    spin = tilted_average(0.0, 0.0, deviation, tilt, temperature)
    noise = (p - 1) / (2 * p) * deviation**2 * spin.inner_square
    return tilt * (spin.partition_slope - noise), spin


@lru_cache(maxsize=4096)
def at_parisi(p: int, parisi: float) -> Broken:
    """Return the 1RSB state with this Parisi parameter, 0 <= x <= 1; x = 0 is T = 0."""
    cold = parisi < SMALLEST_PARISI

    def slope(reach: float) -> float:  # reach = x times the reduced deviation, of order 1 at every x
        if cold:
            return parisi_slope(p, 1.0, reach, 0.0)[0]
        return parisi_slope(p, reach / parisi, parisi, 1.0)[0] * parisi

    high = math.sqrt(2 * p * math.log(2)) + 1.0
    low = 0.9 * high
    while slope(low) > 0:
        high, low = low, 0.9 * low
    reach = float(brentq(slope, low, high, **TIGHT))
    if cold:
        spin = tilted_average(0.0, 0.0, math.sqrt(p), reach / math.sqrt(p), 0.0)
        return Broken(math.inf, 0.0, reach / math.sqrt(p), float(p), spin)
    reduced = tilted_average(0.0, 0.0, reach / parisi, parisi, 1.0)
    gamma = (reach / parisi) ** 2 / (p * reduced.inner_square ** (p - 1))
    return at_load_one(p, gamma, parisi, reduced)


def at_load_one(p: int, gamma: float, parisi: float, reduced: TiltedSite) -> Broken:
    """Return the state in units of load 1, where T = Gamma^(-1/2), from its averages in units of T."""
    t = 1 / math.sqrt(gamma)
    spin = reduced._replace(
        susceptibility=reduced.susceptibility / t,
        fourth=reduced.fourth / t,
        log_partition=reduced.log_partition * t,
        mean_log=reduced.mean_log * t,
        partition_slope=reduced.partition_slope * t**2,
    )
    return Broken(gamma, parisi, parisi / t, p * reduced.inner_square ** (p - 1), spin)


def broken(p: int, gamma: float) -> Broken:
    """Return the 1RSB spin glass at Gamma = alpha/T^2 (inf at T = 0), p >= 3 (docs/theory.md, eq. 34 to 36)."""
    static = nishimori.nishimori_lines(p).gamma_global
    if gamma < static * (1 - 1e-14):
        raise NoSolution(
            f"no spin glass at alpha/T^2 = {gamma:.10g}: for p = {p} its 1RSB state, with x <= 1, "
            f"exists from {static:.10g} on"
        )
    if gamma <= static * (1 + 1e-14):
        return at_parisi(p, 1.0)
    cold = at_parisi(p, 0.0)
    guess = cold.tilt / math.sqrt(gamma)
    if guess < SMALLEST_PARISI:
        return cold
    low = min(guess, 0.9)
    while at_parisi(p, low).gamma < gamma:
        low *= 0.9
    high = min(low * 1.1, 1.0)
    while high < 1 and at_parisi(p, high).gamma > gamma:
        low, high = high, min(high * 1.1, 1.0)
    low, high = low * (1 - 1e-6), min(high * (1 + 1e-6), 1.0)  # the ends may be the root to within rounding

    def excess(log_x: float) -> float:
        return math.log(at_parisi(p, math.exp(min(log_x, 0.0))).gamma / gamma)

    return at_parisi(p, min(math.exp(brentq(excess, math.log(low), math.log(high), **TIGHT)), 1.0))


@dataclass(frozen=True)
class GlassLines:
    """Where the paramagnet freezes, p >= 3: Gamma = alpha/T^2 of each transition, so T = sqrt(alpha/Gamma).

    gamma_dynamic: metastable states appear;  gamma_static: the 1RSB glass replaces the paramagnet;  gamma_gardner: it
    becomes unstable to further breaking;  triple_point: load and temperature, equal, at which paramagnet, glass and
    retrieval of the direct model meet.
    """

    gamma_dynamic: float
    gamma_static: float
    gamma_gardner: float
    triple_point: float


def glass_lines(p: int) -> GlassLines:
    """Return the transitions of the spin glass, p >= 3 (docs/theory.md, eq. 16, 18 and 37)."""
    lines = nishimori.nishimori_lines(checks.integer("p", p, 3))
    return GlassLines(lines.gamma_local, lines.gamma_global, gardner(p).gamma, 1 / lines.gamma_global)


@lru_cache(maxsize=256)
def gardner(p: int) -> Broken:
    """Return the state at which the 1RSB spin glass becomes unstable: its innermost replicon vanishes (eq. 37)."""

    def replicon(parisi: float) -> float:
        glass = at_parisi(p, parisi)
        return TensorNoise(p).replicon(glass.order, 1.0, glass.gamma**-0.5, glass.site.fourth)

    low = 0.9
    while replicon(low) > 0:
        low *= 0.8
    return at_parisi(p, float(brentq(replicon, low, min(1.0, low / 0.8), **TIGHT)))


def residual(p: int, glass: Broken, temperature: float) -> float:
    """Return the largest relative violation of the equations for a1 and y, at load 1."""
    variance = p * glass.site.inner_square ** (p - 1)
    spin = tilted_average(0.0, 0.0, math.sqrt(variance), glass.tilt, temperature)
    slope = TensorNoise(p).tilt_slope(glass.order, 1.0)
    tilt_violation = slope + spin.partition_slope
    return max(abs(spin.inner_square / glass.site.inner_square - 1), abs(tilt_violation / slope))
