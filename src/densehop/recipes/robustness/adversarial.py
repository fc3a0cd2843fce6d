"""The overlap that an attack leaves: an example overwrites a fraction eps of the pattern, T = 0 dynamics follows.

Reproduces Fig. 8 of Thériault & Tantari, SciPost Phys. 17, 040 (2024): a four-body student with few examples of
a two-body teacher, a = 6M/N^2, attacked with a typical and with the closest example. At T* = 2 + sqrt(2) the signal is
a itself.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from densehop.base.progress import Progress
from densehop.campaign.plan import Attack, Grid, Plan, Problem, Schedule
from densehop.plot import attacks as adversarial
from densehop.recipes.crossing import crossing
from densehop.recipes.number_format import format_estimate, format_number
from densehop.recipes.recipe import Recipe, evenly_spaced
from densehop.recipes.robustness.attack_study import add_estimates, run_attacks
from densehop.teacher.law import signal_strength
from densehop.theory.questions.robustness import adversarial_boundary, scaled_signal

P, TEACHER_P = 4, 2  # bodies in the energies of student and teacher


@dataclass(frozen=True)
class Size:
    """How much to compute. Each disorder has its own examples; its chains differ in the sites that are attacked."""

    n_spins: int
    scaled_loads: tuple[float, ...]
    fractions: tuple[float, ...]
    n_disorders: int
    n_chains: int
    teacher_temperature: float = 2 + math.sqrt(2)


QUICK = Size(192, evenly_spaced(0.1, 1, 10), evenly_spaced(0.2, 0.55, 15), n_disorders=12, n_chains=4)
PAPER = Size(1024, evenly_spaced(0.05, 1, 25), evenly_spaced(0.25, 0.5, 25), n_disorders=4, n_chains=25)


def plan(size: Size, seed: int) -> Plan:
    """Return the plan; a cell holds all attacks on one disorder at one load."""
    problem = Problem(
        p=(P,),
        n_examples=tuple(round(a * size.n_spins**2 / math.factorial(P // 2 + 1)) for a in size.scaled_loads),
        temperature=(0.0,),
        teacher_p=TEACHER_P,
        teacher_temperature=(size.teacher_temperature,),
    )
    grid = Grid(
        problem=problem,
        n_spins=(size.n_spins,),
        disorders=size.n_disorders,
        attack=Attack(fractions=size.fractions, examples=("typical", "closest")),
        schedule=Schedule(n_chains=size.n_chains),
    )
    return Plan(name="adversarial", seed=seed, grids=(grid,))


def compute(size: Size, seed: int, n_workers: int | None, progress: Progress, cells: Path) -> xr.Dataset:
    """Run the attacks that the folder `cells` does not hold yet; add means, crossings of one half and the theory."""
    results = run_attacks(plan(size, seed), cells, n_workers, progress)
    dataset = results.rename(n_examples="scaled_load").assign_coords(
        scaled_load=list(size.scaled_loads), n_examples=("scaled_load", results["n_examples"].values)
    )
    add_estimates(dataset)
    add_crossings(dataset)
    _add_theory(dataset, size)
    return dataset.assign_attrs(p=P, n_spins=size.n_spins, teacher_temperature=size.teacher_temperature)


def add_crossings(dataset: xr.Dataset) -> None:
    """Add the fraction eps at which the mean q* is half-way between pattern and example, with the jackknife's error.

    Half-way lies between 1 and the example's overlap with the pattern; it is 1/2 for an example without overlap.
    """
    relative = (dataset["q_star"] - dataset["example_overlap"]) / (1 - dataset["example_overlap"])
    curves = relative.transpose("example", "scaled_load", "disorder", "fraction").values
    shape = curves.shape[:2]
    crossings = [crossing(dataset["fraction"].values, curves[index]) for index in np.ndindex(shape)]
    for part, name in enumerate(("crossing", "crossing_error")):
        dataset[name] = ("example", "scaled_load"), np.array([pair[part] for pair in crossings]).reshape(shape)


def _add_theory(dataset: xr.Dataset, size: Size) -> None:
    """Add the boundaries at infinite N, and with the signal and the closest examples of this N."""
    n_examples = [int(n) for n in dataset["n_examples"].values]
    signals = [signal_strength(size.n_spins, n, P, size.teacher_temperature, TEACHER_P) for n in n_examples]
    dataset["signal"] = "scaled_load", signals
    overlaps = dataset["example_overlap_mean"].transpose("example", "scaled_load")
    at_size = [[adversarial_boundary(P, *point) for point in zip(signals, row, strict=True)] for row in overlaps.values]
    dataset["boundary"] = ("example", "scaled_load"), at_size
    curve = np.linspace(0, max(size.scaled_loads), 201)
    eta = scaled_signal(P, size.teacher_temperature)
    dataset.coords["curve_load"] = curve
    dataset["curve_boundary"] = "curve_load", [adversarial_boundary(P, eta * a) for a in curve]
    dataset["boundary_infinite"] = "scaled_load", [adversarial_boundary(P, eta * a) for a in size.scaled_loads]


def table(dataset: xr.Dataset) -> str:
    """Return a line for each example and load: where q* crosses one half, the theory, and their distance."""
    lines = [
        f"{'example':>8} {'a':>7} {'M':>6} {'lambda_N':>8} {'overlap':>7} {'eps* N=inf':>10} {'at N':>6} "
        f"{'simulation':>17} {'deviation':>9}"
    ]
    for example in dataset["example"].values:
        for a in dataset["scaled_load"].values:
            point = dataset.sel(example=example, scaled_load=a)
            lines.append(
                f"{example:>8} {a:>7.4g} {int(point['n_examples']):>6} {float(point['signal']):>8.4f} "
                f"{float(point['example_overlap_mean']):>7.3f} {float(point['boundary_infinite']):>10.4f} "
                f"{float(point['boundary']):>6.4f} "
                f"{format_estimate(point['crossing'], point['crossing_error'])} "
                f"{format_number(_deviation(point), 9, 1)}"
            )
    return "\n".join([*lines, "", *_summary(dataset)])


def _deviation(dataset: xr.Dataset) -> xr.DataArray:
    """Return the crossing minus the boundary at the simulated N, in standard errors."""
    error = dataset["crossing_error"]
    return (dataset["crossing"] - dataset["boundary"]) / error.where(error > 0)


def _summary(dataset: xr.Dataset) -> list[str]:
    """Explain the columns, and summarise how far simulation and theory are apart."""
    lines = [
        "eps*: fraction from which the example wins; at N: with the signal of this N and the example's overlap.",
        "simulation: where the mean q* of the fixed points is half-way between 1 and the example's overlap, error over "
        f"{dataset.sizes['disorder']} disorders; -: not in this window, as where the pattern itself is lost.",
    ]
    for example in dataset["example"].values:
        of_example = dataset.sel(example=example)
        apart, errors = (of_example["crossing"] - of_example["boundary"]).values, _deviation(of_example).values
        known = np.isfinite(errors)
        if known.any():
            lines.append(
                f"{example}: crossing minus eps* at N, mean {apart[known].mean():+.4f}, largest "
                f"{np.abs(apart[known]).max():.4f}; in standard errors, root mean square "
                f"{math.sqrt(np.mean(errors[known] ** 2)):.1f}"
            )
    return lines


RECIPE = Recipe(
    name="adversarial",
    title="overlap after an attack with an example, over (a, eps), with the boundary",
    sizes={"quick": QUICK, "paper": PAPER},
    compute=compute,
    plan=plan,
    draw=adversarial.heat_maps,
    table=table,
)
