"""Couplings summed on the device from the patterns' bits, so that nothing larger than bits crosses the bus."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from densehop.accelerator import backend
from densehop.accelerator.couplings import BLOCK, LARGEST_N, LIMB, Couplings
from densehop.base.arrays import Integers
from densehop.errors import InvalidInput

Array = Any
Bits = npt.NDArray[np.uint8]

PATTERNS_AT_ONCE = 2**15  # sums of so many signs are exact in 32 bits of floating point


def padded(n_spins: int) -> int:
    """Return the number of places for N sites: whole blocks."""
    return -(-n_spins // BLOCK) * BLOCK


def couplings(bits: Bits, p: int, n_patterns: int, factor: int, lower: tuple[Integers, int], wide: bool) -> Couplings:
    """Return the couplings J = sum_a of products of p signs, p = 2 or 3; to be called in 64 bits.

    bits (N, at least M/8) are 1 for -1; `lower`: slope and constant of `Couplings`, in which `factor` is, too. Half of
    the slope is the field of single spins. `wide`: the doubled fields need 64 bits.
    """
    n_spins = len(bits)
    if n_spins > LARGEST_N:
        raise InvalidInput(f"couplings on an accelerator are exact for N <= {LARGEST_N}, got N = {n_spins}")
    places, kind = padded(n_spins), backend.operand_type()
    totals = jnp.zeros((places,) * p, jnp.int32)
    tile = min(PATTERNS_AT_ONCE, 8 * 2 ** int(np.ceil(np.log2(max(1, n_patterns / 8)))))
    for first in range(0, n_patterns, tile):
        part = np.zeros((places, tile // 8), np.uint8)
        here = bits[:, first // 8 : (first + tile) // 8]
        part[:n_spins, : here.shape[1]] = here
        totals = _add(totals, part, n_spins, n_patterns - first, kind)
    parity = n_patterns % 2
    halves, largest = _halves(totals, parity, n_spins)
    fields, slope = jnp.int64 if wide else jnp.int32, np.pad(lower[0], (0, places - n_spins))
    n_limbs = 1 if int(largest) <= LIMB else 2 if int(largest) <= LIMB**2 else 3
    shape = (places // BLOCK, BLOCK, *(places,) * (p - 1))
    return Couplings(
        _limbs(halves, n_limbs, kind).reshape(n_limbs, *shape),
        _within_blocks(totals, n_spins).astype(fields),
        jnp.asarray(slope),
        jnp.asarray(lower[1]),
        jnp.asarray(slope // 2, fields),
        jnp.asarray(parity, fields),
        jnp.asarray(n_spins),
        jnp.asarray(factor, fields),
    )


@partial(jax.jit, static_argnames=("kind",), donate_argnums=(0,))
def _add(totals: Array, bits: Array, n_spins: Array, n_patterns: Array, kind: Any) -> Array:
    """Add the products of some patterns, bits (F, T/8), of which the first `n_patterns` exist."""
    places = len(bits)
    negative = ((bits[..., jnp.newaxis] >> jnp.arange(8, dtype=jnp.uint8)) & 1).reshape(places, -1)
    exists = (jnp.arange(places) < n_spins)[:, jnp.newaxis] & (jnp.arange(negative.shape[1]) < n_patterns)
    signs = jnp.where(exists, 1 - 2 * negative.astype(jnp.int8), 0).astype(kind)

    def products(one: Array) -> Array:
        return jax.lax.dot_general(
            one,
            signs,
            (((1,), (1,)), ((), ())),
            precision=jax.lax.Precision.HIGHEST,
            preferred_element_type=jnp.float32,
        ).astype(jnp.int32)

    if totals.ndim == 2:
        return totals + products(signs)
    return jax.lax.fori_loop(0, places, lambda site, sums: sums.at[site].add(products(signs * signs[site])), totals)


def _distinct(totals: Array, n_spins: Array) -> Array:
    """Return where all sites differ and exist."""
    sites = jnp.arange(totals.shape[0])
    axes = [sites.reshape([-1 if axis == other else 1 for other in range(totals.ndim)]) for axis in range(totals.ndim)]
    result = sum(axes) < 0  # nowhere
    result = ~result
    for axis, own in enumerate(axes):
        result &= own < n_spins
        for other in axes[:axis]:
            result &= own != other
    return result


@jax.jit
def _halves(totals: Array, parity: Array, n_spins: Array) -> tuple[Array, Array]:
    """Return (J - parity)/2 where all sites differ, 0 elsewhere, and the largest size."""
    halves = jnp.where(_distinct(totals, n_spins), (totals - parity) // 2, 0).astype(jnp.int32)
    return halves, jnp.abs(halves).max()


@partial(jax.jit, static_argnames=("n_limbs", "kind"))
def _limbs(halves: Array, n_limbs: int, kind: Any) -> Array:
    """Return integers as sums of limbs times powers of `LIMB`, the lowest first; none exceeds `LIMB`."""
    limbs = []
    for _ in range(n_limbs - 1):
        low = (halves + LIMB // 2) % LIMB - LIMB // 2
        limbs.append(low)
        halves = (halves - low) // LIMB
    return jnp.stack([limb.astype(kind) for limb in (*limbs, halves)])


@jax.jit
def _within_blocks(totals: Array, n_spins: Array) -> Array:
    """Return the couplings of sites within each block, (S, BLOCK, ..)."""
    sums = jnp.where(_distinct(totals, n_spins), totals, 0)
    starts = jnp.arange(0, totals.shape[0], BLOCK)
    return jax.vmap(lambda start: jax.lax.dynamic_slice(sums, (start,) * sums.ndim, (BLOCK,) * sums.ndim))(starts)
