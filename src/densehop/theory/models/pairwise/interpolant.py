"""Functions of the spin glass of p = 2, interpolated over load and temperature.

In w = s/(1 + s), s = sqrt(M/N), and u = T/T_g, T_g = 2 (1 + s), the glass is a smooth function of both once its trivial
powers are divided out: tensor products of Chebyshev polynomials converge to rounding. Along u they are polynomials of
a logarithm that keeps the singularities beyond T = 0 and T_g away.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.polynomial.chebyshev import chebvander

from densehop.base.arrays import Floats

LEAST_LOAD, LARGEST_LOAD = 1e-3, 200.0  # of an interpolant
HIGHEST = 0.998  # of T/T_g: above, rounding enters the Parisi parameter
BELOW, ABOVE = 0.1, 0.13  # how far beyond T/T_g = 0 and 1 the singularities are
TEMPERATURES, LOADS = 29, (5, 9, 17, 33)  # nodes along u; along w, each set within the next
CHECKED = 12  # points between the nodes at which an interpolant is compared with what it stands for
GOLDEN = (math.sqrt(5) - 1) / 2


class Interpolant(NamedTuple):
    """Coefficients (along w, along u, quantity) over an interval of w and T <= 0.998 T_g."""

    lowest: float
    highest: float
    coefficients: Floats

    def at(self, w: Floats, u: Floats) -> Floats:
        """Return all quantities at points (n,), (n, quantity)."""
        n_loads, n_temperatures, n_quantities = self.coefficients.shape
        along_w = chebvander((2 * w - self.lowest - self.highest) / (self.highest - self.lowest), n_loads - 1)
        along_u = chebvander(_unit(u), n_temperatures - 1)
        partly = (along_w @ self.coefficients.reshape(n_loads, -1)).reshape(-1, n_temperatures, n_quantities)
        result: Floats = np.einsum("nj,njk->nk", along_u, partly)
        return result


def through(lowest: float, highest: float, values: Floats) -> Interpolant:
    """Return the interpolant through values (load, temperature, quantity) at the nodes."""
    to_w, to_u = (np.linalg.inv(chebvander(lobatto(n), n - 1)) for n in values.shape[:2])
    return Interpolant(lowest, highest, np.einsum("ai,bj,ijk->abk", to_w, to_u, values))


def interval(least: float, largest: float) -> tuple[float, float]:
    """Return the interval of w between two loads; it has a length where they are one."""
    lowest, highest = (math.sqrt(load / 2) / (1 + math.sqrt(load / 2)) for load in (least, largest))
    return lowest, max(highest, lowest * (1 + 1e-3))


def point_at(w: float, u: float) -> tuple[float, float]:
    """Return the load and T of a point."""
    s = w / (1 - w)
    return 2 * s**2, 2 * (1 + s) * u


def temperature_nodes() -> list[float]:
    """Return u at the nodes."""
    low, high = _stretched(np.array([0.0, HIGHEST]))
    ratio = np.exp((low + high + (high - low) * lobatto(TEMPERATURES)) / 2)
    nodes: list[float] = np.clip((ratio * (1 + ABOVE) - BELOW) / (1 + ratio), 0.0, HIGHEST).tolist()
    return nodes


def between(lowest: float, highest: float) -> list[tuple[float, float]]:
    """Return points (w, u) between the nodes, evenly spread."""
    return [
        (lowest + (highest - lowest) * (k * GOLDEN % 1), HIGHEST * (k - 0.5) / CHECKED) for k in range(1, CHECKED + 1)
    ]


def agrees(made: Interpolant, points: list[tuple[float, float]], known: Floats, tolerance: float) -> bool:
    """Whether an interpolant has the values (n, quantity) at points."""
    w, u = np.array(points).T
    return bool((np.abs(made.at(w, u) - known) < tolerance * np.maximum(1, np.abs(known))).all())


def lobatto(n: int) -> Floats:
    """Return the extrema of a Chebyshev polynomial, (n,)."""
    result: Floats = -np.cos(np.pi * np.arange(n) / (n - 1))
    return result


def _unit(u: Floats) -> Floats:
    """Return the variable of the polynomials along u, from -1 at T = 0 to 1 at the highest T."""
    low, high = _stretched(np.array([0.0, HIGHEST]))
    result: Floats = (2 * _stretched(u) - low - high) / (high - low)
    return result


def _stretched(u: Floats) -> Floats:
    """Return the logarithm that sends the singularities to infinity."""
    result: Floats = np.log((u + BELOW) / (1 + ABOVE - u))
    return result
