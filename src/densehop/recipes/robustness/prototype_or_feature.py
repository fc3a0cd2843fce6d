"""Recovery of the pattern from a corrupted copy: prototypes (an ordered teacher) beside features (a disordered one).

Reruns the comparison of the authors' poster (on SciPost Phys. 17, 040, 2024) at p = 3: how much corruption a student
tolerates, how many sweeps it needs, and what that costs in the number and the accuracy of its examples. Chains begin
with a fraction of the pattern's sites flipped at random and follow heat-bath dynamics at T = T*.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from densehop.base.arrays import Floats
from densehop.base.progress import Progress
from densehop.campaign.plan import Grid, Plan, Problem, Schedule, Start
from densehop.plot import recovery as recovery_figures
from densehop.problem import TeacherStudent, n_examples_for
from densehop.recipes.crossing import HALF, crossing
from densehop.recipes.number_format import format_estimate, format_number
from densehop.recipes.overlaps.nishimori_theory import infinite_size
from densehop.recipes.recipe import Recipe
from densehop.recipes.simulations import run_plan
from densehop.teacher.law import teacher_law
from densehop.theory.diagrams.phases import Phase, phase
from densehop.theory.models.nishimori import field_variance, overlap
from densehop.theory.questions.prototypes import recovery

RECOVERED = 0.95  # a chain has recovered at this fraction of the overlap that chains from the pattern itself keep
TABLED_CORRUPTION = 0.2  # the corruption for which the table gives the number of sweeps
CURVE_POINTS = 401


@dataclass(frozen=True)
class Prototypes:
    """A student of a few examples of an ordered teacher, T = T* < T_crit."""

    temperature: float
    n_examples: int


@dataclass(frozen=True)
class Features:
    """A student of a load alpha of examples of a disordered teacher, T = T* > T_crit."""

    temperature: float
    load: float


Regime = Prototypes | Features


@dataclass(frozen=True)
class Size:
    """How much to compute; success is judged by the last half of the sweeps."""

    n_spins: tuple[int, ...]
    corruptions: tuple[float, ...]  # fractions of sites that are flipped
    n_disorders: int
    n_chains: int
    n_sweeps: int
    regimes: tuple[Regime, ...] = (
        Prototypes(1.2, n_examples=1),
        Prototypes(1.2, n_examples=3),
        Prototypes(1.2, n_examples=25),
        Features(2.0, load=8.0),
        Features(2.4, load=8.0),
        Features(2.65, load=8.0),
    )
    p: int = 3


QUICK = Size((96,), (0.0, 0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6), n_disorders=6, n_chains=8, n_sweeps=48)
PAPER = Size((256, 128), tuple(round(0.025 * i, 3) for i in range(25)), n_disorders=8, n_chains=16, n_sweeps=100)


def plan(size: Size, seed: int) -> Plan:
    """Return the plan: chains that start at each corruption, for each regime and N."""
    starts = [Start(name=f"{eps:g}", at="overlap", overlap=round(1 - 2 * eps, 12)) for eps in size.corruptions]
    grids = []
    for n_spins in size.n_spins:
        for regime in size.regimes:
            problem = Problem(
                p=(size.p,),
                n_examples=(_count_examples(regime, size.p, n_spins),),
                temperature=(regime.temperature,),
                teacher_temperature="nishimori",
            )
            schedule = Schedule(n_chains=size.n_chains, n_sweeps=size.n_sweeps, burn_in=0.5)
            grids.append(
                Grid(
                    problem=problem,
                    n_spins=(n_spins,),
                    disorders=size.n_disorders,
                    starts=tuple(starts),
                    schedule=schedule,
                )
            )
    return Plan(name="prototype-or-feature", seed=seed, grids=tuple(grids))


def _count_examples(regime: Regime, p: int, n_spins: int) -> int:
    """Return the number M of examples at N: that of the prototypes, or the one which has the features' load."""
    return regime.n_examples if isinstance(regime, Prototypes) else n_examples_for(regime.load, n_spins, p)


def compute(size: Size, seed: int, n_workers: int | None, progress: Progress, cells: Path) -> xr.Dataset:
    """Run the cells that are missing; find out which chains recovered and how fast; add the theory."""
    results = run_plan(plan(size, seed), cells, n_workers, progress)
    dataset = _recoveries(_by_regime(results, size))
    _add_success(dataset)
    _add_theory(dataset, size)
    _add_example_overlaps(dataset, size)
    return dataset.assign_attrs(p=size.p, n_sweeps=size.n_sweeps, **results.attrs)


def _by_regime(results: xr.Dataset, size: Size) -> xr.DataArray:
    """Return the traces of q* (n_spins, regime, corruption, disorder, chain, sweep), the start as sweep 0."""
    counts = [[_count_examples(regime, size.p, n_spins) for regime in size.regimes] for n_spins in size.n_spins]
    rows = [
        [_traces(results, n_spins, count, regime.temperature) for count, regime in zip(row, size.regimes, strict=True)]
        for n_spins, row in zip(size.n_spins, counts, strict=True)
    ]
    traces = np.array(rows)
    start = np.broadcast_to(1 - 2 * np.array(size.corruptions)[:, None, None, None], (*traces.shape[:-1], 1))
    whole = np.concatenate((start, traces), axis=-1)
    dims = ("n_spins", "regime", "corruption", "disorder", "chain", "sweep")
    temperatures = ("regime", [regime.temperature for regime in size.regimes])
    axes = {"n_spins": list(size.n_spins), "corruption": list(size.corruptions), "temperature": temperatures}
    coordinates = {**axes, "n_examples": (("n_spins", "regime"), counts)}
    return xr.DataArray(whole, coordinates, dims)


def _traces(results: xr.Dataset, n_spins: int, n_examples: int, temperature: float) -> Floats:
    """Return the traces (corruption, disorder, chain, sweep) of a regime, from a grid or a list of points."""
    coordinates = {"n_spins": n_spins, "n_examples": n_examples, "temperature": temperature}
    traces = results["q_star_trace"]
    if "point" in results.dims:
        is_point = np.logical_and.reduce([results[name].values == value for name, value in coordinates.items()])
        traces = traces.isel(point=int(is_point.argmax()))
    else:
        traces = traces.sel(coordinates).squeeze("p")
    values: Floats = traces.transpose("start", "disorder", "chain", "sweep").values
    return values


def _recoveries(traces: xr.DataArray) -> xr.Dataset:
    """Return the overlap that each chain ends with, whether it recovered, and after how many sweeps."""
    last = traces.isel(sweep=slice(traces.sizes["sweep"] // 2, None)).mean("sweep")
    kept = last.sel(corruption=0.0).mean(("disorder", "chain"))
    success, arrived = last > HALF * kept, traces >= RECOVERED * kept
    sweeps = arrived.argmax("sweep").where(success & arrived.any("sweep"))
    return xr.Dataset({"q_star": last, "kept": kept, "success": success.astype(np.float64), "sweeps": sweeps})


def _add_success(dataset: xr.Dataset) -> None:
    """Add the share of chains that recover, the corruption at which it is one half, and the sweeps of one half."""
    shares = dataset["success"].mean("chain")
    root = math.sqrt(shares.sizes["disorder"])
    dataset["success_mean"], dataset["success_error"] = shares.mean("disorder"), shares.std("disorder", ddof=1) / root
    each = dataset["q_star"].sel(corruption=0.0).mean("chain")
    dataset["kept_error"] = each.std("disorder", ddof=1) / root
    never = dataset["sweeps"].fillna(np.inf)  # chains that did not recover
    half = never.median("chain")
    with np.errstate(invalid="ignore"):  # between inf and inf
        dataset["sweeps_median"] = half.median("disorder").where(np.isfinite)
    curves = shares.transpose("n_spins", "regime", "disorder", "corruption").values
    crossings = [crossing(dataset["corruption"].values, curves[index]) for index in np.ndindex(curves.shape[:2])]
    for part, name in enumerate(("tolerance", "tolerance_error")):
        values = np.array([pair[part] for pair in crossings]).reshape(curves.shape[:2])
        dataset[name] = ("n_spins", "regime"), values


def _add_theory(dataset: xr.Dataset, size: Size) -> None:
    """Add phases, loads, kept overlaps, tolerated corruptions and numbers of sweeps at infinite N, for each regime."""
    corruptions = np.linspace(0, max(size.corruptions), CURVE_POINTS)
    dataset.coords["curve_corruption"] = corruptions
    theory = [
        _theory_of_prototypes(size, regime, corruptions)
        if isinstance(regime, Prototypes)
        else _theory_of_features(size, regime, corruptions)
        for regime in size.regimes
    ]
    for name in ("phase", "alpha", "q_star_theory", "tolerance_theory"):
        dataset[name] = "regime", [row[name] for row in theory]
    dataset["curve_sweeps"] = ("regime", "curve_corruption"), [row["curve_sweeps"] for row in theory]


def _theory_of_prototypes(size: Size, regime: Prototypes, corruptions: Floats) -> dict[str, Any]:
    """Return what the mean-field dynamics of a few examples says, and after how many sweeps the pattern is back."""
    t = regime.temperature
    traces = recovery(size.p, regime.n_examples, t, t, 1 - 2 * corruptions, size.n_sweeps)
    kept = traces[-1, 0]
    arrived, lost = traces >= RECOVERED * kept, traces[-1] <= HALF * kept
    return {
        "phase": Phase.EXAMPLE_RETRIEVAL.value,
        "alpha": 0.0,
        "q_star_theory": kept,
        "tolerance_theory": corruptions[lost.argmax()] if lost.any() else math.nan,
        "curve_sweeps": np.where(arrived.any(axis=0), arrived.argmax(axis=0), math.nan),
    }


def _theory_of_features(size: Size, regime: Features, corruptions: Floats) -> dict[str, Any]:
    """Return what the replica-symmetric equations say; they have no dynamics, so the numbers of sweeps are nan."""
    t, load = regime.temperature, regime.load
    barrier = overlap(field_variance(size.p, load / t**2, stable=False))
    return {
        "phase": phase(TeacherStudent.nishimori(size.p, load, t)).value,
        "alpha": load,
        "q_star_theory": infinite_size(size.p, load, t)["q_star_theory"],
        "tolerance_theory": (1 - barrier) / 2,
        "curve_sweeps": np.full(len(corruptions), math.nan),
    }


def _add_example_overlaps(dataset: xr.Dataset, size: Size) -> None:
    """Add the mean overlap per spin of one example with the pattern, exact at each N (docs/theory.md, eq. 7)."""
    laws = [[teacher_law(n, size.p, regime.temperature) for regime in size.regimes] for n in size.n_spins]
    overlaps = [[float(law.probability @ law.overlaps) / law.overlaps[-1] for law in row] for row in laws]
    dataset["example_overlap"] = ("n_spins", "regime"), overlaps


def table(dataset: xr.Dataset) -> str:
    """Return a line for each regime and N: accuracy of the examples, of the student, and the tolerated corruption."""
    lines = [
        f"{'phase':>5} {'T':>5} {'M':>7} {'N':>4} {'example':>7} {'q* kept':>17} {'theory':>7} "
        f"{'tolerated flips':>17} {'theory':>7} {'sweeps from 20%':>15}"
    ]
    for n_spins in dataset["n_spins"].values:
        for regime in dataset["regime"].values:
            row = dataset.sel(n_spins=n_spins).isel(regime=regime)
            sweeps = row["sweeps_median"].sel(corruption=TABLED_CORRUPTION, method="nearest")
            lines.append(
                f"{row['phase'].item():>5} {float(row['temperature']):>5g} {int(row['n_examples']):>7} {n_spins:>4} "
                f"{float(row['example_overlap']):>7.4f} {format_estimate(row['kept'], row['kept_error'])} "
                f"{float(row['q_star_theory']):>7.4f} "
                f"{format_estimate(row['tolerance'], row['tolerance_error'])} {float(row['tolerance_theory']):>7.4f} "
                f"{format_number(sweeps, 15, 0)}"
            )
    return "\n".join([*lines, "", *_summary(dataset)])


def _summary(dataset: xr.Dataset) -> list[str]:
    """Explain the columns, and give the trade-off in numbers at the largest N."""
    largest = dataset.sel(n_spins=dataset["n_spins"].max())
    ordered = (largest["phase"] == Phase.EXAMPLE_RETRIEVAL.value).values
    several = ordered & (largest["n_examples"] > 1).values
    lines = [
        "example: mean overlap of one example with the pattern, exact at N; tolerated flips: fraction from which half "
        "of the chains come back (-: more than half from all that were tried),",
        "theory: N -> infinity, for features the barrier of the replica-symmetric equations; sweeps: until 95% of the "
        f"kept q*, median; errors over {dataset.sizes['disorder']} disorders.",
    ]
    for name, regimes in (("prototypes, M > 1", several), ("features", ~ordered)):
        part = largest.isel(regime=regimes)
        sweeps = part["sweeps_median"].sel(corruption=TABLED_CORRUPTION, method="nearest")
        lines.append(
            f"{name}: {_range(part['n_examples'])} examples of overlap {_range(part['example_overlap'])}; error of the "
            f"pattern {_range((1 - part['kept']) / 2)}; flips tolerated: {_range(part['tolerance'])}; sweeps from "
            f"{TABLED_CORRUPTION:.0%} flipped {_range(sweeps)}"
        )
    return lines


def _range(values: xr.DataArray) -> str:
    """Return the smallest and the largest of some values, and say if some are missing."""
    known = values.values[np.isfinite(values.values)]
    ends = " to ".join(f"{end:.4g}" for end in sorted({float(known.min()), float(known.max())})) if known.size else ""
    return " or ".join(part for part in (ends, "beyond what was tried" if known.size < values.size else "") if part)


RECIPE = Recipe(
    name="prototype-or-feature",
    title="recovery of the pattern from a corrupted copy, by prototypes and by features",
    sizes={"quick": QUICK, "paper": PAPER},
    compute=compute,
    plan=plan,
    draw=recovery_figures.recovery,
    table=table,
)
