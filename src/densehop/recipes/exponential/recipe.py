"""Exponential energies, M = exp(A N): phases, basins, features against prototypes, and attacks (section 16)."""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import xarray as xr

from densehop.base.arrays import Floats
from densehop.base.progress import Progress
from densehop.base.streams import Purpose, Seed, seed_sequence
from densehop.base.workers import Stopped, Task, count_workers, run_all
from densehop.plot.exponential_energies import exponential_energies
from densehop.recipes.crossing import crossing
from densehop.recipes.exponential import measurements, theory
from densehop.recipes.number_format import format_estimate, format_number
from densehop.recipes.recipe import Recipe, evenly_spaced
from densehop.theory.lines.boundaries import boundary


@dataclass(frozen=True)
class Size:
    """How much to compute; each part has its networks' sizes and parameters.

    Attributes
    ----------
    basin_spins, basin_loads, basin_sharpness : memories whose basins are measured at T = 0
    student_spins, student_loads : students at T = 1/(2 student_sharpness)
    attack_spins, attack_sharpness : students of load `attack_load` that are attacked at T = 0
    """

    basin_spins: tuple[int, ...]
    basin_loads: tuple[float, ...]
    student_spins: tuple[int, ...]
    student_loads: tuple[float, ...]
    attack_spins: tuple[int, ...]
    attack_sharpness: tuple[float, ...]
    n_disorders: int
    n_probes: int
    n_chains: int
    n_sweeps: int
    diagram_sharpness: tuple[float, ...] = (0.35, 0.7, 2.0)
    basin_sharpness: tuple[float, ...] = (0.2, 1.0)
    student_sharpness: float = 1.0
    student_reliability: float = 0.5
    attack_load: float = 0.2
    attack_reliability: float = 0.3
    n_curve: int = 61


QUICK = Size(
    basin_spins=(24, 32),
    basin_loads=(0.15, 0.18, 0.21, 0.24),
    student_spins=(12, 16),
    student_loads=evenly_spaced(0.2, 0.5, 4),
    attack_spins=(24, 32),
    attack_sharpness=(0.25, 0.3, 0.4, 0.6, 0.9),
    n_disorders=8,
    n_probes=16,
    n_chains=16,
    n_sweeps=200,
    n_curve=61,
)
PAPER = Size(
    basin_spins=(30, 40),
    basin_loads=(0.15, 0.18, 0.21, 0.24),
    student_spins=(16, 24),
    student_loads=evenly_spaced(0.14, 0.44, 6),
    attack_spins=(30, 50),
    attack_sharpness=(0.25, 0.3, 0.4, 0.5, 0.7, 1.0),
    n_disorders=8,
    n_probes=32,
    n_chains=32,
    n_sweeps=400,
)
Measure = Callable[[Seed], Floats]


def compute(size: Size, seed: int, n_workers: int | None, progress: Progress, _cells: Path) -> xr.Dataset:
    """Measure for independent disorders, and add the theory."""
    parts = {"basin": _basins(size), "student": _students(size), "attack": _attacks(size)}
    tasks: list[Task[Floats]] = [
        partial(_run, measure, seed_sequence(seed, Purpose.CELL, part, index, disorder), progress)
        for part, measures in enumerate(parts.values(), 1)
        for index, measure in enumerate(measures)
        for disorder in range(size.n_disorders)
    ]
    progress.total(len(tasks))
    results = iter(run_all(tasks, count_workers(n_workers)))
    cells = {
        name: [np.array([next(results) for _ in range(size.n_disorders)]) for _ in measures]
        for name, measures in parts.items()
    }
    dataset = xr.Dataset(attrs={"sharpness": size.student_sharpness, "reliability": size.student_reliability})
    dataset.attrs |= {"attack_load": size.attack_load, "attack_reliability": size.attack_reliability}
    _add_lines(dataset, size)
    _add_basins(dataset, size, cells["basin"])
    _add_students(dataset, size, cells["student"])
    _add_attacks(dataset, size, cells["attack"])
    return dataset


def _run(measure: Measure, stream: np.random.SeedSequence, progress: Progress, stop: threading.Event) -> Floats:
    """Run one measurement for one disorder."""
    if stop.is_set():
        raise Stopped
    result = measure(stream)
    progress.advance()
    return result


def wrong_spins(n_spins: int) -> list[int]:
    """Return the numbers of wrong spins from which memories are restored."""
    return list(range(n_spins // 2))


def overwritten(n_spins: int) -> list[int]:
    """Return the numbers of sites that an example overwrites."""
    return list(range(0, n_spins + 1, max(1, n_spins // 30)))


def _basins(size: Size) -> list[Measure]:
    return [
        partial(measurements.restored_shares, n, load, sharpness, wrong_spins(n), size.n_probes)
        for n in size.basin_spins
        for sharpness in size.basin_sharpness
        for load in size.basin_loads
    ]


def _students(size: Size) -> list[Measure]:
    setting = size.student_sharpness, size.student_reliability, size.n_chains, size.n_sweeps
    return [
        partial(measurements.student_overlap, n, load, *setting)
        for n in size.student_spins
        for load in size.student_loads
    ]


def _attacks(size: Size) -> list[Measure]:
    load, r, probes = size.attack_load, size.attack_reliability, size.n_probes
    return [
        partial(measurements.kept_shares, n, load, sharpness, r, overwritten(n), probes)
        for n in size.attack_spins
        for sharpness in size.attack_sharpness
    ]


def _add_lines(dataset: xr.Dataset, size: Size) -> None:
    """Add lines of the plane (A, T) of memories at several sharpnesses."""
    temperatures = np.linspace(0.0, 3.0, size.n_curve)
    dataset.coords["diagram_sharpness"], dataset.coords["temperature"] = list(size.diagram_sharpness), temperatures
    for kind in ("retrieval_spinodal", "retrieval_global"):
        lines = [
            boundary(kind, None, temperatures, model="exponential", sharpness=x).coordinate
            for x in size.diagram_sharpness
        ]
        dataset[kind] = ("diagram_sharpness", "temperature"), np.array(lines)


def _add_basins(dataset: xr.Dataset, size: Size, cells: list[Floats]) -> None:
    """Add the edges of basins."""
    dataset.coords["basin_spins"], dataset.coords["basin_load"] = list(size.basin_spins), list(size.basin_loads)
    dataset.coords["basin_sharpness"] = list(size.basin_sharpness)
    grid = ("basin_spins", "basin_sharpness", "basin_load")
    shape = tuple(dataset.sizes[name] for name in grid)
    spins = np.repeat(size.basin_spins, len(cells) // len(size.basin_spins))
    edges = [crossing(1 - 2 * np.array(wrong_spins(n)) / n, cell) for n, cell in zip(spins, cells, strict=True)]
    _add(dataset, "basin", grid, np.array(edges).reshape(*shape, 2))
    curve = np.linspace(0.0, 1.2 * max(size.basin_loads), size.n_curve)
    dataset.coords["basin_curve_load"] = curve
    limits = [[theory.edge(float(a), x, None) for a in curve] for x in size.basin_sharpness]
    dataset["basin_limit"] = ("basin_sharpness", "basin_curve_load"), limits
    steps = [[[theory.edge(a, x, n) for a in size.basin_loads] for x in size.basin_sharpness] for n in size.basin_spins]
    dataset["basin_step"] = grid, steps


def _add_students(dataset: xr.Dataset, size: Size, cells: list[Floats]) -> None:
    """Add the overlaps of students."""
    dataset.coords["student_spins"], dataset.coords["student_load"] = list(size.student_spins), list(size.student_loads)
    grid = ("student_spins", "student_load")
    means = [(cell.mean(), cell.std(ddof=1) / math.sqrt(len(cell))) for cell in cells]
    _add(dataset, "student", grid, np.array(means).reshape(*(dataset.sizes[name] for name in grid), 2))
    curve = np.linspace(0.8 * min(size.student_loads), 1.1 * max(size.student_loads), size.n_curve)
    setting = size.student_sharpness, size.student_reliability
    dataset.coords["student_curve_load"] = curve
    dataset["student_limit"] = "student_curve_load", [theory.overlap(float(a), *setting) for a in curve]
    for name, loads in (("student_curve", curve), ("student_finite", size.student_loads)):
        over = "student_curve_load" if name == "student_curve" else "student_load"
        values = [[theory.overlap_at_size(float(a), *setting, n) for a in loads] for n in size.student_spins]
        dataset[name] = ("student_spins", over), values


def _add_attacks(dataset: xr.Dataset, size: Size, cells: list[Floats]) -> None:
    """Add the fractions at which half of the examples win."""
    dataset.coords["attack_spins"], dataset.coords["attack_sharpness"] = (
        list(size.attack_spins),
        list(size.attack_sharpness),
    )
    grid = ("attack_spins", "attack_sharpness")
    spins = np.repeat(size.attack_spins, len(size.attack_sharpness))
    fractions = [crossing(np.array(overwritten(n)) / n, cell) for n, cell in zip(spins, cells, strict=True)]
    _add(dataset, "attack", grid, np.array(fractions).reshape(*(dataset.sizes[name] for name in grid), 2))
    curve = np.geomspace(0.85 * min(size.attack_sharpness), 1.15 * max(size.attack_sharpness), size.n_curve)
    setting = size.attack_load, size.attack_reliability
    dataset.coords["attack_curve_sharpness"] = curve
    dataset["attack_limit"] = "attack_curve_sharpness", [_attack(setting, x, None) for x in curve]
    for name, values in (("attack_curve", curve), ("attack_finite", size.attack_sharpness)):
        over = "attack_curve_sharpness" if name == "attack_curve" else "attack_sharpness"
        dataset[name] = ("attack_spins", over), [[_attack(setting, x, n) for x in values] for n in size.attack_spins]


def _attack(setting: tuple[float, float], sharpness: float, n_spins: int | None) -> float:
    return theory.attack(setting[0], float(sharpness), setting[1], n_spins)


def _add(dataset: xr.Dataset, name: str, grid: tuple[str, ...], values: Floats) -> None:
    """Add estimates and their errors."""
    dataset[name], dataset[f"{name}_error"] = (grid, values[..., 0]), (grid, values[..., 1])


def table(dataset: xr.Dataset) -> str:
    """Return what was measured beside theory at that N, and for large N."""
    setting = {"basin": "T = 0, overlap from which half of the memories come back: first step at N"}
    setting["student"] = f"q* at L = {dataset.attrs['sharpness']:g}, T = 1/(2L): <Z> at N"
    setting["attack"] = f"T = 0, A = {dataset.attrs['attack_load']:g}, fraction at which an example wins: eq. 106 at N"
    finite = {"basin": "basin_step", "student": "student_finite", "attack": "attack_finite"}
    lines = []
    for name, title in setting.items():
        lines.append(f"{title}, measured")
        stacked = dataset[[name, f"{name}_error", finite[name]]].stack(point=dataset[name].dims)
        for point in stacked["point"].values:
            row = stacked.sel(point=point)
            where = ", ".join(f"{value:g}" for value in point)
            estimate = format_estimate(row[name], row[f"{name}_error"])
            lines.append(f"  {where:20} {format_number(row[finite[name]], 8, 4)} {estimate}")
    return "\n".join(lines)


RECIPE = Recipe(
    name="exponential-energies",
    title="Exponential energies: phases, basins, features against prototypes, attacks",
    sizes={"quick": QUICK, "paper": PAPER},
    compute=compute,
    draw=exponential_energies,
    table=table,
)
