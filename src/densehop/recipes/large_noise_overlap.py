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

from densehop.campaign.plan import Grid, Plan, Problem, Schedule, Start
from densehop.errors import NoSolution, OutOfRange
from densehop.plot import overlap as overlap_figures
from densehop.problem import TeacherStudent, n_examples_for
from densehop.recipes import overlap_study
from densehop.recipes.adversarial import HALF, crossing
from densehop.recipes.recipe import Progress, Recipe
from densehop.teacher.law import signal_strength
from densehop.theory.models.nishimori import nishimori_lines
from densehop.theory.questions.finite_size import finite_size_overlap
from densehop.theory.saddle_point import solve

P, TEACHER_P = 4, 2


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


def _even(first: float, last: float, points: int) -> tuple[float, ...]:
    return tuple(round(float(t), 4) for t in np.linspace(first, last, points))


QUICK = Size((96, 48), (0.5, 1.0, 1.5), _even(0.4, 4.2, 10), n_disorders=4, n_chains=2, n_sweeps=64)
PAPER = Size((256, 128), (0.5, 1.0, 1.5), _even(0.4, 4.2, 20), n_disorders=4, n_chains=4, n_sweeps=300)


def plan(size: Size, seed: int) -> Plan:
    """Return the campaign: chains from the teacher's pattern."""
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
    """Simulate what the folder `cells` does not hold yet and put the theory beside it."""
    dataset = overlap_study.simulate(plan(size, seed), cells, n_workers, progress)
    dataset["temperature_global"] = np.sqrt(dataset["load"] / nishimori_lines(P).gamma_global)
    margin = 0.02 * (max(size.temperatures) - min(size.temperatures))
    even = np.linspace(min(size.temperatures) - margin, max(size.temperatures) + margin, size.n_curve)
    local = np.sqrt(dataset["load"].values / nishimori_lines(P).gamma_local)
    ends = np.outer(local, 1 - 1e-9 - 0.03 * np.linspace(0, 1, 8) ** 2).ravel()  # curves end in a square root
    points = [t for t in (*even, *ends, *dataset["temperature_global"].values) if even[0] <= t <= even[-1]]
    dataset.coords["curve_temperature"] = np.unique(points)
    for axis, prefix in (("temperature", ""), ("curve_temperature", "curve_")):
        overlap_study.add(dataset, ("load", axis), infinite, prefix)
        overlap_study.add(dataset, ("n_spins", "load", axis), finite, prefix)
    _add_half(dataset)
    label = r"temperature $T = 2T^{*2}/N$"
    return dataset.assign_attrs(temperature_label=label, largest_n_spins=max(size.n_spins))


def infinite(load: float, temperature: float) -> dict[str, float]:
    """Return the retrieval overlap at infinite N, nan where there is none."""
    problem = TeacherStudent(p=P, load=load, temperature=temperature, signal=load / temperature)
    try:
        return {"q_star_theory": solve(problem, "inference").q_star}
    except NoSolution:
        return {"q_star_theory": math.nan}


def finite(n_spins: int, load: float, temperature: float) -> dict[str, float]:
    """Return the overlap from the exact signal and noise of N, and that signal over its limit."""
    n_examples, hot = n_examples_for(load, n_spins, P), math.sqrt(n_spins * temperature / 2)
    try:
        overlap = finite_size_overlap(n_spins, n_examples, P, temperature, hot, TEACHER_P)[1]
    except (NoSolution, OutOfRange):
        overlap = math.nan
    signal = signal_strength(n_spins, n_examples, P, hot, TEACHER_P) if hot > TEACHER_P else math.nan
    return {"q_star_finite_size": overlap, "signal_ratio": signal * temperature / load}


def table(dataset: xr.Dataset) -> str:
    """Return a line for each load and temperature: theory, and for each size what was measured."""
    sizes = dataset["n_spins"].values.tolist()
    lines = [
        f"{'load':>5} {'T':>6} {'theory':>7} "
        + " ".join(f"{f'N = {n}':>17} {'at N':>7} {'tau':>5} {'settled':>7}" for n in sizes)
    ]
    for load in dataset["load"].values:
        for temperature in dataset["temperature"].values:
            point = dataset.sel(load=load, temperature=temperature, start="pattern")
            theory = overlap_study.number(point["q_star_theory"], 7, 4)
            lines.append(f"{load:>5g} {temperature:>6.4g} {theory} " + " ".join(_measured(point, n) for n in sizes))
    return "\n".join([*lines, "", *_summary(dataset)])


def _measured(point: xr.Dataset, n_spins: int) -> str:
    """Return what one size gave."""
    here = point.sel(n_spins=n_spins)
    return (
        f"{float(here['q_star_mean']):>7.4f} +- {float(here['q_star_error']):.4f} "
        f"{overlap_study.number(here['q_star_finite_size'], 7, 4)} "
        f"{overlap_study.number(here['autocorrelation_time'], 5, 1)} {'yes' if here['settled'] else 'no':>7}"
    )


def _summary(dataset: xr.Dataset) -> list[str]:
    """Say where the measured q* falls to 1/2 at each size, beside theory's transition, and how the gap closes."""
    lines = [
        "theory: infinite N; at N: with the exact signal and noise of N; errors over "
        f"{dataset.sizes['disorder']} disorders.",
        "temperature at which the measured q* falls to 1/2, over that of theory's transition:",
    ]
    for load in dataset["load"].values:
        here = dataset.sel(load=load)
        transition, ratio = float(here["temperature_global"]), here["signal_ratio"]
        sizes = [
            f"N = {n}: {float(here['temperature_half'].sel(n_spins=n)) / transition:.3f} +- "
            f"{float(here['temperature_half_error'].sel(n_spins=n)) / transition:.3f} (lambda_N over its limit there "
            f"{float(ratio.sel(n_spins=n).interp(temperature=transition)):.2f})"
            for n in dataset["n_spins"].values
        ]
        lines.append(f"  load {load:g}, T = {transition:.4f}: {'; '.join(sizes)}")
    kept = (dataset["q_star_mean"] > HALF) & dataset["q_star_finite_size"].isnull()
    counts = kept.sum(("load", "temperature", "start"))
    counted = ", ".join(f"{int(counts.sel(n_spins=n))} at N = {n}" for n in dataset["n_spins"].values)
    lines.append(f"points with measured q* > 1/2 where the line at N has no such state: {counted}")
    return [*lines, *_inside(dataset), *(_limits(dataset) if dataset.sizes["n_spins"] > 1 else ())]


def _inside(dataset: xr.Dataset) -> list[str]:
    """Compare q* inside global retrieval with both theories, and with the overlap of two students."""
    lines, n_disorders = [], dataset.sizes["disorder"]
    pattern = dataset.sel(start="pattern")
    here = pattern.where(pattern["temperature"] < pattern["temperature_global"])
    for n_spins in dataset["n_spins"].values:
        one = here.sel(n_spins=n_spins)
        apart = (one["q_star_mean"] - one["q_star_finite_size"]) / one["q_star_error"].where(one["q_star_error"] > 0)
        lines.append(
            f"N = {n_spins}, gR: q* against theory at N: {overlap_study.scatter(apart, n_disorders)}; "
            f"{overlap_study.student_difference(one)}"
        )
    return lines


def _limits(dataset: xr.Dataset) -> list[str]:
    """Extrapolate the temperature at which q* falls to 1/2, over that of the transition, and q* in global retrieval."""
    lines, lowest = nishimori_lines(P), dataset["temperature_global"]
    end = math.sqrt(lines.gamma_global / lines.gamma_local)
    found = [f"extrapolated to infinite N from two sizes; for chains from the pattern theory's end is at {end:.4f}:"]
    half, error = (dataset[f"temperature_half{part}"] / lowest for part in ("", "_error"))
    for power, name in ((0.5, "N^(-1/2)"), (1.0, "1/N")):
        limits, errors = overlap_study.extrapolated(half, error, power)
        loads = zip(dataset["load"].values, limits.values, errors.where(errors > 0).values, strict=True)
        told = "; ".join(f"load {load:g}: {at:.3f} +- {of:.3f} ({(at - end) / of:+.1f})" for load, at, of in loads)
        found.append(f"  in {name}: {told}")
    here = dataset.sel(start="pattern")
    mean, spread = overlap_study.extrapolated(here["q_star_mean"], here["q_star_error"], 0.5)
    apart = ((mean - here["q_star_theory"]) / spread.where(spread > 0)).where(here["temperature"] < lowest)
    found.append(f"  in N^(-1/2), gR: q*: {overlap_study.scatter(apart, dataset.sizes['disorder'])}")
    return found


def _add_half(dataset: xr.Dataset) -> None:
    """Add the temperature at which q* falls to 1/2, with the jackknife's error over disorders."""
    curves = dataset["q_star"].sel(start="pattern").transpose("n_spins", "load", "disorder", "temperature").values
    shape = curves.shape[:2]
    found = np.array([crossing(dataset["temperature"].values, curves[place]) for place in np.ndindex(shape)])
    for part, name in enumerate(("temperature_half", "temperature_half_error")):
        dataset[name] = ("n_spins", "load"), found[:, part].reshape(shape)


RECIPE = Recipe(
    name="large-noise-overlap",
    title="overlap with a hot two-body teacher's pattern against temperature",
    sizes={"quick": QUICK, "paper": PAPER},
    compute=compute,
    draw=overlap_figures.by_temperature,
    table=table,
)
