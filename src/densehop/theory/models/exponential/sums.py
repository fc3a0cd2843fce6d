"""The exponent of the sum over exp(A N) stored vectors, (1/N) log sum_a exp(L k_a), in a given state.

The stored vectors are examples of reliability r of a hidden pattern; r = 0 are random memories. A state is known by the
share of its sites that are opposed to the pattern. Where many vectors carry the sum it is a sum of independent terms;
otherwise the closest vectors carry it, and its exponent is that of a smaller sharpness, at which the vectors just run
out (a random energy model). Nothing here cancels: sums are of positive terms.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit

from densehop.base.arrays import Floats

NODES, WEIGHTS = np.polynomial.legendre.leggauss(16)
FURTHEST = 60.0  # sharpness beyond which a tilted example equals the state
SMALL = 1.0  # sharpness below which logarithms cancel and integrals are taken


class State(NamedTuple):
    """A state as the stored vectors see it: its overlap q with the hidden pattern, and (1 - q)/2 with all digits."""

    overlap: float
    opposed: float


NO_PATTERN = State(0.0, 0.5)


def of_field(x: float) -> State:
    """Return the state of spins in a field of size x (over T) along the pattern; x = inf is the pattern."""
    return State(math.tanh(x), float(expit(-2 * x)))


def log_cosh(x: float) -> float:
    """Return log cosh x without overflow or cancellation."""
    x = abs(x)
    return math.log1p(2 * math.sinh(x / 2) ** 2) if x < SMALL else x + math.log1p(math.exp(-2 * x)) - math.log(2)


def spin_entropy(x: float) -> float:
    """Return the entropy of a spin in a field x over T: log 2cosh x - x tanh x."""
    if x > 400:
        return 0.0
    return math.log1p(math.exp(-2 * x)) + 2 * x * float(expit(-2 * x))


def even(sharpness: float, reliability: float) -> float:
    """Return G = log(cosh^2 L - r^2 sinh^2 L)/2, the exponent for a state that knows nothing of the pattern."""
    rest = (1 - reliability) * (1 + reliability)
    if rest == 0:
        return 0.0
    if sharpness < SMALL:
        return math.log1p(math.sinh(sharpness) ** 2 * rest) / 2
    log_sinh = sharpness + math.log1p(-math.exp(-2 * sharpness)) - math.log(2)
    return float(np.logaddexp(0.0, 2 * log_sinh + math.log(rest))) / 2


def odd(sharpness: float, reliability: float) -> float:
    """Return h = atanh(r tanh L), the exponent's slope in the overlap with the pattern; L where r = 1."""
    t = reliability * math.tanh(sharpness)
    if t < 0.5:
        return math.atanh(t)
    short = math.log(2 * reliability) - 2 * sharpness - math.log1p(math.exp(-2 * sharpness))
    if reliability < 1:  # log(1 - r tanh L)
        short = float(np.logaddexp(math.log1p(-reliability), short))
    return (math.log1p(t) - short) / 2


def annealed(sharpness: float, state: State, reliability: float) -> float:
    """Return g = G + q h, the mean of exp(L xi.s) over one example as an exponent per spin."""
    return even(sharpness, reliability) + state.overlap * odd(sharpness, reliability)


def shortfall(sharpness: float, state: State, reliability: float) -> float:
    """Return L - g: how much less the mean example gives than one that equals the state."""
    less, more = (1 - reliability) / 2, (1 + reliability) / 2
    return (1 - state.opposed) * _loss(sharpness, less, more) + state.opposed * _loss(sharpness, more, less)


def _loss(sharpness: float, wrong: float, right: float) -> float:
    """Return -log(right + wrong exp(-2L)), where right + wrong = 1."""
    if wrong < 0.5 or sharpness < SMALL / 4:
        return -math.log1p(wrong * math.expm1(-2 * sharpness))
    if right == 0:
        return 2 * sharpness
    return -float(np.logaddexp(math.log(right), math.log(wrong) - 2 * sharpness))


def information(sharpness: float, state: State, reliability: float) -> float:
    """Return the relative entropy per spin of an example tilted by exp(L xi.s) to an untilted one.

    It is the load A at which the examples that carry the sum run out. At r = 0 it is I(tanh L) = L tanh L - log cosh L.
    """
    if sharpness == 0:
        return 0.0
    tilt, weights, agreeing, opposed = _variances(sharpness, reliability)
    return float((weights * tilt) @ ((1 - state.opposed) * agreeing + state.opposed * opposed))


def excess(sharpness: float, reliability: float) -> float:
    """Return log(cosh L + r sinh L) - r L, what examples give at the pattern beyond their mean overlap with it."""
    if sharpness > SMALL:
        return (1 - reliability) * sharpness - _loss(sharpness, (1 - reliability) / 2, (1 + reliability) / 2)
    tilt, weights, agreeing, _ = _variances(sharpness, reliability)
    return float((weights * (sharpness - tilt)) @ agreeing)


def _variances(sharpness: float, reliability: float) -> tuple[Floats, Floats, Floats, Floats]:
    """Return nodes and weights of an integral over the tilt, and the variance of a tilted site at each node.

    The variance is that of a site which agrees with the pattern, and of one that is opposed to it.
    """
    end = min(sharpness, FURTHEST)
    edges = np.linspace(0.0, end, math.ceil(end) + 1)
    half = (edges[1] - edges[0]) / 2
    tilt = (edges[:-1, np.newaxis] + half * (1 + NODES)).ravel()
    rest, less, more = (1 - reliability) * (1 + reliability), (1 - reliability) / 2, (1 + reliability) / 2
    up, down = np.exp(tilt), np.exp(-tilt)
    agreeing, opposed = rest / (more * up + less * down) ** 2, rest / (less * up + more * down) ** 2
    return tilt, np.tile(half * WEIGHTS, len(edges) - 1), agreeing, opposed


def carrying_sharpness(
    load: float, sharpness: float, reliability: float, state_at: Callable[[float], State] = lambda _: NO_PATTERN
) -> float:
    """Return the sharpness that describes the sum: L where many vectors carry it, else the one where they run out.

    `state_at` gives the state that belongs to a sharpness, as that of a student depends on it.
    """
    if reliability == 1 or information(sharpness, state_at(sharpness), reliability) <= load:
        return sharpness
    if load == 0:
        return 0.0

    def beyond(log_sharpness: float) -> float:
        tried = math.exp(log_sharpness)
        return information(tried, state_at(tried), reliability) / load - 1

    low = math.log(2 * load) / 2 - 1e-9  # a variance is at most 1, so the information is at most L^2/2
    high = math.log(sharpness)
    return math.exp(brentq(beyond, low, high, xtol=1e-15, rtol=1e-15))


def exponent(load: float, carrying: float, state: State, reliability: float) -> float:
    """Return (1/(N L)) log sum_a exp(L k_a) = (A + g)/l, minus the energy per spin; l the carrying sharpness."""
    if carrying == 0:  # no load: all examples are alike
        return reliability * state.overlap
    return (load + annealed(carrying, state, reliability)) / carrying
