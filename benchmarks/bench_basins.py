"""Edges of basins of exponential memories at T = 0, by single-spin descent, beside the theory (eq. 103 and 105).

    python benchmarks/bench_basins.py [--n-spins 40 60] [--sharpness 0.2 1] [--load 0.2] [--draws 8] [--probes 32]

Prints the starting overlap from which half of the memories come back, with its error over draws of the memories, which
two draws do not know: give eight or more. At N = 80 and load 0.2 there are 8,886,111 memories: a draw takes 3 GB and
three minutes of processor time.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np

import densehop as dh
from densehop.base.arrays import Floats
from densehop.base.workers import count_workers
from densehop.recipes.crossing import crossing
from densehop.recipes.exponential.measurements import restored_shares

WINDOW = 2  # wrong spins on either side of the first step's answer


def edge(n_spins: int, sharpness: float, load: float, draws: int, probes: int) -> str:
    """Return one row: N, L, the number of memories, measured edge, first step at N, and the limit of large N."""
    problem = dh.ExponentialModel(load, sharpness, 0.0)
    step, limit = dh.theory.basin_overlap(problem, n_spins), dh.theory.basin_overlap(problem)
    middle = round(n_spins * (1 - step) / 2)
    wrong = list(range(max(1, middle - WINDOW), middle + WINDOW + 1))
    one = partial(restored_shares, n_spins, load, sharpness, wrong, probes)
    with ProcessPoolExecutor(count_workers(None)) as pool:
        shares: Floats = np.array(list(pool.map(one, range(draws))))
    place, error = crossing(1 - 2 * np.array(wrong) / n_spins, shares)
    number = dh.n_examples_for(load, n_spins, None)
    row = f"{n_spins:>4} {sharpness:>5} {number:>9,}  {place:.4f} +- {error:.4f}  {step:.4f}  {limit:.4f}"
    return f"{row}  {shares.mean(axis=0).round(2)}"


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n-spins", type=int, nargs="+", default=[40, 60])
    parser.add_argument("--sharpness", type=float, nargs="+", default=[0.2, 1.0])
    parser.add_argument("--load", type=float, default=0.2)
    parser.add_argument("--draws", type=int, default=8)
    parser.add_argument("--probes", type=int, default=32)
    options = parser.parse_args()
    print("   N     L         M  half come back     first step at N, large N, shares from fewest wrong spins on")
    for sharpness in options.sharpness:
        for n_spins in options.n_spins:
            print(edge(n_spins, sharpness, options.load, options.draws, options.probes), flush=True)


if __name__ == "__main__":
    main()
