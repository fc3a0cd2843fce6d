"""Lines of p >= 3 at one temperature by plain sums over explicit curves: slow, obvious, T > 0, in units of signal 1.

Replica symmetry: at each overlap m the field's variance solves E tanh = m, and the load follows. One step: states at
given overlap (`naive_one_step`). The rival is the paramagnet or the 1RSB glass of `naive_broken`'s functional.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq, minimize_scalar, root
from scipy.special import expit

from tests import naive_broken, naive_one_step
from tests.naive_broken import Model, Orders
from tests.naive_one_step import Unknown

GRID, DEEPEST = 60, 0.7  # overlaps looked at for the largest load; 1 - m of the smallest
NEAR = 1e-3  # relative distance in 1 - m of the states at the end of 1RSB


class Symmetric(NamedTuple):
    """A replica-symmetric state at given overlap; rest = 1 - m."""

    rest: float
    load: float
    replicon: float
    free_energy: float


class Averages(NamedTuple):
    """E (1 - t), E (1 - t^2), E (1 - t^2)^2 and E T log 2cosh of one spin."""

    loss: float
    width: float
    fourth: float
    log_2cosh: float


def averages(mean: float, variance: float, temperature: float) -> Averages:
    """Return the averages in the field mean + sqrt(variance) z by a trapezoidal sum."""
    deviation = math.sqrt(variance)
    step = min(0.1, temperature / deviation / 4)
    z = np.arange(-9, 9 + step, step)
    weight = np.exp(-(z**2) / 2)
    weight /= weight.sum()
    h = (mean + deviation * z) / temperature
    loss = 2 * expit(-2 * h)
    width = loss * (2 - loss)
    log_2cosh = temperature * np.logaddexp(h, -h)
    return Averages(*(float(weight @ values) for values in (loss, width, width**2, log_2cosh)))


def at_rest(p: int, temperature: float, rest: float) -> Symmetric:
    """Return the replica-symmetric state of overlap 1 - rest."""
    m = 1 - rest
    mean = p * m ** (p - 1)

    def excess(log_variance: float) -> float:
        return averages(mean, math.exp(log_variance), temperature).loss / rest - 1

    variance = math.exp(brentq(excess, math.log(1e-12 * mean**2), math.log(1e3 * mean**2), xtol=1e-15, rtol=1e-15))
    found = averages(mean, variance, temperature)
    q = 1 - found.width
    load = variance / (p * q ** (p - 1))
    replicon = 1 - load * p * (p - 1) * q ** (p - 2) * found.fourth / temperature**2
    noise = load / (2 * temperature) * (1 - p * q ** (p - 1) + (p - 1) * q**p)
    return Symmetric(rest, load, replicon, (p - 1) * m**p - noise - found.log_2cosh)


def smallest_rest(p: int, temperature: float) -> float:
    """Return 1 - m without noise, m = tanh(p m^(p-1)/T), by iteration from 0."""
    rest = 0.0
    for _ in range(20_000):
        rest, last = 2 * float(expit(-2 * p * (1 - rest) ** (p - 1) / temperature)), rest
        if abs(last - rest) < 1e-16 * rest:
            break
    return rest


def symmetric_end(p: int, temperature: float) -> Symmetric:
    """Return the state of largest load: the best of a grid of overlaps, refined between its neighbours."""
    grid = np.linspace(math.log(max(smallest_rest(p, temperature) * (1 + 1e-3), 1e-9)), math.log(DEEPEST), GRID)

    def depth(log_rest: float) -> float:
        try:
            return -at_rest(p, temperature, math.exp(log_rest)).load
        except ValueError:  # no variance gives this overlap
            return 0.0

    best = int(np.argmin([depth(float(one)) for one in grid]))
    bounds = float(grid[max(best - 1, 0)]), float(grid[min(best + 1, GRID - 1)])
    found = minimize_scalar(depth, bounds=bounds, method="bounded", options={"xatol": 1e-8})
    return at_rest(p, temperature, math.exp(found.x))


def where_symmetric(
    p: int, temperature: float, end: Symmetric, function: Callable[[Symmetric], float]
) -> Symmetric | None:
    """Return the state at which a function, positive at small load and negative at the end, vanishes."""
    if function(end) >= 0:
        return None
    least, high = math.log(max(smallest_rest(p, temperature), 1e-40)), math.log(end.rest)

    def value(log_rest: float) -> float:
        return function(at_rest(p, temperature, math.exp(log_rest)))

    low = high
    while value(low) < 0:
        low, high = max(low - 0.5, (low + least) / 2), low
        if low - least < 1e-9:
            return None
    return at_rest(p, temperature, math.exp(brentq(value, low, high, xtol=1e-14, rtol=1e-14)))


def glass_free_energy(p: int, load: float, temperature: float, q1: float, x: float) -> float:
    """Return the 1RSB glass's free energy, solved from a guess; its functional is stationary in q1 and x."""
    model = Model(p, load, temperature)

    def violations(u: np.ndarray) -> list[float]:
        orders, tilt = Orders(0.0, 0.0, 1 / (1 + math.exp(-u[0]))), math.exp(u[1])
        found = naive_broken.spin(*model.fields(orders, tilt), tilt)[0]
        return [(found.inner - orders.inner) / (1 - orders.inner), naive_broken.slope(model, orders, tilt) / tilt]

    found = root(violations, [math.log(q1 / (1 - q1)), math.log(x)], options={"xtol": 1e-11})
    assert np.abs(found.fun).max() < 1e-6, found
    orders, tilt = Orders(0.0, 0.0, 1 / (1 + math.exp(-found.x[0]))), math.exp(found.x[1])
    return -temperature * naive_broken.free_entropy(model, orders, tilt)


def broken_end(p: int, temperature: float, overlap: float, at: Unknown) -> float:
    """Return the largest load of 1RSB states next to one: the top of the parabola through three overlaps."""
    rests = (1 - overlap) * np.array([1 - NEAR, 1.0, 1 + NEAR])
    loads = np.array([naive_one_step.at_overlap(p, temperature, 1 - float(rest), at).load for rest in rests])
    slope, bend = (loads[2] - loads[0]) / 2, loads[0] - 2 * loads[1] + loads[2]
    assert bend < 0, "no largest load here"
    assert abs(slope / bend) < 1, "the largest load is elsewhere"
    return float(loads[1] - slope**2 / (2 * bend))


def broken_free_energy(p: int, temperature: float, overlap: float, at: Unknown) -> tuple[float, float]:
    """Return load and free energy of the 1RSB state of this overlap, from a guess."""
    found = naive_one_step.at_overlap(p, temperature, overlap, at)
    model = Model(p, found.load, temperature)
    return found.load, -temperature * naive_broken.free_entropy(model, Orders(overlap, found.q0, found.q1), found.x)
