"""Chains on patterns: the numbers of agreeing sites with all patterns are kept, and a turn looks up what a flip costs.

A flip of site i costs the sum over a of one table of c_a where the pattern agrees with the spin there, and of another
where it does not. This is any energy that is a table of integers over c; sums are exact modulo 2^64.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from densehop.accelerator.loop import Attempts, Chains

Array = Any


class Patterns(NamedTuple):
    """What all chains share: bits (N, F/8) uint8, 1 for -1; energy (N + 2,) int64, and costs (2, N + 2).

    costs[1] is where pattern and spin agree, costs[0] where not; the last entry, 0, is for places behind the M-th.
    """

    bits: Array
    energy: Array
    costs: Array
    n_patterns: Array


def signs_differ(bits: Array, spins: Array) -> Array:
    """Return whether patterns differ from the spins (C,) at their site, (C, F); bits (F/8,) or (C, F/8)."""
    shifts = jnp.arange(8, dtype=jnp.uint8)
    negative = ((bits[..., jnp.newaxis] >> shifts) & 1).reshape(*bits.shape[:-1], -1)
    return negative.astype(jnp.bool_) != (spins < 0)[:, jnp.newaxis]


def sweep(shared: Patterns, chains: Chains, attempts: Attempts) -> tuple[Chains, Array, Array]:
    """Run one sweep, in order or at the sites of the attempts."""
    n_attempts, n_chains = attempts.thresholds.shape
    everyone, exists = jnp.arange(n_chains), jnp.arange(chains.kept.shape[1]) < shared.n_patterns
    costs, in_order = shared.costs.reshape(-1), attempts.sites.shape[0] == 0

    def one(attempt: Array, carried: tuple[Chains, Array, Array]) -> tuple[Chains, Array, Array]:
        (spins, counts, energies), flips, doubtful = carried
        sites = attempt if in_order else attempts.sites[attempt]
        here = spins[attempt] if in_order else spins[sites, everyone]
        differ = signs_differ(shared.bits[sites], here)
        place = counts.astype(jnp.int32) + jnp.where(differ, 0, shared.costs.shape[1])
        cost = costs[place].sum(axis=1)
        gap = cost.astype(jnp.float64) - attempts.thresholds[attempt]
        flip = gap < 0
        doubtful |= jnp.abs(gap) < attempts.margins[attempt]
        moved = jnp.where(differ, 1, -1) * (flip[:, jnp.newaxis] & exists)
        spins = spins.at[sites, everyone].set(jnp.where(flip, -here, here))
        energies -= jnp.where(flip, cost, 0).astype(jnp.int64)
        return Chains(spins, counts + moved.astype(counts.dtype), energies), flips + flip, doubtful

    nothing = jnp.zeros(n_chains, jnp.int32), jnp.zeros(n_chains, jnp.bool_)
    after: tuple[Chains, Array, Array] = jax.lax.fori_loop(0, n_attempts, one, (chains, *nothing))
    return after


def count_agreeing(bits: Array, n_patterns: Array, spins: Array) -> Array:
    """Return the numbers of agreeing sites (C, F) int16 of spins (N, C) with all patterns; N + 1 behind the M-th."""
    n_spins, n_chains = spins.shape
    exists = jnp.arange(8 * bits.shape[1]) < n_patterns

    def one(site: Array, counts: Array) -> Array:
        return counts + ~signs_differ(bits[site], spins[site])

    counts = jax.lax.fori_loop(0, n_spins, one, jnp.zeros((n_chains, len(exists)), jnp.int16))
    return jnp.where(exists, counts, n_spins + 1).astype(jnp.int16)


def begin(shared: Patterns, spins: Array) -> Chains:
    """Return what is carried from spins (N, C): the numbers of agreeing sites, (C, F) int16, and the energies."""
    counts = count_agreeing(shared.bits, shared.n_patterns, spins)
    return Chains(spins, counts, shared.energy[counts].sum(axis=1))
