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
from scipy.special import erf, ndtr

from densehop.base.arrays import ArrayLike, Floats

WIDE = 2.0  # deviation/temperature from which on the split is used
REACH = 9.0  # standard deviations: the weight beyond is 2e-19
STEP = 1 / 8  # of z, in the trapezoid rule: tanh has poles at distance (pi/2)/WIDE, so the error is exp(-39)
PANELS = (0.0, 1.25, 3.5, 8.0, 20.0)  # of h: what is left at 20 is exp(-40)
LARGEST_STEP = 0.5  # of z1, where the inner field hardly varies
SMALL = 0.01  # exponents below which exp(g) - 1 - g is a series
OUTER_PANEL = 1.5  # standard deviations of the outer field; panels shrink geometrically towards field 0
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


class TiltedSite(NamedTuple):
    """Averages in the 1RSB measure: inside, over z1 with weight (2cosh(Xi/T))^x, then over z0; y = x/T.

    overlap: E<t>;  outer_square: E<t>^2;  inner_square: E<t^2>;  gap: their difference, free of cancellation;
    susceptibility: E<1 - t^2>/T;  fourth: E<(1 - t^2)^2>/T;
    log_partition: F = (1/y) E log E_z1 2cosh^x;  mean_log: E<T log 2cosh>;  partition_slope: dF/dy, which is
    (mean_log - F)/y but keeps its digits at small y;  entropy: as in `Site`.
    """

    overlap: float
    outer_square: float
    inner_square: float
    gap: float
    susceptibility: float
    fourth: float
    log_partition: float
    mean_log: float
    partition_slope: float
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


@np.errstate(under="ignore")  # whatever the program has set: a weight that is nearly nothing is nothing
def tilted_average(mean: float, outer: float, inner: float, tilt: float, temperature: float) -> TiltedSite:
    """Return the 1RSB averages of the field mean + outer z0 + inner z1 (docs/theory.md, eq. 33).

    `outer` and `inner` are deviations, inner > 0; tilt = y = x/T > 0, where x is the Parisi parameter.
    """
    fields, weights = _outer_fields(mean, outer, inner, tilt, temperature)
    rule = _tilted_wide if inner >= WIDE * temperature else _tilted_narrow
    log_partition, t, gap, u, fourth, mean_log, divergence, entropy = rule(fields, inner, tilt, temperature)
    square, slope = 1 - temperature * u, divergence / tilt**2
    averages = (t if mean > 0 else 0 * t, t**2, square, gap, u, fourth, log_partition / tilt, mean_log, slope, entropy)
    return TiltedSite(*(float(weights @ values) for values in averages))


def _outer_fields(mean: float, outer: float, inner: float, tilt: float, temperature: float) -> tuple[Floats, Floats]:
    """Return the fields of the trapezoid rule over z0 and their weights.

    The inner average smooths tanh on the scale of the inner deviation, but no further than the tilt resolves, 1/y.
    Without a mean, fields z0 and -z0 say the same and one of them is enough.
    """
    if outer == 0:
        return np.array([mean]), np.array([1.0])
    scale = max(temperature, min(inner, 1 / tilt))
    reach, coarse = REACH * outer, OUTER_PANEL * outer
    n_fine = max(0, math.ceil(math.log2(coarse / scale)) + 1) if scale < coarse else 0
    fine = scale * 2.0 ** np.arange(n_fine)
    edges = np.concatenate([-fine, fine, mean + np.arange(-reach, reach + coarse / 2, coarse)])
    edges = np.unique(np.clip(edges, mean - reach, mean + reach))
    half, center = np.diff(edges) / 2, (edges[1:] + edges[:-1]) / 2
    fields = (center[:, None] + half[:, None] * GAUSS_NODES).ravel()
    weights = (half[:, None] * GAUSS_WEIGHTS).ravel() * np.exp(-(((fields - mean) / outer) ** 2) / 2)
    if mean == 0:  # the edges are then the same on both sides of 0
        fields, weights = fields[fields > 0], weights[fields > 0]
    return fields, weights / weights.sum()


def _tilted_wide(field: Floats, s: float, y: float, t: float) -> tuple[Floats, ...]:
    """Sign and remainder of (2cosh)^x f for each outer field, (n,)."""
    size = np.abs(field)
    center = np.stack([size, -size]) + y * s**2  # of |Xi| on the half-lines towards and against the field, (2, n)
    scale = np.stack([np.ones_like(size), np.exp(-2 * y * size)])
    half = scale * ndtr(center / s)
    edge = scale * s * np.exp(-((center / s) ** 2) / 2) / math.sqrt(2 * math.pi)
    density = scale[..., None] * np.exp(-(((t * H - center[..., None]) / s) ** 2) / 2) / (math.sqrt(2 * math.pi) * s)
    power = np.exp(y * t * FAR)  # (1 + exp(-2h))^x
    near = density.sum(axis=0) @ np.stack(
        [
            W * t * np.expm1(y * t * FAR),
            W * power * SECH2,
            W * power * SECH2**2,
            W * t**2 * (power * (H + FAR) - H),
            W * t * power * SPIN_ENTROPY,
        ],
        axis=1,
    )
    z = half.sum(axis=0) + near[:, 0]
    loss = 2 * half[1] + t * (density[0] @ (W * power * LOSS) + density[1] @ (W * (power * (1 + TANH) - 2)))
    loss, u = loss / z, near[:, 1] / z  # 1 - <t>, towards the field
    excess = (y * s**2 * half.sum(axis=0) - size * (2 * half[1] + near[:, 0]) + edge.sum(axis=0) + near[:, 3]) / z
    mean_log = size + excess  # y |field|, which may be large, drops out of the divergence
    log_z = np.log(z) + y * size + (y * s) ** 2 / 2
    overlap = np.copysign(1 - loss, field)
    divergence = y * excess - np.log(z) - (y * s) ** 2 / 2
    return log_z, overlap, loss * (2 - loss) - t * u, u, near[:, 2] / z, mean_log, divergence, near[:, 4] / z


def _tilted_narrow(field: Floats, s: float, y: float, t: float) -> tuple[Floats, ...]:
    """Trapezoid rule over z1 for each outer field, (n,)."""
    step, reach = min(LARGEST_STEP, t / (4 * s)), REACH + WIDE
    z1 = np.arange(-reach, reach + step / 2, step)
    outer, toward = np.abs(field)[:, None] / t, np.copysign(1.0, field)[:, None] * s * z1 / t
    h = outer + toward  # of the outer field's sign, which may be large: what varies is kept apart from it
    size = np.abs(h)
    e = np.exp(-2 * size)
    far, loss = np.log1p(e), 2 * e / (1 + e)  # log 2cosh h - |h|, 1 - tanh |h|
    log_2cosh = np.where(h > 0, toward, -toward - 2 * outer) + far  # less |outer|
    prior = np.exp(-(z1**2) / 2)
    prior /= prior.sum()
    center = log_2cosh @ prior
    g = y * t * (log_2cosh - center[:, None])
    excess = np.expm1(g)
    series = g**2 / 2 * (1 + g / 3 * (1 + g / 4 * (1 + g / 5 * (1 + g / 6 * (1 + g / 7)))))  # of exp(g) - 1 - g
    second = np.where(np.abs(g) < SMALL, series, excess - g)
    log_ratio = np.log1p(second @ prior)  # log of the mean of exp(g), whose g averages to 0
    weight = prior * (1 + excess) / np.exp(log_ratio)[:, None]
    tanh, u = np.copysign(1 - loss, h) * np.copysign(1.0, field)[:, None], loss * (2 - loss)
    spin_entropy = far + size * loss

    def mean(values: Floats) -> Floats:
        result: Floats = np.einsum("ij,ij->i", weight, values)
        return result

    overlap = mean(tanh)
    gap = mean((tanh - overlap[:, None]) ** 2)
    log_z = log_ratio + y * t * center + y * np.abs(field)
    divergence = (excess * g) @ prior / np.exp(log_ratio) - log_ratio
    mean_log = t * mean(log_2cosh) + np.abs(field)
    return log_z, overlap, gap, mean(u) / t, mean(u**2) / t, mean_log, divergence, mean(spin_entropy)
