"""The first step of T = 0 dynamics at finite N, exactly: what other memories do to a spin (docs/theory.md, eq. 104).

It holds for every energy that is a sum, or a function of a sum, over independent random memories of a function of the
overlap. The others' field at a spin is then a sum of independent terms of random sign whose overlaps are binomial.
"""

import math
from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq
from scipy.stats import binom

from densehop.base.arrays import Floats
from densehop.errors import NoSolution

SMOOTHING = 0.03  # of the signal: the width of the step that tells whether a field exceeds it
RANGE = 64.0  # in signals: a larger field has either sign, and no other term changes that
FAINT, HUGE = 0.05, 1e12  # in signals: terms that add up to a Gaussian, and the largest that is told from others
MOST = 1e15  # memories
STEP = 0.02  # of overlap, in the search for an unstable one


def field_exceeds(sizes: Floats, n_memories: float, more: float = 0.0) -> float:
    """Return the probability that the others' field exceeds the signal.

    `sizes` (N,) is the size of a term over the signal, by how many of the other N - 1 spins agree. The characteristic
    function is a power of a sum over these N values; the midpoint rule inverts it. `more` is the variance of a Gaussian
    field beside it.
    """
    if n_memories < 1 and more == 0:
        return 0.0
    probability = binom.pmf(np.arange(len(sizes)), len(sizes) - 1, 0.5)
    faint = np.abs(sizes) < FAINT
    variance = n_memories * float(probability[faint] @ sizes[faint] ** 2) + more + SMOOTHING**2
    # P(F > 1) = 1/2 - (1/pi) int sin(t)/t phi(t) dt over t > 0 (Gil-Pelaez 1951), in steps of pi/RANGE. One term has
    # the characteristic function E cos(t size) = 1 - lost; faint terms and the smoothing are Gaussian.
    end = math.sqrt(2 * 40 / variance)  # where the Gaussian factor of phi is exp(-40)
    t = (np.arange(math.ceil(end * RANGE / math.pi)) + 0.5) * math.pi / RANGE
    lost = 2 * np.sin(np.multiply.outer(t, sizes[~faint]) / 2) ** 2 @ probability[~faint]
    with np.errstate(divide="ignore"):
        log_size = n_memories * np.where(lost < 1, np.log1p(-np.minimum(lost, 1)), np.log(np.maximum(lost - 1, 0)))
    sign = np.where((lost > 1) & (int(n_memories) % 2 == 1), -1.0, 1.0)
    characteristic = sign * np.exp(log_size - variance * t**2 / 2)
    return float(0.5 - (np.sin(t) / t) @ characteristic / RANGE)


def gain(
    overlap: float,
    kept_against: Floats,
    corrected_against: Floats,
    n_others: float,
    more: tuple[float, float] = (0.0, 0.0),
) -> float:
    """Return half the mean change of the overlap in one step: spins that are corrected, less those that are lost.

    The arrays are `sizes` at a spin that is right, and at one that is wrong (docs/theory.md, eq. 105), as are the
    variances `more`.
    """
    lost = field_exceeds(kept_against, n_others, more[0])
    missed = field_exceeds(corrected_against, n_others, more[1])
    return (1 - overlap) * (1 - missed) - (1 + overlap) * lost


def largest_number(fields: Floats, n_wrong: int) -> float:
    """Return the number M of memories at which a step no longer brings back n_wrong spins on average (eq. 105).

    `fields` (N,) is the field of one memory at a spin, by how many of the other N - 1 spins agree with that memory.
    """
    n_spins = len(fields)
    agreeing = n_spins - n_wrong
    right, wrong = fields / fields[agreeing - 1], fields / fields[agreeing]

    def excess(log_number: float) -> float:
        return gain(1 - 2 * n_wrong / n_spins, right, wrong, math.exp(log_number) - 1)

    high = math.log(2)
    while excess(high) > 0:
        high += 1
        if high > math.log(MOST):
            return math.inf
    return math.exp(brentq(excess, high - 1, high, xtol=1e-6)) if high > math.log(2) else 1.0


def field_sizes(log_signal: float, sharpness: float, n_spins: int) -> Floats:
    """Return the fields of a memory of exponential energy at a spin over a signal, by how many of the others agree."""
    overlaps = 2 * np.arange(n_spins) - n_spins + 1
    sizes: Floats = np.exp(np.minimum(sharpness * overlaps - log_signal, math.log(HUGE)))
    return sizes


def unstable_overlap(
    sizes: Callable[[float], tuple[Floats, Floats]],
    n_others: float,
    n_spins: int,
    near: float,
    more: Callable[[float], tuple[float, float]] = lambda _: (0.0, 0.0),
) -> float:
    """Return the overlap that one step leaves as it is; `sizes` and `more` at an overlap are those of `gain`."""

    def change(overlap: float) -> float:
        return gain(overlap, *sizes(overlap), n_others, more(overlap))

    highest = 1 - 1 / n_spins
    low = high = min(near, highest)
    while change(high) < 0:
        if high == highest:
            raise NoSolution(f"no basin with {n_others:.6g} other memories of {n_spins} spins")
        low, high = high, min(high + STEP, highest)
    while low > 0 and change(low) >= 0:
        low, high = max(low - STEP, 0.0), low
    return float(brentq(change, low, high, xtol=1e-9)) if low > 0 else 0.0
