"""Measure single-spin dynamics beside other packages on the same instances: the targets, asked and measured.

All run sequential Metropolis sweeps at constant temperature from random states on one thread; rates are attempted
updates per second of CPU time. What is not sampling (conversions, first states) is left out by differencing: the rate
is that of the sweeps between a short and a long run. Each side first tries several numbers of chains and ways, the
fastest of each are then measured in turn (A, B, A, B, ...): medians of the ratios. Before that, energies are compared:
each peer's own with ours on its states, and the mean after the same number of sweeps, which proves equal work.

All cases take minutes; `bench_peers.py 3hot 2cold` runs only those with that p and heat.
"""

import importlib
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from types import ModuleType

import numpy as np
from bench_kernels import cpu_time, in_turn
from peers import ours
from peers.instance import Contender, Instance
from rows import Row, heading

import densehop as dh

ROUNDS = 5
PEERS = ("with_openjij", "with_dwave", "with_jax", "with_numpy")
FIRST = {2: 20, 3: 50}  # sweeps of the short run: the first relaxation, different from what follows
SECONDS = 0.15  # of CPU time, at least, between the short run and the long one
INSTANCES = [
    Instance(3, 60, 1.0, "hot", 3.0),
    Instance(3, 60, 1.0, "cold", 0.4),
    Instance(3, 60, 10.0, "hot", 10.0),
    Instance(3, 60, 10.0, "cold", 1.5),
    Instance(2, 1000, 0.1, "hot", 3.0),
    Instance(2, 1000, 0.1, "cold", 0.5),
    Instance(2, 1000, 1.0, "hot", 3.0),
    Instance(2, 1000, 1.0, "cold", 0.5),
]
ASKED = {  # (p, peer, heat): times the peer's rate
    (3, "OpenJij", "hot"): 80.0,
    (3, "OpenJij", "cold"): 15.0,
    (2, "OpenJij", "hot"): 3.0,
    (2, "OpenJij", "cold"): 3.0,
    (2, "dwave-samplers", "hot"): 6.0,
    (2, "dwave-samplers", "cold"): 6.0,
    (3, "JAX", "hot"): 6.0,
    (3, "JAX", "cold"): 8.0,
    (2, "JAX", "hot"): 6.0,
    (2, "JAX", "cold"): 8.0,
}


@dataclass(frozen=True)
class Setting:
    """A contender with its number of chains and the sweeps of the short and the long run."""

    contender: Contender
    n_chains: int
    first: int
    last: int

    def rate(self, n_spins: int) -> float:
        """Return the attempts per second of CPU time of the sweeps between the runs."""
        short, long = (cpu_time(partial(self.contender.run, self.n_chains, n)) for n in (self.first, self.last))
        return self.n_chains * n_spins * (self.last - self.first) / max(long - short, 1e-9)

    def __str__(self) -> str:
        return f"{self.contender.name} ({self.contender.setting}, {self.n_chains} chains)"


def installed() -> list[ModuleType]:
    """Return the modules of the peers that are installed; say which are not."""
    found = []
    for module in PEERS:
        try:
            found.append(importlib.import_module(f"peers.{module}"))
        except ModuleNotFoundError as error:
            print(f"{error.name} is not installed: pip install 'densehop[bench]'")
    return found


def prepared(contender: Contender, n_chains: int, first: int) -> tuple[float, Setting]:
    """Warm up, make the long run long enough; return the seconds per attempted sweep of a chain, and the setting."""
    contender.run(n_chains, 2)
    short, last, difference = cpu_time(partial(contender.run, n_chains, first)), first, 0.0
    while difference < SECONDS:
        last *= 2
        difference = cpu_time(partial(contender.run, n_chains, last)) - short
    return difference / (last - first) / n_chains, Setting(contender, n_chains, first, last)


def fastest(contenders: list[Contender], instance: Instance) -> Setting:
    """Return the way and the number of chains that give the highest rate."""
    tried = [prepared(contender, n, FIRST[instance.p]) for contender in contenders for n in contender.chains]
    return min(tried, key=lambda pair: pair[0])[1]


def same_work(setting: Setting, instance: Instance, reference: np.ndarray) -> str:
    """Compare energies: state by state to rounding, and the mean with `reference` within errors."""
    states, energy = setting.contender.run(32, FIRST[instance.p])
    exact = instance.network.energy(states)
    if not np.allclose(energy, exact, rtol=1e-5, atol=1e-4 * instance.n_spins):
        raise SystemExit(f"{setting} samples another energy: {energy[:3]}, not {exact[:3]}")
    error = np.sqrt(exact.var() / len(exact) + reference.var() / len(reference))
    deviation = (exact.mean() - reference.mean()) / max(error, 1e-12)
    return f"<E>/N = {exact.mean() / instance.n_spins:.4f} ({deviation:+.1f} standard errors from ours)"


def anatomy(instance: Instance, setting: Setting, nanoseconds: float, accepted: float) -> str:
    """Say where our time goes: attempts that do not flip, measured at a fixed point at T = 0, and accepted flips."""
    net, way = instance.network, setting.contender.setting
    start, sweeps = net.relax(net.patterns[0]), int(1e7 / instance.n_spins / setting.n_chains)
    still = partial(net.sample, 0.0, setting.n_chains, sweeps, start, representation=way, n_workers=1)
    attempt = float(np.median(in_turn(still, rounds=3))) * 1e9 / sweeps / setting.n_chains / instance.n_spins
    return (
        f"an attempt that does not flip {attempt:.1f} ns, a flip {max(nanoseconds - attempt, 0) / accepted:.0f} ns more"
    )


def compare(instance: Instance, peers: list[ModuleType]) -> Iterator[Row]:
    """Print all rates on one instance; yield the ratios."""
    print(f"{instance}, M = {instance.network.n_patterns}:")
    mine = fastest(ours.contenders(instance), instance)
    ways = [peer.contenders(instance) for peer in peers]
    theirs = [fastest(contenders, instance) for contenders in ways if contenders]
    rates = np.array([[setting.rate(instance.n_spins) for setting in (mine, *theirs)] for _ in range(ROUNDS)])
    unit = 1e9 / np.median(rates, axis=0)
    reference = ours.sample(instance, "auto", 512, FIRST[instance.p])[1]
    run = instance.network.sample(instance.temperature, 16, 4 * FIRST[instance.p], dynamics="metropolis")
    accepted = float(run.acceptance[:, FIRST[instance.p] :].mean())
    print(f"  {mine}: {unit[0]:.1f} ns per attempt, {accepted:.1%} accepted; {same_work(mine, instance, reference)}")
    print(f"  where it goes: {anatomy(instance, mine, float(unit[0]), accepted)}")
    for column, setting in enumerate(theirs, start=1):
        ratios = rates[:, 0] / rates[:, column]
        work, times = same_work(setting, instance, reference), np.median(ratios)
        print(f"  {setting}: {unit[column]:.1f} ns, ours x {times:.2f}; {work}")
        name = setting.contender.name
        yield Row(f"{instance}, times {name}", ASKED.get((instance.p, name, instance.heat)), ratios)


def workers(representation: str, n_chains: int, n_sweeps: int) -> Row:
    """Compare one worker with two, wall time, and their bits; the target is for an idle machine."""
    pattern, examples = dh.draw_examples(160, 38_400, 3, 2.5)
    net = dh.PBodyHopfield(examples, p=3)

    def run(n_workers: int) -> tuple[float, dh.Samples]:
        began = time.perf_counter()
        samples = net.sample(2.5, n_chains, n_sweeps, pattern, n_workers=n_workers, representation=representation)
        return time.perf_counter() - began, samples

    pairs = [(run(1), run(2)) for _ in range(ROUNDS + 1)][1:]
    for (_, one), (_, two) in pairs:
        if not (np.array_equal(one.spins, two.spins) and np.array_equal(one.energy, two.energy)):
            raise SystemExit("the bits depend on the number of workers")
    ratios = [one / two for (one, _), (two, _) in pairs]
    return Row(f"two workers, {representation}, times the speed of one, wall time, same bits", 1.9, ratios)


if __name__ == "__main__":
    found = installed()
    chosen = [item for item in INSTANCES if not sys.argv[1:] or f"{item.p}{item.heat}" in sys.argv[1:]]
    rows = [row for instance in chosen for row in compare(instance, found)]
    if not sys.argv[1:]:
        rows += [workers("patterns", 4, 200), workers("couplings", 64, 400)]
    print(heading())
    for row in rows:
        print(row)
