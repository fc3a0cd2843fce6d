"""Overlap with the teacher's pattern against temperature on the Nishimori line, theory beside simulation.

Reproduces Fig. 4 of Thériault & Tantari, SciPost Phys. 17, 040 (2024): p = 3, three loads, chains from three starts. On
the Nishimori line the teacher's pattern is itself a sample of the student's law, so that start is typical, and what
its chains must forget is only that their overlap was 1. The others begin at the overlap of the state that wins
("global") and of the one that does not ("local"), and tell whether these are states at all.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from densehop.campaign.plan import Grid, Plan, Problem, Schedule, Start
from densehop.errors import NoSolution, OutOfRange
from densehop.plot import overlap as overlap_figures
from densehop.problem import TeacherStudent, n_examples_for
from densehop.recipes import overlap_study
from densehop.recipes.recipe import Progress, Recipe
from densehop.teacher.law import critical_temperature, signal_strength
from densehop.theory.diagrams.phases import Phase, phase
from densehop.theory.models.nishimori import nishimori_lines
from densehop.theory.questions.finite_size import finite_size_overlap
from densehop.theory.saddle_point import solve

SATURATED = 0.99  # from this overlap on no error can reach 0.01, so no error bar is waited for
LARGEST_SIGNAL = 1.2  # lambda_N/lambda: above it, close to T_crit, a few ordered examples rule at this N
START_DIGITS = 3  # starts are part of a cell's name: no last digits of a solver


@dataclass(frozen=True)
class Size:
    """How much to compute; sweeps include the burn-in, which is not measured.

    Attributes
    ----------
    n_spins : int, of the chains from the teacher's pattern
    n_spins_all_starts : int or None, a second size, with all three starts
    precision : float or None, chains double their length, up to max_sweeps, until the error bar of q* in each disorder
        is this small
    """

    n_spins: int
    loads: tuple[float, ...]
    temperatures: tuple[float, ...]
    n_disorders: int
    n_chains: int
    n_sweeps: int
    burn_in: float = 0.25
    n_spins_all_starts: int | None = None
    precision: float | None = None
    max_sweeps: int | None = None
    p: int = 3
    n_curve: int = 61


QUICK = Size(
    n_spins=160,
    loads=(6.0, 7.5, 9.0),
    temperatures=(2.0, 2.15, 2.3, 2.45, 2.6, 2.75, 2.9, 3.05),
    n_disorders=6,
    n_chains=2,
    n_sweeps=110,
)
PAPER = Size(
    n_spins=512,
    n_spins_all_starts=256,
    loads=(3.0, 6.0, 9.0),
    temperatures=tuple(round(float(t), 4) for t in np.linspace(1, 3, 20)),
    n_disorders=4,
    n_chains=4,
    n_sweeps=128,
    precision=0.01,
    max_sweeps=2048,
)


def compute(size: Size, seed: int, n_workers: int | None, progress: Progress, cells: Path) -> xr.Dataset:
    """Simulate what the folder `cells` does not hold yet and put the theory beside it."""
    dataset = overlap_study.simulate(plan(size, seed), cells, n_workers, progress)
    add_theory(dataset, size)
    return dataset.assign_attrs(n_spins=size.n_spins)


def plan(size: Size, seed: int) -> Plan:
    """Return the campaign: every point has starts and a schedule of its own."""
    grids = [grid for point in product(size.loads, size.temperatures) for grid in _grids(size, *point)]
    return Plan(name="nishimori-overlap", seed=seed, grids=tuple(grids))


def _grids(size: Size, load: float, temperature: float) -> Iterator[Grid]:
    """Yield a grid for each size and start of a point."""
    problem = Problem(p=(size.p,), load=(load,), temperature=(temperature,), teacher_temperature="nishimori")
    retrieval = infinite(size.p, load, temperature)["q_star_theory"]
    pattern = Start(name="pattern", at="pattern")
    wanted = [(size.n_spins, pattern, retrieval)]
    if size.n_spins_all_starts is not None:
        begins = {name: round(q, START_DIGITS) for name, q in branches(size.p, load, temperature).items()}
        others = [(Start(name=name, at="overlap", overlap=q), q) for name, q in begins.items()]
        wanted += [(size.n_spins_all_starts, *start) for start in [(pattern, retrieval), *others]]
    for n_spins, start, expected in wanted:
        yield Grid(
            problem=problem,
            n_spins=(n_spins,),
            disorders=size.n_disorders,
            starts=(start,),
            schedule=schedule(size, expected),
        )


def schedule(size: Any, expected: float) -> Schedule:
    """Return how the chains of a size run where q* is expected: an error bar is not waited for where nothing moves."""
    precision, max_sweeps = (None, None) if expected >= SATURATED else (size.precision, size.max_sweeps)
    return Schedule(
        n_chains=size.n_chains,
        n_sweeps=size.n_sweeps,
        burn_in=size.burn_in,
        precision=precision,
        max_sweeps=max_sweeps,
    )


def branches(p: int, load: float, temperature: float) -> dict[str, float]:
    """Return q* of the state that wins ("global") and of the other one, if there is one ("local"), at infinite N."""
    theory = infinite(p, load, temperature)
    winner, retrieval = theory["phase"], theory["q_star_theory"]
    if winner == Phase.EXAMPLE_RETRIEVAL.value:
        return {"global": retrieval}
    if winner == Phase.GLOBAL_RETRIEVAL.value:
        return {"global": retrieval, "local": 0.0}
    return {"global": 0.0} if math.isnan(retrieval) else {"global": 0.0, "local": retrieval}


def add_theory(dataset: xr.Dataset, size: Size) -> None:
    """Add the theory at the simulated temperatures and on a fine grid for the lines."""
    lines = nishimori_lines(size.p)
    dataset["temperature_local"] = np.sqrt(dataset["load"] / lines.gamma_local)
    dataset["temperature_global"] = np.sqrt(dataset["load"] / lines.gamma_global)
    margin = 0.04 * (max(size.temperatures) - min(size.temperatures))
    even = np.linspace(min(size.temperatures) - margin, max(size.temperatures) + margin, size.n_curve)
    toward_end = 1 - 1e-9 - 0.03 * np.linspace(0, 1, 12) ** 2  # the curves end in a square root
    ends = np.outer(dataset["temperature_local"].values, toward_end).ravel()
    critical = critical_temperature(size.p).temperature * (1 + 1e-9 * np.array([-1, 1]))
    inside = [t for t in critical if even[0] < t < even[-1]]
    points = np.unique([*even, *ends, *dataset["temperature_global"].values, *inside])
    dataset.coords["curve_temperature"] = points
    for axis, prefix in (("temperature", ""), ("curve_temperature", "curve_")):
        overlap_study.add(dataset, ("load", axis), lambda *at: infinite(size.p, *at), prefix)
        overlap_study.add(dataset, ("n_spins", "load", axis), lambda *at: finite(size.p, *at), prefix)
    overlap_study.add(dataset, ("start", "load", "temperature"), lambda *at: {"begins": _begins(size.p, *at)})
    retrieval = dataset["q_star_finite_size"].fillna(dataset["q_star_theory"].where(dataset["phase"] == "eR"))
    dataset["q_star_expected"] = retrieval.where(dataset["begins"] != 0, 0.0)
    dataset["energy_expected"] = dataset["energy_theory"]


def infinite(p: int, load: float, temperature: float) -> dict[str, Any]:
    """Return phase and retrieval overlap at infinite N, nan where there is none; in eR the ordered teacher gives 1."""
    problem = TeacherStudent.nishimori(p, load, temperature)
    try:
        retrieval = solve(problem, "inference").q_star
    except NoSolution:
        retrieval = math.nan
    return {"phase": phase(problem).value, "q_star_theory": retrieval}


def finite(p: int, n_spins: int, load: float, temperature: float) -> dict[str, float]:
    """Return what holds at N: the retrieval overlap, the exact energy and the signal in units of its limit.

    The overlap is nan where there is no such state, below T_crit, and beside it where ordered examples rule.
    """
    n_examples = n_examples_for(load, n_spins, p)
    try:
        overlap = finite_size_overlap(n_spins, n_examples, p, temperature)[1]
    except (NoSolution, OutOfRange):
        overlap = math.nan
    signal = signal_strength(n_spins, n_examples, p, temperature)
    ratio = signal * temperature / load
    return {"q_star_finite_size": overlap, "energy_theory": -signal, "signal_ratio": ratio}


def comparable(dataset: xr.Dataset) -> xr.DataArray:
    """Tell where theory claims q* at N: in global retrieval, with no visible part of ordered examples."""
    return (dataset["phase"] == "gR") & (dataset["signal_ratio"] < LARGEST_SIGNAL)


def _begins(p: int, start: str, load: float, temperature: float) -> float:
    """Return the overlap at which a start begins; nan where the point has no such start."""
    return 1.0 if start == "pattern" else branches(p, load, temperature).get(start, math.nan)


def table(dataset: xr.Dataset) -> str:
    """Return a line for each simulated point and a summary; deviations are in standard errors."""
    return "\n".join([overlap_study.table(dataset), "", *_summary(dataset)])


def _summary(dataset: xr.Dataset) -> list[str]:
    """State how well theory and simulation agree, and where no agreement is to be expected."""
    n_disorders = dataset.sizes["disorder"]
    lines = [
        "theory: retrieval overlap q* at infinite N; at N: with the exact signal and noise of that N (the state the "
        "chains began in); -: no such state.",
        f"deviation: from the theory at N, in standard errors over {n_disorders} disorders.",
        "settled no: more sweeps are needed, as near the transition, or nothing moves, as in eR.",
        f"gR below: global retrieval where lambda_N < {LARGEST_SIGNAL:g} lambda; beside T_crit ordered examples rule.",
    ]
    for n_spins in dataset["n_spins"].values:
        here = dataset.sel(n_spins=n_spins, start="pattern")
        at = comparable(here)
        lines += [
            f"N = {n_spins}, from the pattern, gR: q*: "
            f"{overlap_study.scatter(overlap_study.deviation(here).where(at), n_disorders)}",
            f"N = {n_spins}, from the pattern, all points: energy against its exact value -lambda_N: "
            f"{overlap_study.scatter(overlap_study.deviation(here, 'energy'), n_disorders)}",
            f"N = {n_spins}, settled points in gR: "
            f"{overlap_study.student_difference(here.where(at & here['settled']))}",
        ]
    if dataset.sizes["n_spins"] > 1:
        here = dataset.sel(start="pattern")
        mean, error = overlap_study.extrapolated(here["q_star_mean"], here["q_star_error"])
        distance = ((mean - here["q_star_theory"]) / error.where(error > 0)).where(comparable(here).all("n_spins"))
        lines.append(
            f"extrapolated in 1/N, from the pattern, gR: q* against infinite N: "
            f"{overlap_study.scatter(distance, n_disorders)}"
        )
    return lines


RECIPE = Recipe(
    name="nishimori-overlap",
    title="overlap with the teacher's pattern against temperature, theory beside simulation",
    sizes={"quick": QUICK, "paper": PAPER},
    compute=compute,
    draw=overlap_figures.by_temperature,
    table=table,
)
