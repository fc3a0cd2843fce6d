"""Overlap with the teacher's pattern against temperature on the Nishimori line, theory beside simulation.

Reproduces Fig. 4 of Thériault & Tantari, SciPost Phys. 17, 040 (2024): p = 3, three loads. Lines are the saddle point
at infinite N (solid where retrieval is global, dashed where local) and at the simulated N; dots are chains started at
the teacher's pattern, with error bars over independent disorders. On the Nishimori line that pattern is itself a sample
of the student's law: the start is typical, and what a chain must forget is only that its overlap was 1.
"""

import math
import threading
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from densehop import plot
from densehop.errors import NoSolution
from densehop.examples import draw_examples
from densehop.network import PBodyHopfield
from densehop.problem import TeacherStudent, n_examples_for
from densehop.recipes.recipe import Progress, Recipe
from densehop.simulate.observables import Estimate, disorder_estimate, equilibration
from densehop.simulate.overlaps import between_chains
from densehop.simulate.workers import Stopped, count_workers, run_all
from densehop.streams import Purpose, seed_sequence
from densehop.teacher import signal_strength
from densehop.theory.finite_size import finite_size_overlap
from densehop.theory.nishimori import nishimori_lines
from densehop.theory.phases import phase
from densehop.theory.saddle_point import solve

Floats = npt.NDArray[np.float64]

MEASURED = ("q_star", "q", "energy", "acceptance")


@dataclass(frozen=True)
class Size:
    """How much to compute; sweeps include the burn-in, which is not measured."""

    n_spins: int
    loads: tuple[float, ...]
    temperatures: tuple[float, ...]
    n_disorders: int
    n_chains: int
    n_sweeps: int
    n_burn_in: int
    p: int = 3
    n_curve: int = 61


QUICK = Size(
    n_spins=160,
    loads=(6.0, 7.5, 9.0),
    temperatures=(2.0, 2.15, 2.3, 2.45, 2.6, 2.75, 2.9, 3.05),
    n_disorders=6,
    n_chains=2,
    n_sweeps=110,
    n_burn_in=30,
)


def compute(size: Size, seed: int, n_workers: int | None, progress: Progress, folder: Path | None = None) -> xr.Dataset:
    """Simulate every (load, temperature, disorder) and put the theory beside it."""
    del folder
    shape = (len(size.loads), len(size.temperatures), size.n_disorders)
    progress.total(math.prod(shape) * size.n_chains * size.n_sweeps)
    cells = list(np.ndindex(shape))
    tasks = [partial(_simulate, size, cell, seed, progress) for cell in cells]
    results = run_all(tasks, count_workers(n_workers))
    axes = ("load", "temperature", "disorder")
    overlaps = np.array([overlap for _, overlap in results]).reshape(*shape, size.n_chains, size.n_sweeps)
    dataset = xr.Dataset(
        {"overlap": ((*axes, "chain", "sweep"), overlaps)},
        {"load": list(size.loads), "temperature": list(size.temperatures)},
    )
    for name in MEASURED:
        dataset[name] = (axes, np.array([means[name] for means, _ in results]).reshape(shape))
    _add_estimates(dataset, "q_star")
    _add_estimates(dataset, "energy")
    _add_verdicts(dataset, size.n_burn_in)
    _add_theory(dataset, size)
    return dataset.assign_attrs(n_spins=size.n_spins, p=size.p)


def _simulate(
    size: Size, cell: tuple[int, ...], seed: int, progress: Progress, stop: threading.Event
) -> tuple[dict[str, float], Floats]:
    """Run the chains of one disorder, started at the teacher's pattern; return means and overlaps (chain, sweep)."""

    def report(sweeps: int) -> None:
        if stop.is_set():
            raise Stopped
        progress.advance(sweeps)

    load, temperature = size.loads[cell[0]], size.temperatures[cell[1]]
    stream = seed_sequence(seed, Purpose.CELL, *cell)
    n_examples = n_examples_for(load, size.n_spins, size.p)
    pattern, examples = draw_examples(size.n_spins, n_examples, size.p, temperature, seed=stream)
    run = PBodyHopfield(examples, size.p).sample(
        temperature,
        size.n_chains,
        size.n_sweeps,
        start=pattern,
        references=pattern,
        seed=stream,
        snapshot_every=1,
        n_workers=1,
        progress=report,
    )
    means = {
        "q_star": float(run.overlap[:, size.n_burn_in :].mean()),
        "q": float(between_chains(run)[:, size.n_burn_in :].mean()),
        "energy": float(run.energy[:, size.n_burn_in :].mean()) / size.n_spins,
        "acceptance": float(run.acceptance[:, size.n_burn_in :].mean()),
    }
    return means, run.overlap[:, :, 0]


def _add_estimates(dataset: xr.Dataset, name: str) -> None:
    """Add mean and standard error over disorders of a measured variable."""
    shape = dataset[name].shape[:2]
    estimates = [disorder_estimate(values) for values in dataset[name].values.reshape(-1, dataset.sizes["disorder"])]
    for part in ("mean", "error"):
        values = np.array([getattr(estimate, part) for estimate in estimates]).reshape(shape)
        dataset[f"{name}_{part}"] = (("load", "temperature"), values)


def _add_verdicts(dataset: xr.Dataset, n_burn_in: int) -> None:
    """Judge the chains of all disorders of a cell together, each disorder around its own mean."""
    measured = dataset["overlap"].isel(sweep=slice(n_burn_in, None))
    around_zero = (measured - measured.mean(("chain", "sweep"))).values
    flat = around_zero.reshape(*around_zero.shape[:2], -1, around_zero.shape[-1])
    verdicts = [[equilibration(chains) for chains in row] for row in flat]
    for name in ("equilibrated", "autocorrelation_time"):
        values = np.array([[float(getattr(verdict, name)) for verdict in row] for row in verdicts])
        dataset[name] = (("load", "temperature"), values)


def _add_theory(dataset: xr.Dataset, size: Size) -> None:
    """Add the theory at the simulated temperatures and on a fine grid for the lines."""
    examples = [n_examples_for(load, size.n_spins, size.p) for load in size.loads]
    dataset["n_examples"] = ("load", examples)
    lines = nishimori_lines(size.p)
    dataset["temperature_local"] = np.sqrt(dataset["load"] / lines.gamma_local)
    dataset["temperature_global"] = np.sqrt(dataset["load"] / lines.gamma_global)
    margin = 0.04 * (max(size.temperatures) - min(size.temperatures))
    even = np.linspace(min(size.temperatures) - margin, max(size.temperatures) + margin, size.n_curve)
    toward_end = 1 - 1e-9 - 0.03 * np.linspace(0, 1, 12) ** 2  # the curves end in a square root
    ends = np.outer(dataset["temperature_local"].values, toward_end).ravel()
    dataset.coords["curve_temperature"] = np.unique([*even, *ends, *dataset["temperature_global"].values])
    for axis, prefix in (("temperature", ""), ("curve_temperature", "curve_")):
        rows = [
            [_theory(size, load, n_examples, float(t)) for t in dataset[axis].values]
            for load, n_examples in zip(size.loads, examples, strict=True)
        ]
        for name in rows[0][0]:
            dataset[f"{prefix}{name}"] = (("load", axis), np.array([[point[name] for point in row] for row in rows]))


def _theory(size: Size, load: float, n_examples: int, temperature: float) -> dict[str, Any]:
    """Return phase, retrieval overlap at infinite and at finite N (nan where there is none) and the exact energy."""
    problem = TeacherStudent.nishimori(size.p, load, temperature)
    try:
        infinite = solve(problem, "inference").q_star
    except NoSolution:
        infinite = math.nan
    try:
        finite = finite_size_overlap(size.n_spins, n_examples, size.p, temperature)[1]
    except NoSolution:
        finite = math.nan
    return {
        "phase": phase(problem).value,
        "q_star_theory": infinite,
        "q_star_finite_size": finite,
        "energy_theory": -signal_strength(size.n_spins, n_examples, size.p, temperature),
    }


def table(dataset: xr.Dataset) -> str:
    """Return a line for each simulated point and a summary; deviations are in standard errors."""
    n_spins = dataset.attrs["n_spins"]
    lines = [
        f"{'load':>5} {'T':>5} {'M':>6} {'phase':>5} {'theory':>7} {f'N={n_spins}':>7} "
        f"{'simulation':>17} {'deviation':>9} {'tau':>5} {'equilibrated':>12}"
    ]
    for load in dataset["load"].values:
        for temperature in dataset["temperature"].values:
            point = dataset.sel(load=load, temperature=temperature)
            lines.append(
                f"{load:>5g} {temperature:>5g} {int(point['n_examples']):>6} {point['phase'].item():>5} "
                f"{_overlap(point['q_star_theory'])} {_overlap(point['q_star_finite_size'])} "
                f"{float(point['q_star_mean']):>7.4f} +- {float(point['q_star_error']):.4f} "
                f"{_number(float(deviation(point, 'q_star')), 9, 1)} "
                f"{_number(float(point['autocorrelation_time']), 5, 1)} "
                f"{'yes' if point['equilibrated'] else 'no':>12}"
            )
    return "\n".join([*lines, "", *_summary(dataset)])


def deviation(dataset: xr.Dataset, name: str) -> xr.DataArray:
    """Return simulation minus theory at the simulated N, in standard errors over disorders."""
    theory = dataset["energy_theory"] if name == "energy" else dataset["q_star_finite_size"]
    return (dataset[f"{name}_mean"] - theory) / dataset[f"{name}_error"]


def _summary(dataset: xr.Dataset) -> list[str]:
    """State how well theory and simulation agree, and where no agreement is to be expected."""
    retrieval = (dataset["phase"] == "gR") & dataset["q_star_finite_size"].notnull()
    in_retrieval: Floats = deviation(dataset, "q_star").values[retrieval.values]
    energy = deviation(dataset, "energy").values
    student = _student_difference(dataset)
    return [
        f"theory: retrieval overlap q* at infinite N, and with the exact signal and noise of N = {dataset.n_spins}; "
        "-: no such state.",
        f"deviation: from the theory at N, in standard errors over {dataset.sizes['disorder']} disorders.",
        "tau: autocorrelation time in sweeps; equilibrated no: more sweeps are needed, as near the transition.",
        f"global retrieval (gR), {len(in_retrieval)} points: root mean square deviation "
        f"{math.sqrt(np.mean(in_retrieval**2)):.2f}, within 3 standard errors {np.mean(np.abs(in_retrieval) < 3):.0%}.",
        f"energy against its exact value -lambda_N, all {energy.size} points: root mean square deviation "
        f"{math.sqrt(np.mean(energy**2)):.2f}.",
        f"student with student against student with teacher, equilibrated points in gR: "
        f"q - q* = {student.mean:+.4f} +- {student.error:.4f}.",
    ]


def _student_difference(dataset: xr.Dataset) -> Estimate:
    """Return q - q* over the disorders of the equilibrated points in global retrieval; nan where there are none."""
    settled = ((dataset["phase"] == "gR") & (dataset["equilibrated"] == 1)).values
    differences = (dataset["q"] - dataset["q_star"]).values[settled].ravel()
    return disorder_estimate(differences) if len(differences) else Estimate(math.nan, math.nan, 0)


def _overlap(value: xr.DataArray) -> str:
    return _number(float(value), 7, 4)


def _number(value: float, width: int, digits: int) -> str:
    """Format a number, or '-' where there is none."""
    return f"{'-':>{width}}" if math.isnan(value) else f"{value:>{width}.{digits}f}"


RECIPE = Recipe(
    name="nishimori-overlap",
    title="overlap with the teacher's pattern against temperature, theory beside simulation",
    sizes={"quick": QUICK},
    compute=compute,
    draw=plot.nishimori_overlap,
    table=table,
)
