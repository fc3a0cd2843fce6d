"""Edges of basins of exponential memories at T = 0 and large N, by descents among memories that are never stored.

    python benchmarks/bench_descents.py [--n-spins 60 100] [--sharpness 0.2] [--load 0.2] [--runs 2000]
        [--nearest 20000] [--synchronous]

Where many memories carry the field at a spin, the fields at all sites in all states are Gaussian, with a covariance
that is exact at every N (docs/theory.md, section 16). Those that a descent meets are drawn one after the other. With
--nearest, only the so many memories nearest to the start are drawn, by the binomial law of their overlaps, and the
rest is left out: for a sharpness at which few of them carry the field. --synchronous moves all spins at once.

Prints the overlap from which half of the starts come back, beside the first step (eq. 105) and large N (eq. 103).
"""

# mypy: disable-error-code="no-untyped-def"

import argparse
import math
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import binom

import densehop as dh
from densehop.base.arrays import Integers
from densehop.kernels import compiled

DECIDED = 12.0  # ratio of the memory's field to the size of the others', or its inverse, from which on all is decided
SWEEPS = 20  # at most
BACK = 0.9  # overlap from which on a memory counts as found

fast: Any = partial(compiled, fastmath=True)


class Network(NamedTuple):
    """N, L, M and how many of the nearest memories are drawn; 0: all of them, as Gaussian fields."""

    n_spins: int
    sharpness: float
    n_memories: int
    nearest: int


@fast
def covariance(state, site, earlier, earlier_site, sharpness):
    """Return the covariance of the fields at a site and, in an earlier state, at a site, over their variance."""
    different = 0
    for i in range(len(state)):
        if i not in (site, earlier_site) and state[i] != earlier[i]:
            different += 1
    same = math.cosh(2 * sharpness) ** -different
    if site == earlier_site:
        return same
    return math.sinh(sharpness) ** 2 / math.cosh(2 * sharpness) * earlier[site] * state[earlier_site] * same


@fast
def draw_field(row, number, factor, normals):
    """Return a field with the covariances `row` to `number` earlier ones; extends their Cholesky factor."""
    mean, explained = 0.0, 0.0
    for k in range(number):
        value = row[k]
        for j in range(k):
            value -= factor[k, j] * factor[number, j]
        value /= factor[k, k]
        factor[number, k] = value
        mean += value * normals[k]
        explained += value * value
    factor[number, number] = math.sqrt(max(1 - explained, 1e-10))
    return mean + factor[number, number] * normals[number]


@fast
def gaussian_descent(state, sharpness, log_size, rng, synchronous):
    """Move a state downhill in the fields of memory (1, ..., 1) and of Gaussian others of size exp(log_size)."""
    n, most = len(state), SWEEPS * len(state)
    sites, states = np.empty(most, np.int64), np.empty((most, n), np.int8)
    factor, row, normals = np.empty((most, most)), np.empty(most), np.empty(most)
    number, following = 0, state.copy()
    for _ in range(SWEEPS):
        before = state.copy()
        for site in range(n):
            for k in range(number):
                row[k] = covariance(state, site, states[k], sites[k], sharpness)
            normals[number] = rng.normal()
            field = draw_field(row, number, factor, normals)
            sites[number], states[number] = site, state
            number += 1
            total = state.sum()
            own = math.exp(sharpness * (total - state[site]) - log_size)
            (following if synchronous else state)[site] = 1 if own + field > 0 else -1
            ratio = math.exp(sharpness * total - log_size)
            if not synchronous and (ratio > DECIDED or ratio < 1 / DECIDED):
                return 1.0 if ratio > 1 else 0.0
        if synchronous:
            state[:] = following
        if (state == before).all():
            break
    return state.mean()


@fast
def draw_nearest(state, counts, patterns, overlaps, rng):
    """Fill patterns (N, n) with random ones of which counts[j] agree with a state on j sites, and overlaps (n,)."""
    n, number = len(state), 0
    sites = np.arange(n)
    for agreeing in range(n + 1):
        for _ in range(counts[agreeing]):
            for i in range(agreeing):  # the first places of a random order
                j = i + int(rng.random() * (n - i))
                sites[i], sites[j] = sites[j], sites[i]
            for i in range(n):
                patterns[sites[i], number] = state[sites[i]] if i < agreeing else -state[sites[i]]
            overlaps[number] = 2 * agreeing - n
            number += 1


@fast
def nearest_descent(state, patterns, overlaps, sharpness, synchronous):
    """Move a state downhill from memory (1, ..., 1) among given other patterns (N, n); return its overlap."""
    n = len(state)
    weight = np.exp(sharpness * (np.arange(-n - 1, n + 2) - n))  # of k from -N - 1 to N + 1
    following = state.copy()
    for _ in range(SWEEPS):
        before = state.copy()
        for site in range(n):
            field = weight[state.sum() - state[site] + n + 1]
            for k in range(len(overlaps)):
                sign = patterns[site, k]
                field += sign * weight[overlaps[k] - sign * state[site] + n + 1]
            following[site] = 1 if field > 0 else -1 if field < 0 else state[site]
            if not synchronous:
                move(state, site, following[site], patterns, overlaps)
        if synchronous:
            for site in range(n):
                move(state, site, following[site], patterns, overlaps)
        if (state == before).all():
            break
    return state.mean()


@fast
def move(state, site, spin, patterns, overlaps):
    """Give a spin a value, and the patterns their new overlaps."""
    if state[site] != spin:
        state[site] = spin
        for k in range(len(overlaps)):
            overlaps[k] += 2 * spin * patterns[site, k]


def comes_back(network: Network, n_wrong: int, synchronous: bool, rng: np.random.Generator) -> bool:
    """Whether a descent from so many wrong spins ends at the memory, in a fresh network."""
    n, sharpness = network.n_spins, network.sharpness
    state = rng.permutation(np.where(np.arange(n) < n_wrong, -1, 1)).astype(np.int8)
    if not network.nearest:
        log_size = (math.log(network.n_memories - 1) + (n - 1) * math.log(math.cosh(2 * sharpness))) / 2
        return bool(gaussian_descent(state, sharpness, log_size, rng, synchronous) >= BACK)
    counts = numbers_of_nearest(network, rng)
    patterns, overlaps = np.empty((n, counts.sum()), np.int8), np.empty(counts.sum(), np.int64)
    draw_nearest(state, counts, patterns, overlaps, rng)
    return bool(nearest_descent(state, patterns, overlaps, sharpness, synchronous) >= BACK)


def numbers_of_nearest(network: Network, rng: np.random.Generator) -> Integers:
    """Return how many memories agree with a state on j sites, (N + 1,), from the overlap on that leaves the nearest."""
    mean = (network.n_memories - 1) * binom.pmf(np.arange(network.n_spins + 1), network.n_spins, 0.5)
    kept = mean[::-1].cumsum()[::-1] <= network.nearest
    counts: Integers = np.where(kept, rng.poisson(np.where(kept, mean, 0.0)), 0)
    return counts


def edge(network: Network, near: float, runs: int, synchronous: bool) -> tuple[float, float]:
    """Return the overlap from which half of the starts come back, and its error."""
    n, shares = network.n_spins, {}

    def share(n_wrong: int) -> float:
        if n_wrong not in shares:
            rng = np.random.default_rng([n, n_wrong, network.nearest])
            shares[n_wrong] = float(np.mean([comes_back(network, n_wrong, synchronous, rng) for _ in range(runs)]))
        return shares[n_wrong]

    wrong = round(n * (1 - near) / 2)
    while share(wrong) < 0.5:
        wrong -= 1
    while share(wrong + 1) >= 0.5:
        wrong += 1
    first, last = share(wrong), share(wrong + 1)
    part = (first - 0.5) / (first - last)
    variance = (1 - part) ** 2 * first * (1 - first) + part**2 * last * (1 - last)
    return 1 - 2 * (wrong + part) / n, math.sqrt(variance / runs) / (first - last) * 2 / n


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n-spins", type=int, nargs="+", default=[60, 100])
    parser.add_argument("--sharpness", type=float, default=0.2)
    parser.add_argument("--load", type=float, default=0.2)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--nearest", type=int, default=0)
    parser.add_argument("--synchronous", action="store_true")
    options = parser.parse_args()
    if options.runs < 2 or options.nearest < 0:
        parser.error(f"--runs must be at least 2 and --nearest at least 0; got {options.runs} and {options.nearest}")
    problem = dh.ExponentialModel(options.load, options.sharpness, 0.0)
    print("   N     L                M  half come back     first step, large N, N (edge - first step)")
    for n in options.n_spins:
        number = dh.n_examples_for(options.load, n, None)
        step, limit = dh.theory.basin_overlap(problem, n), dh.theory.basin_overlap(problem)
        network = Network(n, options.sharpness, number, options.nearest)
        found, error = edge(network, step, options.runs, options.synchronous)
        numbers = f"{n:>4} {options.sharpness:>5} {number:>16,}  {found:.4f} +- {error:.4f}"
        print(f"{numbers}  {step:.4f}  {limit:.4f}  {n * (found - step):+.2f}", flush=True)


if __name__ == "__main__":
    main()
