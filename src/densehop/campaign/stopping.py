"""Where the chains of a cell stop, and which of their sweeps are measured.

A cell of fixed length measures what follows the burn-in. A cell with a precision runs in two stages (Stein 1945): a
pilot, doubled until its error bar is known, and a measurement on fresh sweeps whose length follows from the pilot's
error, with a margin, so that nine in ten are precise enough at once and the others are made longer. A rule that stops
as soon as its own error bar is small enough would prefer runs whose error bar is too small; here the measured sweeps
hardly take part in the decision, and intervals cover at their nominal rate.
"""

import math

from densehop.base.arrays import Floats
from densehop.campaign.cell import Cell
from densehop.campaign.traces import observable
from densehop.campaign.trajectory import Trajectory
from densehop.diagnostics.time_averages import time_average

MARGIN = 0.75  # share of the precision that the pilot's error promises for the measurement


def measured_sweeps(cell: Cell, trajectory: Trajectory) -> slice:
    """Return which sweeps are measured, as far as can be told; a stop beyond the trajectory asks for more sweeps.

    It depends on the sweeps done and on nothing else, so a cell taken up from a checkpoint decides as it would have
    done.
    """
    longest = cell.run.max_sweeps
    for target in pilot_lengths(cell):
        pilot = slice(int(cell.run.burn_in * target), target)
        if trajectory.n_sweeps < target or target == longest or _at_rest(cell, trajectory, target):
            return pilot
        error = _error(cell, trajectory, pilot)
        if math.isfinite(error):
            return _measurement(cell, trajectory, target, _needed_sweeps(cell, pilot.stop - pilot.start, error))
    raise AssertionError("the last pilot is as long as the cell may be")


def pilot_lengths(cell: Cell) -> list[int]:
    """Return the numbers of sweeps at which the pilot's error bar is looked at: doubling up to max_sweeps."""
    lengths = [cell.run.n_sweeps]
    while lengths[-1] < cell.run.max_sweeps:
        lengths.append(min(2 * lengths[-1], cell.run.max_sweeps))
    return lengths


def precision_reached(cell: Cell, trajectory: Trajectory, measured: slice) -> bool:
    """Tell whether the observable is as precise as asked; at T = 0, whether the chains are at rest."""
    if _at_rest(cell, trajectory, measured.stop):
        return True
    return _error(cell, trajectory, measured) <= _precision(cell)  # nan is not


def _measurement(cell: Cell, trajectory: Trajectory, first: int, length: int) -> slice:
    """Return fresh sweeps from `first` on, made longer where the pilot's error has promised too much."""
    longest = cell.run.max_sweeps
    while True:
        measured = slice(first, min(first + length, longest))
        if trajectory.n_sweeps < measured.stop or measured.stop == longest:
            return measured
        error = _error(cell, trajectory, measured)
        if error <= _precision(cell):
            return measured
        length = _needed_sweeps(cell, length, error) if math.isfinite(error) else 2 * length


def _needed_sweeps(cell: Cell, length: int, error: float) -> int:
    """Return how many sweeps promise the precision, with a margin, where `length` have this error; no fewer."""
    ratio = error / (MARGIN * _precision(cell))
    return math.ceil(min(length * max(1.0, ratio**2), cell.run.max_sweeps))


def _error(cell: Cell, trajectory: Trajectory, measured: slice) -> float:
    series: Floats = observable(cell, trajectory, measured.start)[:, measured]
    return time_average(series).error


def _at_rest(cell: Cell, trajectory: Trajectory, n_sweeps: int) -> bool:
    """Tell whether the chains at T = 0 have come to rest: no flip in the later half of the sweeps."""
    return cell.temperature == 0 and not trajectory.acceptance[:, n_sweeps // 2 : n_sweeps].any()


def _precision(cell: Cell) -> float:
    return math.inf if cell.run.precision is None else cell.run.precision
