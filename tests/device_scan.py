"""Random runs of chains on a device and by the kernels, compared bit by bit; here JAX computes on the processor."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

import densehop as dh
from densehop import energies
from densehop.errors import Interrupted

RESULTS = ("spins", "energy", "overlap", "acceptance", "snapshots")
SIZES = (3, 8, 13, 20, 41)  # spins
LARGEST_M = 2_000


@dataclass(frozen=True)
class Case:
    """A run: the network, "sample" or "temper", its temperatures, its options."""

    network: dh.PBodyHopfield
    method: str
    temperature: Any
    options: dict[str, Any]

    def __str__(self):
        shown = {name: value for name, value in self.options.items() if name not in ("start", "references")}
        return f"{self.network!r} {self.method} at {self.temperature} {shown} start {_kind(self.options['start'])}"

    def run(self, device, **more):
        """Return the results on a device."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return getattr(self.network, self.method)(self.temperature, device=device, **self.options, **more)

    def differences(self, folder):
        """Return the names of results whose bits differ on the device, or after a stop on one and an end on the other.

        The second run checks what checkpoints keep; it is stopped after its first block.
        """
        kernels, device = self.run("cpu"), self.run("accelerator")
        found = _differing(kernels, device)
        for first, second in (("cpu", "accelerator"), ("accelerator", "cpu")):
            file = folder / f"{first}.npz"
            file.unlink(missing_ok=True)
            try:
                self.run(first, checkpoint=file, progress=_stop, n_workers=1)
            except Interrupted:
                found += [f"{name}, resumed" for name in _differing(kernels, self.run(second, checkpoint=file))]
        return found


def _kind(start):
    return "random" if start is None else f"{start.ndim}-dimensional"


def _stop(_n_sweeps):
    raise KeyboardInterrupt


def _differing(one, two):
    return [name for name in RESULTS if not np.array_equal(getattr(one, name), getattr(two, name))]


def random_case(rng, sizes=SIZES, n_chains=None):
    """Return a random run of any energy, at any size, in any dynamics."""
    n_spins = int(rng.choice(sizes))
    network = random_network(rng, n_spins)
    n_chains = n_chains or int(rng.choice([1, 2, 3, 5]))
    options = {"n_sweeps": int(rng.choice([1, 4, 17, 70])), "seed": int(rng.integers(2**31))}
    options["dynamics"] = str(rng.choice(["heat-bath", "metropolis"]))
    options["order"] = str(rng.choice(["sequential", "random"]))
    options["snapshot_every"] = int(rng.choice([0, 1, 3]))
    options["references"] = _signs(rng, int(rng.choice([1, 2])), n_spins)
    options["representation"] = str(rng.choice(["auto", "patterns"]))
    has_couplings = network.interaction in ("strict", "power") and network.p <= 3
    if has_couplings and options["order"] == "sequential" and rng.random() < 0.7:
        options["representation"] = "couplings"
    scale = max(float(np.abs(network.local_fields(_signs(rng, 20, n_spins))).mean()), 1e-3)
    if rng.random() < 0.25:
        rungs = scale * np.sort(10 ** rng.uniform(-1, 1, n_chains + 1))
        options["start"] = None if rng.random() < 0.5 else _signs(rng, 2 * len(rungs), n_spins)
        options["n_ladders"] = 2
        return Case(network, "temper", rungs, options)
    starts = None, network.patterns[0], _signs(rng, n_chains, n_spins)
    options["start"], options["n_chains"] = starts[rng.integers(3)], n_chains
    return Case(network, "sample", random_temperature(rng, scale, options["n_sweeps"]), options)


def random_temperature(rng, scale, n_sweeps):
    """Return 0, one of the scale of the fields, one where fields hardly matter, or a schedule that ends at 0."""
    kind = rng.integers(5)
    if kind == 4:
        return np.linspace(3 * scale, 0, n_sweeps)
    return (0.0, scale * 10 ** rng.uniform(-2, 0), scale * 10 ** rng.uniform(0, 1), 1e12 * scale)[kind]


def random_network(rng, n_spins):
    """Return a network of one of the energies; patterns are random, or few that repeat, whose couplings are large."""
    n_patterns = int(np.exp(rng.uniform(0, np.log(LARGEST_M))))
    patterns = _signs(rng, n_patterns, n_spins)
    if rng.random() < 0.3:
        patterns = np.repeat(patterns[:3], rng.integers(1, 5_000), axis=0)
    interaction = str(
        rng.choice(["strict", "power", "custom", "rectified", "exponential"], p=[0.35, 0.15, 0.1, 0.2, 0.2])
    )
    if interaction == "exponential":
        return dh.PBodyHopfield(patterns, None, interaction, sharpness=10 ** rng.uniform(-3, 2.4))
    if interaction == "rectified":
        return dh.PBodyHopfield(patterns, int(rng.choice([2, 3, 4, 9, 30])), interaction)
    if interaction == "custom":
        largest = int(rng.choice([9, 2**35]))
        table = energies.overlap_table(rng.integers(-largest, largest, n_spins + 1), 1 / largest, 2)
        return dh.PBodyHopfield.from_table(patterns, table)
    largest = min(n_spins, 7 if interaction == "strict" else 5)
    return dh.PBodyHopfield(patterns, int(rng.choice([2, 3, 3, *range(2, largest + 1)])), interaction)


def _signs(rng, *shape):
    return rng.choice(np.array([-1, 1], np.int8), shape)
