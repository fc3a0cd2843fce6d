"""Replica theory, slow and obvious: textbook quadrature, functionals as they are written, derivatives by complex step.

Nothing here calls densehop.
"""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.integrate import quad

from densehop.base.arrays import Floats

Complex = npt.NDArray[np.complex128]
STEP = 1e-30  # of complex-step derivatives: there is no difference to cancel
LEGENDRE = np.polynomial.legendre.leggauss(24)


def gaussian_mean(function: Callable[[float], float]) -> float:
    """Return E f(z), z ~ N(0, 1), by adaptive quadrature."""

    def weighted(z: float) -> float:
        return function(z) * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)

    pieces = [quad(weighted, low, low + 2, epsabs=1e-15, epsrel=1e-13)[0] for low in range(-12, 12, 2)]
    return math.fsum(pieces)


def log_2cosh(x: float) -> float:
    return abs(x) + math.log1p(math.exp(-2 * abs(x)))


def free_entropy(p: int, beta: float, load: float, signal: float, q: float, q_star: float) -> float:
    """Return the replica-symmetric functional at m = 0, p >= 3, not extremised (docs/theory.md, eq. 21)."""
    mean, deviation = p * signal * q_star ** (p - 1), math.sqrt(load * p * q ** (p - 1))
    return (
        -(p - 1) * beta * signal * q_star**p
        + load * beta**2 / 2 * (1 - p * q ** (p - 1) + (p - 1) * q**p)
        + gaussian_mean(lambda z: log_2cosh(beta * (mean + deviation * z)))
    )


def free_entropy_pairwise(beta: float, gamma: float, c: float, q: float, q_star: float) -> float:
    """Return the functional of the planted p = 2 model with its conjugates r and t at their saddle point."""
    d = 1 - 2 * beta * (1 - q)
    r, t = 4 * gamma * beta**2 * (q + c * q_star**2) / d**2, 2 * gamma * beta * c * q_star / d
    return (
        -gamma / 2 * math.log(d)
        + gamma * beta * (q + c * q_star**2) / d
        - r / 2 * (1 - q)
        - t * q_star
        + gaussian_mean(lambda z: log_2cosh(t + math.sqrt(r) * z))
        - gamma * beta
    )


def field_nodes(mean: float, deviation: float, scale: float, reach: float = 11.0) -> tuple[Floats, Floats]:
    """Return nodes and weights for E f(Xi), Xi = mean + deviation z, where f varies on `scale` around Xi = 0."""
    if deviation == 0:
        return np.array([mean]), np.array([1.0])
    low, high = mean - reach * deviation, mean + reach * deviation
    crowded = scale * 2.0 ** np.arange(-1, 80)
    edges = np.concatenate([[0.0], crowded, -crowded, np.linspace(low, high, 15)])
    edges = np.unique(edges[(edges >= low) & (edges <= high)])
    half, center = np.diff(edges) / 2, (edges[1:] + edges[:-1]) / 2
    fields = (center[:, None] + half[:, None] * LEGENDRE[0]).ravel()
    weights = (half[:, None] * LEGENDRE[1]).ravel() * np.exp(-(((fields - mean) / deviation) ** 2) / 2)
    return fields, weights / weights.sum()


def field_averages(mean: float, deviation: float, temperature: float) -> dict[str, float]:
    """Return the averages over one spin's Gaussian field, T > 0, as their definitions read."""
    fields, weights = field_nodes(mean, deviation, temperature)
    h = fields / temperature
    tanh, sech2 = np.tanh(h), 4 * np.exp(-2 * np.abs(h)) / (1 + np.exp(-2 * np.abs(h))) ** 2
    log_2cosh = np.abs(h) + np.log1p(np.exp(-2 * np.abs(h)))
    values = {
        "overlap": tanh,
        "square": tanh**2,
        "susceptibility": sech2 / temperature,
        "skew": tanh * sech2 / temperature**2,
        "fourth": sech2**2 / temperature,
        "slope": (2 * sech2 - 3 * sech2**2) / temperature**3,  # half the second derivative of sech^2(Xi/T)/T
        "entropy": log_2cosh - h * tanh,
    }
    if deviation > temperature:  # by parts: these would cancel
        z = (fields - mean) / deviation
        values["skew"] = -sech2 / temperature * z / (2 * deviation)
        values["slope"] = sech2 / temperature * (z**2 - 1) / (2 * deviation**2)
    return {name: float(weights @ value) for name, value in values.items()}


TILTED = (
    *("overlap", "outer_square", "inner_square", "gap", "susceptibility"),
    *("fourth", "log_partition", "mean_log", "entropy"),
)


def tilted_field_averages(mean: float, outer: float, inner: float, tilt: float, temperature: float) -> dict[str, float]:
    """Return the averages with weight (2cosh(Xi/T))^x inside, x = tilt T, one outer field after the other; T >= 0."""
    rows, outer_weights = [], []
    for field, weight in zip(*field_nodes(mean, outer, min(outer, inner, 1 / tilt, 1.0) / 4 or 1.0), strict=True):
        nodes, weights = field_nodes(field, inner, temperature or inner, 11.0 + tilt * inner)
        size = np.abs(nodes)
        if temperature > 0:
            h = size / temperature
            e = np.exp(-2 * h)
            tanh, sech2, logs = np.tanh(nodes / temperature), 4 * e / (1 + e) ** 2, size + temperature * np.log1p(e)
            density = None
        else:
            tanh, logs = np.sign(nodes), size
            density = math.exp(-((field / inner) ** 2) / 2) / (math.sqrt(2 * math.pi) * inner)  # at Xi = 0
        tilted = weights * np.exp(tilt * (logs - logs.max()))
        norm, shift = tilted.sum(), tilt * float(logs.max())
        t = float(tilted @ tanh / norm)
        if density is None:
            u, u2 = float(tilted @ sech2 / norm) / temperature, float(tilted @ sech2**2 / norm) / temperature
            entropy = float(tilted @ (logs / temperature - nodes / temperature * tanh) / norm)
        else:  # sech^2(Xi/T)/T and its square become 2 and 4/3 times a delta function, where the tilt's weight is 1
            u, u2, entropy = (factor * density * math.exp(-shift) / float(norm) for factor in (2.0, 4 / 3, 0.0))
        square = 1 - temperature * u
        log_norm = (math.log(float(norm)) + shift) / tilt
        rows.append((t, t * t, square, square - t * t, u, u2, log_norm, float(tilted @ logs / norm), entropy))
        outer_weights.append(weight)
    return dict(zip(TILTED, (np.array(outer_weights) @ np.array(rows)).tolist(), strict=True))


def complex_log_2cosh(h: Complex) -> Complex:
    """Return log 2cosh h near the real axis."""
    away: Complex = np.where(np.real(h) < 0, -h, h)
    result: Complex = away + np.log(1 + np.exp(-2 * away))
    return result


def slope(function: Callable[..., complex], arguments: dict[str, float], name: str) -> float:
    """Return the derivative of an analytic function by one of its arguments, by complex step."""
    shifted: dict[str, complex] = {**arguments, name: arguments[name] + 1j * STEP}
    return function(**shifted).imag / STEP


def normal_grid(step: float, reach: float = 10.0) -> tuple[Floats, Floats]:
    """Return the nodes and weights of the trapezoid rule for a normal variate."""
    z = np.arange(-reach, reach + step / 2, step)
    weights: Floats = np.exp(-(z**2) / 2)
    return z, weights / weights.sum()


def replica_symmetric(
    p: int, beta: complex, load: complex, signal: complex, m: complex, q_star: complex, q: complex
) -> complex:
    """Return Phi of docs/theory.md, eq. 26, not extremised; any argument may be complex."""
    z, weights = normal_grid(1 / 128)
    spins = 0j
    for sign in (1, -1):
        fields = p * m ** (p - 1) * sign + p * signal * q_star ** (p - 1) + np.sqrt(load * p * q ** (p - 1) + 0j) * z
        spins += complex(complex_log_2cosh(beta * fields) @ weights) / 2
    noise = load * beta**2 / 2 * (1 - p * q ** (p - 1) + (p - 1) * q**p)
    return -(p - 1) * beta * (m**p + signal * q_star**p) + noise + spins


def one_step(
    p: int,
    beta: complex,
    load: complex,
    signal: complex,
    m: complex,
    q_star: complex,
    q0: complex,
    q1: complex,
    x: complex,
    steps: tuple[float, float] = (1 / 24, 1 / 24),
) -> complex:
    """Return Phi with one step of replica symmetry breaking at fixed order parameters; any may be complex.

    Not both of m and q_star are nonzero, so that s = 1 stands for both signs. q0 = 0 needs no outer field.
    """
    z0, outer_weights = normal_grid(steps[0]) if q0 != 0 else (np.zeros(1), np.ones(1))
    z1, inner_weights = normal_grid(steps[1], 14.0)
    fields = p * m ** (p - 1) + p * signal * q_star ** (p - 1)
    fields = fields + np.sqrt(load * p * q0 ** (p - 1) + 0j) * z0[:, None]
    fields = fields + np.sqrt(load * p * (q1 ** (p - 1) - q0 ** (p - 1)) + 0j) * z1
    logs = x * complex_log_2cosh(beta * fields)
    largest = logs.real.max(axis=1)
    inner = largest + np.log(np.exp(logs - largest[:, None]) @ inner_weights)
    spins = complex(inner @ outer_weights) / x
    noise = 1 + (p - 1) * ((1 - x) * q1**p + x * q0**p) - p * q1 ** (p - 1)
    return -(p - 1) * beta * (m**p + signal * q_star**p) + load * beta**2 / 2 * noise + spins


def bisect(function: Callable[[float], float], low: float, high: float) -> float:
    """Return where a function changes its sign between two points."""
    sign = function(low) > 0
    while high - low > 4e-16 * abs(high):
        middle = (low + high) / 2
        if middle in {low, high}:
            break
        low, high = (middle, high) if (function(middle) > 0) == sign else (low, middle)
    return (low + high) / 2
