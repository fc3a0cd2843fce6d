"""Sums of weights in the order in which the kernels add them, for what is recorded: the same bits on any device.

One state would be a long row of small additions. All states of a call are added up side by side, 32 patterns at a time,
their overlaps found anew by a product of these patterns with the states.
"""

from typing import Any

import jax
import jax.numpy as jnp

from densehop.accelerator.weights import Weights

Array = Any

LANES = 32  # patterns at a time, as in `kernels/vectors.py`


def sums_in_lanes(shared: Weights, states: Array) -> tuple[Array, Array]:
    """Return sums of weights (n, C) of states (n, N, C), and the largest numbers c of agreeing sites.

    Patterns with +1 at the first site and those with -1 have 32 lanes each, which are added up by halves
    (`kernels.signed_sums.sum_of_both`).
    """
    columns, top = _columns(states), _tops(shared, states)
    nothing = jnp.zeros((2, LANES, columns.shape[1]))

    def add(block: Array, sums: Array) -> Array:
        weights, minus = _weights(shared, block, columns, top), _negative(shared, block)[0][:, jnp.newaxis]
        return sums + jnp.stack((jnp.where(minus, 0, weights), jnp.where(minus, weights, 0)))

    sums = jax.lax.fori_loop(0, _n_blocks(shared), add, nothing)
    while sums.shape[1] > 1:
        half = sums.shape[1] // 2
        sums = sums[:, :half] + sums[:, half:]
    return _by_state(sums[0, 0] + sums[1, 0], states), _by_state(top, states)


def sums_in_turn(shared: Weights, states: Array) -> tuple[Array, Array]:
    """Return the same, one pattern after the other (`kernels.weights.find_weights`)."""
    columns, top = _columns(states), _tops(shared, states)

    def add(block: Array, total: Array) -> Array:
        weights = _weights(shared, block, columns, top)
        for place in range(LANES):
            total = total + weights[place]
        return total

    total = jax.lax.fori_loop(0, _n_blocks(shared), add, jnp.zeros(columns.shape[1]))
    return _by_state(total, states), _by_state(top, states)


def _n_blocks(shared: Weights) -> int:
    return int(shared.bits.shape[1]) * 8 // LANES


def _columns(states: Array) -> Array:
    """Return all states side by side, (N, n C)."""
    return states.transpose(1, 0, 2).reshape(states.shape[1], -1).astype(jnp.float32)


def _by_state(values: Array, states: Array) -> Array:
    return values.reshape(states.shape[0], states.shape[2])


def _negative(shared: Weights, block: Array) -> Array:
    """Return where the patterns of a block have -1, (N, LANES)."""
    part = jax.lax.dynamic_slice_in_dim(shared.bits, LANES // 8 * block, LANES // 8, axis=1)
    bits = (part[..., jnp.newaxis] >> jnp.arange(8, dtype=jnp.uint8)) & 1
    return bits.reshape(len(part), LANES).astype(jnp.bool_)


def _counts(shared: Weights, block: Array, columns: Array) -> tuple[Array, Array]:
    """Return the numbers of agreeing sites with the patterns of a block, (LANES, n C), and which of these exist."""
    signs = jnp.where(_negative(shared, block), -1, 1).astype(columns.dtype)
    overlaps = jnp.matmul(signs.T, columns, precision=jax.lax.Precision.HIGHEST)  # exact: integers below 2^24
    exists = LANES * block + jnp.arange(LANES) < shared.n_patterns
    return (overlaps.astype(jnp.int32) + len(columns)) // 2, exists[:, jnp.newaxis]


def _tops(shared: Weights, states: Array) -> Array:
    """Return the numbers of agreeing sites from which d counts, (n C,)."""
    columns = _columns(states)

    def raise_to(block: Array, top: Array) -> Array:
        counts, exists = _counts(shared, block, columns)
        return jnp.maximum(top, jnp.where(exists, counts, 0).max(axis=0))

    top = jax.lax.fori_loop(0, _n_blocks(shared), raise_to, jnp.zeros(columns.shape[1], jnp.int32))
    return jnp.where(shared.top_is_n, len(columns), top)


def _weights(shared: Weights, block: Array, columns: Array, top: Array) -> Array:
    """Return the weights of the patterns of a block, (LANES, n C), 0 behind the M-th."""
    counts, exists = _counts(shared, block, columns)
    return shared.here[jnp.where(exists, top - counts, len(shared.here) - 1)]
