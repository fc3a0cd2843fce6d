"""How many patterns memories hold, against Shannon's limit, and the basins of the exponential energy.

For each memory: the number of random patterns of which half come back from a number of flips by T = 0 dynamics, by
bisection, beside the prediction of the first step at that N and the limits of any memory (docs/theory.md, eq. 105 and
107 to 109). For the exponential energy also the share of memories that come back against the overlap of the start.
"""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import xarray as xr

from densehop.base.arrays import Floats, Signs
from densehop.base.progress import Progress
from densehop.base.streams import Purpose, Seed, generator, seed_sequence
from densehop.base.workers import Stopped, Task, count_workers, run_all
from densehop.diagnostics.time_averages import disorder_estimate
from densehop.errors import NoSolution
from densehop.exponential_problem import ExponentialModel
from densehop.network import PBodyHopfield
from densehop.plot.capacity_limit import capacity_limit
from densehop.problem import n_examples_for
from densehop.recipes.capacity.limit_energies import MEMORIES
from densehop.recipes.crossing import crossing
from densehop.recipes.number_format import format_estimate, format_number
from densehop.recipes.recipe import Recipe
from densehop.theory.questions.basin import basin_overlap
from densehop.theory.questions.shannon import channel_capacity

RESTORED = 0.9  # overlap with the memory from which on it counts as restored
NUMBERS, BASINS = 1, 2  # parts of the recipe, each with its own random streams


@dataclass(frozen=True)
class Size:
    """How much to compute.

    Attributes
    ----------
    n_spins, n_wrong : the size of the memories, and the numbers of flips
    basin_spins, basin_load, basin_sharpness : the networks whose basins are measured
    """

    n_spins: int
    n_wrong: tuple[int, ...]
    n_disorders: int
    n_probes: int
    n_bisections: int
    most_patterns: int
    basin_spins: tuple[int, ...]
    basin_load: float
    basin_sharpness: tuple[float, ...]
    n_curve: int = 41


QUICK = Size(32, (6, 8, 10), 4, 16, 8, 20_000, (30, 40), 0.2, (0.2, 0.35, 0.6, 1.0))
PAPER = Size(48, (8, 9, 10, 12, 14, 16), 8, 40, 10, 300_000, (40, 60), 0.2, (0.15, 0.2, 0.25, 0.35, 0.5, 0.7, 1.0))


def compute(size: Size, seed: int, n_workers: int | None, progress: Progress, _cells: Path) -> xr.Dataset:
    """Measure every memory and every basin for independent disorders, and add the theory."""
    numbers = [
        partial(log_number, size, memory, n_wrong) for memory in range(len(MEMORIES)) for n_wrong in size.n_wrong
    ]
    basins = [partial(shares, size, n, sharpness) for n in size.basin_spins for sharpness in size.basin_sharpness]
    tasks: list[Task[Floats]] = [
        partial(_run, measure, seed_sequence(seed, Purpose.CELL, part, index, disorder), progress)
        for part, measures in ((NUMBERS, numbers), (BASINS, basins))
        for index, measure in enumerate(measures)
        for disorder in range(size.n_disorders)
    ]
    progress.total(len(tasks))
    results = run_all(tasks, count_workers(n_workers))
    split = len(numbers) * size.n_disorders
    return _dataset(size, np.array(results[:split]), np.array(results[split:]))


def _run(
    measure: Callable[[Seed], Floats], stream: np.random.SeedSequence, progress: Progress, stop: threading.Event
) -> Floats:
    """Run one measurement for one disorder."""
    if stop.is_set():
        raise Stopped
    result = measure(stream)
    progress.advance()
    return result


def log_number(size: Size, memory: int, n_wrong: int, seed: Seed) -> Floats:
    """Return log M, (), of the largest number of patterns of which half come back, by bisection on one draw of them."""
    low, high = math.log(2), math.log(size.most_patterns)
    for step in range(size.n_bisections):
        middle = (low + high) / 2
        patterns = random_patterns(round(math.exp(middle)), size.n_spins, seed)
        back = restored(MEMORIES[memory].restore, patterns, n_wrong, size.n_probes, seed, step)
        low, high = (middle, high) if back >= 0.5 else (low, middle)
    return np.array((low + high) / 2)


def shares(size: Size, n_spins: int, sharpness: float, seed: Seed) -> Floats:
    """Return the share of memories that come back, (n_wrong,), from 0 to N/2 wrong spins; then nan."""
    patterns = random_patterns(n_examples_for(size.basin_load, n_spins, None), n_spins, seed)
    network = PBodyHopfield(patterns, interaction="exponential", sharpness=sharpness)
    returned = [
        restored(lambda _, states: network.relax(states, n_workers=1), patterns, n_wrong, size.n_probes, seed, n_wrong)
        for n_wrong in range(n_spins // 3 + 1)
    ]
    return np.array(returned + [math.nan] * (max(size.basin_spins) // 2 - len(returned)))


def random_patterns(number: int, n_spins: int, seed: Seed) -> Signs:
    """Return independent random patterns, (number, N); more of them begin with the same ones."""
    patterns: Signs = 2 * generator(seed, Purpose.PATTERN).integers(0, 2, (number, n_spins), dtype=np.int8) - 1
    return patterns


def restored(
    restore: Callable[[Signs, Signs], Signs], patterns: Signs, n_wrong: int, n_probes: int, seed: Seed, trial: int
) -> float:
    """Return the share of patterns that come back from n_wrong flips."""
    stream = generator(seed, Purpose.START, trial)
    wanted = patterns[np.arange(n_probes) % len(patterns)]
    flipped = np.argsort(stream.random(wanted.shape), axis=1) < n_wrong
    ends = restore(patterns, np.where(flipped, -wanted, wanted).astype(np.int8))
    return float(((ends * wanted).mean(axis=1, dtype=np.float64) >= RESTORED).mean())


def _dataset(size: Size, numbers: Floats, basins: Floats) -> xr.Dataset:
    """Put the measurements beside the theory."""
    memory, n = [memory.name for memory in MEMORIES], size.n_spins
    dataset = xr.Dataset(coords={"memory": memory, "n_wrong": list(size.n_wrong)}, attrs={"n_spins": n})
    grid = ("memory", "n_wrong")
    dataset["log_number"] = (*grid, "disorder"), numbers.reshape(len(memory), len(size.n_wrong), -1)
    limits = [n * channel_capacity(wrong / n, n) for wrong in size.n_wrong]
    steps = [[math.log(max(kind.predicted(n, wrong), 1)) for wrong in size.n_wrong] for kind in MEMORIES]
    dataset["log_number_predicted"] = grid, np.minimum(steps, limits)
    dataset["log_number_limit"] = "n_wrong", limits
    dataset["channel_capacity"] = "n_wrong", [channel_capacity(w / n) for w in size.n_wrong]
    dataset["bits_per_parameter"] = (
        (*grid, "disorder"),
        [
            [[m.bits_per_parameter(n, math.exp(x)) for x in row] for row in rows]
            for m, rows in zip(MEMORIES, dataset["log_number"].values, strict=True)
        ],
    )
    rates = np.linspace(0.0, 0.5, size.n_curve)
    dataset["curve_rate"], dataset["curve_capacity"] = (
        ("rate", rates),
        ("rate", [channel_capacity(float(f)) for f in rates]),
    )
    _add_basins(dataset, size, basins)
    return dataset


def _add_basins(dataset: xr.Dataset, size: Size, basins: Floats) -> None:
    """Add the measured edges of the basins and their theory."""
    dataset.attrs["basin_load"] = size.basin_load
    dataset.coords["basin_spins"] = list(size.basin_spins)
    dataset.coords["sharpness"] = list(size.basin_sharpness)
    grid = ("basin_spins", "sharpness")
    cells = basins.reshape(len(size.basin_spins), len(size.basin_sharpness), size.n_disorders, -1)
    dataset["basin_share"] = (*grid, "disorder", "wrong"), cells
    edges = [
        [crossing(1 - 2 * np.arange(n // 2) / n, cell[:, : n // 2]) for cell in row]
        for n, row in zip(size.basin_spins, cells, strict=True)
    ]
    dataset["basin_edge"], dataset["basin_error"] = ((grid, np.array(edges)[..., column]) for column in (0, 1))
    curve = np.geomspace(0.8 * min(size.basin_sharpness), 1.2 * max(size.basin_sharpness), size.n_curve)
    dataset["curve_sharpness"] = "curve", curve
    dataset["basin_curve"] = "curve", [_edge(size.basin_load, float(x), None) for x in curve]
    finite = [[_edge(size.basin_load, float(x), n) for x in size.basin_sharpness] for n in size.basin_spins]
    dataset["basin_finite"] = grid, finite


def _edge(load: float, sharpness: float, n_spins: int | None) -> float:
    """Return the edge of the basin at T = 0, nan where there is none."""
    try:
        return basin_overlap(ExponentialModel(load, sharpness, 0.0), n_spins)
    except NoSolution:
        return math.nan


def table(dataset: xr.Dataset) -> str:
    """Return the capacities in bits per spin and per parameter, and the edges of the basins."""
    n = dataset.attrs["n_spins"]
    lines = [
        f"Patterns of N = {n} spins of which half come back, as log2(M)/N; the limit is that of any memory at this N",
        f"{'memory':<18} {'flips':>5} {'predicted':>9} {'measured':>17} {'limit':>7} {'bits/parameter':>14}",
    ]
    for row in (dataset.sel(memory=memory, n_wrong=w) for memory in dataset["memory"] for w in dataset["n_wrong"]):
        bits = disorder_estimate((row["log_number"] / (n * math.log(2))).values)
        lines.append(
            f"{row['memory'].item():<18} {int(row['n_wrong']):>5} "
            f"{format_number(row['log_number_predicted'] / (n * math.log(2)), 9, 4)} "
            f"{format_estimate(bits.mean, bits.error)} "
            f"{format_number(row['log_number_limit'] / (n * math.log(2)), 7, 4)} "
            f"{format_number(row['bits_per_parameter'].mean(), 14, 3)}"
        )
    lines.append(f"Edge of the basin of the exponential energy at T = 0, load {dataset.attrs['basin_load']:g}")
    lines.append(f"{'N':>4} {'L':>5} {'N -> inf':>8} {'first step':>10} {'measured':>17}")
    for row in (dataset.sel(basin_spins=k, sharpness=x) for k in dataset["basin_spins"] for x in dataset["sharpness"]):
        limit = _edge(dataset.attrs["basin_load"], float(row["sharpness"]), None)
        lines.append(
            f"{int(row['basin_spins']):>4} {float(row['sharpness']):>5.2f} {format_number(limit, 8, 4)} "
            f"{format_number(row['basin_finite'], 10, 4)} {format_estimate(row['basin_edge'], row['basin_error'])}"
        )
    return "\n".join(lines)


RECIPE = Recipe(
    name="capacity-limit",
    title="How many patterns memories hold, against Shannon's limit; basins of the exponential energy",
    sizes={"quick": QUICK, "paper": PAPER},
    compute=compute,
    draw=capacity_limit,
    table=table,
)
