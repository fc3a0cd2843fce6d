"""Capacity, mixtures of memories and correlated memories of Hopfield networks, simulation beside theory.

Retrieval: chains start at a memory. Cold ones follow T = 0 dynamics to a fixed point. Warm ones do heat-bath sweeps,
since beyond capacity T = 0 dynamics may stop at a fixed point near the memory although no state is left there.
Mixtures: chains start at the majority of three memories. Correlated memories: where T = 0 dynamics ends from the
majority and from a corrupted memory, and the energies there. Sources: Amit, Gutfreund & Sompolinsky, Ann. Phys. 173,
30 (1987); Gardner, J. Phys. A 20, 3453 (1987); docs/theory.md, sections 9, 13 and 14.
"""

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
import xarray as xr

from densehop.base.arrays import Floats
from densehop.base.progress import Progress
from densehop.base.streams import Purpose, seed_sequence
from densehop.base.workers import Stopped, Task, count_workers, run_all
from densehop.plot import capacity
from densehop.problem import n_examples_for
from densehop.recipes.capacity import measurements, theory
from densehop.recipes.capacity.table import half_load, persists, restored, table
from densehop.recipes.capacity.theory import BODIES
from densehop.recipes.recipe import Recipe, evenly_spaced

Result = tuple[Floats, ...]
Measure = Callable[[np.random.SeedSequence], Result]

WARM = {2: 0.1, 3: 0.9, 4: 0.9}  # temperature by p; the capacity of the theory is still that of T = 0, to a percent


class Part(IntEnum):
    """The parts of the recipe; each has its own random streams below the seed, so the numbers must not change."""

    RETRIEVAL = 1
    WARM_MIXTURE = 2
    LOADED_MIXTURE = 3
    CORRELATED = 4


@dataclass(frozen=True)
class Series:
    """One network size along a line of loads or temperatures, given as ratios to the theory's limit."""

    p: int
    n_spins: int
    ratios: tuple[float, ...]
    temperature: float = 0.0


@dataclass(frozen=True)
class Size:
    """How much to compute."""

    retrieval: tuple[Series, ...]
    warm_mixtures: tuple[Series, ...]
    loaded_mixtures: tuple[Series, ...]
    memory_overlaps: tuple[float, ...]
    n_spins_correlated: int
    n_disorders: int
    n_memories: int
    n_sweeps: int
    corruption: float = 0.2
    n_curve: int = 15


def _retrieval(sizes: dict[int, tuple[int, ...]]) -> tuple[Series, ...]:
    """Return cold and warm series, all with the same number of loads."""
    cold = {2: evenly_spaced(0.92, 1.27, 8), 3: evenly_spaced(0.3, 1.28, 8), 4: evenly_spaced(0.3, 1.28, 8)}
    warm = {2: evenly_spaced(0.86, 1.21, 8), 3: evenly_spaced(0.55, 1.25, 8), 4: evenly_spaced(0.55, 1.25, 8)}
    return tuple(
        Series(p, n_spins, ratios[p], temperature)
        for ratios, temperatures in ((cold, dict.fromkeys(BODIES, 0.0)), (warm, WARM))
        for p, temperature in temperatures.items()
        for n_spins in sizes[p]
    )


def _mixtures(sizes: dict[int, tuple[int, ...]], ratios: tuple[float, ...]) -> tuple[Series, ...]:
    """Return a series for each p and network size, all at the same ratios."""
    return tuple(Series(p, n_spins, ratios) for p, several in sizes.items() for n_spins in several)


QUICK = Size(
    retrieval=_retrieval({2: (1000, 2000, 4000), 3: (96, 128, 192), 4: (48, 64, 80)}),
    warm_mixtures=_mixtures(dict.fromkeys(BODIES, (8000,)), (0.4, 0.7, 1.05, 1.2)),
    loaded_mixtures=_mixtures({3: (200, 400), 4: (96, 192)}, evenly_spaced(0.2, 1.8, 5)),
    memory_overlaps=evenly_spaced(0.1, 0.9, 9),
    n_spins_correlated=1000,
    n_disorders=8,
    n_memories=4,
    n_sweeps=60,
)
PAPER = Size(
    retrieval=_retrieval({2: (1000, 2000, 5000, 10_000), 3: (128, 256, 512), 4: (64, 96, 128)}),
    warm_mixtures=_mixtures(dict.fromkeys(BODIES, (4000, 32_000)), (0.3, 0.5, 0.7, 0.8, 0.9, 1.02, 1.1, 1.2)),
    loaded_mixtures=_mixtures({3: (400, 800, 1600), 4: (128, 256, 512)}, evenly_spaced(0.2, 1.8, 9)),
    memory_overlaps=evenly_spaced(0.05, 0.95, 19),
    n_spins_correlated=4000,
    n_disorders=12,
    n_memories=6,
    n_sweeps=100,
)


def compute(size: Size, seed: int, n_workers: int | None, progress: Progress, _cells: Path) -> xr.Dataset:
    """Run every measurement for independent disorders, and add the theory."""
    cells = {
        Part.RETRIEVAL: _retrieval_cells(size),
        Part.WARM_MIXTURE: _warm_cells(size),
        Part.LOADED_MIXTURE: _loaded_cells(size),
        Part.CORRELATED: _correlated_cells(size),
    }
    tasks: list[Task[Result]] = [
        partial(_run_cell, measure, seed_sequence(seed, Purpose.CELL, part, index, disorder), progress)
        for part, measures in cells.items()
        for index, measure in enumerate(measures)
        for disorder in range(size.n_disorders)
    ]
    progress.total(len(tasks))
    results = iter(run_all(tasks, count_workers(n_workers)))
    return _dataset(
        size, {part: list(islice(results, len(measures) * size.n_disorders)) for part, measures in cells.items()}
    )


def _dataset(size: Size, results: dict[Part, list[Result]]) -> xr.Dataset:
    """Return the theory and the results of each part, which are in the order of cells and then disorders."""
    dataset = theory.lines(size.n_curve)
    _add_series(dataset, "retrieval", size.retrieval, size, _stack(results[Part.RETRIEVAL], 0))
    _add_series(dataset, "warm", size.warm_mixtures, size, _stack(results[Part.WARM_MIXTURE], 0))
    _add_series(dataset, "loaded", size.loaded_mixtures, size, _stack(results[Part.LOADED_MIXTURE], 0))
    _add_correlated(dataset, size, results[Part.CORRELATED])
    _add_limits(dataset, size)
    return dataset


def _run_cell(measure: Measure, stream: np.random.SeedSequence, progress: Progress, stop: threading.Event) -> Result:
    """Run one measurement for one disorder."""
    if stop.is_set():
        raise Stopped
    result = measure(stream)
    progress.advance()
    return result


def _retrieval_cells(size: Size) -> list[Measure]:
    """Return the measurements of retrieval, one for each network size and load."""

    def measure(p: int, n: int, load: float, temperature: float, stream: np.random.SeedSequence) -> Result:
        return (measurements.retrieval(p, n, load, temperature, size.n_sweeps, size.n_memories, stream),)

    return [
        partial(measure, line.p, line.n_spins, ratio * theory.capacity(line.p, line.temperature), line.temperature)
        for line in size.retrieval
        for ratio in line.ratios
    ]


def _warm_cells(size: Size) -> list[Measure]:
    """Return the measurements of mixtures at load 0, one for each network size and temperature."""

    def measure(p: int, n: int, temperature: float, stream: np.random.SeedSequence) -> Result:
        return (measurements.mixture(p, n, measurements.N_MIXED, temperature, size.n_sweeps, stream),)

    return [
        partial(measure, line.p, line.n_spins, ratio * theory.max_mixture_temperature(line.p))
        for line in size.warm_mixtures
        for ratio in line.ratios
    ]


def _loaded_cells(size: Size) -> list[Measure]:
    """Return the measurements of mixtures at T = 0, one for each network size and load."""

    def measure(p: int, n: int, load: float, stream: np.random.SeedSequence) -> Result:
        n_stored = max(measurements.N_MIXED, n_examples_for(load, n, p))
        return (measurements.mixture(p, n, n_stored, 0.0, size.n_sweeps, stream),)

    return [
        partial(measure, line.p, line.n_spins, ratio * theory.max_mixture_load(line.p))
        for line in size.loaded_mixtures
        for ratio in line.ratios
    ]


def _correlated_cells(size: Size) -> list[Measure]:
    """Return the measurements of correlated memories, one for each p and pairwise overlap b."""

    def measure(p: int, b: float, stream: np.random.SeedSequence) -> Result:
        return measurements.correlated(p, size.n_spins_correlated, b, size.corruption, stream)

    return [partial(measure, p, b) for p in BODIES for b in size.memory_overlaps]


def _stack(results: Sequence[Result], index: int) -> Floats:
    """Return one of the arrays of every result, stacked."""
    return np.array([result[index] for result in results])


def _add_series(dataset: xr.Dataset, name: str, lines: tuple[Series, ...], size: Size, overlaps: Floats) -> None:
    """Add the overlaps, (series, point, disorder, chain), and the p, N and temperature of each series."""
    series, point = f"{name}_series", f"{name}_point"
    shape = (len(lines), len(lines[0].ratios), size.n_disorders, -1)
    dataset[f"{name}_overlap"] = (series, point, "disorder", f"{name}_memory"), overlaps.reshape(shape)
    dataset[f"{name}_ratio"] = (series, point), np.array([line.ratios for line in lines])
    for field in ("p", "n_spins") if name != "retrieval" else ("p", "n_spins", "temperature"):
        dataset[f"{name}_{field}"] = series, [getattr(line, field) for line in lines]


def _add_correlated(dataset: xr.Dataset, size: Size, results: Sequence[Result]) -> None:
    """Add the ends from a corrupted memory and from the majority, and how much lower the majority's energy is."""
    shape = (len(BODIES), len(size.memory_overlaps), size.n_disorders)
    axes = ("p", "memory_overlap", "disorder")
    dataset.coords["memory_overlap"] = list(size.memory_overlaps)
    overlaps, energies = (_stack(results, index) for index in (0, 1))
    dataset["correlated_overlap"] = (*axes, "start", "memory"), overlaps.reshape(*shape, 2, measurements.N_MIXED)
    dataset["correlated_energy"] = (*axes, "start"), energies.reshape(*shape, 2)
    dataset.coords["start"] = ["corrupted memory", "majority"]
    expected = [[theory.energy_difference(p, b) for b in size.memory_overlaps] for p in BODIES]
    dataset["difference_theory"] = ("p", "memory_overlap"), expected
    dataset["corrupted_restored"] = restored(dataset).mean("disorder")
    dataset.attrs["n_spins_correlated"] = size.n_spins_correlated


def _add_limits(dataset: xr.Dataset, size: Size) -> None:
    """Add capacities, what counts as retrieved, the loads at which half of the chains are, and persistent mixtures."""
    lines = size.retrieval
    dataset["retrieval_capacity"] = "retrieval_series", [theory.capacity(line.p, line.temperature) for line in lines]
    dataset["retrieval_load"] = dataset["retrieval_ratio"] * dataset["retrieval_capacity"]
    smallest = [0.75 * theory.overlap_at_capacity(line.p, line.temperature) for line in lines]
    dataset["retrieval_smallest"] = "retrieval_series", smallest
    retrieved = dataset["retrieval_overlap"] > dataset["retrieval_smallest"]
    dataset["retrieved"] = retrieved.mean("retrieval_memory")
    pairs = zip(dataset["retrieval_load"].values, dataset["retrieved"].values, strict=True)
    halves = [half_load(load, share) for load, share in pairs]
    dataset["half_load"] = "retrieval_series", [half.mean for half in halves]
    dataset["half_load_error"] = "retrieval_series", [half.error for half in halves]
    for name in ("warm", "loaded"):
        dataset[f"{name}_persists"] = persists(dataset[f"{name}_overlap"], f"{name}_memory")
    mixed = [[_mixture_overlap(line.p, ratio) for ratio in line.ratios] for line in size.warm_mixtures]
    dataset["warm_theory"] = ("warm_series", "warm_point"), mixed


def _mixture_overlap(p: int, ratio: float) -> float:
    """Return the theory's overlap of the 3-mixture, nan where it is not stable."""
    return theory.mixture_overlap(p, ratio * theory.max_mixture_temperature(p)) if ratio < 1 else math.nan


RECIPE = Recipe(
    name="capacity",
    title="capacity, mixtures of memories and correlated memories, simulation beside theory",
    sizes={"quick": QUICK, "paper": PAPER},
    compute=compute,
    draw=capacity.capacity,
    table=table,
)
