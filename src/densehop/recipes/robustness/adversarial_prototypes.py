"""The attack of `adversarial` where the teacher is ordered, p* = p and T* = T < T_crit: accurate examples resist it.

Tests the authors' remark (slides on SciPost Phys. 17, 040, 2024) that prototypes are robust: examples that are nearly
copies of the pattern bring the student back to it after any attack, even if it starts at the example itself.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from densehop.base.progress import Progress
from densehop.campaign.plan import Attack, Grid, Plan, Problem, Schedule
from densehop.plot import attacks as adversarial
from densehop.recipes.recipe import Recipe
from densehop.recipes.robustness.attack_study import add_estimates, run_attacks
from densehop.teacher.law import magnetisation
from densehop.theory.questions.prototypes import attacked_prototype
from densehop.theory.questions.robustness import attacked_overlap

FEATURE_SIGNAL = 1.0  # lambda of the student of a disordered teacher, drawn for comparison


@dataclass(frozen=True)
class Size:
    """How much to compute."""

    n_spins: int
    n_disorders: int
    n_chains: int
    n_sweeps: int
    fractions: tuple[float, ...]
    bodies: tuple[int, ...] = (3, 4)
    n_examples: tuple[int, ...] = (1, 3, 5, 25)
    temperature: float = 1.2  # deep enough that even among few hundred spins no example is disordered
    n_curve: int = 101


QUICK = Size(256, n_disorders=8, n_chains=2, n_sweeps=32, fractions=tuple(round(0.1 * i, 1) for i in range(11)))
PAPER = Size(1024, n_disorders=16, n_chains=4, n_sweeps=64, fractions=tuple(round(0.05 * i, 2) for i in range(21)))


def plan(size: Size, seed: int) -> Plan:
    """Return the plan; a cell holds all attacks on one disorder."""
    problem = Problem(
        p=size.bodies,
        n_examples=size.n_examples,
        temperature=(size.temperature,),
        teacher_temperature="nishimori",
    )
    schedule = Schedule(n_chains=size.n_chains, n_sweeps=size.n_sweeps, burn_in=0.5)
    attack = Attack(fractions=size.fractions, examples=("typical",))
    grid = Grid(problem=problem, n_spins=(size.n_spins,), disorders=size.n_disorders, attack=attack, schedule=schedule)
    return Plan(name="adversarial-prototypes", seed=seed, grids=(grid,))


def compute(size: Size, seed: int, n_workers: int | None, progress: Progress, cells: Path) -> xr.Dataset:
    """Run the attacks that the folder `cells` does not hold yet, and add the theory."""
    dataset = run_attacks(plan(size, seed), cells, n_workers, progress).squeeze("example", drop=True)
    if "p" not in dataset.dims:
        dataset = dataset.expand_dims(p=list(size.bodies))
    dataset = dataset.transpose("p", "n_examples", "disorder", "fraction")
    add_estimates(dataset)
    dataset["magnetisation"] = "p", [magnetisation(p, size.temperature) for p in size.bodies]
    dataset.coords["curve_fraction"] = np.linspace(0, 1, size.n_curve)
    for axis, prefix in (("fraction", ""), ("curve_fraction", "curve_")):
        rows = [
            [attacked_prototype(p, m, size.temperature, size.temperature, dataset[axis].values)[0] for m in counts]
            for p, counts in ((p, size.n_examples) for p in size.bodies)
        ]
        dataset[f"{prefix}q_star_theory"] = ("p", "n_examples", axis), np.array(rows)
    features = [attacked_overlap(p, FEATURE_SIGNAL, 0.0, dataset["curve_fraction"].values)[0] for p in size.bodies]
    dataset["curve_features"] = ("p", "curve_fraction"), np.array(features)
    return dataset.assign_attrs(n_spins=size.n_spins, temperature=size.temperature)


def table(dataset: xr.Dataset) -> str:
    """Return a line for each p and number of examples: the overlap after no, half and a complete overwriting."""
    lines = [
        f"{'p':>2} {'M':>4} {'q* at eps =':>11} "
        + " ".join(f"{eps:>16.2f}" for eps in _tabled_fractions(dataset))
        + f" {'theory':>7} {'deviation':>9}"
    ]
    for p in dataset["p"].values:
        for count in dataset["n_examples"].values:
            row = dataset.sel(p=p, n_examples=count)
            values = [row.sel(fraction=eps) for eps in _tabled_fractions(dataset)]
            text = " ".join(
                f"{float(point['q_star_mean']):.4f} +- {float(point['q_star_error']):.4f}" for point in values
            )
            last = values[-1]
            lines.append(
                f"{p:>2} {count:>4} {'':>11} {text} {float(last['q_star_theory']):>7.4f} {_deviation(last):>9.1f}"
            )
    return "\n".join([*lines, "", *_summary(dataset)])


def _tabled_fractions(dataset: xr.Dataset) -> list[float]:
    """Return the overwritten fractions in the table: the smallest, a middle and the largest one."""
    fractions = dataset["fraction"].values
    return [float(fractions[0]), float(fractions[len(fractions) // 2]), float(fractions[-1])]


def _deviation(point: xr.Dataset) -> float:
    """Return simulation minus theory, in standard errors; nan where nothing varied."""
    error = float(point["q_star_error"])
    return float(point["q_star_mean"] - point["q_star_theory"]) / error if error > 0 else math.nan


def _summary(dataset: xr.Dataset) -> list[str]:
    """Summarise the deviations from the theory and the lowest overlap after any attack."""
    apart = (dataset["q_star_mean"] - dataset["q_star_theory"]).values
    lines = [
        f"T = T* = {dataset.attrs['temperature']:g}, N = {dataset.attrs['n_spins']}; theory at eps = "
        f"{_tabled_fractions(dataset)[-1]:g}, infinite N, fixed M; errors over {dataset.sizes['disorder']} disorders.",
        f"simulation minus theory, all {apart.size} points: mean {apart.mean():+.4f}, "
        f"largest {np.abs(apart).max():.4f}.",
    ]
    for p in dataset["p"].values:
        row = dataset.sel(p=p)
        lines.append(
            f"p = {p}: examples overlap {float(row['magnetisation']):.4f} with the pattern, those that attack, the "
            f"least accurate of M, {float(row['example_overlap_mean'].mean()):.4f}; lowest q* after any attack, M > 1: "
            f"{float(row['q_star_mean'].where(row['n_examples'] > 1).min()):.4f}"
        )
    return lines


RECIPE = Recipe(
    name="adversarial-prototypes",
    title="the attack on a student of an ordered teacher, which fails",
    sizes={"quick": QUICK, "paper": PAPER},
    compute=compute,
    plan=plan,
    draw=adversarial.prototypes,
    table=table,
)
