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
from densehop.base.workers import count_workers
from densehop.campaign.complete import complete
from densehop.campaign.engines import ThisProcess
from densehop.campaign.plan import Grid, Plan, Problem, Schedule, Start
from densehop.campaign.runner import local
from densehop.plot import recovery as recovery_figures
from densehop.problem import TeacherStudent, n_examples_for
from densehop.recipes import nishimori_overlap
from densehop.recipes.adversarial import HALF, crossing
from densehop.recipes.overlap_study import number
from densehop.recipes.recipe import Progress, Recipe
from densehop.teacher.law import teacher_law
from densehop.theory.diagrams.phases import Phase, phase
from densehop.theory.models.nishimori import field_variance, overlap
from densehop.theory.questions.prototypes import recovery

ARRIVED = 0.95  # of the overlap that chains from the pattern itself keep: counted as recovered
SHOWN = 0.2  # the corruption whose sweeps are tabulated
CURVE = 401


@dataclass(frozen=True)
class Regime:
    """A student and its teacher, T = T*: few examples of an ordered one, or a load of a disordered one."""

    temperature: float
    n_examples: int | None = None
    load: float | None = None


@dataclass(frozen=True)
class Size:
    """How much to compute; success is judged by the last half of the sweeps."""

    n_spins: tuple[int, ...]
    corruptions: tuple[float, ...]  # fractions of sites that are flipped
    n_disorders: int
    n_chains: int
    n_sweeps: int
    regimes: tuple[Regime, ...] = (
        Regime(1.2, n_examples=1),
        Regime(1.2, n_examples=3),
        Regime(1.2, n_examples=25),
        Regime(2.0, load=8.0),
        Regime(2.4, load=8.0),
        Regime(2.65, load=8.0),
    )
    p: int = 3


QUICK = Size((96,), (0.0, 0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6), n_disorders=6, n_chains=8, n_sweeps=48)
PAPER = Size((256, 128), tuple(round(0.025 * i, 3) for i in range(25)), n_disorders=8, n_chains=16, n_sweeps=100)


def plan(size: Size, seed: int) -> Plan:
    """Return the campaign: chains from each corruption, for each regime and N."""
    starts = [Start(name=f"{eps:g}", at="overlap", overlap=round(1 - 2 * eps, 12)) for eps in size.corruptions]
    grids = []
    for n_spins in size.n_spins:
        for regime in size.regimes:
            problem = Problem(
                p=(size.p,),
                n_examples=(_count(size.p, n_spins, regime),),
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


def _count(p: int, n_spins: int, regime: Regime) -> int:
    """Return M."""
    if regime.n_examples is not None:
        return regime.n_examples
    return n_examples_for(regime.load or 0.0, n_spins, p)


def compute(size: Size, seed: int, n_workers: int | None, progress: Progress, cells: Path) -> xr.Dataset:
    """Simulate what the folder `cells` does not hold yet; say which chains recovered and how fast; add the theory."""
    one = count_workers(n_workers) == 1
    found = complete(plan(size, seed), cells, ThisProcess if one else local(n_workers), progress)
    dataset = _measured(_by_regime(found, size))
    _add_success(dataset)
    _add_theory(dataset, size)
    return dataset.assign_attrs(p=size.p, n_sweeps=size.n_sweeps, **found.attrs)


def _by_regime(found: xr.Dataset, size: Size) -> xr.DataArray:
    """Return the traces of q* (n_spins, regime, corruption, disorder, chain, sweep), the start as sweep 0."""
    counts = [[_count(size.p, n_spins, regime) for regime in size.regimes] for n_spins in size.n_spins]
    rows = [
        [_traces(found, n_spins, count, regime.temperature) for count, regime in zip(row, size.regimes, strict=True)]
        for n_spins, row in zip(size.n_spins, counts, strict=True)
    ]
    traces = np.array(rows)
    begins = np.broadcast_to(1 - 2 * np.array(size.corruptions)[:, None, None, None], (*traces.shape[:-1], 1))
    whole = np.concatenate((begins, traces), axis=-1)
    dims = ("n_spins", "regime", "corruption", "disorder", "chain", "sweep")
    temperatures = ("regime", [regime.temperature for regime in size.regimes])
    where = {"n_spins": list(size.n_spins), "corruption": list(size.corruptions), "temperature": temperatures}
    coordinates = {**where, "n_examples": (("n_spins", "regime"), counts)}
    return xr.DataArray(whole, coordinates, dims)


def _traces(found: xr.Dataset, n_spins: int, n_examples: int, temperature: float) -> Floats:
    """Return the traces (corruption, disorder, chain, sweep) of a regime, from a grid or a list of points."""
    where = {"n_spins": n_spins, "n_examples": n_examples, "temperature": temperature}
    traces = found["q_star_trace"]
    if "point" in found.dims:
        here = np.logical_and.reduce([found[name].values == value for name, value in where.items()])
        traces = traces.isel(point=int(here.argmax()))
    else:
        traces = traces.sel(where).squeeze("p")
    values: Floats = traces.transpose("start", "disorder", "chain", "sweep").values
    return values


def _measured(traces: xr.DataArray) -> xr.Dataset:
    """Return the overlap that each chain ends with, whether it recovered, and after how many sweeps."""
    last = traces.isel(sweep=slice(traces.sizes["sweep"] // 2, None)).mean("sweep")
    kept = last.sel(corruption=0.0).mean(("disorder", "chain"))
    success, arrived = last > HALF * kept, traces >= ARRIVED * kept
    sweeps = arrived.argmax("sweep").where(success & arrived.any("sweep"))
    return xr.Dataset({"q_star": last, "kept": kept, "success": success.astype(np.float64), "sweeps": sweeps})


def _add_success(dataset: xr.Dataset) -> None:
    """Add the share of chains that recover, the corruption at which it is one half, and the sweeps of one half."""
    shares = dataset["success"].mean("chain")
    root = math.sqrt(shares.sizes["disorder"])
    dataset["success_mean"], dataset["success_error"] = shares.mean("disorder"), shares.std("disorder", ddof=1) / root
    each = dataset["q_star"].sel(corruption=0.0).mean("chain")
    dataset["kept_error"] = each.std("disorder", ddof=1) / root
    never = dataset["sweeps"].fillna(np.inf)  # did not recover: takes for ever
    half = never.median("chain")
    with np.errstate(invalid="ignore"):  # between inf and inf
        dataset["sweeps_median"] = half.median("disorder").where(np.isfinite)
    curves = shares.transpose("n_spins", "regime", "disorder", "corruption").values
    found = [crossing(dataset["corruption"].values, curves[place]) for place in np.ndindex(curves.shape[:2])]
    for part, name in enumerate(("tolerance", "tolerance_error")):
        values = np.array([pair[part] for pair in found]).reshape(curves.shape[:2])
        dataset[name] = ("n_spins", "regime"), values


def _add_theory(dataset: xr.Dataset, size: Size) -> None:
    """Add phases, overlaps, tolerances and, for prototypes, how fast the pattern comes back, all at infinite N."""
    eps = np.linspace(0, max(size.corruptions), CURVE)
    dataset.coords["curve_corruption"] = eps
    rows = [_theory(size, regime, eps) for regime in size.regimes]
    for name, dims in THEORY.items():
        dataset[name] = ("regime", *dims), np.array([row[name] for row in rows])
    laws = [[teacher_law(n, size.p, regime.temperature) for regime in size.regimes] for n in size.n_spins]
    accuracies = [[float(law.probability @ law.overlaps) / law.overlaps[-1] for law in row] for row in laws]
    dataset["example_overlap"] = ("n_spins", "regime"), accuracies


THEORY: dict[str, tuple[str, ...]] = {
    "phase": (),
    "load": (),
    "q_star_theory": (),
    "tolerance_theory": (),
    "curve_sweeps": ("curve_corruption",),
}


def _theory(size: Size, regime: Regime, eps: Floats) -> dict[str, Any]:
    """Return what is known of a regime."""
    t, never = regime.temperature, np.full(len(eps), math.nan)
    if regime.n_examples is None:
        load = regime.load or 0.0
        barrier = overlap(field_variance(size.p, load / t**2, stable=False))
        q_star = nishimori_overlap.infinite(size.p, load, t)["q_star_theory"]
        name = phase(TeacherStudent.nishimori(size.p, load, t)).value
        ends = {"q_star_theory": q_star, "tolerance_theory": (1 - barrier) / 2, "curve_sweeps": never}
        return {"phase": name, "load": load, **ends}
    traces = recovery(size.p, regime.n_examples, t, t, 1 - 2 * eps, size.n_sweeps)
    kept = traces[-1, 0]
    arrived = traces >= ARRIVED * kept
    sweeps = np.where(arrived.any(axis=0), arrived.argmax(axis=0), math.nan)
    lost = traces[-1] <= HALF * kept
    tolerance = eps[lost.argmax()] if lost.any() else math.nan
    ends = {"q_star_theory": kept, "tolerance_theory": tolerance, "curve_sweeps": sweeps}
    return {"phase": Phase.EXAMPLE_RETRIEVAL.value, "load": 0.0, **ends}


def table(dataset: xr.Dataset) -> str:
    """Return a line for each regime and N: what examples are like, what the student makes of them, what it survives."""
    lines = [
        f"{'phase':>5} {'T':>5} {'M':>7} {'N':>4} {'example':>7} {'q* kept':>17} {'theory':>7} "
        f"{'tolerated flips':>17} {'theory':>7} {'sweeps from 20%':>15}"
    ]
    for n_spins in dataset["n_spins"].values:
        for regime in dataset["regime"].values:
            at = dataset.sel(n_spins=n_spins).isel(regime=regime)
            sweeps = at["sweeps_median"].sel(corruption=SHOWN, method="nearest")
            lines.append(
                f"{at['phase'].item():>5} {float(at['temperature']):>5g} {int(at['n_examples']):>7} {n_spins:>4} "
                f"{float(at['example_overlap']):>7.4f} {float(at['kept']):>7.4f} +- {float(at['kept_error']):.4f} "
                f"{float(at['q_star_theory']):>7.4f} {number(at['tolerance'], 7, 4)} +- "
                f"{number(at['tolerance_error'], 6, 4)} {float(at['tolerance_theory']):>7.4f} {number(sweeps, 15, 0)}"
            )
    return "\n".join([*lines, "", *_summary(dataset)])


def _summary(dataset: xr.Dataset) -> list[str]:
    """State the trade-off in numbers, at the largest N."""
    here = dataset.sel(n_spins=dataset["n_spins"].max())
    ordered = (here["phase"] == Phase.EXAMPLE_RETRIEVAL.value).values
    several = ordered & (here["n_examples"] > 1).values
    lines = [
        "example: mean overlap of one example with the pattern, exact at N; tolerated flips: fraction from which half "
        "of the chains come back (-: more than half from all that were tried),",
        "theory: N -> infinity, for features the barrier of the replica-symmetric equations; sweeps: until 95% of the "
        f"kept q*, median; errors over {dataset.sizes['disorder']} disorders.",
    ]
    for name, which in (("prototypes, M > 1", several), ("features", ~ordered)):
        part = here.isel(regime=which)
        lines.append(
            f"{name}: {_range(part['n_examples'])} examples of overlap {_range(part['example_overlap'])}; error of the "
            f"pattern {_range((1 - part['kept']) / 2)}; flips tolerated: {_range(part['tolerance'])}; sweeps from "
            f"{SHOWN:.0%} flipped {_range(part['sweeps_median'].sel(corruption=SHOWN, method='nearest'))}"
        )
    return lines


def _range(values: xr.DataArray) -> str:
    """Return smallest and largest of some values in words, and that some are missing."""
    known = values.values[np.isfinite(values.values)]
    ends = " to ".join(f"{end:.4g}" for end in sorted({float(known.min()), float(known.max())})) if known.size else ""
    return " or ".join(part for part in (ends, "beyond what was tried" if known.size < values.size else "") if part)


RECIPE = Recipe(
    name="prototype-or-feature",
    title="recovery of the pattern from a corrupted copy, by prototypes and by features",
    sizes={"quick": QUICK, "paper": PAPER},
    compute=compute,
    draw=recovery_figures.recovery,
    table=table,
)
