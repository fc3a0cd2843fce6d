"""The overlap landscape q*(alpha, T) of the Bayes-optimal student: theory as colour, simulation as dots.

Repeats three checks of the theory that Thériault & Tantari report in SciPost Phys. 17, 040 (2024): at p = 3 it agrees
with Monte Carlo, at p = 10 global retrieval begins close to the limit p -> infinity, and the entropy is positive.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from densehop.base.progress import Progress
from densehop.campaign.plan import Grid, Plan, Problem, Start
from densehop.plot.landscape import landscape
from densehop.recipes.number_format import format_number
from densehop.recipes.overlaps import study
from densehop.recipes.overlaps.nishimori_theory import finite_size, infinite_size, theory_applies
from densehop.recipes.recipe import Recipe
from densehop.teacher.law import critical_temperature
from densehop.theory.diagrams.diagram import phase_diagram
from densehop.theory.models.nishimori import nishimori_lines


@dataclass(frozen=True)
class Size:
    """How much to compute: chains from the teacher's pattern at each (load, temperature), theory on a fine grid."""

    n_spins: int
    loads: tuple[float, ...]
    temperatures: tuple[float, ...]
    n_disorders: int
    n_chains: int
    n_sweeps: int
    precision: float | None = None
    max_sweeps: int | None = None
    burn_in: float = 0.25
    p: int = 3
    large_p: int = 10
    window: tuple[float, float, float, float] = (0.0, 8.0, 1.0, 4.0)  # loads, temperatures
    n_map: int = 121


QUICK = Size(
    n_spins=160,
    loads=(1.0, 2.5, 4.0, 5.5, 7.0),
    temperatures=(1.25, 1.95, 2.25, 2.75, 3.25, 3.75),
    n_disorders=4,
    n_chains=4,
    n_sweeps=160,
)
PAPER = Size(
    n_spins=384,
    loads=(0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5),
    temperatures=(1.2, 1.5, 1.8, 2.1, 2.4, 2.7, 3.0, 3.3, 3.6),
    n_disorders=4,
    n_chains=4,
    n_sweeps=128,
    precision=0.01,
    max_sweeps=1024,
    n_map=401,
)


def compute(size: Size, seed: int, n_workers: int | None, progress: Progress, cells: Path) -> xr.Dataset:
    """Run the cells that are missing; compute the theory at their points, and on fine grids for both p."""
    dataset = study.simulate(plan(size, seed), cells, n_workers, progress)
    for axes, theory in (
        (("alpha", "temperature"), infinite_size),
        (("n_spins", "alpha", "temperature"), finite_size),
    ):
        study.add_theory(dataset, axes, lambda *point, theory=theory: theory(size.p, *point))
    ordered = dataset["q_star_theory"].where(dataset["phase"] == "eR")
    dataset["q_star_expected"] = dataset["q_star_finite_size"].fillna(ordered)
    _add_maps(dataset, size)
    return dataset.assign_attrs(n_spins=size.n_spins, large_p=size.large_p)


def plan(size: Size, seed: int) -> Plan:
    """Return the plan; below T_crit and far below the transition spins hardly move, so no precision is asked for."""
    grids = []
    for load in size.loads:
        for temperature in size.temperatures:
            expected = infinite_size(size.p, load, temperature)["q_star_theory"]
            grids.append(
                Grid(
                    problem=Problem(
                        p=(size.p,), load=(load,), temperature=(temperature,), teacher_temperature="nishimori"
                    ),
                    n_spins=(size.n_spins,),
                    disorders=size.n_disorders,
                    starts=(Start(name="pattern", at="pattern"),),
                    schedule=study.schedule(size, expected),
                )
            )
    return Plan(name="landscape", seed=seed, grids=tuple(grids))


def _add_maps(dataset: xr.Dataset, size: Size) -> None:
    """Add overlap and entropy of both p on the fine grid, and where global retrieval begins."""
    left, right, bottom, top = size.window
    loads, temperatures = np.linspace(left, right, size.n_map), np.linspace(bottom, top, size.n_map)
    dataset.coords.update({"map_alpha": loads, "map_temperature": temperatures})
    for p, prefix in ((size.p, "map"), (size.large_p, "large_p")):
        diagram = phase_diagram(p, "nishimori", loads, temperatures, boundaries=False)
        for name in ("q_star", "entropy"):
            dataset[f"{prefix}_{name}"] = ("map_temperature", "map_alpha"), diagram[name].values
    lines = {size.p: nishimori_lines(size.p), size.large_p: nishimori_lines(size.large_p)}
    root = np.sqrt(dataset["map_alpha"])
    dataset["temperature_global"] = root / math.sqrt(lines[size.p].gamma_global)
    dataset["temperature_local"] = root / math.sqrt(lines[size.p].gamma_local)
    dataset["large_p_temperature_global"] = root / math.sqrt(lines[size.large_p].gamma_global)
    dataset["limit_temperature_global"] = root / math.sqrt(nishimori_lines(math.inf).gamma_global)
    for p, prefix in ((size.p, "teacher"), (size.large_p, "large_p")):
        dataset.attrs[f"{prefix}_critical_temperature"] = critical_temperature(p).temperature


def table(dataset: xr.Dataset) -> str:
    """Return a line for each simulated point, and the three checks."""
    return "\n".join([study.table(dataset), "", *checks(dataset)])


def checks(dataset: xr.Dataset) -> list[str]:
    """Return the results of the three checks, in words."""
    p, large_p, n_disorders = dataset.attrs["p"], dataset.attrs["large_p"], dataset.sizes["disorder"]
    points = dataset.sel(start="pattern").isel(n_spins=0)
    from_limit = points["q_star_mean"] - points["q_star_theory"]
    applies = theory_applies(points)
    in_retrieval = study.deviation(points).where(applies)
    paramagnet = points["q_star_mean"].where((points["phase"] == "P") & points["settled"])
    return [
        f"1. smallest entropy per spin outside eR: {entropy_bound(dataset, 'map'):.2e} (p = {p}), "
        f"{entropy_bound(dataset, 'large_p'):.2e} (p = {large_p}); in eR it is 0.",
        f"2. global retrieval begins at T/sqrt(alpha) = {slope(dataset, 'large_p'):.6f} (p = {large_p}), "
        f"{slope(dataset, 'limit'):.6f} (p -> infinity): "
        f"{slope(dataset, 'large_p') / slope(dataset, 'limit') - 1:.1e} apart.",
        f"3. p = {p}, N = {dataset.attrs['n_spins']}, gR away from T_crit: q* against theory at N: "
        f"{study.describe_deviations(in_retrieval, n_disorders)};",
        f"   largest difference from infinite N {_largest(from_limit.where(applies))}.",
        f"   P, settled points: largest |q*| {_largest(paramagnet)}, chance alone gives about "
        f"{1 / math.sqrt(dataset.attrs['n_spins']):.3f} at a time.",
    ]


def entropy_bound(dataset: xr.Dataset, prefix: str) -> float:
    """Return the smallest entropy per spin on a map where it is defined."""
    return float(dataset[f"{prefix}_entropy"].min())


def slope(dataset: xr.Dataset, prefix: str) -> float:
    """Return T/sqrt(alpha) of a line where global retrieval begins."""
    last: Any = dataset.isel(map_alpha=-1)
    return float(last[f"{prefix}_temperature_global"] / math.sqrt(last["map_alpha"]))


def _largest(values: xr.DataArray) -> str:
    """Return the largest absolute value."""
    return format_number(abs(values).max(), 0, 4)


RECIPE = Recipe(
    name="landscape",
    title="overlap over load and temperature, theory beside simulation; p = 10 beside its limit",
    sizes={"quick": QUICK, "paper": PAPER},
    compute=compute,
    plan=plan,
    draw=landscape,
    table=table,
)
