"""Overlap of a four-body student with a hot two-body teacher's pattern against temperature, theory beside simulation.

Reproduces Fig. 7 of Thériault & Tantari, SciPost Phys. 17, 040 (2024): p = 4, p* = 2 on the effective Nishimori line
T* = sqrt(N T/2), where lambda = alpha/T. The approach to infinite N is slow, as N^(-1/2) (docs/theory.md, section 10),
and the finite-N lines do not describe sizes of some hundred spins: several sizes show how the gap closes.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from densehop.base.progress import Progress
from densehop.campaign.plan import Grid, Plan, Problem, Schedule, Start
from densehop.errors import NoSolution, OutOfRange
from densehop.plot import overlap_curves as overlap_figures
from densehop.problem import TeacherStudent, n_examples_for
from densehop.recipes.crossing import HALF, crossing
from densehop.recipes.number_format import format_estimate, format_number
from densehop.recipes.overlaps import study
from densehop.recipes.recipe import Recipe, evenly_spaced
from densehop.teacher.law import signal_strength
from densehop.theory.models.nishimori import nishimori_lines
from densehop.theory.questions.finite_size import finite_size_overlap
from densehop.theory.saddle_point import solve

P, TEACHER_P = 4, 2  # bodies in the energies of student and teacher


@dataclass(frozen=True)
class Size:
    """How much to compute, at several sizes N."""

    n_spins: tuple[int, ...]
    loads: tuple[float, ...]
    temperatures: tuple[float, ...]
    n_disorders: int
    n_chains: int
    n_sweeps: int
    n_curve: int = 81


QUICK = Size((96, 48), (0.5, 1.0, 1.5), evenly_spaced(0.4, 4.2, 10, digits=4), n_disorders=4, n_chains=2, n_sweeps=64)
PAPER = Size(
    (256, 128), (0.5, 1.0, 1.5), evenly_spaced(0.4, 4.2, 20, digits=4), n_disorders=4, n_chains=4, n_sweeps=300
)


def plan(size: Size, seed: int) -> Plan:
    """Return the plan: chains that start at the teacher's pattern."""
    problem = Problem(
        p=(P,),
        load=size.loads,
        temperature=size.temperatures,
        teacher_temperature="effective-nishimori",
        teacher_p=TEACHER_P,
    )
    grid = Grid(
        problem=problem,
        n_spins=size.n_spins,
        disorders=size.n_disorders,
        starts=(Start(name="pattern", at="pattern"),),
        schedule=Schedule(n_chains=size.n_chains, n_sweeps=size.n_sweeps),
    )
    return Plan(name="large-noise-overlap", seed=seed, grids=(grid,))


def compute(size: Size, seed: int, n_workers: int | None, progress: Progress, cells: Path) -> xr.Dataset:
    """Run the cells that are missing and add the theory."""
    dataset = study.simulate(plan(size, seed), cells, n_workers, progress)
    dataset["temperature_global"] = np.sqrt(dataset["alpha"] / nishimori_lines(P).gamma_global)
    margin = 0.02 * (max(size.temperatures) - min(size.temperatures))
    even = np.linspace(min(size.temperatures) - margin, max(size.temperatures) + margin, size.n_curve)
    local = np.sqrt(dataset["alpha"].values / nishimori_lines(P).gamma_local)
    ends = np.outer(local, 1 - 1e-9 - 0.03 * np.linspace(0, 1, 8) ** 2).ravel()  # curves end in a square root
    points = [t for t in (*even, *ends, *dataset["temperature_global"].values) if even[0] <= t <= even[-1]]
    dataset.coords["curve_temperature"] = np.unique(points)
    for axis, prefix in (("temperature", ""), ("curve_temperature", "curve_")):
        study.add_theory(dataset, ("alpha", axis), infinite_size, prefix)
        study.add_theory(dataset, ("n_spins", "alpha", axis), finite_size, prefix)
    _add_half_temperature(dataset)
    label = r"temperature $T = 2T^{*2}/N$"
    return dataset.assign_attrs(temperature_label=label, largest_n_spins=max(size.n_spins))


def infinite_size(load: float, temperature: float) -> dict[str, float]:
    """Return q* of the inference branch at infinite N, nan where it does not exist."""
    problem = TeacherStudent(p=P, load=load, temperature=temperature, signal=load / temperature)
    try:
        return {"q_star_theory": solve(problem, "inference").q_star}
    except NoSolution:
        return {"q_star_theory": math.nan}


def finite_size(n_spins: int, load: float, temperature: float) -> dict[str, float]:
    """Return q* with the exact signal and noise of N, and that signal over its limit."""
    n_examples = n_examples_for(load, n_spins, P)
    teacher_temperature = math.sqrt(n_spins * temperature / 2)  # T* at which lambda tends to alpha/T
    try:
        overlap = finite_size_overlap(n_spins, n_examples, P, temperature, teacher_temperature, TEACHER_P)[1]
    except (NoSolution, OutOfRange):
        overlap = math.nan
    signal = math.nan
    if teacher_temperature > TEACHER_P:
        signal = signal_strength(n_spins, n_examples, P, teacher_temperature, TEACHER_P)
    return {"q_star_finite_size": overlap, "signal_ratio": signal * temperature / load}


def table(dataset: xr.Dataset) -> str:
    """Return a line for each load and temperature: theory, and for each size what was measured."""
    sizes = dataset["n_spins"].values.tolist()
    lines = [
        f"{'load':>5} {'T':>6} {'theory':>7} "
        + " ".join(f"{f'N = {n}':>17} {'at N':>7} {'tau':>5} {'verdict':>15}" for n in sizes)
    ]
    for load in dataset["alpha"].values:
        for temperature in dataset["temperature"].values:
            point = dataset.sel(alpha=load, temperature=temperature, start="pattern")
            theory = format_number(point["q_star_theory"], 7, 4)
            lines.append(f"{load:>5g} {temperature:>6.4g} {theory} " + " ".join(_size_columns(point, n) for n in sizes))
    return "\n".join([*lines, "", *_summary(dataset)])


def _size_columns(point: xr.Dataset, n_spins: int) -> str:
    """Return the part of a table line that belongs to one N."""
    of_size = point.sel(n_spins=n_spins)
    return (
        f"{format_estimate(of_size['q_star_mean'], of_size['q_star_error'])} "
        f"{format_number(of_size['q_star_finite_size'], 7, 4)} "
        f"{format_number(of_size['autocorrelation_time'], 5, 1)} {study.verdict_of(of_size):>15}"
    )


def _summary(dataset: xr.Dataset) -> list[str]:
    """Compare, at each N, the temperature at which the measured q* falls to 1/2 with that of theory's transition."""
    lines = [
        "theory: infinite N; at N: with the exact signal and noise of N; errors over "
        f"{dataset.sizes['disorder']} disorders.",
        "temperature at which the measured q* falls to 1/2, over that of theory's transition:",
    ]
    for load in dataset["alpha"].values:
        points = dataset.sel(alpha=load)
        transition, ratio = float(points["temperature_global"]), points["signal_ratio"]
        sizes = [
            f"N = {n}: {float(points['temperature_half'].sel(n_spins=n)) / transition:.3f} +- "
            f"{float(points['temperature_half_error'].sel(n_spins=n)) / transition:.3f} (lambda_N over its limit there "
            f"{float(ratio.sel(n_spins=n).interp(temperature=transition)):.2f})"
            for n in dataset["n_spins"].values
        ]
        lines.append(f"  load {load:g}, T = {transition:.4f}: {'; '.join(sizes)}")
    kept = (dataset["q_star_mean"] > HALF) & dataset["q_star_finite_size"].isnull()
    counts = kept.sum(("alpha", "temperature", "start"))
    counted = ", ".join(f"{int(counts.sel(n_spins=n))} at N = {n}" for n in dataset["n_spins"].values)
    lines.append(f"points with measured q* > 1/2 where the line at N has no such state: {counted}")
    return [
        *lines,
        *_global_retrieval_lines(dataset),
        *(_extrapolation_lines(dataset) if dataset.sizes["n_spins"] > 1 else ()),
    ]


def _global_retrieval_lines(dataset: xr.Dataset) -> list[str]:
    """Compare q* inside global retrieval with both theories, and with the overlap of two students."""
    lines, n_disorders = [], dataset.sizes["disorder"]
    pattern = dataset.sel(start="pattern")
    retrieval = pattern.where(pattern["temperature"] < pattern["temperature_global"])
    for n_spins in dataset["n_spins"].values:
        of_size = retrieval.sel(n_spins=n_spins)
        apart = (of_size["q_star_mean"] - of_size["q_star_finite_size"]) / of_size["q_star_error"].where(
            of_size["q_star_error"] > 0
        )
        lines.append(
            f"N = {n_spins}, gR: q* against theory at N: {study.describe_deviations(apart, n_disorders)}; "
            f"{study.describe_student_overlap(of_size)}"
        )
    return lines


def _extrapolation_lines(dataset: xr.Dataset) -> list[str]:
    """Extrapolate the temperature at which q* falls to 1/2, over that of the transition, and q* in global retrieval."""
    exact, lowest = nishimori_lines(P), dataset["temperature_global"]
    end = math.sqrt(exact.gamma_global / exact.gamma_local)
    lines = [f"extrapolated to infinite N from two sizes; for chains from the pattern theory's end is at {end:.4f}:"]
    half, error = (dataset[f"temperature_half{part}"] / lowest for part in ("", "_error"))
    for power, name in ((0.5, "N^(-1/2)"), (1.0, "1/N")):
        limits, errors = study.extrapolate(half, error, power)
        loads = zip(dataset["alpha"].values, limits.values, errors.where(errors > 0).values, strict=True)
        text = "; ".join(
            f"load {load:g}: {value:.3f} +- {sd:.3f} ({(value - end) / sd:+.1f})" for load, value, sd in loads
        )
        lines.append(f"  in {name}: {text}")
    points = dataset.sel(start="pattern")
    mean, spread = study.extrapolate(points["q_star_mean"], points["q_star_error"], 0.5)
    apart = ((mean - points["q_star_theory"]) / spread.where(spread > 0)).where(points["temperature"] < lowest)
    lines.append(f"  in N^(-1/2), gR: q*: {study.describe_deviations(apart, dataset.sizes['disorder'])}")
    return lines


def _add_half_temperature(dataset: xr.Dataset) -> None:
    """Add the temperature at which q* falls to 1/2, with the jackknife's error over disorders."""
    curves = dataset["q_star"].sel(start="pattern").transpose("n_spins", "alpha", "disorder", "temperature").values
    shape = curves.shape[:2]
    crossings = np.array([crossing(dataset["temperature"].values, curves[index]) for index in np.ndindex(shape)])
    for part, name in enumerate(("temperature_half", "temperature_half_error")):
        dataset[name] = ("n_spins", "alpha"), crossings[:, part].reshape(shape)


RECIPE = Recipe(
    name="large-noise-overlap",
    title="overlap with a hot two-body teacher's pattern against temperature",
    sizes={"quick": QUICK, "paper": PAPER},
    compute=compute,
    plan=plan,
    draw=overlap_figures.by_temperature,
    table=table,
)
