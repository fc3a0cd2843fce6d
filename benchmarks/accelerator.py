"""Measure chains on an accelerator: the bits, the published figure, its share of the roofline, the alternatives.

    python benchmarks/accelerator.py --minutes 8 --out accelerator.json

Where JAX finds no accelerator the sizes are small: then it tests itself, and compares JAX with the kernels on
the processor. It prints a table, and what the roofline predicts for one large accelerator, which is no measurement.
"""

import argparse
import json
import math
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("JAX_PLATFORMS", "")  # the straightforward loop of `peers` would choose the processor

import jax
import jax.numpy as jnp
import numpy as np
from peers.with_jax import compiled, with_overlaps

import densehop as dh
from densehop.accelerator import backend, calls
from densehop.base.memory_limits import usable_memory
from densehop.simulate.representations.device import bytes_on_device

Network = dh.PBodyHopfield
DATA_SHEET = {"bytes": 4.8e12, "operations": 7e14}  # a second: memory of an H200, and what large 16-bit products reach
SHORT = 16  # sweeps of a short run
FIGURE = {"n_cells": 60, "n_spins": 512, "n_patterns": 393_216, "n_chains": 100, "n_sweeps": 7_000}


@dataclass(frozen=True)
class Sizes:
    """What is measured: cells of p = 3 on couplings, one of p = 4 on patterns."""

    n_cells: int
    n_spins: int
    n_patterns: int
    n_chains: int
    n_patterns_p4: int
    n_chains_p4: int


LARGE = Sizes(60, 512, 393_216, 100, 4_000_000, 16)
SMALL = Sizes(4, 64, 2_000, 16, 4_000, 16)


@dataclass(frozen=True)
class Row:
    """A line of the table: what, its value, its unit."""

    what: str
    value: float
    unit: str

    def __str__(self) -> str:
        return f"{self.what:74} {self.value:12.4g} {self.unit}"


def roofline(n_cells: int, n_spins: int, n_chains: int, rates: dict[str, float]) -> float:
    """Return seconds of a sweep of p = 3 on couplings: for each cell 2 N^3 bytes are read, 2 N^3 C operations done."""
    cubes = 2.0 * n_cells * n_spins**3
    return cubes / rates["bytes"] + cubes * n_chains / rates["operations"]


def networks(p: int, n: int, n_spins: int, n_patterns: int, interaction: str = "strict") -> Iterator[Network]:
    """Yield networks of random examples; the sharpness of the exponential is 1/sqrt(N)."""
    for seed in range(n):
        rng = np.random.default_rng([p, seed])
        signs = rng.integers(0, 2, (n_patterns, n_spins), dtype=np.int8) * np.int8(2) - np.int8(1)
        exponential = interaction == "exponential"
        yield Network(signs, None if exponential else p, interaction, n_spins**-0.5 if exponential else None)


def temperature(network: Network, heat: float) -> float:
    """Return heat times the scale of the fields of random examples; of weights as it is found in a few states."""
    p, n_spins, n_patterns = network.p, network.n_spins, network.n_patterns
    if p is None or network.interaction != "strict":
        states = np.random.default_rng(0).choice(np.array([-1, 1], np.int8), (4, n_spins))
        return heat * float(np.abs(network.local_fields(states)).mean())
    pairs = math.comb(n_spins - 1, p - 1)
    return heat * math.factorial(p) / float(n_spins) ** (p - 1) * math.sqrt(n_patterns * pairs)


def _energy(network: Network) -> str:
    return network.interaction if network.p is None else f"{network.interaction}, p = {network.p}"


def seconds_per_sweep(
    run: Callable[[int], object], seconds: float, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Return the seconds of a sweep, from the difference of a long and a short run; what compiles runs before."""

    def timed(n_sweeps: int) -> float:
        begun = clock()
        run(n_sweeps)
        return clock() - begun

    for n_sweeps in (1, SHORT):
        run(n_sweeps)
    first = timed(SHORT)
    more = SHORT * max(1, int(seconds / max(first, 1e-6)))
    return max(timed(SHORT + more) - first, 1e-9) / more


def together(cells: list[Network], heat: float, n_chains: int, n_sweeps: int) -> None:
    """Run all cells in joined calls."""
    joined = calls.JoinedCalls()

    def work(seed: int, network: Network) -> None:
        with joined.member():
            sample(network, heat, n_chains, n_sweeps, "accelerator", seed=seed, representation="couplings")

    threads = [threading.Thread(target=work, args=pair) for pair in enumerate(cells)]
    for _ in threads:
        joined.expect()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def sample(network: Network, heat: float, n_chains: int, n_sweeps: int, device: str, **options: Any) -> Any:
    """Run chains from random states."""
    return network.sample(temperature(network, heat), n_chains, n_sweeps, device=device, **options)


def same_bits() -> list[Row]:
    """Compare the device with the kernels."""
    rows = []
    cases = (
        ("strict", 2, "sequential", "heat-bath"),
        ("strict", 3, "sequential", "metropolis"),
        ("strict", 4, "random", "heat-bath"),
        ("rectified", 3, "sequential", "heat-bath"),
        ("exponential", 2, "random", "metropolis"),
    )
    for interaction, p, order, dynamics in cases:
        (network,) = networks(p, 1, 60, 3_001, interaction)
        options = {"order": order, "dynamics": dynamics, "snapshot_every": 1}
        one, two = (sample(network, 0.7, 32, 50, device, **options) for device in ("cpu", "accelerator"))
        equal = np.array_equal(one.snapshots, two.snapshots) and np.array_equal(one.energy, two.energy)
        what = f"same spins and energies as the kernels, {_energy(network)}, {dynamics}, {order}"
        rows.append(Row(what, float(equal), "(1: yes)"))
    return rows


def device_rates(small: bool) -> dict[str, float]:
    """Measure what products and copies reach on this device."""
    n = 512 if small else 8192
    left = jnp.ones((n, n), backend.operand_type())
    product = jax.jit(partial(jnp.matmul, preferred_element_type=jnp.float32))
    copy = jax.jit(lambda array: array + 1)
    large = jnp.ones(2**24 if small else 2**30, jnp.float32)
    return {"bytes": 8.0 * large.size / quickest(copy, large), "operations": 2.0 * n**3 / quickest(product, left, left)}


def quickest(function: Callable[..., Any], *arguments: Any) -> float:
    """Return the least wall seconds of five calls."""
    times = []
    for _ in range(6):
        begun = time.perf_counter()
        function(*arguments).block_until_ready()
        times.append(time.perf_counter() - begun)
    return min(times[1:])


def figure(sizes: Sizes, rates: dict[str, float], seconds: float) -> list[Row]:
    """Measure the cells of p = 3, joined and one alone, beside the kernels and a straightforward loop."""
    begun = time.perf_counter()
    cells = list(networks(3, sizes.n_cells, sizes.n_spins, sizes.n_patterns))
    drawn = time.perf_counter() - begun
    begun = time.perf_counter()
    together(cells, 0.5, sizes.n_chains, 1)
    built = time.perf_counter() - begun
    joined = seconds_per_sweep(lambda n: together(cells, 0.5, sizes.n_chains, n), seconds)
    one = partial(sample, cells[0], 0.5, sizes.n_chains, representation="couplings")
    alone = seconds_per_sweep(lambda n: one(n, device="accelerator"), seconds / 3)
    kernels = seconds_per_sweep(lambda n: one(n, device="cpu"), seconds / 3)
    plain = straightforward(cells[0], sizes.n_chains, seconds / 3)
    light = roofline(sizes.n_cells, sizes.n_spins, sizes.n_chains, rates)
    name = f"p = 3, N = {sizes.n_spins}, M = {sizes.n_patterns}, {sizes.n_chains} chains"
    return [
        Row(f"{name}: {sizes.n_cells} cells drawn", drawn, "s"),
        Row(f"{name}: couplings built, programs compiled, 1 sweep", built, "s"),
        Row(f"{name}: {sizes.n_cells} cells joined", 1e3 * joined, "ms a sweep"),
        Row("  the roofline at this device's measured rates", 1e3 * light, "ms a sweep"),
        Row("  share of the roofline", light / joined, ""),
        Row("  7,000 sweeps of all cells, with building", built + 7_000 * joined, "s"),
        Row(f"{name}: one cell alone", 1e3 * alone, "ms a sweep"),
        Row("  kernels of the processor, couplings, all cores", 1e3 * kernels, "ms a sweep"),
        Row("  a straightforward loop in JAX over overlaps, same device", 1e3 * plain, "ms a sweep"),
        Row("  ratio of the kernels to a cell of the joined", kernels * sizes.n_cells / joined, ""),
        Row("  ratio of the straightforward loop to a cell of the joined", plain * sizes.n_cells / joined, ""),
    ]


def straightforward(network: Network, n_chains: int, seconds: float) -> float:
    """Return seconds per sweep of a loop over sites in floating point, all chains at once, noise of JAX."""
    hot = temperature(network, 0.5) * network.n_spins**2 / 6
    loop = compiled(with_overlaps(3, network.n_spins, hot), lambda rows, states: rows.T @ states)
    rows = jnp.asarray(network.patterns.T, jnp.float32)
    start = np.random.default_rng(0).choice(np.array([-1, 1], np.float32), (network.n_spins, n_chains))
    key = jax.random.key(0, impl="unsafe_rbg")
    return seconds_per_sweep(lambda n: loop(key, start, rows, n)[0].block_until_ready(), seconds)


def on_patterns(sizes: Sizes, rates: dict[str, float], seconds: float) -> list[Row]:
    """Measure p = 4 on patterns."""
    (network,) = networks(4, 1, sizes.n_spins, sizes.n_patterns_p4)
    device = seconds_per_sweep(lambda n: sample(network, 0.5, sizes.n_chains_p4, n, "accelerator"), seconds)
    light = 2.0 * sizes.n_patterns_p4 * sizes.n_chains_p4 * sizes.n_spins / rates["bytes"]
    name = f"p = 4, N = {sizes.n_spins}, M = {sizes.n_patterns_p4}, {sizes.n_chains_p4} chains, patterns"
    share = Row("  share of one passage through the overlaps", light / device, "")
    return [Row(name, 1e3 * device, "ms a sweep"), share]


def hot_and_cold(seconds: float) -> list[Row]:
    """Compare JAX with the kernels at N = 96 and 16 chains, in processor time where both compute on the processor."""
    rows = []
    clock = time.perf_counter if backend.found() else time.process_time
    forms = ("strict", "couplings"), ("strict", "patterns"), ("rectified", "patterns"), ("exponential", "patterns")
    for interaction, representation in forms:
        (network,) = networks(3, 1, 96, 9_000, interaction)
        for name, heat in (("hot", 1.5), ("cold", 0.1)):

            def run(device: str, n: int, heat: float = heat, where: str = representation, of: Network = network) -> Any:
                return sample(of, heat, 16, n, device, representation=where)

            kernels = seconds_per_sweep(partial(run, "cpu"), seconds, clock)
            device = seconds_per_sweep(partial(run, "accelerator"), seconds, clock)
            place = f"{_energy(network)}, N = 96, M = 9,000, 16 chains, {name}, {representation}"
            rows.append(Row(f"{place}: kernels", 1e3 * kernels, "ms a sweep"))
            rows.append(Row(f"  JAX on {backend.platform()}, in times of the kernels", device / kernels, ""))
    return rows


def prediction() -> list[Row]:
    """Return what the roofline says of the published figure on one H200."""
    n_cells, n_spins, n_chains = FIGURE["n_cells"], FIGURE["n_spins"], FIGURE["n_chains"]
    light = FIGURE["n_sweeps"] * roofline(n_cells, n_spins, n_chains, DATA_SHEET)
    each, building = bytes_on_device(3, n_spins, FIGURE["n_patterns"], n_chains, True)
    said = "PREDICTED, not measured"
    return [
        Row(f"{said}: the published figure on one H200, at the roofline", light, "s"),
        Row(f"{said}: the same at a third of the roofline", 3 * light, "s"),
        Row(f"{said}: memory of its 60 cells", (n_cells * each + building) / 2**30, "GiB"),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=8.0, help="about how long to measure")
    parser.add_argument("--out", type=Path, help="a file for the numbers, in JSON")
    arguments = parser.parse_args()
    small = not backend.found()
    sizes = SMALL if small else LARGE
    host = 6 * sizes.n_cells * sizes.n_patterns * sizes.n_spins // 4
    if usable_memory() < host:
        parser.error(f"needs {host / 2**30:.0f} GiB of the machine's memory")
    seconds = 60 * arguments.minutes / 20
    rates = device_rates(small)
    rows = [
        Row("products in the type of couplings", rates["operations"] / 1e12, "10^12 operations a second"),
        Row("copies", rates["bytes"] / 1e9, "10^9 bytes a second"),
    ]
    print(f"{jax.devices()[0].device_kind} ({backend.platform()}), JAX {jax.__version__}")
    for part in (
        same_bits,
        partial(figure, sizes, rates, 4 * seconds),
        partial(on_patterns, sizes, rates, seconds),
        partial(hot_and_cold, seconds / 4),
        prediction,
    ):
        rows += part()
    print("\n".join(map(str, rows)))
    if arguments.out:
        facts = {"device": jax.devices()[0].device_kind, "jax": jax.__version__, "sizes": asdict(sizes)}
        arguments.out.write_text(json.dumps({**facts, "rows": [asdict(row) for row in rows]}, indent=1))


if __name__ == "__main__":
    main()
