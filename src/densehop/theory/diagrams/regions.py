"""The map of phases whose borders are the traced lines: a grid of few points, coloured between the lines.

Where each point is solved by itself a fine grid would take an hour, but the lines are known exactly. They cut the
window into regions; a region has the phase of the grid's points in it.
"""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt, label

from densehop.base.arrays import Floats, Mask

Codes = npt.NDArray[np.int8]
Line = tuple[Floats, Floats]  # coordinates, temperatures
FARTHEST = 100  # windows away from which a line is followed
SMALLEST = 12  # pixels: smaller regions without a point of their own take the nearest one's phase


def between_lines(
    x: Floats, t: Floats, fine: tuple[Floats, Floats], codes: Codes, lines: Sequence[Line], at: Callable[..., int]
) -> Codes:
    """Return the phases on a fine grid (temperature, coordinate).

    Parameters
    ----------
    x, t, codes : the coarse grid's axes (n,) and (k,) and its phases (k, n)
    fine : the fine grid's axes, evenly spaced
    lines : the traced lines
    at : function of (coordinate, temperature) that returns the phase, for regions without a point of the coarse grid
    """
    barrier = _drawn(fine, lines)
    regions, n_regions = label(~barrier)
    rows, columns = _nearest(fine[1], t), _nearest(fine[0], x)
    seeds = np.full(barrier.shape, -1, dtype=np.int8)
    seeds[np.ix_(rows, columns)] = codes
    seeds[barrier | _beside(barrier)] = -1  # which side of a line they are on is lost in the pixels
    seeds[:, columns[x == 0]] = seeds[rows[t == 0]] = -1  # limits, which need not be those of the region beside them
    result = np.full(barrier.shape, -1, dtype=np.int8)
    for number in range(1, n_regions + 1):
        inside = regions == number
        found = np.unique(seeds[inside])
        found = found[found >= 0]
        if found.size == 1:
            result[inside] = found[0]
        elif found.size > 1:  # a border that is no line, or a line that was not traced to its end
            result[inside] = _of_nearest(np.where(inside, seeds, -1))[inside]
        elif inside.sum() >= SMALLEST:
            row, column = np.unravel_index(distance_transform_edt(np.pad(inside, 1))[1:-1, 1:-1].argmax(), inside.shape)
            result[inside] = at(float(fine[0][column]), float(fine[1][row]))
    return _of_nearest(result)


def _drawn(fine: tuple[Floats, Floats], lines: Sequence[Line]) -> Mask:
    """Return the pixels through which lines run; each line is a chain without gaps."""
    shape = fine[1].size, fine[0].size
    drawn = np.zeros(shape, dtype=bool)
    for along, up in lines:
        columns = (along - fine[0][0]) / (fine[0][-1] - fine[0][0]) * (shape[1] - 1)
        rows = (up - fine[1][0]) / (fine[1][-1] - fine[1][0]) * (shape[0] - 1)
        for k in range(along.size - 1):
            ends = np.array([rows[k : k + 2], columns[k : k + 2]])
            if not np.isfinite(ends).all() or (np.abs(ends) > FARTHEST * max(shape)).any():
                continue
            steps = 2 + int(2 * np.abs(np.diff(ends)).max())
            row, column = (np.rint(np.linspace(first, last, steps)).astype(int) for first, last in ends)
            inside = (row >= 0) & (row < shape[0]) & (column >= 0) & (column < shape[1])
            drawn[row[inside], column[inside]] = True
    return drawn


def _beside(mask: Mask) -> Mask:
    """Return the pixels next to a mask."""
    padded = np.pad(mask, 1)
    shape = mask.shape
    moved = [padded[up : up + shape[0], right : right + shape[1]] for up in range(3) for right in range(3)]
    result: Mask = np.logical_or.reduce(moved)
    return result


def _nearest(axis: Floats, values: Floats) -> npt.NDArray[np.intp]:
    """Return the index of the point of an axis nearest to each value."""
    result: npt.NDArray[np.intp] = np.searchsorted((axis[1:] + axis[:-1]) / 2, values)
    return result


def _of_nearest(codes: Codes) -> Codes:
    """Return the code of the nearest pixel that has one (>= 0)."""
    _, (rows, columns) = distance_transform_edt(codes < 0, return_indices=True)
    result: Codes = codes[rows, columns]
    return result
