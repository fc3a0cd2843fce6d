"""Sweeps of all chains of a call, and what is recorded after each; the representation supplies what a sweep does.

Arrays have chains last. One call runs up to `CAPACITY` sweeps; how many is no part of its shape, so nothing is compiled
anew for a shorter one.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from densehop.accelerator import noise

Array = Any

CAPACITY = 64  # sweeps of a call, at most


class Chains(NamedTuple):
    """What is carried from sweep to sweep: spins (F, C), what the representation keeps beside them, energies (C,)."""

    spins: Array
    kept: Array
    energies: Array


class Order(NamedTuple):
    """What chains try: keys (C, 2) uint32, keys of the sites (C, 2) or (0, 2), units (CAPACITY, C), sweeps before."""

    keys: Array
    site_keys: Array
    units: Array
    first: Array


class Trace(NamedTuple):
    """After each sweep: energies and flips (CAPACITY, C), overlaps (CAPACITY, R, C), states (CAPACITY or 0, N, C).

    doubtful (C,): whether any decision of a chain could be another on the processor.
    """

    energies: Array
    flips: Array
    overlaps: Array
    states: Array
    doubtful: Array


class Attempts(NamedTuple):
    """A sweep of N attempts: thresholds and margins (N, C) of `noise.thresholds`; sites (N, C), or (0, C) in order."""

    thresholds: Array
    margins: Array
    sites: Array


Sweep = Callable[[Any, Chains, Attempts], tuple[Chains, Array, Array]]


def run(
    shared: Any, own: tuple[Chains, Order, Array], n_sweeps: Array, *, sweep: Sweep, n_spins: int, law: int, keep: bool
) -> tuple[Chains, Trace]:
    """Run some sweeps; `sweep(shared, chains, attempts)` returns chains, flips (C,) and doubts (C,).

    own: chains, what they try, references (R, N) int8; `law` of the noise; `keep` the state after each sweep.
    """
    chains, order, references = own
    n_chains, n_references = order.keys.shape[0], references.shape[0]
    trace = Trace(
        jnp.zeros((CAPACITY, n_chains), jnp.int64),
        jnp.zeros((CAPACITY, n_chains), jnp.int32),
        jnp.zeros((CAPACITY, n_references, n_chains), jnp.int32),
        jnp.zeros((CAPACITY if keep else 0, n_spins, n_chains), jnp.int8),
        jnp.zeros(n_chains, jnp.bool_),
    )

    def one(index: Array, carried: tuple[Chains, Trace]) -> tuple[Chains, Trace]:
        chains, trace = carried
        chains, flips, doubtful = sweep(shared, chains, _attempts(order, index, n_spins, law))
        spins = chains.spins[:n_spins]
        overlaps = (references.astype(jnp.int32)[:, :, jnp.newaxis] * spins.astype(jnp.int32)).sum(axis=1)
        return chains, Trace(
            trace.energies.at[index].set(chains.energies),
            trace.flips.at[index].set(flips),
            trace.overlaps.at[index].set(overlaps.astype(jnp.int32)),
            trace.states.at[index].set(spins.astype(jnp.int8)) if keep else trace.states,
            trace.doubtful | doubtful,
        )

    after: tuple[Chains, Trace] = jax.lax.fori_loop(0, n_sweeps, one, (chains, trace))
    return after


def _attempts(order: Order, index: Array, n_spins: int, law: int) -> Attempts:
    """Draw a sweep."""
    turn = order.first + index.astype(jnp.uint32)
    values, margins = noise.thresholds(noise.uniforms(order.keys, turn, n_spins), order.units[index], law)
    if order.site_keys.shape[0] == 0:
        return Attempts(values, margins, jnp.zeros((0, order.keys.shape[0]), jnp.int32))
    sites = (noise.uniforms(order.site_keys, turn, n_spins) * n_spins).astype(jnp.int32)
    return Attempts(values, margins, sites)
