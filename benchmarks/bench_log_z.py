"""log Z by message passing, replica exchange and population annealing, side by side and beside enumeration.

`python benchmarks/bench_log_z.py small` compares them with enumeration: message passing's evidence over p and T at
N = 10 to 14, and population annealing of 200 random networks of all energies at N <= 8, whose deviations from the exact
log Z are counted in standard errors. `coverage` asks how often the intervals of 600 networks hold the exact
log Z. `large` takes one instance for each p (`--p`, `--n-spins`): message passing and replica exchange
start from the pattern, population annealing from nothing; `--methods` chooses among them.
"""

import argparse
import time
import warnings
from collections.abc import Callable

import numpy as np

import densehop as dh
from densehop.base.arrays import Floats, Signs
from densehop.base.student import ONE_SIGMA, quantile

LARGE = {2: (200, 4.0, 1_200), 3: (64, 4.0, 52_000), 4: (64, 2.5, 500_000), 5: (16, 4.0, 20_000)}  # N, T, M
EXACT = 20  # spins


def states_of(n_spins: int) -> Signs:
    """Return all states (2^N, N)."""
    bits = np.arange(2**n_spins)[:, np.newaxis] >> np.arange(n_spins) & 1
    return (1 - 2 * bits).astype(np.int8)


def exact_log_z(network: dh.PBodyHopfield, temperature: float) -> float:
    """Return log Z by enumeration."""
    exponents = -network.energy(states_of(network.n_spins)) / temperature
    return float(np.logaddexp.reduce(exponents))


def random_network(number: int) -> dh.PBodyHopfield:
    """Return a random network of 4 to 8 spins, each energy in turn."""
    rng = np.random.default_rng(number)
    n_spins = int(rng.integers(4, 9))
    patterns = rng.choice([-1, 1], (int(rng.integers(1, 20)), n_spins))
    table = dh.energies.overlap_table(rng.integers(-9, 10, n_spins + 1), 0.3, 3)
    energies: tuple[Callable[[], dh.PBodyHopfield], ...] = (
        lambda: dh.PBodyHopfield(patterns, 2),
        lambda: dh.PBodyHopfield(patterns, 3),
        lambda: dh.PBodyHopfield(patterns, 4),
        lambda: dh.PBodyHopfield(patterns, 3, "power"),
        lambda: dh.PBodyHopfield(patterns, 5, "rectified"),
        lambda: dh.PBodyHopfield(patterns, interaction="exponential", sharpness=float(rng.uniform(0.2, 2))),
        lambda: dh.PBodyHopfield.from_table(patterns, table),
        lambda: dh.CouplingNetwork(
            n_spins, dh.energies.gaussian_couplings(n_spins, 3, number), rng.normal(size=n_spins)
        ),
    )
    return energies[number % len(energies)]()


def deviations(n_networks: int) -> None:
    """Print how far population annealing is from enumeration, in its own errors; all energies in turn."""
    by_energy: dict[str, list[float]] = {}
    for number in range(n_networks):
        network = random_network(number)
        spread = float(network.energy(states_of(network.n_spins)).std())
        coldest = (spread or 1.0) * float(np.random.default_rng(number).uniform(0.4, 2.0))
        run = network.anneal_population(coldest, n_replicas=100, n_populations=20, n_sweeps=2, seed=number)
        error = float(run.free_entropy_error[0]) * network.n_spins / quantile(ONE_SIGMA, 19)
        if error > 0:
            distance = float(run.free_entropy[0]) * network.n_spins - exact_log_z(network, coldest)
            by_energy.setdefault(f"{network.interaction} {network.p}", []).append(distance / error)
    for name, found in by_energy.items():
        print(f"  {name:18s} {len(found):3d} networks, z: mean {np.mean(found):+.2f}, rms {np.std(found):.2f}")
    every = np.concatenate([np.array(found) for found in by_energy.values()])
    print(f"  all {every.size}: mean {every.mean():+.2f}, rms {np.sqrt((every**2).mean()):.2f} (t of 19: 1.06), "
          f"largest {np.abs(every).max():.1f}")  # fmt: skip


def evidence() -> None:
    """Print evidence by message passing beside enumeration."""
    for n_spins, load in ((10, 90.0), (12, 80.0), (14, 70.0)):
        _, examples = dh.draw_examples(n_spins, dh.n_examples_for(load, n_spins, 3), 3, 4.0, seed=0)
        grid = np.array([3.0, 4.0, 5.0])
        score = dh.inference.evidence(examples, p=(2, 3, 4), temperatures=grid)
        flat = len(examples) * n_spins * np.log(2.0)
        exact = np.array([[dh.theory.log_evidence(examples, p, float(t)) + flat for t in grid] for p in (2, 3, 4)])
        found = (score.log_odds != 0) & np.isfinite(score.log_odds)
        distance = (score.log_odds - exact)[found]
        place = np.unravel_index(int(exact.argmax()), exact.shape)
        print(f"  N = {n_spins}, M = {len(examples)}: log odds from {exact.min():.1f} to {exact.max():.1f} nats;",
              f"passing - exact {distance.mean():+.2f}, rms {np.sqrt((distance**2).mean()):.2f} in {found.sum()} of",
              f"{found.size} cases; best p = {score.best_p}, T = {score.best_temperature:.2f};",
              f"exact p = {2 + int(place[0])}, T = {grid[place[1]]:.1f}")  # fmt: skip


def coverage(n_networks: int, n_independent: int) -> None:
    """Print how often intervals of temperature integration and population annealing hold the exact log Z."""
    levels = ONE_SIGMA, 0.95
    held = {"temperature integration": np.zeros(2), "population annealing": np.zeros(2)}
    for number in range(n_networks):
        rng = np.random.default_rng(1000 + number)
        network = dh.PBodyHopfield(rng.choice([-1, 1], (int(rng.integers(3, 30)), 7)), 2 + number % 3)
        ladder = float(rng.uniform(0.8, 3)) * np.geomspace(1, 20, 6)
        exact = exact_log_z(network, float(ladder[0])) / 7
        run = network.temper(ladder, n_independent, 300, seed=number)
        random = network.energy(dh.simulate.random_states(7, 50 * n_independent, seed=number))
        found = dh.simulate.integrate_temperature(run, random)
        annealed = network.anneal_population(ladder, 200, n_independent, 3, seed=number)
        for name, interval in zip(held, (found.interval, annealed.interval), strict=True):
            held[name] += [low[0] <= exact <= high[0] for low, high in map(interval, levels)]
    for name, counts in held.items():
        print(f"  {name}, {n_independent} independent: one error {counts[0] / n_networks:.1%}, 95 % interval "
              f"{counts[1] / n_networks:.1%} of {n_networks} networks")  # fmt: skip


def large(p: int, n_spins: int | None, methods: list[str], n_replicas: int, n_sweeps: int) -> None:
    """Print the methods on one instance, at another N with as many examples as give the same load."""
    given_n, temperature, given_m = LARGE[p]
    n_spins = n_spins or given_n
    n_examples = round(given_m * (n_spins / given_n) ** (p - 1))
    pattern, examples = dh.draw_examples(n_spins, n_examples, p, temperature, seed=0)
    network = dh.PBodyHopfield(examples, p)
    print(f"p = {p}, N = {n_spins}, T = {temperature:g}, M = {n_examples}:",
          dh.theory.inference_regime(n_spins, n_examples, p, temperature).explanation, flush=True)  # fmt: skip
    if n_spins <= EXACT:
        print(f"  exact                 {dh.theory.log_partition_function(examples, p, temperature) / n_spins:.4f}")
    costs = 2 * pattern * network.local_fields(pattern)
    certain = -float(network.energy(pattern)) / temperature + float(np.log1p(np.exp(-costs / temperature)).sum())
    both = np.log(2) * (p % 2 == 0)
    independent = f"{certain / n_spins:.4f}, with both signs {(certain + both) / n_spins:.4f}"
    print(f"  the pattern and independent flips {independent}", flush=True)
    for method in methods:
        begun = time.process_time()
        if method == "passing":
            passing = dh.message_passing(examples, p, temperature, start=pattern)
            one_sign = passing.free_entropy
            line = f"message passing       {one_sign:.4f}, both signs {one_sign + both / n_spins:.4f}"
        elif method == "exchange":
            line = by_exchange(network, temperature, pattern)
        else:
            line = by_population(network, temperature, pattern, n_replicas, n_sweeps)
        print(f"  {line}; {time.process_time() - begun:.1f} s", flush=True)


def by_exchange(network: dh.PBodyHopfield, temperature: float, pattern: Signs) -> str:
    """Return log Z/N of temperature integration along ladders that start at the pattern."""
    ladder: Floats = np.geomspace(temperature, 60 * temperature, 40)
    run = network.temper(ladder, 4, 1500, start=pattern)
    found = dh.simulate.integrate_temperature(run, network.energy(dh.simulate.random_states(network.n_spins, 400)))
    numbers = f"{found.free_entropy[0]:.4f} +- {found.error[0]:.4f}"
    return f"replica exchange      {numbers}, round trips {run.round_trips.tolist()}"


def by_population(network: dh.PBodyHopfield, temperature: float, pattern: Signs, n_replicas: int, n_sweeps: int) -> str:
    """Return log Z/N of population annealing from nothing, and where it ends."""
    run = network.anneal_population(
        temperature, n_replicas=n_replicas, n_populations=4, n_sweeps=n_sweeps, references=pattern
    )
    numbers = f"{run.free_entropy[0]:.4f} +- {run.free_entropy_error[0]:.4f}"
    families, own = run.families[:, 0].round(1).tolist(), (run.log_z[:, 0] / network.n_spins).round(4).tolist()
    return (
        f"population annealing  {numbers}, {len(run.temperatures)} temperatures, overlap {run.overlap[0, 0]:.3f}, "
        f"families {families}, log Z/N {own}: {run.verdict}"
    )


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("small", "coverage", "large"))
    parser.add_argument("--networks", type=int, default=0, help="how many; 0: 200 (small) or 600 (coverage)")
    parser.add_argument("--p", type=int, nargs="+", default=[3, 4], choices=sorted(LARGE))
    parser.add_argument("--n-spins", type=int, help="of `large`")
    names = ("passing", "exchange", "population")
    parser.add_argument("--methods", nargs="+", default=list(names), choices=names, help="of `large`")
    parser.add_argument("--replicas", type=int, default=500, help="of a population of `large`")
    parser.add_argument("--sweeps", type=int, default=10, help="at each temperature of a population of `large`")
    options = parser.parse_args()
    warnings.simplefilter("ignore", RuntimeWarning)
    if options.what == "small":
        print("evidence of a teacher with p = 3, T = 4:")
        evidence()
        print("population annealing less enumeration, N <= 8:")
        deviations(options.networks or 200)
    elif options.what == "coverage":
        for n_independent in (3, 4, 8):
            coverage(options.networks or 600, n_independent)
    else:
        for p in options.p:
            large(p, options.n_spins, options.methods, options.replicas, options.sweeps)


if __name__ == "__main__":
    main()
