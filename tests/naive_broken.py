"""One step of replica symmetry breaking by brute force: dense quadrature, iteration at a fixed Parisi parameter x.

Order parameters are (overlap, q0, q1). Formulas as in docs/theory.md, section 8 and 14, in the form with logarithms of
averages; nothing here calls densehop. T > 0.
"""

import math
from typing import NamedTuple

import numpy as np

from densehop.base.arrays import Floats

REACH = 8.5  # standard deviations
LARGEST = 3_000_000  # nodes of a two-fold integral
DAMPING = 0.3


class TooCold(Exception):
    """The integrals would need too many nodes."""


class Orders(NamedTuple):
    """Overlap with a memory or the pattern, overlap between states, overlap inside a state."""

    overlap: float
    outer: float
    inner: float


class Model(NamedTuple):
    """A problem at T > 0; `contrast` is c of p = 2, `signal` lambda of p >= 3; 0 contrast at p = 2: direct."""

    p: int
    load: float
    temperature: float
    signal: float = 1.0
    contrast: float = 0.0

    def fields(self, orders: Orders, x: float) -> tuple[float, float, float]:
        """Return the field's mean and variances between and inside states, over T and T^2."""
        m, q0, q1 = orders
        beta = 1 / self.temperature
        if self.p > 2:
            unit = self.load * self.p * beta**2
            outer, inner = unit * q0 ** (self.p - 1), unit * (q1 ** (self.p - 1) - q0 ** (self.p - 1))
            return beta * self.p * self.signal * m ** (self.p - 1), outer, inner
        d1 = 1 - 2 * beta * (1 - q1)
        d0 = d1 - 2 * beta * x * (q1 - q0)
        outer = 2 * self.load * beta**2 * (q0 + self.contrast * m**2) / d0**2
        inner = 2 * self.load * beta**2 * (q1 - q0) / (d0 * d1)
        mean = self.load * beta * self.contrast * m / d0 if self.contrast else 2 * beta * m
        return mean, outer, inner

    def noise(self, orders: Orders, x: float) -> float:
        """Return the free entropy without the spin's part."""
        m, q0, q1 = orders
        p, beta, alpha = self.p, 1 / self.temperature, self.load
        if p > 2:
            bracket = 1 + (p - 1) * ((1 - x) * q1**p + x * q0**p) - p * q1 ** (p - 1)
            return -(p - 1) * beta * self.signal * m**p + alpha * beta**2 / 2 * bracket
        d1 = 1 - 2 * beta * (1 - q1)
        d0 = d1 - 2 * beta * x * (q1 - q0)
        mean, r0, added = self.fields(orders, x)
        r1 = r0 + added
        logs = (1 - 1 / x) * math.log(d1) + math.log(d0) / x - 2 * beta * (q0 + self.contrast * m**2) / d0
        retrieved = mean * m if self.contrast else beta * m**2
        own = -alpha / 4 * logs - r1 / 2 + ((1 - x) * r1 * q1 + x * r0 * q0) / 2 - alpha * beta / 2
        return own - retrieved


def spin(mean: float, outer: float, inner: float, x: float) -> tuple[Orders, float]:
    """Return E<tanh>, E<tanh>^2, E<tanh^2> and (1/x) E log <(2cosh)^x> in the field mean + outer z0 + inner z1."""
    outer, inner = math.sqrt(outer), math.sqrt(max(inner, 0.0))
    reach = REACH + x * inner
    step = min(0.25, 0.35 / max(inner, 1e-9))
    z1 = np.arange(-reach, reach + step, step)
    step0 = 0.25 / max(1.0, 1.4 * outer / max(1.0, min(inner, 1 / x)))
    z0 = np.arange(-REACH, REACH + step0, step0) if outer > 0 else np.zeros(1)
    if z0.size * z1.size > LARGEST:
        raise TooCold
    weights = np.exp(-(z0**2) / 2)
    h = mean + outer * z0[:, None] + inner * z1
    size = np.abs(h)
    log_2cosh = size + np.log1p(np.exp(-2 * size))
    power = x * log_2cosh - z1**2 / 2
    top = power.max(axis=1, keepdims=True)
    density = np.exp(power - top)
    total = density.sum(axis=1)
    tanh = np.tanh(h)
    first, second = (density * tanh).sum(axis=1) / total, (density * tanh**2).sum(axis=1) / total
    log_partition = np.log(total * step / math.sqrt(2 * math.pi)) + top[:, 0]

    def average(values: Floats) -> float:
        return float(weights @ values / weights.sum())

    return Orders(average(first), average(first**2), average(second)), average(log_partition) / x


def free_entropy(model: Model, orders: Orders, x: float) -> float:
    """Return the 1RSB functional, not extremised."""
    return model.noise(orders, x) + spin(*model.fields(orders, x), x)[1]


def violation(model: Model, orders: Orders, x: float) -> float:
    """Return how far order parameters are from what they imply."""
    found = spin(*model.fields(orders, x), x)[0]
    return max(abs(a - b) for a, b in zip(found, orders, strict=True))


def slope(model: Model, orders: Orders, x: float, relative_step: float = 1e-4) -> float:
    """Return x times the derivative of the functional by x, relative to the size of its change over q1 - q0."""
    low, high = x * (1 - relative_step), x * (1 + relative_step)
    change = free_entropy(model, orders, high) - free_entropy(model, orders, low)
    return change / (2 * relative_step)


def iterated(model: Model, x: float, start: Orders, steps: int = 300, tolerance: float = 1e-10) -> Orders | None:
    """Return where damped iteration at this x goes; None if it does not settle."""
    orders = start
    for _ in range(steps):
        found = spin(*model.fields(orders, x), x)[0]
        if not math.isfinite(sum(found)):
            return None
        moved = max(abs(a - b) for a, b in zip(found, orders, strict=True))
        orders = Orders(*((1 - DAMPING) * a + DAMPING * b for a, b in zip(found, orders, strict=True)))
        if moved < tolerance:
            return orders
    return None


def glass_scan(model: Model, smallest: float = 0.02) -> tuple[float, Orders, float] | None:
    """Return x, order parameters and free entropy of the glass, p >= 3: the least free entropy along x <= 1.

    At each x, q1 is iterated from 1 with q0 = 0. None if the free entropy still falls at x = 1, or no q1 > 0 there.
    """

    def at(x: float) -> tuple[float, Orders] | None:
        orders = iterated(model, x, Orders(0.0, 0.0, 1.0))
        return None if orders is None or orders.inner < 1e-3 else (free_entropy(model, orders, x), orders)

    grid = [float(x) for x in np.geomspace(smallest, 1.0, 14)]
    values = [at(x) for x in grid]
    heights = [math.inf if value is None else value[0] for value in values]
    least = int(np.argmin(heights))
    if least in {0, len(grid) - 1} or not math.isfinite(heights[least]):
        return None
    low, high = grid[least - 1], grid[least + 1]
    golden = (math.sqrt(5) - 1) / 2
    for _ in range(24):
        one, other = high - golden * (high - low), low + golden * (high - low)
        left, right = at(one), at(other)
        if left is None or right is None:
            return None
        low, high = (low, other) if left[0] < right[0] else (one, high)
    x = (low + high) / 2
    best = at(x)
    return None if best is None else (x, best[1], best[0])


def ordered_scan(model: Model) -> tuple[float, Orders] | None:
    """Return a 1RSB state of finite overlap: iterated from split starts along x until the slope changes its sign."""
    before: tuple[float, Orders, float] | None = None
    start = Orders(1.0, 0.98, 1.0)
    for x in np.geomspace(0.02, 0.98, 12):
        orders = iterated(model, float(x), start, steps=400, tolerance=1e-8)
        if orders is None or orders.overlap < 0.2 or orders.inner - orders.outer < 1e-3:
            before, start = None, Orders(1.0, 0.98, 1.0)
            continue
        rise = slope(model, orders, float(x))
        if before is not None and before[2] * rise < 0:
            return (before[0] + float(x)) / 2, orders
        before, start = (float(x), orders, rise), orders
    return None
