"""The spin glass of p = 2 on whole arrays of points: interpolants through states that the solvers found.

Each interpolant is checked against states that it does not contain, and refined until they agree.
"""

import math
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from densehop.base.arrays import Floats
from densehop.errors import NotConverged
from densehop.theory.models.pairwise import glass, interpolant, states
from densehop.theory.models.pairwise.curves import stiffness
from densehop.theory.models.pairwise.interpolant import Interpolant, point_at
from densehop.theory.models.pairwise.noise import WishartNoise
from densehop.theory.states import one_step
from densehop.theory.states.one_step import BrokenState

NOISE = WishartNoise()
TOLERANCE, ONSET_TOLERANCE = 1e-10, 1e-8  # how closely an interpolant agrees with states; with the onset of inference
BLOCK = 20_000  # points at a time


class GlassValues(NamedTuple):
    """The 1RSB glass at each point: q, Parisi parameter, energy, entropy, replicon."""

    square: Floats
    parisi: Floats
    energy: Floats
    entropy: Floats
    replicon: Floats


def glass_at(table: Interpolant, load: Floats, temperature: Floats) -> GlassValues:
    """Return the glass at points (n,) with loads in the table's interval and T <= 0.998 T_g."""
    parts = [slice(start, start + BLOCK) for start in range(0, load.size, BLOCK)]
    blocks = [_block(table, load[part], temperature[part]) for part in parts]
    return GlassValues(*(np.concatenate(columns) for columns in zip(*blocks, strict=True)))


def _block(table: Interpolant, load: Floats, temperature: Floats) -> GlassValues:
    """Undo `scaled`."""
    s = np.sqrt(load / 2)
    w, u = s / (1 + s), temperature / (2 * (1 + s))
    y, q, energy, entropy, replicon = table.at(w, u).T
    with np.errstate(divide="ignore"):
        replicon = np.where(u > 0, w**2 * replicon / u, -np.inf)
    return GlassValues(q, 2 * w * u * y, energy * (1 + s), entropy * (1 + s) - load / 4 * np.log(w), replicon)


@lru_cache(maxsize=16)
def glass_table(least: float, largest: float) -> Interpolant | None:
    """Return the 1RSB glass for loads between two; None where no interpolant agrees with the solver."""
    nodes, points = (
        Nodes(*interpolant.interval(least, largest)),
        interpolant.between(*interpolant.interval(least, largest)),
    )
    try:
        known = np.array([scaled(w, u, solved(w, u)) for w, u in points])
        for n_loads in interpolant.LOADS:
            table = nodes.table(n_loads)
            if interpolant.agrees(table, points, known, TOLERANCE):
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

    def table(self, n_loads: int) -> Interpolant:
        """Return the interpolant through the states at so many loads."""
        rows = list(enumerate(interpolant.temperature_nodes()))
        values = [[self._scaled(x, row, u) for row, u in rows] for x in interpolant.lobatto(n_loads).tolist()]
        return interpolant.through(self.lowest, self.highest, np.array(values))

    def _scaled(self, x: float, row: int, u: float) -> list[float]:
        """Return what is interpolated at a node, x from -1 to 1 along w."""
        w, key = self.lowest + (self.highest - self.lowest) * (x + 1) / 2, (round(x, 12), row)
        if key not in self.found:
            same_row = [known for known in self.found if known[1] == row]
            nearest = min(same_row, key=lambda known: abs(known[0] - x), default=None)
            self.found[key] = solved(w, u, None if nearest is None else self.found[nearest])
        return scaled(w, u, self.found[key])


def solved(w: float, u: float, near: BrokenState | None = None) -> BrokenState:
    """Return the solver's state at a point, started from one of the same T/T_g if there is one."""
    load, temperature = point_at(w, u)
    if near is not None:
        try:
            return one_step.solve(NOISE, load, temperature, [glass.moved(near.fields, near.load, load)])
        except NotConverged:
            pass  # it was too far
    return glass.broken(load, temperature, states.spin_glass(load, temperature).variance)


def scaled(w: float, u: float, state: BrokenState) -> list[float]:
    """Return y, q, energy, entropy and replicon of a state without their powers and logarithms of w and u."""
    (load, temperature), s, order = point_at(w, u), w / (1 - w), state.order
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


# --- where inference grows out of the glass ---------------------------------------------------------------------------


@lru_cache(maxsize=16)
def onset_table(least: float, largest: float) -> Interpolant | None:
    """Return w times the contrast from which on inference exists, T < T_g; None where no interpolant agrees."""
    lowest, highest = interpolant.interval(least, largest)
    points, rows = interpolant.between(lowest, highest), interpolant.temperature_nodes()
    known = np.array([[scaled_onset(w, u)] for w, u in points])
    for n_loads in interpolant.LOADS:
        along = lowest + (highest - lowest) * (interpolant.lobatto(n_loads) + 1) / 2
        values = np.array([[[scaled_onset(w, u)] for u in rows] for w in along.tolist()])
        table = interpolant.through(lowest, highest, values)
        if interpolant.agrees(table, points, known, ONSET_TOLERANCE):
            return table
    return None


def scaled_onset(w: float, u: float) -> float:
    """Return w c where a c D chi = 2 q in the replica-symmetric glass: inference begins (docs/theory.md, eq. 87)."""
    load, temperature = point_at(w, u)
    state = states.spin_glass(load, temperature)
    spin = state.site
    return w * 2 * spin.square / (state.variance * stiffness(spin, temperature) * spin.susceptibility)


def onset_contrast(table: Interpolant, load: Floats, temperature: Floats) -> Floats:
    """Return the contrast from which on inference exists at points (n,) of the table."""
    s = np.sqrt(load / 2)
    w = s / (1 + s)
    result: Floats = table.at(w, temperature / (2 * (1 + s)))[:, 0] / w
    return result
