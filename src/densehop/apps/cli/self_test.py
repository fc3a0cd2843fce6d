"""A self-test of an installation: exact enumeration, a value of the theory, and chains against Boltzmann's law."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from densehop.diagnostics.time_averages import time_average
from densehop.network import PBodyHopfield
from densehop.simulate.starts import random_states
from densehop.theory.lines.retrieval import retrieval_boundary
from densehop.theory.models.many_body.glass import glass_lines

N_SPINS, N_MEMORIES, P = 10, 6, 3
TEMPERATURE = 2.0
GARDNER = 0.240  # in units of J, three bodies (docs/conventions.md, p-spin glasses)
N_SWEEPS = 4000
MAX_DEVIATION = 5.0  # standard errors: a right installation fails once in two million times
CAPACITY = 0.137905566  # memories per spin at T = 0, p = 2 (Amit, Gutfreund & Sompolinsky 1985: 0.138)


@dataclass(frozen=True)
class Check:
    """What was tried, what came out, and whether that is right."""

    name: str
    result: str
    passed: bool


def checks() -> tuple[Check, ...]:
    """Run every check; one that raises an error has not passed."""
    return tuple(_guarded(name, check) for name, check in CHECKS.items())


def _guarded(name: str, check: Callable[[], tuple[str, bool]]) -> Check:
    try:
        return Check(name, *check())
    except Exception as error:  # whatever is wrong with the installation is what is to be reported
        return Check(name, f"{type(error).__name__}: {error}", passed=False)


def _energies() -> tuple[str, bool]:
    """Compare the energies of all states with sums over triples of sites in plain integers."""
    network = PBodyHopfield(_memories(), P)
    states = _all_states()
    summed = [_energy_by_triples(state) for state in states.tolist()]
    largest = float(np.abs(network.energy(states) - summed).max())
    return f"{len(states):,} states, largest difference {largest:.1e}", largest < 1e-9


def _capacity() -> tuple[str, bool]:
    """Compare the capacity of Hopfield's network with its known value."""
    capacity = retrieval_boundary(2, 0.0) / 2
    return f"{capacity:.9f} memories per spin, known value {CAPACITY}", abs(capacity - CAPACITY) < 1e-8


def _spin_glass() -> tuple[str, bool]:
    """Compare the Gardner transition of the three-spin glass, up to which 1RSB is exact, with its published value."""
    temperature = 1 / math.sqrt(2 * glass_lines(3).gamma_gardner)
    return f"T = {temperature:.6f} in units of J, published {GARDNER}", abs(temperature - GARDNER) < 5e-4


def _chains() -> tuple[str, bool]:
    """Compare the mean energy of chains with that of Boltzmann's law, summed over all states."""
    network = PBodyHopfield(_memories(), P)
    energies = network.energy(_all_states())
    weights = np.exp(-(energies - energies.min()) / TEMPERATURE)
    exact = float(energies @ weights / weights.sum())
    run = network.sample(TEMPERATURE, n_chains=4, n_sweeps=N_SWEEPS, seed=0)
    estimate = time_average(run.energy[:, N_SWEEPS // 10 :])
    deviation = (estimate.mean - exact) / estimate.error
    return (
        f"energy {estimate.mean:.3f} ± {estimate.error:.3f}, exact {exact:.3f}",
        math.isfinite(deviation) and abs(deviation) < MAX_DEVIATION,
    )


CHECKS = {
    "energies by enumeration": _energies,
    "capacity at p = 2": _capacity,
    "three-spin glass with 1RSB": _spin_glass,
    "chains against Boltzmann's law": _chains,
}


def _memories() -> np.ndarray[tuple[int, int], np.dtype[np.int8]]:
    return random_states(N_SPINS, N_MEMORIES, 0)


def _all_states() -> np.ndarray[tuple[int, int], np.dtype[np.int8]]:
    return np.array(list(product((-1, 1), repeat=N_SPINS)), dtype=np.int8)


def _energy_by_triples(state: list[int]) -> float:
    """Return E by its definition (docs/theory.md, eq. 1)."""
    total = 0
    for memory in _memories().tolist():
        products = [spin * stored for spin, stored in zip(state, memory, strict=True)]
        total += sum(a * b * c for a, b, c in combinations(products, 3))
    return -math.factorial(P) * total / float(N_SPINS ** (P - 1))
