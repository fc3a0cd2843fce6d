"""One step of replica symmetry breaking at a given overlap, by plain sums: slow, obvious, and without densehop.

At each overlap m with a memory (or q* with the pattern of p = 2) four unknowns, load, q0, q1 and the Parisi parameter
x, solve four equations: m, q0 and q1 are the averages that they imply, and the free entropy is stationary in x. The
functionals are those of docs/theory.md, eq. 33 to 35 and 72. T > 0. Fields are divided by T.
"""

import math
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq, minimize_scalar, root

REACH = 8.5  # standard deviations
LONGEST = 100_000  # nodes of z1: a trial that wants more is far from any state
SOLVED = 1e-9
SHORTEST = 3e-4  # step in overlap


class Unknown(NamedTuple):
    """What is solved for at a given overlap."""

    load: float
    q0: float
    q1: float
    x: float


class Averages(NamedTuple):
    """E<t>, E<t>^2, E<t^2>, E<log 2cosh> and E log <(2cosh)^x> of one spin."""

    overlap: float
    q0: float
    q1: float
    mean_log: float
    log_partition: float


class NotFound(Exception):
    """The solver did not settle."""


def spin(mean: float, outer: float, inner: float, x: float) -> Averages:
    """Return the averages in the field mean + sqrt(outer) z0 + sqrt(inner) z1, z1 tilted by (2cosh)^x."""
    wide, narrow = math.sqrt(outer), math.sqrt(inner)
    step1 = min(0.2, 0.3 / narrow)
    if not (2 * REACH + x * narrow) / step1 < LONGEST:
        raise ValueError("the inner field is too wide")
    z1 = np.arange(-(REACH + x * narrow), REACH + x * narrow + step1, step1)
    step0 = min(0.2, 0.13 * max(1.0, min(narrow, 1 / x)) / max(wide, 1e-9))
    z0 = np.arange(-REACH, REACH + step0, step0)
    w0 = np.exp(-(z0**2) / 2)
    w0 /= w0.sum()
    h = mean + wide * z0[:, None] + narrow * z1
    log_2cosh = np.logaddexp(h, -h)
    power = x * log_2cosh - z1**2 / 2
    top = power.max(axis=1, keepdims=True)
    w1 = np.exp(power - top)
    total = w1.sum(axis=1)
    t = np.tanh(h)
    first, second = (w1 * t).sum(axis=1) / total, (w1 * t * t).sum(axis=1) / total
    if (x * log_2cosh).max() < 1:  # small x divides by x^2 what is left of the logarithm
        weights = np.exp(-(z1**2) / 2)
        log_partition = np.log1p(np.expm1(x * log_2cosh) @ (weights / weights.sum()))
    else:
        log_partition = np.log(total * step1 / math.sqrt(2 * math.pi)) + top[:, 0]
    return Averages(
        float(w0 @ first),
        float(w0 @ first**2),
        float(w0 @ second),
        float(w0 @ ((w1 * log_2cosh).sum(axis=1) / total)),
        float(w0 @ log_partition),
    )


def fields(p: int, temperature: float, overlap: float, at: Unknown, contrast: float = 0.0) -> tuple[float, ...]:
    """Return the field's mean, its variance between states and what is added inside a state, over T and T^2."""
    load, q0, q1, x = at
    beta = 1 / temperature
    if p > 2:
        unit = load * p * beta**2
        return beta * p * overlap ** (p - 1), unit * q0 ** (p - 1), unit * (q1 ** (p - 1) - q0 ** (p - 1))
    d1 = 1 - 2 * beta * (1 - q1)
    d0 = d1 - 2 * beta * x * (q1 - q0)
    mean = load * beta * contrast * overlap / d0 if contrast else 2 * beta * overlap
    outer = 2 * load * beta**2 * (q0 + contrast * overlap**2) / d0**2
    return mean, outer, 2 * load * beta**2 * (q1 - q0) / (d0 * d1)


def slope(
    p: int, temperature: float, overlap: float, at: Unknown, contrast: float, found: Averages
) -> tuple[float, float]:
    """Return the derivative of the free entropy by x, in two parts: of the noise, and of the spin."""
    load, q0, q1, x = at
    beta = 1 / temperature
    of_spin = (found.mean_log - found.log_partition / x) / x
    if p > 2:
        return -load * beta**2 / 2 * (p - 1) * (q1**p - q0**p), of_spin
    _, outer, inner = fields(p, temperature, overlap, at, contrast)
    d1 = 1 - 2 * beta * (1 - q1)
    d0 = d1 - 2 * beta * x * (q1 - q0)
    by_x = -2 * beta * (q1 - q0)  # of d0
    logs = (math.log(d1) - math.log(d0)) / x**2 + by_x / (x * d0)
    logs += 2 * beta * (q0 + contrast * overlap**2) * by_x / d0**2
    return -load / 4 * logs + (outer * q0 - (outer + inner) * q1) / 2, of_spin


def residuals(p: int, temperature: float, overlap: float, at: Unknown, contrast: float = 0.0) -> np.ndarray:
    """Return the relative violations of the four equations."""
    mean, outer, inner = fields(p, temperature, overlap, at, contrast)
    found = spin(mean, outer, inner, at.x)
    noise, own = slope(p, temperature, overlap, at, contrast, found)
    return np.array(
        [
            found.overlap / overlap - 1,
            (found.q0 - at.q0) / (1 - at.q0),
            (found.q1 - at.q1) / (1 - at.q1),
            (noise + own) / abs(noise) / (at.q1 - at.q0),
        ]
    )


def at_overlap(p: int, temperature: float, overlap: float, guess: Unknown, contrast: float = 0.0) -> Unknown:
    """Return the state of this overlap next to a guess."""

    def unknown(u: np.ndarray) -> Unknown:
        q0 = 1 - math.exp(u[1])
        return Unknown(math.exp(u[0]), q0, q0 + (1 - q0) / (1 + math.exp(-u[2])), math.exp(u[3]))

    def violations(u: np.ndarray) -> np.ndarray:
        try:
            return residuals(p, temperature, overlap, unknown(u), contrast)
        except (ValueError, OverflowError, ZeroDivisionError):
            return np.full(4, 1e2)

    share = (guess.q1 - guess.q0) / (1 - guess.q0)
    start = [math.log(guess.load), math.log(1 - guess.q0), math.log(share / (1 - share)), math.log(guess.x)]
    result = root(violations, start, method="hybr", options={"xtol": 1e-13})
    found = unknown(result.x)
    if np.abs(violations(result.x)).max() > SOLVED:
        raise NotFound(f"p = {p}, T = {temperature}, overlap = {overlap}: {np.abs(violations(result.x)).max():.1e}")
    return found


def largest_load(p: int, temperature: float, overlap: float, state: Unknown, step: float = 0.01) -> tuple[float, float]:
    """Return the largest load of retrieval (the 1RSB spinodal) and its overlap, from a state of larger overlap."""
    known = [(overlap, at_overlap(p, temperature, overlap, state))]
    while len(known) < 3 or known[-1][1].load > known[-2][1].load:
        m = known[-1][0] - step
        try:
            known.append((m, at_overlap(p, temperature, m, known[-1][1])))
        except NotFound:
            if step < SHORTEST:
                raise
            step /= 2
    last = known[-2][1]

    def depth(m: float) -> float:
        nonlocal last
        last = at_overlap(p, temperature, m, last)
        return -last.load

    best = minimize_scalar(depth, bounds=(known[-1][0], known[-3][0]), method="bounded", options={"xatol": 1e-6})
    return -float(best.fun), float(best.x)


def overlap_at(
    p: int, temperature: float, load: float, low: float, high: float, guess: Unknown, contrast: float = 0.0
) -> tuple[float, Unknown]:
    """Return the overlap between two at which the load has a value, and the state."""
    last = guess

    def excess(m: float) -> float:
        nonlocal last
        last = at_overlap(p, temperature, m, last, contrast)
        return last.load / load - 1

    m = float(brentq(excess, low, high, xtol=1e-12))
    return m, at_overlap(p, temperature, m, last, contrast)


def started(p: int, temperature: float, load: float, x: float, contrast: float = 0.0) -> tuple[float, Unknown]:
    """Return the overlap and the state that damped iteration from overlap 1 reaches at a load, x where it must be.

    No guess: at each x the order parameters are iterated, and x moves to where the free entropy is stationary.
    """

    def iterated(x: float) -> tuple[float, Unknown, float]:
        m, at = 1.0, Unknown(load, 0.9, 1 - 1e-3, x)
        for _ in range(3000):
            mean, outer, inner = fields(p, temperature, m, at, contrast)
            found = spin(mean, outer, inner, x)
            moved = abs(found.overlap - m) + abs(found.q0 - at.q0) + abs(found.q1 - at.q1)
            m = (m + found.overlap) / 2
            at = Unknown(load, (at.q0 + found.q0) / 2, (at.q1 + found.q1) / 2, x)
            if moved < 1e-7:
                break
        return m, at, sum(slope(p, temperature, m, at, contrast, found))

    low, high = x * 0.8, min(1.0, x * 1.25)
    x = float(brentq(lambda one: iterated(one)[2], low, high, xtol=1e-4))
    m, at, _ = iterated(x)
    return m, at
