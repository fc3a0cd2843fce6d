"""What a cell's trajectory says: means with error bars, variances, autocorrelation times and a verdict."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from densehop.base.arrays import Floats
from densehop.campaign.cell import Cell
from densehop.campaign.trajectory import Trajectory
from densehop.diagnostics.time_averages import SMALLEST_EFFECTIVE, SMALLEST_LENGTH, autocorrelation_time, equilibration

Variables = dict[str, tuple[tuple[str, ...], npt.NDArray[Any]]]  # name -> (dimensions, values)


@dataclass(frozen=True)
class ErrorBar:
    """The mean of chains (chain, sweep) and its standard error; nan where nothing moved or too little was seen."""

    mean: float
    error: float
    variance: float
    autocorrelation_time: float

    @classmethod
    def of(cls, series: Floats) -> "ErrorBar":
        """Measure: error^2 = variance x autocorrelation time / number of sweeps of all chains.

        Where chains are shorter than 10 autocorrelation times each or 50 together (or disagree, which counts as that)
        nobody knows the error.
        """
        if series.min() == series.max():
            return cls(float(series.flat[0]), math.nan, 0.0, math.nan)
        tau, variance = autocorrelation_time(series), float(series.var())
        known = series.shape[1] >= SMALLEST_LENGTH * tau and series.size >= SMALLEST_EFFECTIVE * tau
        error = math.sqrt(variance * tau / series.size) if known else math.nan
        return cls(float(series.mean()), error, variance, tau)


def traces(cell: Cell, trajectory: Trajectory) -> dict[str, Floats]:
    """Return the traces (chain, sweep) of q_star (not for the direct model), m and energy per spin.

    For even p, xi and -xi are the same state: each chain is gauged by the sign of its mean over the measured sweeps.
    """
    names = ("m",) if cell.teacher_temperature is None else ("q_star", "m")
    overlaps = [_gauged(cell, counts) / cell.n_spins for counts in trajectory.with_references]
    return {**dict(zip(names, overlaps, strict=True)), "energy": trajectory.energy / cell.n_spins}


def reached(cell: Cell, trajectory: Trajectory) -> bool:
    """Tell whether the observable is as precise as asked, or at T = 0 whether nothing moves any more."""
    if cell.run.precision is None:
        return False
    if cell.temperature == 0 and not trajectory.acceptance[:, trajectory.n_sweeps // 2 :].any():
        return True
    series = traces(cell, trajectory)[cell.run.observable][:, first_measured(cell, trajectory) :]
    return ErrorBar.of(series).error <= cell.run.precision  # nan is not


def summary(cell: Cell, trajectory: Trajectory, largest_overlaps: Floats) -> Variables:
    """Return everything that is kept of a cell; `largest_overlaps` (chain,) are the final states' with any example."""
    first = first_measured(cell, trajectory)
    kept = traces(cell, trajectory)
    values: dict[str, float] = {}
    for name, series in kept.items():
        bar = ErrorBar.of(series[:, first:])
        values |= {name: bar.mean} | {f"{name}_{part}": getattr(bar, part) for part in BAR_PARTS}
    verdict = equilibration(kept[cell.run.observable][:, first:])
    values |= {f"verdict_{part}": float(getattr(verdict, part)) for part in VERDICT_PARTS}
    values["equilibrated"] = float(verdict.equilibrated)
    values["precision_reached"] = float(reached(cell, trajectory)) if cell.run.precision is not None else math.nan
    values |= {"n_sweeps": float(trajectory.n_sweeps), "n_burn_in": float(first)}
    values["acceptance"] = float(trajectory.acceptance[:, first:].mean())
    values["m_largest"] = float(largest_overlaps.mean())
    pairs = _gauged(cell, trajectory.between_chains) / cell.n_spins
    found: Variables = {f"{name}_trace": (("chain", "sweep"), series) for name, series in kept.items()}
    if len(pairs):
        values["q"] = float(pairs[:, first:].mean())
        found["q_trace"] = (("sweep",), pairs.mean(axis=0))
    return {name: ((), np.array(value)) for name, value in values.items()} | found


BAR_PARTS = ("error", "variance", "autocorrelation_time")
VERDICT_PARTS = ("effective_samples", "drift", "spread_probability")


def first_measured(cell: Cell, trajectory: Trajectory) -> int:
    """Return how many sweeps are burn-in."""
    return int(cell.run.burn_in * trajectory.n_sweeps)


def _gauged(cell: Cell, counts: npt.NDArray[np.int16]) -> npt.NDArray[np.int64]:
    """Return counts (series, sweep) with the sign that even p leaves free chosen for each series."""
    wide = counts.astype(np.int64)
    if cell.p % 2 == 1:
        return wide
    measured = wide[:, int(cell.run.burn_in * wide.shape[1]) :]
    return wide * np.where(measured.sum(axis=1, keepdims=True) < 0, -1, 1)


def described(cell: Cell) -> Mapping[str, Any]:
    """Return the cell's parameters in few words, for messages."""
    teacher = {} if cell.teacher_temperature is None else {"T*": f"{cell.teacher_temperature:g}"}
    sizes = {"p": cell.p, "N": cell.n_spins, "M": cell.n_examples, "T": f"{cell.temperature:g}", **teacher}
    return {**sizes, "disorder": cell.disorder, "start": cell.start_name or cell.start}
