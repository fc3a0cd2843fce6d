"""JAX on one CPU thread: one compiled program, a loop over sweeps around a scan over sites, vectorised over chains.

The same two ways as with NumPy, chains along the last axis. Updates are skipped where no
chain flips.
"""

import os
from collections.abc import Callable
from functools import partial
from typing import Any

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax  # after the settings: it reads them once
import jax.numpy as jnp
import numpy as np

from peers.instance import Contender, Instance, Outcome, Run
from peers.with_numpy import energies_of_fields, energies_of_overlaps

Array = Any
Step = Callable[[tuple[Array, Array], tuple[Array, Array, Array]], tuple[tuple[Array, Array], None]]


def with_fields(p: int, temperature: float) -> Step:
    """Return one attempt on (states (N, C), fields (N, C)) from (site, slab, noise (C,))."""

    def attempt(carry: tuple[Array, Array], given: tuple[Array, Array, Array]) -> tuple[tuple[Array, Array], None]:
        (states, fields), (site, slab, noise) = carry, given
        flips = 2 * states[site] * fields[site] < temperature * noise

        def moved() -> tuple[Array, Array]:
            factor = jnp.where(flips, 2 * states[site], 0.0)
            change = slab[:, None] * factor if p == 2 else (slab @ states) * factor
            return states.at[site].add(-factor), fields - change

        return jax.lax.cond(flips.any(), moved, lambda: (states, fields)), None

    return attempt


def with_overlaps(p: int, n_spins: int, temperature: float) -> Step:
    """Return one attempt on (states (N, C), overlaps (M, C)) from (site, signs (M,), noise (C,))."""

    def attempt(carry: tuple[Array, Array], given: tuple[Array, Array, Array]) -> tuple[tuple[Array, Array], None]:
        (states, overlaps), (site, row, noise) = carry, given
        spins = states[site]
        if p == 2:
            field = row @ overlaps - len(row) * spins
        else:
            others = overlaps - row[:, None] * spins
            field = jnp.sum(row[:, None] * (others * others - (n_spins - 1)), axis=0) / 2
        flips = 2 * spins * field < temperature * noise

        def moved() -> tuple[Array, Array]:
            factor = jnp.where(flips, 2 * spins, 0.0)
            return states.at[site].add(-factor), overlaps - row[:, None] * factor

        return jax.lax.cond(flips.any(), moved, lambda: (states, overlaps)), None

    return attempt


def compiled(step: Step, setup: Callable[[Array, Array], Array]) -> Any:
    """Compile the loops around one attempt; `setup` gives what is cached for states (N, C)."""

    def loop(key: Array, states: Array, rows: Array, n_sweeps: int) -> tuple[Array, Array]:
        sites = jnp.arange(len(states))

        def sweep(index: int, carry: tuple[Array, Array]) -> tuple[Array, Array]:
            noise = jax.random.exponential(jax.random.fold_in(key, index), states.shape)
            after: tuple[Array, Array] = jax.lax.scan(step, carry, (sites, rows, noise))[0]
            return after

        after: tuple[Array, Array] = jax.lax.fori_loop(0, n_sweeps, sweep, (states, setup(rows, states)))
        return after

    return jax.jit(loop)


def runner(instance: Instance, loop: Any, rows: Array, energies: Callable[[Any, Any], Any]) -> Run:
    """Start the loop from random states; `energies` takes states (C, N) and what is cached, chains first."""

    def run(n_chains: int, n_sweeps: int) -> Outcome:
        rng = np.random.default_rng()
        start = rng.choice(np.array([-1, 1], dtype=np.float32), (instance.n_spins, n_chains))
        key = jax.random.key(int(rng.integers(2**31)), impl="unsafe_rbg")
        states, cached = (np.asarray(array).T for array in loop(key, start, rows, n_sweeps))
        return states.astype(np.int8), energies(states, cached)

    return run


def contenders(instance: Instance) -> list[Contender]:
    p, temperature = instance.p, instance.temperature / instance.scale
    couplings = jnp.asarray(instance.sums, dtype=jnp.float32)
    patterns = jnp.asarray(instance.network.patterns.T, dtype=jnp.float32)

    def fields(rows: Array, states: Array) -> Array:
        return rows @ states if p == 2 else jnp.einsum("ijk,jc,kc->ic", rows, states, states) / 2

    def overlaps(rows: Array, states: Array) -> Array:
        return rows.T @ states

    by_fields = compiled(with_fields(p, temperature), fields)
    by_overlaps = compiled(with_overlaps(p, instance.n_spins, temperature), overlaps)
    fields_run = runner(instance, by_fields, couplings, partial(energies_of_fields, instance))
    overlaps_run = runner(instance, by_overlaps, patterns, lambda _, cached: energies_of_overlaps(instance, cached))
    return [
        Contender("JAX", "fields", fields_run, (1, 16) if p == 2 else (1, 16, 256)),
        Contender("JAX", "overlaps", overlaps_run, (1, 16)),
    ]
