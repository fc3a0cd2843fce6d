"""Overlap with the teacher's pattern against temperature on the Nishimori line, theory beside simulation.

Reproduces Fig. 4 of Thériault & Tantari, SciPost Phys. 17, 040 (2024): p = 3, three loads, chains from three starts. On
the Nishimori line the teacher's pattern is itself a sample of the student's law, so chains that start there are close
to equilibrium. The other chains start at the overlap of the most probable state ("global") and of the other state
("local"), and show whether these states exist at finite N.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import xarray as xr

from densehop.base.progress import Progress
from densehop.campaign.plan import Grid, Plan, Problem, Start
from densehop.plot import overlap_curves as overlap_figures
from densehop.recipes.overlaps import study
from densehop.recipes.overlaps.nishimori_theory import (
    MAX_SIGNAL_RATIO,
    branches,
    finite_size,
    infinite_size,
    theory_applies,
)
from densehop.recipes.recipe import Recipe
from densehop.teacher.law import critical_temperature
from densehop.theory.models.nishimori import nishimori_lines

START_DIGITS = 3  # digits of a start's overlap: it is part of the cell's name, so it must not depend on rounding errors


@dataclass(frozen=True)
class Size:
    """How much to compute; sweeps include the burn-in, which is not measured.

    Attributes
    ----------
    n_spins : int, N of the chains that start at the teacher's pattern
    n_spins_all_starts : int or None, a second N, with all three starts
    precision : float or None; chains double their length, up to max_sweeps, until the error bar of q* in each disorder
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
    """Run the cells that are missing and add the theory."""
    dataset = study.simulate(plan(size, seed), cells, n_workers, progress)
    _add_theory(dataset, size)
    return dataset.assign_attrs(n_spins=size.n_spins)


def plan(size: Size, seed: int) -> Plan:
    """Return the plan; every point has its own starts and schedule."""
    grids = [grid for point in product(size.loads, size.temperatures) for grid in _grids(size, *point)]
    return Plan(name="nishimori-overlap", seed=seed, grids=tuple(grids))


def _grids(size: Size, load: float, temperature: float) -> Iterator[Grid]:
    """Yield a grid for each size and start of a point."""
    problem = Problem(p=(size.p,), load=(load,), temperature=(temperature,), teacher_temperature="nishimori")
    retrieval = infinite_size(size.p, load, temperature)["q_star_theory"]
    pattern = Start(name="pattern", at="pattern")
    runs = [(size.n_spins, pattern, retrieval)]
    if size.n_spins_all_starts is not None:
        overlaps = {name: round(q, START_DIGITS) for name, q in branches(size.p, load, temperature).items()}
        others = [(Start(name=name, at="overlap", overlap=q), q) for name, q in overlaps.items()]
        runs += [(size.n_spins_all_starts, *start) for start in [(pattern, retrieval), *others]]
    for n_spins, start, expected in runs:
        yield Grid(
            problem=problem,
            n_spins=(n_spins,),
            disorders=size.n_disorders,
            starts=(start,),
            schedule=study.schedule(size, expected),
        )


def _add_theory(dataset: xr.Dataset, size: Size) -> None:
    """Add the theory at the simulated temperatures and on a fine grid for the lines."""
    lines = nishimori_lines(size.p)
    dataset["temperature_local"] = np.sqrt(dataset["alpha"] / lines.gamma_local)
    dataset["temperature_global"] = np.sqrt(dataset["alpha"] / lines.gamma_global)
    margin = 0.04 * (max(size.temperatures) - min(size.temperatures))
    even = np.linspace(min(size.temperatures) - margin, max(size.temperatures) + margin, size.n_curve)
    toward_end = 1 - 1e-9 - 0.03 * np.linspace(0, 1, 12) ** 2  # the curves end in a square root
    ends = np.outer(dataset["temperature_local"].values, toward_end).ravel()
    critical = critical_temperature(size.p).temperature * (1 + 1e-9 * np.array([-1, 1]))
    inside = [t for t in critical if even[0] < t < even[-1]]
    points = np.unique([*even, *ends, *dataset["temperature_global"].values, *inside])
    dataset.coords["curve_temperature"] = points
    for axis, prefix in (("temperature", ""), ("curve_temperature", "curve_")):
        study.add_theory(dataset, ("alpha", axis), lambda *point: infinite_size(size.p, *point), prefix)
        study.add_theory(dataset, ("n_spins", "alpha", axis), lambda *point: finite_size(size.p, *point), prefix)
    study.add_theory(dataset, ("start", "alpha", "temperature"), lambda *point: {"begins": _begins(size.p, *point)})
    retrieval = dataset["q_star_finite_size"].fillna(dataset["q_star_theory"].where(dataset["phase"] == "eR"))
    dataset["q_star_expected"] = retrieval.where(dataset["begins"] != 0, 0.0)
    dataset["energy_expected"] = dataset["energy_theory"]


def _begins(p: int, start: str, load: float, temperature: float) -> float:
    """Return the overlap at which the chains of a start begin; nan where the point has no such start."""
    return 1.0 if start == "pattern" else branches(p, load, temperature).get(start, math.nan)


def table(dataset: xr.Dataset) -> str:
    """Return a line for each simulated point and a summary; deviations are in standard errors."""
    return "\n".join([study.table(dataset), "", *_summary(dataset)])


def _summary(dataset: xr.Dataset) -> list[str]:
    """Explain the columns, and summarise how well simulation and theory agree where the theory applies."""
    n_disorders = dataset.sizes["disorder"]
    lines = [
        "theory: retrieval overlap q* at infinite N; at N: with the exact signal and noise of that N (the state the "
        "chains began in); -: no such state.",
        f"deviation: from the theory at N, in standard errors over {n_disorders} disorders.",
        "verdict: too short, where more sweeps are needed, as near the transition; frozen, where no spin moves (eR).",
        f"gR below: global retrieval where lambda_N < {MAX_SIGNAL_RATIO:g} lambda; near T_crit ordered examples win.",
    ]
    for n_spins in dataset["n_spins"].values:
        part = dataset.sel(n_spins=n_spins, start="pattern")
        applies = theory_applies(part)
        lines += [
            f"N = {n_spins}, from the pattern, gR: q*: "
            f"{study.describe_deviations(study.deviation(part).where(applies), n_disorders)}",
            f"N = {n_spins}, from the pattern, all points: energy against its exact value -lambda_N: "
            f"{study.describe_deviations(study.deviation(part, 'energy'), n_disorders)}",
            f"N = {n_spins}, settled points in gR: "
            f"{study.describe_student_overlap(part.where(applies & part['settled']))}",
        ]
    if dataset.sizes["n_spins"] > 1:
        part = dataset.sel(start="pattern")
        mean, error = study.extrapolate(part["q_star_mean"], part["q_star_error"])
        distance = ((mean - part["q_star_theory"]) / error.where(error > 0)).where(theory_applies(part).all("n_spins"))
        lines.append(
            f"extrapolated in 1/N, from the pattern, gR: q* against infinite N: "
            f"{study.describe_deviations(distance, n_disorders)}"
        )
    return lines


RECIPE = Recipe(
    name="nishimori-overlap",
    title="overlap with the teacher's pattern against temperature, theory beside simulation",
    sizes={"quick": QUICK, "paper": PAPER},
    compute=compute,
    plan=plan,
    draw=overlap_figures.by_temperature,
    table=table,
)
