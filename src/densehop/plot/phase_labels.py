"""Places for the names of phases: inside each region, as far as possible from borders and lines, or beside it.

A point (row, column) below is a cell of a grid over the window of the axes.
"""

import numpy as np
import numpy.typing as npt
import xarray as xr
from matplotlib.axes import Axes
from scipy.ndimage import distance_transform_edt

from densehop.base.arrays import Floats, Mask

CELLS = 240  # of the grid on which distances are measured, in each direction
MIN_DISTANCE = 0.13  # inches from the middle of a name inside its region to a border or a line
LEADER_LENGTHS = (0.3, 0.4, 0.5, 0.65, 0.8)  # inches, the preferred ones first
MIN_DISTANCE_BESIDE = 0.14  # inches from the middle of a name beside its region to anything else
LEADER = {"arrowstyle": "-", "linewidth": 0.6, "shrinkA": 1, "shrinkB": 0}


def place_names(axes: Axes, phase: xr.DataArray, size: tuple[float, float], lines: list[tuple[Floats, Floats]]) -> None:
    """Write the name of each phase of a grid of codes inside its region, or beside a narrow one, with a leader.

    `size` is the width and height of the axes in inches; no name is written over one of the `lines`.
    """
    t, x = (phase[dim].values for dim in phase.dims)
    codes = _resample_codes(phase.values, x, t)
    free = _off_lines(x, t, lines)
    step = size[1] / CELLS, size[0] / CELLS
    edges = _edges(codes)
    available = free & ~edges
    narrow = []
    for code, name in enumerate(phase.attrs["flag_meanings"].split()):
        mask = codes == code
        if not mask.any():
            continue
        distance = _distances(mask & free, step)
        if distance.max() < MIN_DISTANCE:
            narrow.append((name, np.unravel_index(_distances(mask, step).argmax(), mask.shape)))
            continue
        cell = np.unravel_index(distance.argmax(), mask.shape)
        axes.annotate(name, _point(cell, x, t), ha="center", va="center", color="black")
        available &= ~_disc(cell, step, 1.2 * MIN_DISTANCE)
    for name, cell in narrow:
        beside = _beside(cell, _distances(available, step), step)
        axes.annotate(
            name, _point(cell, x, t), _point(beside, x, t), ha="center", va="center", color="black", arrowprops=LEADER
        )
        available &= ~_disc(beside, step, 1.2 * MIN_DISTANCE)


def _resample_codes(codes: npt.NDArray[np.integer], x: Floats, t: Floats) -> npt.NDArray[np.integer]:
    """Return the codes on an evenly spaced grid over the window."""
    rows = np.searchsorted((t[1:] + t[:-1]) / 2, np.linspace(t[0], t[-1], CELLS))
    columns = np.searchsorted((x[1:] + x[:-1]) / 2, np.linspace(x[0], x[-1], CELLS))
    return codes[np.ix_(rows, columns)]


def _off_lines(x: Floats, t: Floats, lines: list[tuple[Floats, Floats]]) -> Mask:
    """Return the cells through which no line runs."""
    free = np.ones((CELLS, CELLS), dtype=bool)
    for along, up in lines:
        even = np.linspace(0, along.size - 1, 20 * along.size)
        columns = (np.interp(even, np.arange(along.size), along) - x[0]) / (x[-1] - x[0]) * (CELLS - 1)
        rows = (np.interp(even, np.arange(up.size), up) - t[0]) / (t[-1] - t[0]) * (CELLS - 1)
        inside = (columns >= 0) & (columns <= CELLS - 1) & (rows >= 0) & (rows <= CELLS - 1)
        free[rows[inside].astype(int), columns[inside].astype(int)] = False
    return free


def _edges(codes: npt.NDArray[np.integer]) -> Mask:
    """Return the cells at which the code of the phase changes."""
    edges = np.zeros(codes.shape, dtype=bool)
    edges[1:] |= codes[1:] != codes[:-1]
    edges[:, 1:] |= codes[:, 1:] != codes[:, :-1]
    return edges


def _distances(mask: Mask, step: tuple[float, float]) -> Floats:
    """Return the distance in inches of each point of the mask to what lies outside of it, or of the window."""
    inside: Floats = distance_transform_edt(np.pad(mask, 1), sampling=step)[1:-1, 1:-1]
    return inside


def _disc(centre: tuple[np.intp, ...], step: tuple[float, float], radius: float) -> Mask:
    """Return the cells within a radius in inches."""
    rows, columns = np.indices((CELLS, CELLS))
    within: Mask = ((rows - centre[0]) * step[0]) ** 2 + ((columns - centre[1]) * step[1]) ** 2 < radius**2
    return within


def _beside(centre: tuple[np.intp, ...], distance: Floats, step: tuple[float, float]) -> tuple[np.intp, ...]:
    """Return the nearest place around a point with enough distance to everything, else the one with the largest."""
    best = centre
    for length in LEADER_LENGTHS:
        for angle in np.linspace(0, 2 * np.pi, 36, endpoint=False):
            row, column = centre[0] + length * np.sin(angle) / step[0], centre[1] + length * np.cos(angle) / step[1]
            if not (0 <= row < CELLS and 0 <= column < CELLS):
                continue
            cell = np.intp(row), np.intp(column)
            if distance[cell] > distance[best]:
                best = cell
        if distance[best] > MIN_DISTANCE_BESIDE:
            break
    return best


def _point(cell: tuple[np.intp, ...], x: Floats, t: Floats) -> tuple[float, float]:
    """Return the coordinates of a cell."""
    across, up = cell[1] / (CELLS - 1), cell[0] / (CELLS - 1)
    return float(x[0] + across * (x[-1] - x[0])), float(t[0] + up * (t[-1] - t[0]))
