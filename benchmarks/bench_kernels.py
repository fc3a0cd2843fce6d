"""Measure the Monte-Carlo kernels: patterns beside the machine's own inner loop in C, couplings, the choice of one.

Everything runs on one thread in CPU time, the things compared in turn (A, B, A, B, ...); medians of ratios are
printed. With --constants it prints the costs that the automatic choice predicts with instead.
"""

import ctypes
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from scipy.optimize import nnls

import densehop as dh
from densehop.simulate.representations.choice import IntegerModel, Workload

ROUNDS = 5
SOURCE = Path(__file__).with_name("inner_loop.c")
GRID = [  # p, N, loads
    (2, 100, (0.1, 1.0, 4.0)),
    (2, 1000, (0.1, 1.0)),
    (3, 40, (0.1, 1.0, 10.0)),
    (3, 100, (0.1, 1.0, 10.0)),
    (3, 200, (0.1, 1.0)),
    (4, 24, (0.1, 1.0, 10.0)),
    (4, 40, (0.1, 1.0)),
]
TEMPERATURES = (0.3, 1.0, 3.0)
SCALING = [  # p and the sizes
    (2, (256, 512, 1024, 2048, 4096)),
    (3, (32, 64, 128, 256, 384)),
    (4, (16, 24, 32, 48, 64, 96)),
]


def cpu_time(call: Callable[[], object]) -> float:
    """Return the CPU seconds of one call, all threads together."""
    began = time.process_time()
    call()
    return time.process_time() - began


def in_turn(*calls: Callable[[], object], rounds: int = ROUNDS) -> np.ndarray:
    """Return the CPU times of the calls, (round, call), after one warm-up each."""
    for call in calls:
        call()
    return np.array([[cpu_time(call) for call in calls] for _ in range(rounds)])


def network(p: int, n_spins: int, n_patterns: int) -> dh.PBodyHopfield:
    return dh.PBodyHopfield(np.random.default_rng(0).choice([-1, 1], (n_patterns, n_spins)), p=p)


def compiled_loop(folder: str) -> ctypes.CDLL | None:
    """Compile the C loop; None where there is no compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    library = Path(folder) / "inner_loop.so"
    subprocess.run([compiler, "-O3", "-march=native", "-shared", "-fPIC", "-o", library, SOURCE], check=True)
    loop = ctypes.CDLL(str(library))
    loop.attempts.restype = ctypes.c_int64
    loop.description.restype = ctypes.c_char_p
    return loop


def inner_loop(loop: ctypes.CDLL | None) -> None:
    """Compare attempts of whole cold runs, p = 3, with the C loop on the same signs and overlaps."""
    if loop is None:
        print("no C compiler here: the machine's own limit is not measured")
        return
    print(f"patterns, p = 3, cold, beside a C loop ({loop.description().decode()}); ns per pattern and attempt:")
    for n_spins, n_patterns in ((64, 8_192), (128, 16_384), (160, 38_400), (256, 200_000)):
        pattern, examples = dh.draw_examples(n_spins, n_patterns, 3, 2.0)
        net = dh.PBodyHopfield(examples, p=3)
        bits = IntegerModel(dh.energies.strict_table(3, n_spins), net.patterns).pattern_store.patterns.bits
        overlaps = np.zeros(bits.shape[1] * 32, dtype=np.int16)
        overlaps[:n_patterns] = pattern.astype(np.int32) @ examples.T.astype(np.int32)
        sweeps = max(1, int(2e8 / n_spins / n_patterns)) * 4
        arguments = [ctypes.c_void_p(array.ctypes.data) for array in (bits, overlaps)]
        sizes = [ctypes.c_long(n) for n in (n_spins, bits.shape[1], sweeps)]
        run = partial(net.sample, 2.0, 1, sweeps, start=pattern, representation="patterns", n_workers=1)
        times = in_turn(run, partial(loop.attempts, *arguments, *sizes), rounds=2 * ROUNDS)
        ours, limit = np.median(times, axis=0)
        unit = 1e9 / sweeps / n_spins / n_patterns
        print(
            f"  N = {n_spins}, M = {n_patterns:6}, {run().acceptance.mean():.1%} accepted: {ours * unit:.4f}, "
            f"the loop alone in C {limit * unit:.4f}: {np.median(times[:, 1] / times[:, 0]):.2f} of the limit"
        )


def side_by_side(bodies: Sequence[int], n_spins: int, n_patterns: int, sweeps: int) -> dict[str, np.ndarray]:
    """Return ns per pattern and attempt at each p of `bodies`, (p, round), cold and with every other one accepted.

    The cost of a run is the time of a long one minus that of a short one.
    """
    pattern, examples = dh.draw_examples(n_spins, n_patterns, 2, 0.7 * n_spins**0.5)
    nets = [dh.PBodyHopfield(examples, p=p) for p in bodies]
    runs = [
        partial(net.sample, temperature, 1, length, net.relax(pattern), representation="patterns", n_workers=1)
        for temperature in (0.0, 1e9)
        for net in nets
        for length in (sweeps, 3 * sweeps)
    ]
    times = in_turn(*runs).T
    costs = (times[1::2] - times[::2]) * 1e9 / (2 * sweeps) / n_spins / n_patterns
    return {"cold": costs[: len(nets)], "half accepted": costs[len(nets) :]}


def four_bodies() -> None:
    """Print what an attempt costs on patterns at p = 4, over the same at p = 3."""
    print("patterns, p = 4, ns per pattern and attempt (times p = 3):    cold          half accepted")
    for n_spins, n_patterns, sweeps in ((64, 8_192, 400), (256, 131_072, 8), (256, 1_048_576, 2), (512, 131_072, 4)):
        found = [np.median(costs, axis=1) for costs in side_by_side((4, 3), n_spins, n_patterns, sweeps).values()]
        print(
            f"  N = {n_spins}, M = {n_patterns:7}: "
            + " ".join(f"{four:20.3f} ({four / three:.1f})" for four, three in found)
        )


def more_bodies() -> None:
    """Print what an attempt costs on patterns at p = 5 and more, over the same at p = 4; many spins take 64 bits."""
    few, many = (4, 5, 6, 7, 8), (4, 5, 6)
    print("patterns, ns per pattern and attempt at p = 4; times as long at p = 5, 6, ...:")
    for bodies, n_spins, n_patterns, sweeps in (
        (few, 40, 4_000, 600),
        (few, 64, 8_192, 200),
        (few, 64, 131_072, 10),
        (many, 128, 8_192, 60),
        (many, 300, 8_192, 20),
    ):
        for name, costs in side_by_side(bodies, n_spins, n_patterns, sweeps).items():
            ratios = " ".join(f"{ratio:.2f}" for ratio in np.median(costs[1:] / costs[0], axis=1))
            print(f"  N = {n_spins}, M = {n_patterns:6}, {name}: {np.median(costs[0]):.3f}; {ratios}")


@dataclass(frozen=True)
class Cell:
    """One point of the grid: nanoseconds per attempt, and the time of `auto` relative to the faster one."""

    work: Workload
    load: float
    temperature: float
    acceptance: float
    ratio: float
    patterns: float
    couplings: float
    used: float


def cells(grid: Sequence[tuple[int, int, tuple[float, ...]]], n_chains: int, rounds: int) -> Iterator[Cell]:
    """Measure both representations, couplings built beforehand, and the automatic choice on one thread.

    Runs are short, so each time is the best of its rounds: what neighbours on the machine do can only add to it.
    """
    for p, n_spins, loads in grid:
        for load in loads:
            n_patterns = dh.n_examples_for(load, n_spins, p)
            net = network(p, n_spins, n_patterns)
            net.sample(1.0, n_sweeps=1, representation="couplings")
            work = IntegerModel(dh.energies.strict_table(p, n_spins), net.patterns).workload(n_chains, True)
            for temperature in TEMPERATURES:
                warm = net.sample(temperature, n_chains, 60, start=net.patterns[0])
                acceptance = warm.acceptance[:, 30:].mean()
                slowest = max(work.patterns_cost(acceptance), work.couplings_cost(acceptance))
                sweeps = int(np.clip(1.5e8 / slowest / n_spins / n_chains, 50, 40_000))
                runs = [
                    partial(net.sample, temperature, n_chains, sweeps, warm.spins, representation=name, n_workers=1)
                    for name in ("auto", "patterns", "couplings")
                ]
                unit = 1e9 / sweeps / n_spins / n_chains
                times = unit * in_turn(*runs, rounds=rounds)
                auto, patterns, couplings = times.min(axis=0)
                ratio = float(auto / min(patterns, couplings))
                run = runs[0]()
                yield Cell(
                    work, load, temperature, float(run.acceptance.mean()), ratio, patterns, couplings,
                    float(run.by_couplings.mean()),
                )  # fmt: skip


def constants() -> None:
    """Fit the costs that `simulate/representations/choice.py` predicts with, minimising relative errors."""
    grid = [*GRID, (2, 4000, (0.1,)), (3, 400, (0.1,)), (4, 80, (0.1,))]
    found = [cell for n_chains in (1, 8) for cell in cells(grid, n_chains, 3)]
    for name in ("patterns", "couplings"):
        parts = [
            cell.work.patterns_parts(cell.acceptance)
            if name == "patterns"
            else cell.work.couplings_parts(cell.acceptance)
            for cell in found
        ]
        names = sorted({key for part in parts for key in part})
        times = np.array([getattr(cell, name) for cell in found])
        rows = np.array([[part.get(key, 0.0) for key in names] for part in parts]) / times[:, np.newaxis]
        cost, _ = nnls(rows, np.ones(len(rows)))
        errors = rows @ cost - 1
        print(f"{name}, nanoseconds (relative error of the fit {errors.std():.2f}, worst {np.abs(errors).max():.2f}):")
        for key, value in zip(names, cost, strict=True):
            print(f"    {key!r}: {value:.3g},")


def sweep_costs(net: dh.PBodyHopfield) -> np.ndarray:
    """Return microseconds of a sweep: patterns cold and hot, couplings cold and hot; then of a flip by couplings.

    Cold is T = 0 from a fixed point, where nothing flips; hot is infinite temperature, where half the attempts do.
    """
    n_spins, p, state = net.n_spins, net.p or 2, net.relax(net.patterns[0])
    found = []
    for name in ("patterns", "couplings"):
        for temperature, unit in ((0.0, 20), (1e9, 60)):
            work = net.n_patterns if name == "patterns" else n_spins ** (p - 1) * (temperature > 0)
            sweeps = max(10, int(1e8 / n_spins / (unit + 0.3 * work)))
            run = partial(net.sample, temperature, 1, sweeps, state, representation=name, n_workers=1)
            found.append(1e6 * in_turn(run).min() / sweeps)
    return np.array([*found, (found[3] - found[2]) / (n_spins / 2)])


def scaling() -> None:
    """Print the cost of a sweep in both representations as N grows at load 1, and its exponents beside the predicted.

    Patterns: N attempts of M ~ N^(p-1) patterns. Couplings: N attempts, and N^(p-1) for each accepted flip. Exponents
    are least-squares slopes in log-log over the three largest sizes: smaller ones show what an attempt costs anyway.
    """
    names = ("patterns cold", "patterns hot", "couplings cold", "couplings hot", "couplings flip")
    for p, sizes in SCALING:
        print(f"p = {p}, load 1, 1 chain, microseconds: " + "".join(f"{name + ',':>16}" for name in names) + " build s")
        rows = []
        for n_spins in sizes:
            net = network(p, n_spins, dh.n_examples_for(1.0, n_spins, p))
            build = cpu_time(partial(net.sample, 1.0, n_sweeps=1, representation="couplings"))
            rows.append(sweep_costs(net))
            print(
                f"  N = {n_spins:4}, M = {net.n_patterns:6}:" + " " * 13 + "".join(f"{t:16.2f}" for t in rows[-1]),
                f"{build:7.3f}",
            )
        fitted = np.polyfit(np.log(sizes[-3:]), np.log(np.maximum(rows[-3:], 1e-6)), 1)[0]
        print(f"  {'exponent of N, fitted:':36}" + "".join(f"{slope:16.2f}" for slope in fitted))
        print(f"  {'predicted:':36}" + "".join(f"{slope:16}" for slope in (p, p, 1, p, p - 1)))


def choice() -> None:
    """Compare the automatic choice with both representations, 4 chains."""
    print("automatic choice, relative to the faster representation (couplings built), and couplings over patterns:")
    worst = 1.0
    for cell in cells(GRID, 4, ROUNDS):
        worst = max(worst, cell.ratio)
        ratio = cell.couplings / cell.patterns
        predicted = cell.work.couplings_cost(cell.acceptance) / cell.work.patterns_cost(cell.acceptance)
        print(
            f"  p = {cell.work.p} N = {cell.work.n_spins:4} load {cell.load:5} T = {cell.temperature}: "
            f"{cell.acceptance:6.1%} accepted, {cell.patterns:7.1f} and {cell.couplings:7.1f} ns per attempt, "
            f"auto {cell.ratio:.2f}; couplings/patterns {ratio:6.2f} (predicted {predicted:6.2f}), "
            f"couplings used in {cell.used:.0%}"
        )
    print(f"  worst {worst:.2f}")


if __name__ == "__main__":
    if "--constants" in sys.argv:
        constants()
    else:
        with tempfile.TemporaryDirectory() as folder:
            inner_loop(compiled_loop(folder))
        four_bodies()
        more_bodies()
        scaling()
        choice()
