"""One spin in its random field: averages over Gaussian fields, exact to rounding at every temperature down to 0.

A spin sees Xi = B + sqrt(a) z at temperature T (docs/theory.md, eq. 27). Where the field varies little on the scale of
T, the trapezoid rule in z converges exponentially. Where it varies much, tanh(Xi/T) is split into the sign of Xi,
averaged in closed form, and a remainder that lives at |Xi| of order T, integrated over h = |Xi|/T by fixed
Gauss-Legendre panels: one cost for all temperatures, and T = 0 is just the remainder's limit.
"""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.special import erf

from densehop.base.arrays import ArrayLike, Floats

WIDE = 2.0  # deviation/temperature from which on the split is used
REACH = 9.0  # standard deviations: the weight beyond is 2e-19
STEP = 1 / 8  # of z, in the trapezoid rule: tanh has poles at distance (pi/2)/WIDE, so the error is exp(-39)
PANELS = (0.0, 1.25, 3.5, 8.0, 20.0)  # of h: what is left at 20 is exp(-40)
GAUSS_NODES, GAUSS_WEIGHTS = np.polynomial.legendre.leggauss(16)


class Site(NamedTuple):
    """Averages over the field of one spin; t = tanh(Xi/T). All are floats, or arrays of one shape.

    overlap: E t;  square: E t^2;  susceptibility: E(1 - t^2)/T;  skew: E t(1 - t^2)/T^2;
    fourth: E(1 - t^2)^2/T;  slope: the derivative of the susceptibility by the variance a;
    entropy: E[log 2cosh(Xi/T) - (Xi/T) t].
    """

    overlap: float
    square: float
    susceptibility: float
    skew: float
    fourth: float
    slope: float
    entropy: float


def _panels() -> tuple[Floats, Floats]:
    """Return nodes and weights on the half-line of h = |Xi|/T."""
    centers = [(low + high) / 2 for low, high in pairwise(PANELS)]
    halves = [(high - low) / 2 for low, high in pairwise(PANELS)]
    nodes = np.concatenate([c + r * GAUSS_NODES for c, r in zip(centers, halves, strict=True)])
    return nodes, np.concatenate([r * GAUSS_WEIGHTS for r in halves])


H, W = _panels()
TANH, SECH2 = np.tanh(H), np.cosh(H) ** -2
FAR = np.log1p(np.exp(-2 * H))  # log 2cosh h - h
LOSS = 2 / (1 + np.exp(2 * H))  # 1 - tanh h
SPIN_ENTROPY = FAR + H * LOSS
Z = np.arange(0.0, REACH + STEP / 2, STEP)
Z_WEIGHTS = np.exp(-(Z**2) / 2) * np.where(Z == 0, 0.5, 1.0)
Z_WEIGHTS /= Z_WEIGHTS.sum()  # of the pairs +-z
PAIRS = np.stack([Z, -Z])
W_SECH2, W_SECH4, W_TANH_SECH2, W_LOSS, W_ENTROPY = (
    W * SECH2,
    W * SECH2**2,
    W * TANH * SECH2,
    W * LOSS,
    W * SPIN_ENTROPY,
)
Numbers = float | Floats


@np.errstate(under="ignore")  # whatever the program has set: a weight that is nearly nothing is nothing
def average(mean: ArrayLike, deviation: ArrayLike, temperature: ArrayLike) -> Site:
    """Return the averages of a spin in the field mean + deviation z, mean >= 0 (docs/theory.md, eq. 27).

    Arguments are floats or arrays that broadcast; temperature 0 is the limit.
    """
    if isinstance(mean, float) and isinstance(deviation, float) and isinstance(temperature, float):
        return Site(*map(float, _rule(deviation, temperature)(mean, deviation, temperature)))
    arguments = [np.asarray(value, dtype=np.float64) for value in (mean, deviation, temperature)]
    shape = np.broadcast_shapes(*(array.shape for array in arguments))
    b, s, t = (np.broadcast_to(array, shape).ravel() for array in arguments)
    if not shape:
        return average(float(b[0]), float(s[0]), float(t[0]))
    result = np.empty((len(Site._fields), b.size))
    wide = (s > 0) & (s >= WIDE * t)
    for rule, chosen in ((_wide, wide), (_frozen, ~wide & (t == 0)), (_narrow, ~wide & (t > 0))):
        if chosen.any():
            result[:, chosen] = rule(b[chosen], s[chosen], t[chosen])
    return Site(*(values.reshape(shape) for values in result))  # type: ignore[arg-type]


def _rule(s: float, t: float) -> Callable[[Numbers, Numbers, Numbers], tuple[Numbers, ...]]:
    """Return the rule for a deviation and a temperature."""
    return _wide if s > 0 and s >= WIDE * t else _frozen if t == 0 else _narrow


def _wide(b: Numbers, s: Numbers, t: Numbers) -> tuple[Numbers, ...]:
    """Sign and remainder; nodes stand in front, so that numbers and arrays (n,) go through the same lines."""
    x = np.multiply.outer(H, t)
    below, above = ((x - b) / s) ** 2, ((x + b) / s) ** 2
    rate = 2 * b / s**2
    near = np.exp(-below / 2) / (math.sqrt(2 * math.pi) * s)
    far = near * np.exp(-x * rate)
    both = near + far
    cold = np.equal(t, 0)
    difference = near * np.where(
        cold, np.multiply.outer(H, rate), -np.expm1(-x * rate) / np.where(cold, 1.0, t)
    )  # over T
    curvature = (near * (below - 1) + far * (above - 1)) / s**2
    susceptibility = W_SECH2 @ both
    return (
        erf(b / (math.sqrt(2) * s)) - t**2 * (W_LOSS @ difference),
        1 - t * susceptibility,
        susceptibility,
        W_TANH_SECH2 @ difference,
        W_SECH4 @ both,
        0.5 * (W_SECH2 @ curvature),
        t * (W_ENTROPY @ both),
    )


def _frozen(b: Numbers, s: Numbers, t: Numbers) -> tuple[Numbers, ...]:
    """T = 0 without noise: the spin follows its field."""
    zero = np.zeros_like(b + s + t)
    return np.sign(b) + zero, np.sign(b) ** 2 + zero, zero, zero, zero, zero, zero + np.equal(b, 0) * math.log(2)


def _narrow(b: Numbers, s: Numbers, t: Numbers) -> tuple[Numbers, ...]:
    """Trapezoid rule over pairs of fields B + s z and B - s z, free of cancellation at small B."""
    mean = b / t
    field = mean + np.multiply.outer(PAIRS, s / t)  # (2, nodes) or (2, nodes, n): up and down
    size = np.abs(field)
    e = np.exp(-2 * size)
    more = 1 + e
    tanh = np.tanh(field)
    up, down = tanh
    u = 4 * e / more**2
    # (tanh up + tanh down)/2 = sinh(up + down)/(2 cosh up cosh down)
    sum_ = -np.expm1(-4 * mean) * np.exp(2 * mean - (size[0] + size[1])) / (more[0] * more[1])
    skew = sum_ * (u[0] + down * (up - down))
    square, u1, u2 = _half_sum(tanh**2), _half_sum(u), _half_sum(u**2)
    entropy = _half_sum(np.log1p(e) + size * 2 * e / more)
    return (
        Z_WEIGHTS @ sum_,
        Z_WEIGHTS @ square,
        Z_WEIGHTS @ u1 / t,
        Z_WEIGHTS @ skew / t**2,
        Z_WEIGHTS @ u2 / t,
        Z_WEIGHTS @ (2 * u1 - 3 * u2) / t**3,
        Z_WEIGHTS @ entropy,
    )


def _half_sum(values: Floats) -> Floats:
    """Return the mean over the fields up and down."""
    result: Floats = (values[0] + values[1]) / 2
    return result
