"""What message passing finds and what it costs: recovery tables, deviations from Monte Carlo, time of a pass.

`python benchmarks/bench_message_passing.py recovery --p 3 --n-spins 64 100 200` prints, for multiples of the unfolding
threshold, how often the pattern is found from eigenvectors and from random starts. `agreement` compares magnetisations
with Monte Carlo on the same examples, `calibration` what is said of signs with the truth, `audit` counts verdicts on
random data sets, and `speed` prints the time of a pass beside that of reading the examples.
"""

import argparse
import math
import time
import warnings
from collections import Counter
from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt

import densehop as dh
from densehop.base.arrays import Floats, Signs
from densehop.inference.instance import Instance

RATIOS = (0.5, 0.7, 1.0, 1.3, 1.7, 2.5, 4.0)
POINTS = {
    2: (300, (5.0, 7.0, 10.0)),
    3: (100, (25.6, 32.0, 40.0)),
    4: (48, (25.6, 32.0, 40.0)),
    5: (32, (28.0, 36.0, 44.0)),
}
CALIBRATED = ((2, 300, 5.0), (2, 300, 8.0), (2, 1000, 5.0), (3, 100, 22.0), (4, 48, 20.0), (5, 32, 20.0))
BINS = ((0.5, 0.6), (0.6, 0.7), (0.7, 0.8), (0.8, 0.85), (0.85, 0.95), (0.95, 0.99), (0.99, 1.01))
LARGEST_N = {2: 200, 3: 80, 4: 48, 5: 28}  # of random data sets
T = 4.0


def agreement_of(found: Signs, pattern: Signs) -> float:
    """Return the overlap of two patterns up to a common sign."""
    return abs(float(found.astype(np.float64) @ pattern)) / len(pattern)


def recovery(p: int, teacher_p: int, sizes: list[int], ratios: list[float], n_disorders: int) -> None:
    """Print how often the pattern is found, for each N and each multiple of the spectral threshold."""
    print(f"p = {p}, p* = {teacher_p}, T = T* = {T:g}, {n_disorders} disorders each")
    print("    N  ratio        M  found  wrong  overlap  random starts  seconds  expected")
    for n_spins in sizes:
        for ratio in ratios:
            threshold = dh.theory.inference_regime(n_spins, 1, p, T, teacher_p, T)
            if teacher_p == p:
                load = ratio * dh.theory.unfolding_threshold(n_spins, p) * T**2
                n_examples = dh.n_examples_for(load, n_spins, p)
            else:
                n_examples = round(ratio * threshold.n_easy)
            rows = [one_recovery(p, teacher_p, n_spins, n_examples, seed) for seed in range(n_disorders)]
            found, overlap, random, seconds = np.mean(rows, axis=0)
            wrong = sum(row[0] == 1 and row[1] < 0.5 for row in rows)
            regime = dh.theory.inference_regime(n_spins, n_examples, p, T, teacher_p, T).regime
            line = f"{n_spins:5} {ratio:6.2f} {n_examples:8} {found:6.2f} {wrong:6} {overlap:8.3f}"
            print(line, f"{random:14.2f} {seconds:8.2f}  {regime}", flush=True)


def one_recovery(p: int, teacher_p: int, n_spins: int, n_examples: int, seed: int) -> tuple[float, float, float, float]:
    """Return whether the pattern was found, its overlap, whether a random start finds it, and the processor time."""
    pattern, examples = dh.draw_examples(n_spins, n_examples, teacher_p, T, seed=seed)
    start = time.process_time()
    found = dh.recover_pattern(examples, p, T, seed=seed, teacher_p=teacher_p)
    seconds = time.process_time() - start
    random = dh.message_passing(examples, p, T, seed=seed, damping=0.0, max_iterations=200)
    hit = agreement_of(random.pattern, pattern) > 0.7 and random.q > 0.3
    return float(found.verdict == "found"), agreement_of(found.pattern, pattern), float(hit), seconds


def agreement(bodies: list[int], n_disorders: int, n_sweeps: int) -> None:
    """Print message passing less Monte Carlo on the same examples: overlap, magnetisations, energy."""
    print(
        "p    N   load      M   n  overlap (MC)  difference +- error   rms   rms m_i  MC error m_i  energy  seconds  MC"
    )
    for p in bodies:
        n_spins, loads = POINTS[p]
        for load in loads:
            n_examples = dh.n_examples_for(load, n_spins, p)
            rows = np.array([one_agreement(p, n_spins, n_examples, seed, n_sweeps) for seed in range(n_disorders)])
            rows = rows[rows[:, -1] > 0, :-1]  # where message passing has no state, it says so
            mean, error = rows.mean(axis=0), rows[:, 1].std(ddof=1) / math.sqrt(len(rows))
            rms = math.sqrt(np.mean(rows[:, 1] ** 2))
            line = f"{p} {n_spins:4} {load:6.1f} {n_examples:6} {len(rows):3} {mean[0]:10.4f}"
            line += f" {mean[1]:+12.4f} +- {error:.4f} {rms:8.4f}"
            print(line, *(f"{value:9.4f}" for value in mean[2:]), flush=True)


def one_agreement(p: int, n_spins: int, n_examples: int, seed: int, n_sweeps: int) -> tuple[float, ...]:
    """Return what `agreement` prints, for one disorder."""
    pattern, examples = dh.draw_examples(n_spins, n_examples, p, T, seed=seed)
    begin = time.process_time()
    network = dh.PBodyHopfield(examples, p)
    run = network.sample(T, n_chains=4, n_sweeps=n_sweeps, start=pattern, snapshot_every=2, seed=seed, n_workers=1)
    middle = time.process_time()
    found = dh.message_passing(examples, p, T, start=pattern, n_workers=1)
    end = time.process_time()
    states = run.snapshots[:, n_sweeps // 20 :].astype(np.float64)
    if p % 2 == 0:
        states *= np.sign(states @ pattern)[..., np.newaxis]
    chains = states.mean(axis=1)
    mean, error = chains.mean(axis=0), float(np.sqrt(np.mean(chains.var(axis=0, ddof=1) / 4)))
    overlap = float(mean @ pattern) / n_spins
    energy = found.energy - float(run.energy[:, n_sweeps // 10 :].mean()) / n_spins
    rms = float(np.sqrt(np.mean((found.magnetisations - mean) ** 2)))
    difference = float(found.magnetisations @ pattern) / n_spins - overlap
    return overlap, difference, rms, error, energy, end - middle, middle - begin, float(not found.advice)


def calibration(n_disorders: int) -> None:
    """Print, for bins of what message passing claims for a sign, how many signs are right; T = T*."""
    print("p    N   load  signs  " + "  ".join(f"claimed {low:.2f} to {high:.2f}: right" for low, high in BINS))
    for p, n_spins, load in CALIBRATED:
        claimed, right = (np.concatenate(part) for part in zip(*claims(p, n_spins, load, n_disorders), strict=True))
        cells = [one_bin(claimed, right, low, high) for low, high in BINS]
        print(f"{p} {n_spins:4} {load:6.1f} {len(claimed):6}  " + "  ".join(cells), flush=True)


def claims(p: int, n_spins: int, load: float, n_disorders: int) -> list[tuple[Floats, npt.NDArray[np.bool_]]]:
    """Return the claimed probabilities (N,) and whether the signs are right (N,), for each disorder that converged."""
    rows = []
    for seed in range(n_disorders):
        pattern, examples = dh.draw_examples(n_spins, dh.n_examples_for(load, n_spins, p), p, T, seed=seed)
        found = dh.message_passing(examples, p, T, start=pattern, n_workers=1)
        if found.converged and found.q > 0.01:
            rows.append(((1 + np.abs(found.magnetisations)) / 2, found.pattern == pattern))
    return rows


def one_bin(claimed: Floats, right: npt.NDArray[np.bool_], low: float, high: float) -> str:
    """Return the mean claim, the share that is right with its binomial error, and the number of signs."""
    here = (claimed >= low) & (claimed < high)
    n, share = int(here.sum()), float(right[here].mean()) if here.any() else math.nan
    error = math.sqrt(share * (1 - share) / n) if n else math.nan
    return f"{claimed[here].mean() if n else math.nan:.3f}: {share:.3f}({error * 1000:.0f}) of {n:<5}"


def audit(n_sets: int) -> None:
    """Print how often each verdict falls on random data sets, by what theory expects and by the overlap."""
    counts = Counter(one_verdict(number) for number in range(n_sets))
    print(f"{'verdict':>10}  {'theory':>10}  overlap  data sets")
    for (verdict, regime, overlap), number in sorted(counts.items()):
        print(f"{verdict:>10}  {regime:>10}  {overlap:>7}  {number}")


def one_verdict(number: int) -> tuple[str, str, str]:
    """Return the verdict, what theory expects, and the overlap, for a data set whose N, p, T and M are random."""
    rng = np.random.default_rng(number)
    p = int(rng.integers(2, 6))
    n_spins = round(math.exp(rng.uniform(math.log(6), math.log(LARGEST_N[p]))))
    t, gamma = rng.uniform(0.8, 6), math.exp(rng.uniform(math.log(0.1), math.log(6)))
    n_examples = min(dh.n_examples_for(gamma * t**2, n_spins, p), 60_000) if t > 1.6 else int(rng.integers(1, 60))
    pattern, examples = dh.draw_examples(n_spins, max(n_examples, 1), p, t, seed=number)
    found = dh.recover_pattern(examples, p, t, seed=number, n_workers=1)
    overlap = agreement_of(found.pattern, pattern)
    state = "none" if found.result.q < 0.01 else "< 0.5" if overlap < 0.5 else "< 0.7" if overlap < 0.7 else "more"
    return found.verdict, found.expectation.regime, state


def speed(n_spins: int, n_examples: int) -> None:
    """Print the best time of a pass in ns per entry, beside reading the examples once, on one thread and on two."""
    examples = (np.random.default_rng(0).integers(0, 2, (n_examples, n_spins), dtype=np.int8) * 2 - 1).astype(np.int8)
    m = np.random.default_rng(1).uniform(-1, 1, n_spins)
    words = examples.reshape(-1).view(np.uint64)
    [read] = best(partial(np.max, words))
    size = examples.size
    print(f"N = {n_spins}, M = {n_examples}: reading {read / size * 1e9:.3f} ns per entry")
    for p in (2, 3, 4, 5, 6):
        one, two = (Instance.checked(examples, p, T, n_workers) for n_workers in (1, 2))
        one.fields(m)
        first, second = best(partial(one.fields, m), partial(two.fields, m))
        times = f"{first / size * 1e9:.3f} ns per entry, {first / read:.1f} reads; two threads {first / second:.2f}x"
        print(f"p = {p}: {times}", flush=True)


def best(*calls: Callable[[], object], n_times: int = 100) -> list[float]:
    """Return the shortest of several times of each call, the calls taking turns."""
    times = [math.inf] * len(calls)
    for _ in range(n_times):
        for place, call in enumerate(calls):
            begin = time.perf_counter()
            call()
            times[place] = min(times[place], time.perf_counter() - begin)
    return times


def main() -> None:
    """Read the arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("recovery", "agreement", "calibration", "audit", "speed"))
    parser.add_argument("--p", type=int, nargs="+", help="default: 3, for agreement 2 3 4 5")
    parser.add_argument("--teacher-p", type=int)
    parser.add_argument("--n-spins", type=int, nargs="+", default=[64])
    parser.add_argument("--n-examples", type=int, default=280_000)
    parser.add_argument("--ratios", type=float, nargs="+", default=list(RATIOS))
    parser.add_argument("--disorders", type=int, default=20)
    parser.add_argument("--sweeps", type=int, default=1000)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    if given.what == "recovery":
        p = given.p[0] if given.p else 3
        recovery(p, given.teacher_p or p, given.n_spins, given.ratios, given.disorders)
    elif given.what == "agreement":
        agreement(given.p or list(POINTS), given.disorders, given.sweeps)
    elif given.what == "calibration":
        calibration(given.disorders)
    elif given.what == "audit":
        audit(given.disorders)
    else:
        speed(given.n_spins[0], given.n_examples)


if __name__ == "__main__":
    main()
