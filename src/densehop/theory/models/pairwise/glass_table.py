"""The 1RSB spin glass of p = 2 on whole arrays of points: an interpolant through states that the solver found.

In w = s/(1 + s), s = sqrt(M/N), and u = T/T_g, T_g = 2 (1 + s), the glass is a smooth function of both once its trivial
powers are divided out: tensor products of Chebyshev polynomials converge to rounding. Along u they are polynomials of
a logarithm that keeps the singularities beyond T = 0 and T_g away. Each interpolant is checked against states that it
does not contain, and refined until they agree.
"""

import math
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.polynomial.chebyshev import chebvander

from densehop.base.arrays import Floats
from densehop.errors import NotConverged
from densehop.theory.models.pairwise import glass, states
from densehop.theory.models.pairwise.noise import WishartNoise
from densehop.theory.states import one_step
from densehop.theory.states.one_step import BrokenState

NOISE = WishartNoise()
LEAST_LOAD, LARGEST_LOAD = 1e-3, 200.0  # of an interpolant
HIGHEST = 0.998  # of T/T_g: above, rounding enters the Parisi parameter
BELOW, ABOVE = 0.1, 0.13  # how far beyond T/T_g = 0 and 1 the singularities are
TEMPERATURES, LOADS = 29, (5, 9, 17, 33)  # nodes along u; along w, each set within the next
CHECKED, TOLERANCE = 12, 1e-10  # states that an interpolant is compared with, and how closely they agree
BLOCK = 20_000  # points at a time
GOLDEN = (math.sqrt(5) - 1) / 2


class GlassValues(NamedTuple):
    """The glass at each point: q, Parisi parameter, energy, entropy, replicon."""

    square: Floats
    parisi: Floats
    energy: Floats
    entropy: Floats
    replicon: Floats


class GlassTable(NamedTuple):
    """Coefficients (along w, along u, quantity) over an interval of w."""

    lowest: float
    highest: float
    coefficients: Floats

    def at(self, load: Floats, temperature: Floats) -> GlassValues:
        """Return the glass at points (n,) with loads in the table's interval and T <= 0.998 T_g."""
        parts = [slice(start, start + BLOCK) for start in range(0, load.size, BLOCK)]
        blocks = [self._block(load[part], temperature[part]) for part in parts]
        return GlassValues(*(np.concatenate(columns) for columns in zip(*blocks, strict=True)))

    def _block(self, load: Floats, temperature: Floats) -> GlassValues:
        s = np.sqrt(load / 2)
        w, u = s / (1 + s), temperature / (2 * (1 + s))
        y, q, energy, entropy, replicon = self.scaled(w, u).T
        with np.errstate(divide="ignore"):
            replicon = np.where(u > 0, w**2 * replicon / u, -np.inf)
        parisi = 2 * w * u * y
        return GlassValues(q, parisi, energy * (1 + s), entropy * (1 + s) - load / 4 * np.log(w), replicon)

    def scaled(self, w: Floats, u: Floats) -> Floats:
        """Return what is interpolated at points (n,), (n, quantity)."""
        n_loads, n_temperatures, n_quantities = self.coefficients.shape
        along_w = chebvander((2 * w - self.lowest - self.highest) / (self.highest - self.lowest), n_loads - 1)
        along_u = chebvander(_unit(u), n_temperatures - 1)
        partly = (along_w @ self.coefficients.reshape(n_loads, -1)).reshape(-1, n_temperatures, n_quantities)
        result: Floats = np.einsum("nj,njk->nk", along_u, partly)
        return result


@lru_cache(maxsize=16)
def glass_table(least: float, largest: float) -> GlassTable | None:
    """Return an interpolant for loads between two; None where no interpolant agrees with the solver."""
    lowest, highest = (math.sqrt(load / 2) / (1 + math.sqrt(load / 2)) for load in (least, largest))
    nodes = Nodes(lowest, max(highest, lowest * (1 + 1e-3)))
    try:
        w, u, known = _between(nodes)
        for n_loads in LOADS:
            table = nodes.table(n_loads)
            if (np.abs(table.scaled(w, u) - known) < TOLERANCE * np.maximum(1, np.abs(known))).all():
                return table
    except NotConverged:
        pass  # as if no interpolant agreed
    return None


@dataclass(frozen=True)
class Nodes:
    """The solver's states at the nodes over an interval of w, each started from the nearest one of another load."""

    lowest: float
    highest: float
    found: dict[tuple[float, int], BrokenState] = field(default_factory=dict)

    def table(self, n_loads: int) -> GlassTable:
        """Return the interpolant through the states at so many loads."""
        along_w, along_u = _lobatto(n_loads), _from_unit(_lobatto(TEMPERATURES))
        values = np.array(
            [[self._scaled(x, row, u) for row, u in enumerate(along_u.tolist())] for x in along_w.tolist()]
        )
        to_w, to_u = (np.linalg.inv(chebvander(_lobatto(n), n - 1)) for n in (n_loads, TEMPERATURES))
        return GlassTable(self.lowest, self.highest, np.einsum("ai,bj,ijk->abk", to_w, to_u, values))

    def _scaled(self, x: float, row: int, u: float) -> list[float]:
        """Return what is interpolated at a node, x from -1 to 1 along w."""
        w, key = self.lowest + (self.highest - self.lowest) * (x + 1) / 2, (round(x, 12), row)
        if key not in self.found:
            same_row = [known for known in self.found if known[1] == row]
            nearest = min(same_row, key=lambda known: abs(known[0] - x), default=None)
            self.found[key] = solved(w, u, None if nearest is None else self.found[nearest])
        return scaled(w, u, self.found[key])


def _load_and_temperature(w: float, u: float) -> tuple[float, float]:
    """Return the load and T at a point."""
    s = w / (1 - w)
    return 2 * s**2, 2 * (1 + s) * u


def solved(w: float, u: float, near: BrokenState | None = None) -> BrokenState:
    """Return the solver's state at a point, started from one of the same T/T_g if there is one."""
    load, temperature = _load_and_temperature(w, u)
    if near is not None:
        try:
            return one_step.solve(NOISE, load, temperature, [glass.moved(near.fields, near.load, load)])
        except NotConverged:
            pass  # it was too far
    return glass.broken(load, temperature, states.spin_glass(load, temperature).variance)


def scaled(w: float, u: float, state: BrokenState) -> list[float]:
    """Return y, q, energy, entropy and replicon of a state without their powers and logarithms of w and u."""
    (load, temperature), s, order = _load_and_temperature(w, u), w / (1 - w), state.order
    parisi = order.tilt * temperature
    entropy = state.site.entropy + NOISE.entropy(order, load)
    softness = u * (1 - 2 * order.susceptibility) ** 2 - load * state.site.fourth / (1 + s)  # u times the replicon
    return [
        order.tilt * (1 + s) ** 2 / s,
        (1 - parisi) * order.inner + parisi * order.outer,
        NOISE.energy(order, load) / (1 + s),
        (entropy + load / 4 * math.log(w)) / (1 + s),
        softness / w**2,
    ]


def _between(nodes: Nodes) -> tuple[Floats, Floats, Floats]:
    """Return w, u and what is interpolated at points between the nodes, evenly spread."""
    w = np.array([nodes.lowest + (nodes.highest - nodes.lowest) * (k * GOLDEN % 1) for k in range(1, CHECKED + 1)])
    u = np.array([HIGHEST * (k + 0.5) / CHECKED for k in range(CHECKED)])
    return w, u, np.array([scaled(a, b, solved(a, b)) for a, b in zip(w.tolist(), u.tolist(), strict=True)])


def _lobatto(n: int) -> Floats:
    """Return the extrema of a Chebyshev polynomial, (n,)."""
    result: Floats = -np.cos(np.pi * np.arange(n) / (n - 1))
    return result


def _unit(u: Floats) -> Floats:
    """Return the variable of the polynomials along u, from -1 at T = 0 to 1 at the highest T."""
    low, high = _stretched(np.array([0.0, HIGHEST]))
    result: Floats = (2 * _stretched(u) - low - high) / (high - low)
    return result


def _from_unit(x: Floats) -> Floats:
    """Return u, given the variable of the polynomials."""
    low, high = _stretched(np.array([0.0, HIGHEST]))
    ratio = np.exp((low + high + (high - low) * x) / 2)
    result: Floats = np.clip((ratio * (1 + ABOVE) - BELOW) / (1 + ratio), 0.0, HIGHEST)
    return result


def _stretched(u: Floats) -> Floats:
    """Return the logarithm that sends the singularities to infinity."""
    result: Floats = np.log((u + BELOW) / (1 + ABOVE - u))
    return result
