"""Print one table: every target of speed, what some rounds measured, and whether it is met.

`python benchmarks/targets.py` measures everything, in about a quarter of an hour on an idle machine: a line above the
table says how busy it was. `targets.py workers theory` measures these groups only; `--list` names all. What is compared
runs in turn (A, B, A, B, ...); the columns are the median and the range of the rounds. The other files here print where
the time goes.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial

import bench_explorer
import bench_kernels
import bench_peers
import bench_retrieval
import bench_theory
import explorer_visits
import numpy as np
from bench_foundation import cpu_time, shuffled
from rows import Row, heading
from threadpoolctl import threadpool_limits

import densehop as dh
from densehop.theory.lines import pairwise_lines
from densehop.theory.models.pairwise.glass_table import glass_table

ROUNDS = 5
FIRST_USE = """
import time, numpy as np, densehop as dh
begun = time.perf_counter()
dh.PBodyHopfield(np.random.default_rng(0).choice([-1, 1], (400, 60)), p=3).sample(1.0)
print(time.perf_counter() - begun)
"""
BATCHES = [(1000, 138, 256), (1000, 1000, 256), (100, 5000, 256)]  # N, M and states of a step at T = 0


def workers() -> Iterator[Row]:
    """Two threads beside one."""
    yield bench_peers.workers("patterns", 4, 200)
    yield bench_peers.workers("couplings", 64, 400)


def peers() -> Iterator[Row]:
    """Other packages that sample, those of them that are installed."""
    found = bench_peers.installed()
    for instance in bench_peers.INSTANCES:
        yield from (row for row in bench_peers.compare(instance, found) if row.asked is not None)


def kernels() -> Iterator[Row]:
    """Attempts by four bodies beside three, where 16 bits do not hold the cubes, and by five and six beside four."""
    for name, (four, three) in bench_kernels.side_by_side((4, 3), 512, 131_072, 4).items():
        yield Row(f"p = 4, N = 512, M = 131,072, {name}, times an attempt at p = 3", 3.0, four / three, at_most=True)
    for name, (four, *more) in bench_kernels.side_by_side((4, 5, 6), 40, 4_000, 600).items():
        for p, cost in zip((5, 6), more, strict=True):
            yield Row(f"p = {p}, N = 40, M = 4,000, {name}, times an attempt at p = 4", 3.0, cost / four, at_most=True)


def choice() -> Iterator[Row]:
    """What `representation="auto"` loses against the better one, in the worst of 27 cells."""
    grid = [(2, 100, (0.1, 1.0, 4.0)), (3, 100, (0.1, 1.0, 10.0)), (4, 24, (0.1, 1.0, 10.0))]
    worst = max(bench_kernels.cells(grid, 4, ROUNDS), key=lambda cell: cell.ratio)
    where = f"p = {worst.work.p}, N = {worst.work.n_spins}, load {worst.load:g}, T = {worst.temperature:g}"
    yield Row(f"the automatic choice over the better representation, worst: {where}", 1.15, [worst.ratio], True)


def retrieval() -> Iterator[Row]:
    """A synchronous step of a batch at T = 0 over the two float32 products that it replaces, one thread."""
    for n_spins, n_patterns, n_states in BATCHES:
        patterns = np.random.default_rng(0).choice(np.array([-1, 1], dtype=np.int8), (n_patterns, n_spins))
        states = bench_retrieval.start_states(patterns, n_states)
        for p in (2, 3, 4):
            step = partial(dh.PBodyHopfield(patterns, p=p).retrieve, states, 1, 1)
            with threadpool_limits(1, user_api="blas"):
                times = bench_retrieval.in_turn(step, bench_retrieval.two_products(patterns, states))
            name = f"a step at T = 0, N = {n_spins}, M = {n_patterns}, p = {p}, over two products"
            yield Row(name, bench_retrieval.TARGET, times[:, 0] / times[:, 1], at_most=True)


def teacher() -> Iterator[Row]:
    """Examples of a teacher beside NumPy that shuffles rows of the same law."""
    for n_spins, n_examples in ((64, 800_000), (256, 200_000)):
        for temperature in (1.2, 1.45, 2.0):
            ours = partial(dh.draw_examples, n_spins, n_examples, 3, temperature, n_workers=1)
            peer = partial(shuffled, n_spins, n_examples // 20, temperature)
            ours()
            ratios = [20 * cpu_time(peer) / cpu_time(ours) for _ in range(ROUNDS)]
            yield Row(f"examples, N = {n_spins}, T* = {temperature:g}, times NumPy's speed", 30.0, ratios)


def theory() -> Iterator[Row]:
    """Lines and diagrams of two bodies."""
    for name, line in (
        ("T_M", pairwise_lines.retrieval_spinodal_temperature),
        ("T_c", pairwise_lines.retrieval_global_temperature),
    ):
        line(0.05)
        times = [1e3 * bench_theory.cpu_time(partial(line, load)) for load in (0.01, 0.03, 0.05, 0.08, 0.1)]
        yield Row(f"{name} of p = 2 at a load, ms", 50.0, times, at_most=True)
    loads, temperatures = np.linspace(0, 0.4, 401)[1:], np.linspace(0, 3, 401)
    glass_table.cache_clear()
    seconds = bench_theory.cpu_time(partial(dh.phase_diagram, 2, "direct", loads, temperatures))
    yield Row("a phase diagram of p = 2, 400 x 401 points, s", 20.0, [seconds], at_most=True)


def first_use() -> Iterator[Row]:
    """The first sample after an installation, nothing compiled; and where the machine code is kept."""
    cold: list[float] = []
    warm: list[float] = []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as folder:
            command, environment = [sys.executable, "-c", FIRST_USE], {**os.environ, "NUMBA_CACHE_DIR": folder}
            for times in (cold, warm):
                run = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
                times.append(float(run.stdout))
    yield Row("the first sample of a fresh installation, s", 1.5, cold, at_most=True)
    yield Row("the first sample of a process, s", 1.5, warm, at_most=True)


def explorer() -> Iterator[Row]:
    """The explorer in a browser, alone and beside a process that takes one core."""
    if explorer_visits.chromium() is None:
        print("explorer: no browser (Debian: apt-get install chromium)")
        return
    with explorer_visits.serving() as (address, _), explorer_visits.browsing() as browser:
        yield from bench_explorer.times(browser, address, "alone", ROUNDS)
        with explorer_visits.busy_process():
            yield from bench_explorer.times(browser, address, "beside a busy process", ROUNDS)


GROUPS: dict[str, Callable[[], Iterator[Row]]] = {
    measure.__name__: measure
    for measure in (workers, peers, kernels, choice, retrieval, teacher, theory, first_use, explorer)
}


def main() -> None:
    """Measure the groups that are asked for and print their rows in one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=", ".join(GROUPS))
    parser.add_argument("--list", action="store_true", help="name the groups and what they measure")
    chosen = parser.parse_args()
    if chosen.list:
        print("\n".join(f"{name:10} {measure.__doc__}" for name, measure in GROUPS.items()))
        return
    unknown = sorted(set(chosen.groups) - set(GROUPS))
    if unknown:
        parser.error(f"no group {', '.join(unknown)}; there are {', '.join(GROUPS)}")
    rows, loads, began = [], [os.getloadavg()[0]], time.perf_counter()
    for name in chosen.groups or GROUPS:
        for row in GROUPS[name]():
            print(row, flush=True)  # at once: a later group may fail
            rows.append(row)
        loads.append(os.getloadavg()[0])
    minutes = (time.perf_counter() - began) / 60
    print(
        f"\n{platform.machine()}, {os.cpu_count()} cores, load {statistics.median(loads):.1f} in the median (1 to 2 is "
        f"this program alone), {minutes:.0f} minutes"
    )
    print(heading())
    print("\n".join(map(str, rows)))
    missed = sum(row.verdict.startswith("MISSED") for row in rows)
    print(f"{len(rows) - missed} of {len(rows)} targets met")


if __name__ == "__main__":
    main()
