"""One spin in the random field of one-step replica symmetry breaking, where the inner field is tilted by (2cosh)^x.

The rules over the inner field are those of `site`: the sign and a remainder where it varies much on the scale of T, the
trapezoid rule where it varies little. The outer field has Gauss-Legendre panels that shrink towards field 0.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from densehop.base.arrays import Floats
from densehop.theory.states.site import (
    FAR,
    GAUSS_NODES,
    GAUSS_WEIGHTS,
    LOSS,
    REACH,
    SECH2,
    SPIN_ENTROPY,
    TANH,
    WIDE,
    H,
    W,
)

LARGEST_STEP = 0.5  # of z1, where the inner field hardly varies
SMALL = 0.01  # exponents below which exp(g) - 1 - g is a series
FLAT_STEP, FLAT_REACH = 0.1, 20.0  # of a sum over fields of uniform density
OUTER_PANEL = 1.5  # standard deviations of the outer field; panels shrink geometrically towards field 0


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


@lru_cache(maxsize=4096)  # a search asks again where its last step ended
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


class FlatSite(NamedTuple):
    """Sums over an outer field whose density is 1 everywhere, with an inner deviation of 1.

    gap: of <t^2> - <t>^2;  stationarity: of d/dy (1/y) log <2cosh^x> - (<t^2> + <t>^2)/4, which vanishes at the y of
    levels that hardly differ.
    """

    gap: float
    stationarity: float


@np.errstate(under="ignore")
def flat_average(tilt: float, temperature: float) -> FlatSite:
    """Return the sums that all 1RSB states share where levels hardly differ: only fields near 0 count (eq. 38)."""
    step = FLAT_STEP * max(1.0, temperature)
    fields = np.arange(0, FLAT_REACH * (1 + temperature), step)
    rule = _tilted_wide if temperature <= 1 / WIDE else _tilted_narrow
    _, _, gap, u, _, _, divergence, _ = rule(fields, 1.0, tilt, temperature)
    weights = np.full(fields.size, 2 * step)
    weights[0] = step
    square = 1 - temperature * u
    return FlatSite(float(weights @ gap), float(weights @ (divergence / tilt**2 - (2 * square - gap) / 4)))


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
    """Trapezoid rule over z1 for each outer field, (n,); the other sign of a field only turns the overlap over."""
    step, reach = min(LARGEST_STEP, t / (4 * s)), REACH + WIDE
    z1 = np.arange(-reach, reach + step / 2, step)
    log_2cosh, tanh, u, spin_entropy = _spin_functions(np.abs(field)[:, None] / t, s * z1 / t)
    prior = np.exp(-(z1**2) / 2)
    prior /= prior.sum()
    center = log_2cosh @ prior
    g = log_2cosh - center[:, None]
    g *= y * t
    weight = np.expm1(g)
    log_ratio = np.log1p(_beyond_linear(g, weight) @ prior)  # log of the mean of exp(g), whose g averages to 0
    ratio = np.exp(log_ratio)
    g *= weight
    divergence = g @ prior / ratio - log_ratio
    weight += 1
    weight *= prior

    def mean(values: Floats) -> Floats:
        result: Floats = np.einsum("ij,ij->i", weight, values) / ratio
        return result

    overlap = mean(tanh)
    tanh -= overlap[:, None]
    tanh **= 2
    log_z = log_ratio + y * t * center + y * np.abs(field)
    mean_log, mean_u, entropy = t * mean(log_2cosh) + np.abs(field), mean(u) / t, mean(spin_entropy)
    u **= 2
    return log_z, overlap * np.sign(field), mean(tanh), mean_u, mean(u) / t, mean_log, divergence, entropy


def _spin_functions(outer: Floats, toward: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return log 2cosh h - outer, tanh h, 1 - tanh(h)^2 and the spin's entropy in the field h = outer + toward.

    The outer field, >= 0, may be large: what varies is kept apart from it. Arrays that are not needed any more take
    the next result, since fresh memory costs more than these sums.
    """
    h = outer + toward
    size = np.abs(h)
    log_2cosh = np.maximum(toward, -toward - 2 * outer)
    e = -2 * size
    np.exp(e, out=e)
    far = np.log1p(e)  # log 2cosh h - |h|
    log_2cosh += far
    e /= 1 + e
    e *= 2  # 1 - tanh |h|
    size *= e
    size += far
    np.copysign(1 - e, h, out=h)
    e *= 2 - e
    return log_2cosh, h, e, size


def _beyond_linear(g: Floats, excess: Floats) -> Floats:
    """Return exp(g) - 1 - g from g and exp(g) - 1; by a series where these cancel."""
    result: Floats = excess - g
    small = np.abs(g) < SMALL
    if small.any():
        x = g[small]
        result[small] = x**2 / 2 * (1 + x / 3 * (1 + x / 4 * (1 + x / 5 * (1 + x / 6 * (1 + x / 7)))))
    return result
