"""The traces of a cell in the units of physics, and the sign that even p leaves free."""

import numpy as np
import numpy.typing as npt

from densehop.base.arrays import Floats
from densehop.campaign.cell import Cell
from densehop.campaign.trajectory import Trajectory
from densehop.diagnostics.overlaps import fix_signs


def traces(cell: Cell, trajectory: Trajectory, first: int) -> dict[str, Floats]:
    """Return the traces (chain, sweep) of q_star (not for the direct model), m and energy per spin.

    For even p, xi and -xi are the same state: each chain gets the sign of its overlap before the sweep `first`, at
    which the measurement begins. What is measured did not choose its own sign, so a mean of 0 stays 0.
    """
    names = ("m",) if cell.teacher_temperature is None else ("q_star", "m")
    starts = trajectory.start_with_references
    overlaps = [
        gauge(cell, counts, start, first) / cell.n_spins
        for counts, start in zip(trajectory.with_references, starts, strict=True)
    ]
    return {**dict(zip(names, overlaps, strict=True)), "energy": trajectory.energy / cell.n_spins}


def observable(cell: Cell, trajectory: Trajectory, first: int) -> Floats:
    """Return the trace (chain, sweep) that the error bar and the verdict look at."""
    return traces(cell, trajectory, first)[cell.run.observable]


def gauge(cell: Cell, counts: npt.NDArray[np.int16], starts: npt.NDArray[np.int16], first: int) -> Floats:
    """Return counts (series, sweep), for even p with the sign of each series' sum up to `first`, its start included.

    Under replica exchange, where no part of a series can fix its sign, for even p their absolute values.
    """
    if cell.p % 2 == 1:
        return counts.astype(np.float64)
    if len(cell.ladder) > 1:  # chains of either sign take turns at each temperature
        return np.abs(counts.astype(np.float64))
    return fix_signs(np.concatenate((starts[:, np.newaxis], counts), axis=1), first + 1)[:, 1:]
