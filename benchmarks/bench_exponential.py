"""Sample the exponential energy beside NumPy and PyTorch programs of the same dynamics, on one thread.

    python benchmarks/bench_exponential.py [--n-spins 40] [--memories 1000 20000] [--sharpness 0.5]

All run sequential Metropolis sweeps of E = -(1/b) log sum_a exp(b k_a) from random states. The peers keep the weights
exp(b k_a) of all chains in one matrix, find the sum after a flip by one product and multiply weights by exp(+-2b) at a
flip, which is the best that whole-array operations can do. Rates are attempts per second of CPU time between a short
and a long run, measured in turn; the mean energies after equal numbers of sweeps are compared to prove equal work.
"""

import argparse
import importlib.util
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import densehop as dh
from densehop.base.arrays import Floats, Signs

ROUNDS = 5
CHAINS = 64  # of the peers, whose fixed costs a site are shared by all chains; ours take 8
TEMPERATURES = {"cold": 0.5, "hot": 1e3}
Run = Callable[[int, int], Floats]  # chains, sweeps -> final energies (chain,)


def ours(network: dh.PBodyHopfield, temperature: float, n_chains: int, n_sweeps: int) -> Floats:
    """Return the final energies of densehop's chains."""
    run = network.sample(temperature, n_chains, n_sweeps, dynamics="metropolis", n_workers=1, seed=time.time_ns())
    return np.asarray(run.energy[:, -1])


def with_numpy(network: dh.PBodyHopfield, b: float, temperature: float, n_chains: int, n_sweeps: int) -> Floats:
    """Return the final energies of chains whose weights stand in one NumPy matrix, (chain, memory)."""
    rng, patterns = np.random.default_rng(), network.patterns
    agreeing = np.ascontiguousarray((patterns.T > 0).astype(np.float64))  # (N, M)
    states: Signs = rng.choice(np.array([-1, 1], dtype=np.int8), (n_chains, network.n_spins))
    down, up = np.exp(-2 * b), np.exp(2 * b)
    for _ in range(n_sweeps):
        overlaps = states.astype(np.float64) @ patterns.T
        weights = np.exp(b * (overlaps - overlaps.max(axis=1, keepdims=True)))
        limits = np.exp(-b * temperature * rng.standard_exponential((network.n_spins, n_chains)))
        for site, row in enumerate(agreeing):
            total, plus = weights.sum(axis=1), weights @ row
            same = np.where(states[:, site] > 0, plus, total - plus)
            moving = np.flatnonzero(down * same + up * (total - same) > limits[site] * total)
            if moving.size:
                agree = row == (states[moving, site, np.newaxis] > 0)
                weights[moving] *= np.where(agree, down, up)
                states[moving, site] *= -1
    return network.energy(states)


def with_torch(network: dh.PBodyHopfield, b: float, temperature: float, n_chains: int, n_sweeps: int) -> Floats:
    """Return the same by PyTorch."""
    torch: Any = importlib.import_module("torch")
    patterns = torch.from_numpy(network.patterns.astype(np.float64))
    agreeing = (patterns.T > 0).double().contiguous()
    states = torch.randint(0, 2, (n_chains, network.n_spins)).double() * 2 - 1
    down, up = float(np.exp(-2 * b)), float(np.exp(2 * b))
    with torch.inference_mode():
        for _ in range(n_sweeps):
            overlaps = states @ patterns.T
            weights = torch.exp(b * (overlaps - overlaps.amax(dim=1, keepdim=True)))
            limits = torch.exp(b * temperature * torch.rand(network.n_spins, n_chains).double().log())
            for site, row in enumerate(agreeing):
                total, plus = weights.sum(dim=1), weights @ row
                same = torch.where(states[:, site] > 0, plus, total - plus)
                moving = torch.nonzero(down * same + up * (total - same) > limits[site] * total)[:, 0]
                if len(moving):
                    agree = row == (states[moving, site, None] > 0)
                    weights[moving] *= torch.where(agree, down, up)
                    states[moving, site] *= -1
    return network.energy(states.numpy().astype(np.int8))


def seconds_an_attempt(run: Run, n_spins: int, n_chains: int) -> float:
    """Return the CPU seconds of one attempt, from the difference of a short and a long run."""

    def cost(n_sweeps: int) -> float:
        began = time.process_time()
        run(n_chains, n_sweeps)
        return time.process_time() - began

    short, long = 20, 40
    while (difference := cost(long) - cost(short)) < 0.15:
        long *= 2
    return difference / (n_chains * n_spins * (long - short))


def compare(n_spins: int, n_memories: int, b: float) -> None:
    """Print a row for each temperature and peer."""
    signs = np.random.default_rng(0).choice([-1, 1], (n_memories, n_spins))
    network = dh.PBodyHopfield(signs, interaction="exponential", sharpness=b)
    for heat, temperature in TEMPERATURES.items():
        runs: dict[str, tuple[Run, int]] = {
            "densehop": (partial(ours, network, temperature), 8),
            "NumPy": (partial(with_numpy, network, b, temperature), CHAINS),
        }
        if importlib.util.find_spec("torch"):
            importlib.import_module("torch").set_num_threads(1)
            runs["PyTorch"] = (partial(with_torch, network, b, temperature), CHAINS)
        energies = {name: run(256, 30) for name, (run, _) in runs.items()}
        times = np.array([[seconds_an_attempt(run, n_spins, n) for run, n in runs.values()] for _ in range(ROUNDS)])
        mine, error = energies["densehop"], np.std(energies["densehop"]) * (2 / 256) ** 0.5
        for place, name in enumerate(runs):
            deviation = (energies[name].mean() - mine.mean()) / max(error, 1e-9)
            ratio = np.median(times[:, place] / times[:, 0])
            nanoseconds = 1e9 * np.median(times[:, place])
            row = (
                f"{n_spins:>4} {n_memories:>7} {heat:>5} {name:>9} {nanoseconds:10.1f} {nanoseconds / n_memories:9.3f}"
            )
            print(f"{row} {ratio:8.1f} {energies[name].mean():10.3f} ({deviation:+.1f})", flush=True)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n-spins", type=int, default=40)
    parser.add_argument("--memories", type=int, nargs="+", default=[1000, 20_000])
    parser.add_argument("--sharpness", type=float, default=0.5)
    options = parser.parse_args()
    print("   N       M  heat   program  ns/attempt  a memory  ours x  <E> after 30 sweeps (standard errors from ours)")
    for n_memories in options.memories:
        compare(options.n_spins, n_memories, options.sharpness)


if __name__ == "__main__":
    main()
