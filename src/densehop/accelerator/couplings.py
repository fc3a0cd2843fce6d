"""Chains on couplings in blocks of sites: one product of a block's slabs with the spins of all chains, then its turns.

At p = 3 the doubled field of site i is a sum over j of x_j y_ij, y_ij the sum over k of J_ijk x_k. The products y of
a block of B sites are found for all chains at once; within the block a flip of an earlier site changes them by known
integers. Between blocks only spins are kept, so there is nothing that could drift.

Couplings have the parity of M, so (J - parity)/2 is an integer; it is split into limbs that floating point of 16 bits
holds exactly. A product of a limb adds up fewer than 2^24 / `LIMB` terms, so its sums in 32 bits are exact, too.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from densehop.accelerator import backend
from densehop.accelerator.loop import Attempts, Chains

Array = Any

BLOCK = 8  # sites
LIMB = 2048  # integers up to this are exact in 16 bits of floating point
LARGEST_N = 2**24 // LIMB  # spins whose product with a limb is exact


class Couplings(NamedTuple):
    """What all chains share, F the next multiple of BLOCK after N, S = F/BLOCK.

    limbs (L, S, BLOCK, F, F) for p = 3, (L, S, BLOCK, F) for p = 2, of lowest order first; inner (S, BLOCK, BLOCK,
    BLOCK) or (S, BLOCK, BLOCK), couplings within blocks, in the type of the fields; slope (F,) and constant as
    `representations.couplings.lower_bodies` returns them; offset (F,), the part of the doubled field that does not
    depend on spins; parity 0 or 1; n_spins; factor.
    """

    limbs: Array
    inner: Array
    slope: Array
    constant: Array
    offset: Array
    parity: Array
    n_spins: Array
    factor: Array


def _products(shared: Couplings, block: Array, spins: Array) -> Array:
    """Return the sums over the last index of the couplings of a block with spins (F, C), exact."""
    kind, total = shared.inner.dtype, None
    for order in range(shared.limbs.shape[0]):
        part = shared.limbs[order, block]
        product = jax.lax.dot_general(
            part,
            spins.astype(part.dtype),
            (((part.ndim - 1,), (0,)), ((), ())),
            precision=jax.lax.Precision.HIGHEST,
            preferred_element_type=jnp.float32,
        ).astype(kind)
        total = product if total is None else total + product * LIMB**order
    return total


def _triple_sums(shared: Couplings, block: Array, spins: Array, sites: Array) -> Array:
    """Return y (BLOCK, F, C) of a block at p = 3; rows of the places behind the N-th hold what no spin multiplies."""
    halves = _products(shared, block, spins)
    wide = spins.astype(halves.dtype)
    rest = wide.sum(axis=0, dtype=wide.dtype) - wide[sites][:, jnp.newaxis] - wide[jnp.newaxis]
    distinct = sites[:, jnp.newaxis] != jnp.arange(spins.shape[0])
    return 2 * halves + shared.parity * distinct[:, :, jnp.newaxis] * rest


def _pair_fields(shared: Couplings, block: Array, spins: Array, sites: Array) -> Array:
    """Return the sums over j of J_ij x_j, (BLOCK, C), at p = 2."""
    halves = _products(shared, block, spins)
    wide = spins.astype(halves.dtype)
    return 2 * halves + shared.parity * (wide.sum(axis=0, dtype=wide.dtype) - wide[sites])


def sweep(shared: Couplings, chains: Chains, attempts: Attempts) -> tuple[Chains, Array, Array]:
    """Run one sweep in order."""
    n_padded, missing = chains.spins.shape[0], chains.spins.shape[0] - attempts.thresholds.shape[0]
    thresholds, margins = (jnp.pad(part, ((0, missing), (0, 0))) for part in attempts[:2])
    n_chains = chains.spins.shape[1]

    def one(block: Array, carried: tuple[Array, Array, Array, Array]) -> tuple[Array, Array, Array, Array]:
        spins, energies, flips, doubtful = carried
        first = block * BLOCK
        own = (jax.lax.dynamic_slice_in_dim(part, first, BLOCK) for part in (spins, thresholds, margins))
        turned, gained, n_flips, doubts = _turns(shared, block, spins, *own)
        spins = jax.lax.dynamic_update_slice_in_dim(spins, turned, first, axis=0)
        return spins, energies - gained, flips + n_flips, doubtful | doubts

    nothing = jnp.zeros(n_chains, jnp.int32), jnp.zeros(n_chains, jnp.bool_)
    spins, energies, flips, doubtful = jax.lax.fori_loop(
        0, n_padded // BLOCK, one, (chains.spins, chains.energies, *nothing)
    )
    return Chains(spins, chains.kept, energies), flips, doubtful


def _turns(
    shared: Couplings, block: Array, spins: Array, own: Array, thresholds: Array, margins: Array
) -> tuple[Array, Array, Array, Array]:
    """Let the sites of a block have their turns; return their spins, the cost, the flips and whether in doubt.

    A flip brings up to date what belongs to sites before it, too, which nobody asks for again.
    """
    sites = block * BLOCK + jnp.arange(BLOCK)
    inner, kind, n_chains = shared.inner[block], shared.inner.dtype, spins.shape[1]
    triples = inner.ndim == 3

    def one(turn: Array, carried: tuple[Array, ...]) -> tuple[Array, ...]:
        own, fields, sums, cost_of_all, flips, doubtful = carried
        spin, there = own[turn].astype(kind), sites[turn] < shared.n_spins
        cost = spin * fields[turn]
        gap = cost.astype(jnp.float64) - thresholds[turn]
        flip = (gap < 0) & there
        step = jnp.where(flip, -2 * spin, 0)
        change = sums[:, turn] if triples else inner[:, turn, jnp.newaxis]
        fields += 2 * shared.factor * step * change
        if triples:
            sums += inner[:, :, turn, jnp.newaxis] * step
        return (
            own.at[turn].add(step.astype(own.dtype)),
            fields,
            sums,
            cost_of_all + jnp.where(flip, cost, 0).astype(jnp.int64),
            flips + flip,
            doubtful | ((jnp.abs(gap) < margins[turn]) & there),
        )

    nothing = jnp.zeros(n_chains, jnp.int64), jnp.zeros(n_chains, jnp.int32), jnp.zeros(n_chains, jnp.bool_)
    fields, sums = _start(shared, block, spins, sites)
    unroll = backend.platform() != "cpu"  # one program instead of a launch for each turn
    own, _, _, *counted = jax.lax.fori_loop(0, BLOCK, one, (own, fields, sums, *nothing), unroll=unroll)
    return (own, *counted)


def _start(shared: Couplings, block: Array, spins: Array, sites: Array) -> tuple[Array, Array]:
    """Return the doubled fields of a block's sites, (BLOCK, C), and at p = 3 y at these sites, (BLOCK, BLOCK, C)."""
    offset = shared.offset[sites][:, jnp.newaxis]
    if shared.inner.ndim == 3:
        fields = 2 * shared.factor * _pair_fields(shared, block, spins, sites) + offset
        return fields, jnp.zeros((0, BLOCK, 0), fields.dtype)
    sums = _triple_sums(shared, block, spins, sites)
    fields = shared.factor * (sums * spins.astype(sums.dtype)).sum(axis=1, dtype=sums.dtype) + offset
    return fields, sums[:, sites]


def begin(shared: Couplings, spins: Array) -> Chains:
    """Return what is carried from spins (N, C); slope.xi + constant + sum_i xi_i h_i = 2 p E, h the doubled fields."""
    places = shared.offset.shape[0]
    spins = jnp.pad(spins, ((0, places - spins.shape[0]), (0, 0)))
    total = shared.constant + (shared.slope[:, jnp.newaxis] * spins).sum(axis=0)

    def one(block: Array, total: Array) -> Array:
        sites = block * BLOCK + jnp.arange(BLOCK)
        fields, _ = _start(shared, block, spins, sites)
        return total + (fields.astype(jnp.int64) * spins[sites].astype(jnp.int64)).sum(axis=0)

    total = jax.lax.fori_loop(0, places // BLOCK, one, total)
    return Chains(spins, jnp.zeros(0), total // (2 * (shared.inner.ndim - 1)))
