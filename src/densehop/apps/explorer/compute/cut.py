"""A cut through a phase plane: a line along T or load, the theory on it, and simulations at points of it."""

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from densehop.apps.explorer.compute.phase_plane import PhasePlane
from densehop.apps.explorer.compute.point import Point
from densehop.apps.explorer.compute.simulation import Simulation, SimulationRequest
from densehop.base.arrays import Floats
from densehop.theory.diagrams.diagram import phase_diagram

LINE_POINTS, LINE_POINTS_P2 = 161, 41  # points of the theory's lines for p >= 3, and for p = 2, where each takes longer
FINITE_SIZE_STEP = 4  # the theory at N is computed at every fourth of LINE_POINTS
N_ERRORS, ROUNDING = 3, 1e-3  # in which simulation and theory agree
FIRST_POSITION = 0.05  # where a line begins, as a fraction of the window
N_SIMULATED = 12  # positions along a line that are simulated


@dataclass(frozen=True)
class CutLine:
    """The line through (coordinate, temperature) on which one of the two varies; N is that of the theory at N."""

    plane: PhasePlane
    coordinate: float
    temperature: float
    by_temperature: bool
    n_spins: int

    def positions(self, points: int) -> Floats:
        """Return evenly spaced positions along the line, through the window of the plane."""
        max_coordinate, max_temperature = self.plane.window
        end = max_temperature if self.by_temperature else max_coordinate
        return np.linspace(FIRST_POSITION * end, end, points)

    def simulated_positions(self) -> list[float]:
        """Return the positions that are simulated, with the digits that a page's code writes."""
        return [float(f"{exact:.5g}") for exact in self.positions(N_SIMULATED)]

    def point_at(self, position: float) -> Point:
        """Return the point at a position."""
        if self.by_temperature:
            return Point(self.plane, self.coordinate, float(position))
        return Point(self.plane, float(position), self.temperature)

    @property
    def n_points(self) -> int:
        """How many points the theory's lines have."""
        return LINE_POINTS_P2 if self.plane.p == 2 else LINE_POINTS

    @property
    def order_parameter(self) -> str:
        """The overlap that is shown: m with a memory, or q* with the teacher's pattern."""
        return "q_star" if self.plane.has_teacher else "m"


def theory_along(line: CutLine) -> xr.Dataset:
    """Return the overlap along a line.

    Returns
    -------
    xarray.Dataset
        `winner`, of the most probable state, and `ordered`, of the ordered state where it exists, over `position`;
        `finite_size`, of the ordered state at N, over `coarse_position`.
    """
    positions = line.positions(line.n_points)
    fixed = np.array([line.coordinate if line.by_temperature else line.temperature])
    coordinates, temperatures = (fixed, positions) if line.by_temperature else (positions, fixed)
    settings: dict[str, Any] = line.plane.settings
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        found = phase_diagram(line.plane.p, line.plane.model, coordinates, temperatures, boundaries=False, **settings)
    ordered = "inference_overlap" if line.plane.has_teacher else "retrieval_overlap"
    coarse = line.positions(LINE_POINTS)[::FINITE_SIZE_STEP]
    finite_size = [line.point_at(position).overlap_at_size(line.n_spins) for position in coarse]
    return xr.Dataset(
        {
            "winner": ("position", found[line.order_parameter].values.ravel()),
            "ordered": ("position", found[ordered].values.ravel()),
            "finite_size": ("coarse_position", finite_size),
        },
        {"position": positions, "coarse_position": coarse},
    )


def empty_theory() -> xr.Dataset:
    """Return the dataset of `theory_along` without points; a page shows it until the theory is there."""
    empty = np.empty(0)
    return xr.Dataset(
        {"winner": ("position", empty), "ordered": ("position", empty), "finite_size": ("coarse_position", empty)},
        {"position": empty, "coarse_position": empty},
    )


def agreement(theory: xr.Dataset, simulated: Floats, n_spins: int) -> str:
    """Say how many simulations (position, mean, error) agree with the theory of the ordered state, and why not all.

    The theory is that at N where there is one; where the state does not exist, it is the likeliest state's.
    """
    expected = _expected(theory, simulated[:, 0])
    agree = np.abs(simulated[:, 1] - expected) <= N_ERRORS * simulated[:, 2] + ROUNDING
    said = f"{int(agree.sum())} of {len(agree)} agree with the theory within {N_ERRORS} standard errors."
    exists = np.isfinite(theory["ordered"].values)
    if agree.all() or exists.all() or not exists.any():
        return said
    positions = theory["position"].values
    ordered = agree[np.interp(simulated[:, 0], positions, exists) == 1]
    where = f"up to {positions[exists].max():.3g}" if exists[0] else f"from {positions[exists].min():.3g} on"
    return (
        f"{said} There is an ordered state {where}: {int(ordered.sum())} of {len(ordered)} agree there. Close to its "
        f"edge a network of N = {n_spins} loses the pattern early, and beyond it keeps some overlap for long. A larger "
        "N and more sweeps sharpen the step."
    )


def _expected(theory: xr.Dataset, at: Floats) -> Floats:
    """Return the overlap that chains from the pattern should have at some positions."""
    position, coarse = theory["position"].values, theory["coarse_position"].values
    values = np.interp(at, position, theory["winner"].values)
    for places, overlap in ((position, theory["ordered"].values), (coarse, theory["finite_size"].values)):
        found = np.interp(at, places, overlap)  # nan beside a position without a state
        values = np.where(np.isfinite(found), found, values)
    return np.asarray(values)


def coarse_to_fine(n: int) -> list[int]:
    """Return the numbers from 0 to n - 1, those far apart first: by their binary digits from the last one on."""
    n_digits = (n - 1).bit_length()
    return sorted(range(n), key=lambda number: f"{number:0{n_digits}b}"[::-1])


class CutSimulation:
    """Simulations at positions along a line, one after the other: first far apart, then between those that are done.

    Attributes
    ----------
    results : list of (position, mean overlap, standard error) of the positions that are done, in their order
    """

    pause = 0.0

    def __init__(self, requests: list[SimulationRequest], positions: list[float]) -> None:
        in_line = list(zip(positions, requests, strict=True))
        self._waiting = [in_line[place] for place in coarse_to_fine(len(in_line))]
        self._current: tuple[float, Simulation] | None = None
        self.results: list[tuple[float, float, float]] = []

    @property
    def finished(self) -> bool:
        """Whether all positions are done."""
        return self._current is None and not self._waiting

    def advance(self) -> None:
        """Run the next block of sweeps at the current position."""
        if self._current is None:
            position, request = self._waiting.pop(0)
            self._current = position, Simulation(request)
        position, simulation = self._current
        simulation.advance()
        if simulation.finished:
            mean, error = simulation.mean_overlap()
            self.results = sorted([*self.results, (position, mean, 0.0 if math.isnan(error) else error)])
            self._current = None
