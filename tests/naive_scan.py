"""Brute force for the saddle-point equations: whole curves on dense grids, sign changes, bisection. No densehop here.

In a replica-symmetric state a spin sees the field B + s z at temperature T; q = E tanh^2, chi = (1 - q)/T. At a chi, q
is known, the noise's variance s^2 follows from q and chi, and E sech^2 fixes B, since it falls as B grows. What is left
is one equation on a line, E tanh = overlap, and all its roots are looked for.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import root as scipy_root
from scipy.special import erf

from densehop.base.arrays import Floats

LOGISTIC = np.arange(-19.0, 19.01, 0.25)  # of t in the averages over a logistic variable
LOGISTIC_SECH2 = np.cosh(LOGISTIC) ** -2
NORMAL = np.arange(-9.0, 9.01, 0.2)
NORMAL_WEIGHTS = np.exp(-(NORMAL**2) / 2) / np.exp(-(NORMAL**2) / 2).sum()
SMALLEST = 1e-17  # of 1 - q on the grid
ZOOM = 17  # points into which an interval is divided at each step of refinement
ITERATIONS = 400
TOUCHING = 3e-12  # residual below which two states are taken to have just merged
CLOSE = 0.02  # residual below which a turning point of the residual is looked at closely


class Root(NamedTuple):
    """A state: its overlap with a memory or the pattern (0 in the glass) and q."""

    overlap: float
    q: float


def averages(mean: npt.ArrayLike, deviation: npt.ArrayLike, temperature: float) -> tuple[Floats, Floats]:
    """Return E tanh and chi = E sech^2/T of the field mean + deviation z; at T = 0 their limits.

    Where the field varies much on the scale of T, tanh is the average of a sign over a logistic variable, which makes
    E tanh an average of error functions; where it varies little, the trapezoid rule in z does.
    """
    b, s = np.broadcast_arrays(np.asarray(mean, dtype=float), np.asarray(deviation, dtype=float))
    if temperature == 0:
        return np.where(s > 0, erf(b / (math.sqrt(2) * np.maximum(s, 1e-300))), np.sign(b)), softness(b, s, 0.0)
    overlap, wide = np.empty(b.shape), s >= temperature
    b_, s_ = b[wide][:, None] / temperature, s[wide][:, None] / temperature
    overlap[wide] = erf((b_ - LOGISTIC) / (math.sqrt(2) * s_)) @ LOGISTIC_SECH2 * (LOGISTIC[1] - LOGISTIC[0]) / 2
    overlap[~wide] = np.tanh((b[~wide][:, None] + s[~wide][:, None] * NORMAL) / temperature) @ NORMAL_WEIGHTS
    return overlap, softness(b, s, temperature)


def softness(mean: Floats, deviation: Floats, temperature: float) -> Floats:
    """Return chi = E sech^2/T alone."""
    if temperature == 0:
        return np.where(deviation > 0, 2 * _normal(mean, np.maximum(deviation, 1e-300)), 0.0)
    b, s = mean / temperature, deviation / temperature
    sech2, wide = np.empty(b.shape), s >= 1
    sech2[wide] = _normal(LOGISTIC - b[wide][:, None], s[wide][:, None]) @ LOGISTIC_SECH2 * (LOGISTIC[1] - LOGISTIC[0])
    decay = np.exp(-2 * np.abs(b[~wide][:, None] + s[~wide][:, None] * NORMAL))
    sech2[~wide] = (4 * decay / (1 + decay) ** 2) @ NORMAL_WEIGHTS
    return sech2 / temperature


def mean_log_2cosh(mean: float, deviation: float) -> float:
    """Return E log 2cosh(mean + deviation z); log 2cosh is |.| averaged over a logistic variable."""
    if deviation < 1:
        h = np.abs(mean + deviation * NORMAL)
        return float((h + np.log1p(np.exp(-2 * h))) @ NORMAL_WEIGHTS)
    x = mean - LOGISTIC
    size = x * erf(x / (math.sqrt(2) * deviation)) + 2 * deviation**2 * _normal(x, np.array(deviation))
    return float(size @ LOGISTIC_SECH2) * float(LOGISTIC[1] - LOGISTIC[0]) / 2


def _normal(x: Floats, s: Floats) -> Floats:
    with np.errstate(under="ignore"):
        density: Floats = np.exp(-((x / s) ** 2) / 2) / (math.sqrt(2 * math.pi) * s)
    return density


class Equations(NamedTuple):
    """What a noise does: variance(q, chi) of the field; pull(overlap), its mean, and the inverse of that."""

    temperature: float
    variance: Callable[[Floats, Floats], Floats]
    pull: Callable[[Floats], Floats]
    overlap_of: Callable[[Floats], Floats]


def many_body(p: int, load: float, temperature: float, signal: float = 1.0) -> Equations:
    """P >= 3: B = p lambda m^(p-1), s^2 = p alpha q^(p-1)."""
    return Equations(
        temperature,
        lambda q, _: p * load * q ** (p - 1),
        lambda m: p * signal * m ** (p - 1),
        lambda b: (b / (p * signal)) ** (1 / (p - 1)),
    )


def pairwise(load: float, temperature: float) -> Equations:
    """P = 2, direct: B = 2m, s^2 = 4 gamma q/(1 - 2 chi)^2; nan where 1 - 2 chi <= 0."""

    def variance(q: Floats, chi: Floats) -> Floats:
        stiffness: Floats = np.where(chi < 0.5, 1 - 2 * chi, np.nan)
        return 2 * load * q / stiffness**2

    return Equations(temperature, variance, lambda m: 2 * m, lambda b: b / 2)


def _grid(temperature: float) -> Floats:
    """Return chi from tiny to 1/T (q = 0), dense at both ends, where it is of order 1, and where 1 - 2 chi is small."""
    warm = np.concatenate([np.geomspace(1e-3, 1e3, 110), 0.5 - np.geomspace(1e-9, 0.4, 35)])
    if temperature == 0:
        return np.unique(np.concatenate([np.geomspace(1e-20, 1e-3, 100), warm]))
    near_one, near_zero = np.geomspace(SMALLEST, 0.5, 90), 1 - np.geomspace(0.5, 1e-12, 70)
    inside = np.concatenate([near_one, near_zero[1:], warm[warm < 10] * temperature])
    return np.unique(inside[inside < 1]) / temperature


Residual = Callable[[Equations, Floats], tuple[Floats, Floats, Floats]]


def ordered_residual(equations: Equations, chi: Floats) -> tuple[Floats, Floats, Floats]:
    """Return E tanh - overlap, overlap and q along chi; nan where no mean field fits."""
    t = equations.temperature
    q = 1 - t * chi
    s = np.sqrt(equations.variance(q, chi))
    residual, overlap = np.full(chi.shape, np.nan), np.zeros(chi.shape)
    fits = np.isfinite(s) & (q >= 0)
    fits[fits] = softness(np.zeros(int(fits.sum())), s[fits], t) >= chi[fits]
    s, aim = s[fits], chi[fits]
    low, high = np.zeros(s.shape), 9 * s + 25 * t
    for _ in range(44 if s.size <= ZOOM else 22):
        middle = (low + high) / 2
        above = softness(middle, s, t) > aim
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    mean = (low + high) / 2
    overlap[fits] = equations.overlap_of(mean)
    residual[fits] = averages(mean, s, t)[0] - overlap[fits]
    return residual, overlap, q


def glass_residual(equations: Equations, chi: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the violation of chi = E sech^2/T with B = 0, relative to q; zeros; q."""
    q = 1 - equations.temperature * chi
    s = np.sqrt(equations.variance(q, chi))
    fits = np.isfinite(s) & (q > 0)
    found = softness(np.zeros(s.shape), np.where(fits, s, 1.0), equations.temperature)
    return np.where(fits, (found - chi) / np.maximum(q, 1e-300), np.nan), np.zeros(chi.shape), q


def roots(equations: Equations, residual: Residual, slack: float = 1e-9, only_largest: bool = False) -> list[Root]:
    """Return all states on the line of chi, the largest first, or it alone: sign changes refined by subdivision."""
    chi = _grid(equations.temperature)
    value, along, _ = residual(equations, chi)
    found = []
    for low, high in _brackets(chi, value, along):
        where, crosses = _zoom(equations, residual, low, high)
        final, overlap, q = residual(equations, np.array([where]))
        if abs(final[0]) < (slack if crosses else TOUCHING):
            found.append(Root(float(overlap[0]), float(q[0])))
            if only_largest:
                break
    return found


def _brackets(chi: Floats, value: Floats, overlap: Floats) -> list[tuple[float, float]]:
    """Return where the residual changes its sign, or comes near zero and turns, by falling overlap, growing chi."""
    size = np.abs(value[1:-1])
    turns = (size <= np.abs(value[:-2])) & (size <= np.abs(value[2:])) & (value[:-2] * value[2:] > 0) & (size < CLOSE)
    pairs = [(i, i + 1) for i in np.flatnonzero(value[:-1] * value[1:] <= 0)]
    pairs += [(i, i + 2) for i in np.flatnonzero(turns)]
    return [(chi[i], chi[k]) for i, k in sorted(pairs, key=lambda pair: (-overlap[pair[0]], pair))]


def _zoom(equations: Equations, residual: Residual, low: float, high: float) -> tuple[float, bool]:
    """Return the first root in an interval, or the smallest residual, and whether the residual changes its sign."""
    crosses = False
    for _ in range(12):
        chi = np.linspace(low, high, ZOOM)
        value = residual(equations, chi)[0]
        crossings = np.flatnonzero(value[:-1] * value[1:] <= 0)
        if crossings.size:
            crosses = True
            low, high = chi[crossings[0]], chi[crossings[0] + 1]
            if high - low < 1e-13 * high:
                break
            continue
        if np.isnan(value).all() or high - low < 1e-9 * high:
            break
        nearest = int(np.nanargmin(np.abs(value)))
        low, high = chi[max(nearest - 1, 0)], chi[min(nearest + 1, ZOOM - 1)]
    return (low + high) / 2, crosses


def iterated(equations: Equations, overlap: float = 1.0) -> Root | None:
    """Return where plain iteration from q = overlap = 1 goes, if it settles on a state of finite overlap."""
    m, chi = overlap, 0.0
    t = equations.temperature
    for _ in range(ITERATIONS):
        s = np.sqrt(equations.variance(np.array([1 - t * chi]), np.array([chi])))
        new_m, new_chi = (float(values[0]) for values in averages(equations.pull(np.array([m])), s, t))
        settled = abs(new_m - m) + abs(new_chi - chi) < 1e-12
        m, chi = new_m, new_chi
        if settled:
            break
        if not m > 1e-6 or math.isnan(chi) or chi < 0:
            return None
    return Root(m, 1 - t * chi) if settled else None


# --- two bodies with a planted pattern: both equations on a grid of two unknowns --------------------------------------


def planted_violations(
    load: float, temperature: float, contrast: float, chi: Floats, overlap: Floats
) -> tuple[Floats, Floats]:
    """Return E tanh - q* and E sech^2/T - chi, p = 2: B = alpha c q*/D, s^2 = 2 alpha (q + c q*^2)/D^2."""
    d = np.where(chi < 0.5, 1 - 2 * chi, np.nan)
    s = np.sqrt(2 * load * (1 - temperature * chi + contrast * overlap**2)) / d
    fits = np.isfinite(s)
    tanh, sech2 = averages(np.where(fits, load * contrast * overlap / d, 0.0), np.where(fits, s, 1.0), temperature)
    return np.where(fits, tanh - overlap, np.nan), np.where(fits, sech2 - chi, np.nan)


def planted_roots(load: float, temperature: float, contrast: float) -> list[Root]:
    """Return states with q* > 0: cells of the grid in which both violations change sign, polished."""
    line = _grid(temperature)[::4]
    m, chi = np.meshgrid(1 - np.concatenate([np.geomspace(1e-12, 0.4, 24), 1 - np.geomspace(0.6, 1e-6, 36)]), line)
    first, second = planted_violations(load, temperature, contrast, chi, m)
    corners = [(slice(i, i - 1 or None), slice(j, j - 1 or None)) for i in (0, 1) for j in (0, 1)]
    changes = np.ones((m.shape[0] - 1, m.shape[1] - 1), dtype=bool)
    for values in (first, second):
        signs = np.stack([np.sign(values[corner]) for corner in corners])
        changes &= (signs.min(axis=0) <= 0) & (signs.max(axis=0) >= 0)
    found = []
    for i, j in np.argwhere(changes):
        root_here = _polish(load, temperature, contrast, float(m[i, j]), float(chi[i, j]))
        if root_here is not None:
            found.append(root_here)
    return found


def planted_iterated(load: float, temperature: float, contrast: float) -> Root | None:
    """Return where plain iteration from q = q* = 1 goes, if it settles on q* > 0."""
    chi, m = np.zeros(1), np.ones(1)
    for _ in range(ITERATIONS):
        by_overlap, by_chi = planted_violations(load, temperature, contrast, chi, m)
        chi, m = chi + by_chi, m + by_overlap
        if np.isnan(m[0]) or not (0 <= chi[0] < 0.5 and m[0] > 1e-6):
            return None
        if abs(by_overlap[0]) + abs(by_chi[0]) < 1e-12:
            return Root(float(m[0]), 1 - temperature * float(chi[0]))
    return None


def _polish(load: float, temperature: float, contrast: float, overlap: float, chi: float) -> Root | None:
    """Run Powell's hybrid method from a cell of the grid."""

    def equations(x: Floats) -> Floats:
        values = planted_violations(load, temperature, contrast, np.array([x[1]]), np.array([x[0]]))
        return np.nan_to_num(np.concatenate(values), nan=1e3)

    with np.errstate(invalid="ignore"):
        result = scipy_root(equations, [overlap, chi], method="hybr", options={"xtol": 1e-13})
    q = 1 - temperature * float(result.x[1])
    good = np.abs(result.fun).max() < 1e-11 and 1e-5 < result.x[0] <= 1 and 0 < q <= 1
    return Root(float(result.x[0]), q) if good else None
