"""What figures of q* share: the cells of a campaign become points with error bars, and theory is added to them.

A recipe of this kind consists of a plan, a theory for one point of it, and a drawing:

    dataset = simulate(plan, cells, n_workers, progress)                 # runs the cells that are missing
    add_theory(dataset, ("alpha", "temperature"), infinite_size)          # values of a function at every point
    add_theory(dataset, ("n_spins", "alpha", "temperature"), finite_size)
    dataset["q_star_expected"] = ...                                     # `table` shows deviations from this

Points have the dimensions n_spins, load, temperature and start. A point is `settled` if its chains have equilibrated
and, where a precision was asked for, all of its disorders have reached it. If not, its `verdict` says why: chains too
short (or less precise than asked), in disagreement, or frozen.
"""

import math
from collections.abc import Callable, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy.stats import t as student_t

from densehop.base.arrays import Floats
from densehop.base.progress import Progress
from densehop.campaign.dataset import VERDICT_FLAGS
from densehop.campaign.plan import Plan, Schedule
from densehop.campaign.summary import VERDICTS
from densehop.diagnostics.verdicts import Equilibration, Verdict, joint_equilibration
from densehop.errors import InvalidInput
from densehop.recipes.number_format import format_estimate, format_number
from densehop.recipes.simulations import run_plan

MEASURED = ("q_star", "q", "energy", "acceptance", "n_sweeps", "precision_reached")  # variables of each cell
AVERAGED = ("q_star", "energy")  # variables of which mean and error over disorders are added
SATURATED = 0.99  # overlap above which chains hardly move, so that no error bar is waited for
POINT = ("n_spins", "alpha", "temperature", "start")
HEADER = (
    f"{'start':>8} {'N':>4} {'load':>5} {'T':>6} {'M':>7} {'phase':>5} {'theory':>7} {'at N':>7} {'simulation':>17} "
    f"{'deviation':>9} {'sweeps':>6} {'tau':>6}  verdict"
)


def simulate(plan: Plan, cells: Path, n_workers: int | None, progress: Progress) -> xr.Dataset:
    """Run the cells of a plan, all of one p, that the folder `cells` does not hold yet; return its points.

    Returns
    -------
    xarray.Dataset
        `q_star`, `q`, `energy` per spin, `acceptance`, `n_sweeps` of each (n_spins, load, temperature, disorder,
        start); `q_star_mean`, `q_star_error`, `energy_mean`, `energy_error` over disorders; `settled` and
        `autocorrelation_time` (sweeps). Points that the plan leaves out are nan. The attributes say how long it took.
    """
    results = run_plan(plan, cells, n_workers, progress)
    if results.sizes["p"] > 1 or not set(POINT) <= set(results.dims):
        got = f"p = {results['p'].values.tolist()} and dimensions {', '.join(map(str, results.dims))}"
        raise InvalidInput(f"a study needs a plan with one p that fills at least half of its grid, got {got}")
    results = results.isel(p=0).transpose(*POINT, "disorder", ...)
    dataset = results[[name for name in MEASURED if name in results]].assign_attrs(p=int(results["p"]))
    for name in AVERAGED:
        over = results[name]
        dataset[f"{name}_mean"] = over.mean("disorder", skipna=False)
        dataset[f"{name}_error"] = over.std("disorder", ddof=1, skipna=False) / math.sqrt(over.sizes["disorder"])
    return dataset.drop_vars("p").assign(_verdicts(results))


def _verdicts(results: xr.Dataset) -> dict[str, tuple[Any, ...]]:
    """Return `settled`, `verdict` and `autocorrelation_time` of each point."""
    shape = tuple(results.sizes[name] for name in POINT)
    verdicts, autocorrelation = np.full(shape, math.nan), np.full(shape, math.nan)
    traces, ends = results["q_star_trace"].values, results["n_sweeps"].values
    starts, precise = results["n_burn_in"].values, results["precision_reached"].values
    for index in np.ndindex(shape):
        if np.isnan(ends[index]).any():
            continue
        judged = joint_verdict(traces[index], starts[index].astype(int), ends[index].astype(int))
        too_short = judged.equilibrated and (precise[index] == 0).any()
        verdicts[index] = VERDICTS.index(Verdict.TOO_SHORT if too_short else judged.verdict)
        autocorrelation[index] = judged.autocorrelation_time
    settled = verdicts == VERDICTS.index(Verdict.EQUILIBRATED)
    return {
        "settled": (POINT, settled),
        "verdict": (POINT, verdicts, VERDICT_FLAGS),
        "autocorrelation_time": (POINT, autocorrelation),
    }


def joint_verdict(traces: Floats, begins: npt.NDArray[np.int_], ends: npt.NDArray[np.int_]) -> Equilibration:
    """Judge traces (disorder, chain, sweep) together; disorder d was measured from sweep begins[d] to ends[d].

    They are judged on the last sweeps, as many as all disorders have.
    """
    length = int((ends - begins).min())
    last = np.array([trace[:, end - length : end] for trace, end in zip(traces, ends, strict=True)])
    return joint_equilibration(last)


def add_theory(
    dataset: xr.Dataset, dims: tuple[str, ...], theory: Callable[..., Mapping[str, Any]], prefix: str = ""
) -> None:
    """Add the variables that `theory(*coordinates)` returns, at every point of some dimensions."""
    values = [theory(*point) for point in product(*(dataset[name].values.tolist() for name in dims))]
    shape = tuple(dataset.sizes[name] for name in dims)
    for name in values[0]:
        dataset[f"{prefix}{name}"] = dims, np.array([value[name] for value in values]).reshape(shape)


def deviation(dataset: xr.Dataset, name: str = "q_star") -> xr.DataArray:
    """Return simulation minus theory at the simulated N, in standard errors; nan where the error is 0."""
    error = dataset[f"{name}_error"]
    return (dataset[f"{name}_mean"] - dataset[f"{name}_expected"]) / error.where(error > 0)


def extrapolate(mean: xr.DataArray, error: xr.DataArray, power: float = 1.0) -> tuple[xr.DataArray, xr.DataArray]:
    """Return value and error at infinite N of the line in N^(-power) through the two largest sizes."""
    small, large = sorted(mean["n_spins"].values.tolist())[-2:]
    weight = 1 / (1 - (small / large) ** power)
    limit = weight * mean.sel(n_spins=large) - (weight - 1) * mean.sel(n_spins=small)
    return limit, np.hypot(weight * error.sel(n_spins=large), (weight - 1) * error.sel(n_spins=small))


def describe_student_overlap(points: xr.Dataset) -> str:
    """Return q - q*, between two students and between student and teacher; on the Nishimori line it is 0."""
    differences = (points["q"] - points["q_star"]).mean("disorder", skipna=False).values
    known = differences[np.isfinite(differences)]
    if known.size < 2:
        return "q - q*: too few points"
    return f"q - q* = {known.mean():+.4f} +- {known.std(ddof=1) / math.sqrt(known.size):.4f}"


def describe_deviations(deviations: xr.DataArray, n_disorders: int) -> str:
    """Return how far deviations scatter, and how far they would scatter by chance with so few disorders."""
    values = deviations.values[np.isfinite(deviations.values)]
    if not values.size:
        return "none to be judged"
    by_chance = 1 - 2 * student_t.sf(3, n_disorders - 1)
    return (
        f"{values.size} points, root mean square {math.sqrt(np.mean(values**2)):.2f}, within 3 standard errors "
        f"{np.mean(np.abs(values) < 3):.0%} (by chance {by_chance:.0%})"
    )


def table(dataset: xr.Dataset) -> str:
    """Return a line for each simulated point; it needs phase, q_star_theory and q_star_expected."""
    distance = deviation(dataset)
    lines = [HEADER]
    for start, n_spins, load, temperature in product(*(dataset[name].values for name in ("start", *POINT[:3]))):
        coordinates = {"start": start, "n_spins": n_spins, "alpha": load, "temperature": temperature}
        point = dataset.sel(coordinates)
        if np.isnan(point["q_star_mean"]):
            continue
        lines.append(
            f"{start:>8} {n_spins:>4} {load:>5g} {temperature:>6.4g} {int(point['n_examples']):>7} "
            f"{point['phase'].item():>5} {format_number(point['q_star_theory'], 7, 4)} "
            f"{format_number(point['q_star_expected'], 7, 4)} "
            f"{format_estimate(point['q_star_mean'], point['q_star_error'])} "
            f"{format_number(distance.sel(coordinates), 9, 1)} {int(point['n_sweeps'].max()):>6} "
            f"{format_number(point['autocorrelation_time'], 6, 1)}  {verdict_of(point)}"
        )
    return "\n".join(lines)


def verdict_of(point: xr.Dataset) -> str:
    """Return the verdict on a point in words."""
    return VERDICTS[int(point["verdict"])].value


def schedule(size: Any, expected: float) -> Schedule:
    """Return the schedule of chains whose q* is expected; where it is saturated, no precision is asked for."""
    precision, max_sweeps = (None, None) if expected >= SATURATED else (size.precision, size.max_sweeps)
    return Schedule(
        n_chains=size.n_chains,
        n_sweeps=size.n_sweeps,
        burn_in=size.burn_in,
        precision=precision,
        max_sweeps=max_sweeps,
    )
