"""What a cell's trajectory says: means with error bars, variances, autocorrelation times and a verdict."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from densehop.base.arrays import Floats
from densehop.campaign.cell import Cell
from densehop.campaign.stopping import precision_reached
from densehop.campaign.traces import gauge, traces
from densehop.campaign.trajectory import Trajectory
from densehop.diagnostics.time_averages import time_average
from densehop.diagnostics.verdicts import Verdict, equilibration

Variables = dict[str, tuple[tuple[str, ...], npt.NDArray[Any]]]  # name -> (dimensions, values)


BAR_PARTS = ("error", "variance", "autocorrelation_time")
VERDICT_PARTS = ("effective_samples", "drift", "spread_probability", "more_sweeps")
VERDICTS = tuple(Verdict)  # a cell keeps the place of its verdict here


def summary(cell: Cell, trajectory: Trajectory, measured: slice, largest_overlaps: Floats) -> Variables:
    """Return everything that is kept of a cell.

    `measured` says which sweeps count; `largest_overlaps` (chain,) are the final states' with any example.
    """
    kept = traces(cell, trajectory, measured.start)
    values: dict[str, float] = {}
    for name, series in kept.items():
        average = time_average(series[:, measured])
        values |= {name: average.mean} | {f"{name}_{part}": getattr(average, part) for part in BAR_PARTS}
    judged = equilibration(kept[cell.run.observable][:, measured])
    values |= {f"verdict_{part}": float(getattr(judged, part)) for part in VERDICT_PARTS}
    values |= {"verdict": float(VERDICTS.index(judged.verdict)), "equilibrated": float(judged.equilibrated)}
    values["precision_reached"] = math.nan
    if cell.run.precision is not None:
        values["precision_reached"] = float(precision_reached(cell, trajectory, measured))
    values |= {"n_sweeps": float(trajectory.n_sweeps), "n_burn_in": float(measured.start)}
    values["acceptance"] = float(trajectory.acceptance[:, measured].mean())
    values["m_largest"] = float(largest_overlaps.mean())
    pairs = gauge(cell, trajectory.between_chains, trajectory.start_between_chains, measured.start) / cell.n_spins
    variables: Variables = {f"{name}_trace": (("chain", "sweep"), series) for name, series in kept.items()}
    if len(pairs):
        values["q"] = float(pairs[:, measured].mean())
        variables["q_trace"] = (("sweep",), pairs.mean(axis=0))
        variables["q_probability"] = (("agreeing",), distribution(cell, trajectory.between_chains[:, measured]))
    if len(cell.ladder) > 1:
        accepted, n_sweeps = trajectory.swaps
        variables["swap_rate"] = (("neighbour",), accepted / np.where(n_sweeps > 0, n_sweeps, math.nan))
    return {name: ((), np.array(value)) for name, value in values.items()} | variables


def distribution(cell: Cell, counts: npt.NDArray[np.int16]) -> Floats:
    """Return P(q) of N times overlaps, by the number (N + q N)/2 of sites on which two states agree, (N + 1,).

    For even p, where xi and -xi are one state, each overlap counts half with either sign.
    """
    agreeing = (counts.astype(np.int64).ravel() + cell.n_spins) // 2
    probability: Floats = np.bincount(agreeing, minlength=cell.n_spins + 1) / agreeing.size
    return probability if cell.p % 2 else (probability + probability[::-1]) / 2


def described(cell: Cell) -> Mapping[str, Any]:
    """Return the cell's parameters in few words, for messages."""
    teacher = {} if cell.teacher_temperature is None else {"T*": f"{cell.teacher_temperature:g}"}
    sizes = {"p": cell.p, "N": cell.n_spins, "M": cell.n_examples, "T": f"{cell.temperature:g}", **teacher}
    return {**sizes, "disorder": cell.disorder, "start": cell.start_name or cell.start}
