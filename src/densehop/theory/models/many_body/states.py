"""Replica-symmetric states for p >= 3 in the direct model's units, signal 1 (docs/theory.md, section 8).

Two numbers decide everything: the load and the temperature. An inference problem of signal lambda is the direct model
with load alpha/lambda^2 at temperature T/lambda, so that one solver serves retrieval (m) and inference (q*). States are
points on an explicit surface: at a temperature, each mean field B allows one variance a, and the load at which the pair
solves the saddle-point equations is explicit. The load has one maximum along B, the spinodal; the state with the
larger field is the retrieval state.
"""

import math
from functools import lru_cache

from scipy.optimize import brentq
from scipy.special import erfinv

from densehop.errors import NoSolution
from densehop.teacher import law
from densehop.theory.states import site
from densehop.theory.states.model import State

TIGHT = {"xtol": 1e-15, "rtol": 1e-14}
NEWTON_STEPS = 40
SMALLEST_RANGE = 1e-9  # of mean fields above the barrier, relative to the largest: where the search for a spinodal ends
SMEARING = 2 / math.pi  # tanh(x) is nearly erf(sqrt(pi) x/2), as if T added this share of T^2 to the variance
SCAN = 0.93  # of the distance to the barrier, downward from the top: the spinodal is the first sign change


def state(mean: float, variance: float, temperature: float) -> State:
    """Return the averages in the field mean + sqrt(variance) z."""
    return State(mean, variance, site.average(mean, math.sqrt(variance), temperature))


# --- retrieval and inference ------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def retrieval(p: int, load: float, temperature: float, signal: float = 1.0) -> State:
    """Return the state of largest overlap with one memory, p >= 3 (docs/theory.md, eq. 28); `signal`: for messages."""
    solution = newton(p, load, temperature, state(float(p), p * load, temperature))
    if solution is not None and slope(p, load, temperature, solution) > 0:
        return solution
    limit = spinodal(p, temperature)
    if limit is None:
        highest = law.critical_temperature(p).spinodal_temperature
        raise NoSolution(
            f"no state of finite overlap at T = {signal * temperature:.10g}: for p = {p} it exists below "
            f"T = {signal * highest:.10g}" + (" at any load" if signal == 1 else f" at this signal, {signal:.6g}")
        )
    largest = load_of(p, limit)
    if load > largest * (1 + 1e-14):
        raise NoSolution(
            f"no state of finite overlap at load = {signal**2 * load:.10g}, T = {signal * temperature:.10g}: "
            f"for p = {p} "
            + (f"it exists up to load = {largest:.10g}" if signal == 1 else f"it needs load/signal^2 <= {largest:.10g}")
        )
    if load >= largest * (1 - 1e-14):
        return limit
    top = largest_mean(p, temperature)

    def excess(mean: float) -> float:
        return load_of(p, at_mean(p, mean, temperature)) - load

    mean = brentq(excess, limit.mean, top * (1 - 1e-15), **TIGHT)
    near = at_mean(p, mean, temperature)
    solution = newton(p, load, temperature, near)
    return near if solution is None or abs(solution.mean / mean - 1) > 1e-3 else solution


def load_of(p: int, solution: State) -> float:
    """Return the load at which a variance a solves a = p alpha q^(p-1)."""
    return solution.variance / (p * solution.site.square ** (p - 1))


def newton(p: int, load: float, temperature: float, start: State) -> State | None:
    """Polish both saddle-point equations; None where Newton's steps do not settle on a state of finite overlap."""
    current = start
    for _ in range(NEWTON_STEPS):
        r1, r2 = (
            current.mean - p * current.site.overlap ** (p - 1),
            current.variance - p * load * current.site.square ** (p - 1),
        )
        j11, j12, j21, j22 = jacobian(p, load, temperature, current)
        determinant = j11 * j22 - j12 * j21
        if determinant == 0:
            return None
        mean = current.mean - (j22 * r1 - j12 * r2) / determinant
        variance = current.variance - (j11 * r2 - j21 * r1) / determinant
        if not (0 < mean < 2 * p and 0 <= variance < 4 * p * load + 1e-300):
            return None
        change = abs(mean / current.mean - 1) + abs(variance - current.variance) / (p * load or 1.0)
        current = state(mean, variance, temperature)
        if change < 4e-15 or (change < 1e-12 and abs(determinant) < 1e-4):
            return current
        if change < 1e-9 and abs(determinant) > 0.05:  # quadratic convergence: the next step is below rounding
            return current
    return current if residual(p, load, current) < 1e-11 else None


def jacobian(p: int, load: float, temperature: float, current: State) -> tuple[float, float, float, float]:
    """Return the derivatives of B - p m^(p-1) and a - p alpha q^(p-1) by B and a, row by row."""
    s = current.site
    pull = p * (p - 1) * s.overlap ** (p - 2)
    noise = p * (p - 1) * load * s.square ** (p - 2)
    return (
        1 - pull * s.susceptibility,
        pull * s.skew,
        -noise * 2 * temperature * s.skew,
        1 + noise * temperature * s.slope,
    )


def slope(p: int, load: float, temperature: float, current: State) -> float:
    """Return the determinant of the saddle-point equations: positive for the retrieval state, zero at the spinodal."""
    j11, j12, j21, j22 = jacobian(p, load, temperature, current)
    return j11 * j22 - j12 * j21


def residual(p: int, load: float, current: State) -> float:
    """Return the largest relative violation of the saddle-point equations."""
    by_mean = abs(p * current.site.overlap ** (p - 1) / current.mean - 1) if current.mean > 0 else 0.0
    by_variance = abs(p * load * current.site.square ** (p - 1) / current.variance - 1) if current.variance > 0 else 0.0
    return max(by_mean, by_variance)


def at_mean(p: int, mean: float, temperature: float) -> State:
    """Return the state whose mean field is B: its variance is where E tanh falls to (B/p)^(1/(p-1))."""
    overlap = (mean / p) ** (1 / (p - 1))
    unit = float(erfinv(overlap)) * math.sqrt(2)
    if unit == math.inf or (temperature > 0 and math.tanh(mean / temperature) <= overlap):
        return state(mean, 0.0, temperature)
    low, high = 0.0, mean / unit  # what T = 0 would allow
    if temperature == 0:
        return state(mean, high**2, temperature)
    deviation = high * math.sqrt(max(1 - SMEARING * (temperature / high) ** 2, 0.25))
    for _ in range(NEWTON_STEPS):  # Newton's method within a bracket: E tanh falls with the deviation
        spin = site.average(mean, deviation, temperature)
        excess = spin.overlap - overlap
        low, high = (deviation, high) if excess > 0 else (low, deviation)
        proposal = deviation + excess / (2 * deviation * spin.skew) if spin.skew > 0 else 0.0
        if not (low <= proposal <= high and proposal > 0):
            proposal = (low + high) / 2
        change, deviation = abs(proposal - deviation), proposal
        if change <= 1e-9 * deviation:
            break
    return state(mean, deviation**2, temperature)  # the step after one of 1e-9 is below rounding


def largest_mean(p: int, temperature: float) -> float:
    """Return the mean field without noise, B = p tanh^(p-1)(B/T), the largest solution."""
    return p * law.ordered_magnetisation(p, temperature) ** (p - 1) if temperature > 0 else float(p)


@lru_cache(maxsize=4096)
def spinodal(p: int, temperature: float) -> State | None:
    """Return the state at the largest load at this temperature; None above the last temperature of any.

    The determinant changes its sign there (docs/theory.md, eq. 31).
    """
    if temperature >= law.critical_temperature(p).spinodal_temperature:
        return None
    top = largest_mean(p, temperature)
    bottom = p * law.barrier_magnetisation(p, temperature) ** (p - 1) if temperature > 0 else 0.0

    def determinant(mean: float) -> float:
        current = at_mean(p, mean, temperature)
        return slope(p, load_of(p, current), temperature, current) if current.variance > 0 else 1.0

    high = low = top - (top - bottom) * 1e-12
    while determinant(low) > 0:
        high, low = low, bottom + SCAN * (low - bottom)
        if low - bottom < SMALLEST_RANGE * top:
            return None  # all loads here are below rounding
    return at_mean(p, brentq(determinant, low, high, **TIGHT), temperature)
