"""Chains on patterns whose energy is a function of S = sum_a w(k_a) in floating point: rectified and exponential.

The numbers c of agreeing sites are kept, as in `patterns.py`; an attempt adds up the weights now and after the flip.
The kernels add the same weights in another order, and at exponential energies they multiply a weight at each flip
instead of looking it up. So a cost found here is not theirs to the last bit: it comes with a bound on the difference,
and a decision nearer than that is doubtful (`noise.thresholds`). What is recorded is found by `ordered.py`, in the
kernels' order.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from densehop.accelerator.loop import Attempts, Chains
from densehop.accelerator.noise import DOUBT
from densehop.accelerator.patterns import count_agreeing, signs_differ

Array = Any

UNIT = 2.0**-52  # twice the relative error of a rounded operation
FOUND = 64  # units: error of a weight that the kernels found as a product of powers (`kernels/exponential.py`)
SAFETY = 1.125  # for products of errors, which the bounds leave out


class Weights(NamedTuple):
    """What all chains share: bits (N, F/8) uint8, 1 for -1; weights by d, half the distance of k from the top.

    here (N + 2,) float64 are the weights; after (2, N + 2) those after a flip, after[1] where pattern and spin agree.
    The last entry, 0, is for places behind the M-th. top_is_n: d counts from the overlap N, not from the largest.
    sharpness: 0 where E = -S. `kept` flips multiply the kernels' weights before they are found anew. errors, of
    `Errors.of`, are relative to a sum.
    """

    bits: Array
    here: Array
    after: Array
    n_patterns: Array
    top_is_n: Array
    sharpness: Array
    kept: Array
    errors: "Errors"


class Errors(NamedTuple):
    """Relative errors of sums. A change below `none` is 0 for the kernels; theirs and those here are `apart` at most.

    Each is a number and what is added for each flip since the kernels found the weights; `flipped` is added to `apart`
    where there was any.
    """

    none: tuple[float, float]
    apart: tuple[float, float]
    flipped: float

    @classmethod
    def of(cls, n_patterns: int, length: int, multiplied: bool) -> "Errors":
        """Return those of M patterns in `length` places; `multiplied`: the kernels multiply weights at flips.

        The kernels add up 32 lanes of every 32nd pattern, and one by one those of a state where nothing is multiplied.
        """
        lanes = n_patterns // 32 + 8
        rounded = lanes + (lanes if multiplied else n_patterns) + 2 * (roundings(length) + 2)
        apart = SAFETY * UNIT / 2 * rounded
        if not multiplied:
            return cls((UNIT * n_patterns, 0.0), (apart, 0.0), 0.0)
        return cls((UNIT * (n_patterns + FOUND), 2 * UNIT), (apart, SAFETY * 4 * UNIT), SAFETY * 2 * FOUND * UNIT)


def sweep(shared: Weights, chains: Chains, attempts: Attempts) -> tuple[Chains, Array, Array]:
    """Run one sweep, in order or at the sites of the attempts."""
    n_attempts, n_chains = attempts.thresholds.shape
    everyone, exists = jnp.arange(n_chains), jnp.arange(chains.kept.shape[1]) < shared.n_patterns
    in_order = attempts.sites.shape[0] == 0

    def one(attempt: Array, carried: tuple[Array, ...]) -> tuple[Array, ...]:
        spins, counts, turned, flips, doubtful = carried
        sites = attempt if in_order else attempts.sites[attempt]
        own = spins[attempt] if in_order else spins[sites, everyone]
        differ = signs_differ(shared.bits[sites], own)
        cost, error = _cost(shared, turned, *_sums(shared, counts, exists, differ))
        gap = cost - attempts.thresholds[attempt]
        flip = gap < 0
        moved = jnp.where(differ, 1, -1) * (flip[:, jnp.newaxis] & exists)
        turned = jnp.where(turned + flip > shared.kept, 0, turned + flip)
        return (
            spins.at[sites, everyone].set(jnp.where(flip, -own, own)),
            counts + moved.astype(counts.dtype),
            turned,
            flips + flip,
            doubtful | (jnp.abs(gap) < attempts.margins[attempt] + error),
        )

    nothing = jnp.zeros(n_chains, jnp.int32)
    begun = chains.spins, chains.kept, nothing, nothing, jnp.zeros(n_chains, jnp.bool_)
    spins, counts, _, flips, doubtful = jax.lax.fori_loop(0, n_attempts, one, begun)
    return Chains(spins, counts, _sum_of_squares(counts)), flips, doubtful


def _sums(shared: Weights, counts: Array, exists: Array, differ: Array) -> tuple[Array, Array]:
    """Return the sums of weights (C,) now and after a flip."""
    nowhere = len(shared.here) - 1
    highest = jnp.where(exists, counts, 0).max(axis=1).astype(jnp.int32)
    top = jnp.where(shared.top_is_n, nowhere - 1, highest)[:, jnp.newaxis]
    place = jnp.where(exists, top - counts, nowhere)
    after = shared.after.reshape(-1)[place + jnp.where(differ, 0, nowhere + 1)]
    return _sum(shared.here[place]), _sum(after)


def row_length(length: int) -> int:
    """Return into which rows sums of so many terms are split: a power of two that divides it, near its root."""
    row = 1
    while length % (2 * row) == 0 and row * row < length:
        row *= 2
    return row


def roundings(length: int) -> int:
    """Return how often a term of a sum of so many is rounded, at most, whatever the order within rows."""
    row = row_length(length)
    return length // row + row


def _sum(values: Array) -> Array:
    """Add up values (C, F) over F: rows first, then their sums; the barrier keeps these from becoming one long sum."""
    rows = values.reshape(len(values), -1, row_length(values.shape[1]))
    return jax.lax.optimization_barrier(rows.sum(axis=1)).sum(axis=1)


def _cost(shared: Weights, turned: Array, here: Array, total: Array) -> tuple[Array, Array]:
    """Return what a flip costs, 0 where rounding alone could make it, and how far the kernels' number may be from it.

    turned (C,) counts flips since the kernels found the weights; here, total (C,) are the sums now and after the flip.
    """
    errors, change = shared.errors, total - here
    none = (errors.none[0] + errors.none[1] * turned) * here
    apart = errors.apart[0] + errors.apart[1] * turned + jnp.where(turned > 0, errors.flipped, 0)
    size, of_sums = jnp.abs(change), apart * jnp.maximum(here, total)
    near = size < none + of_sums  # where the kernels may have 0 and this room not, or the other way round
    linear = of_sums + jnp.where(near, none + of_sums, 0)
    is_linear = shared.sharpness == 0
    logarithm = jnp.log(jnp.where(is_linear, 1.0, here / total))
    relative = apart + DOUBT * (jnp.abs(logarithm) + 1 / 4) + jnp.where(near, none / here + apart, 0)
    cost = jnp.where(is_linear, -change, logarithm / shared.sharpness)
    error = jnp.where(is_linear, linear, SAFETY * relative / shared.sharpness)
    return jnp.where(size <= none, 0, cost), jnp.where(size < none - of_sums, 0, error)


def _sum_of_squares(counts: Array) -> Array:
    """Return a number that every overlap changes, (C,), by which the numbers kept are checked."""
    return (counts.astype(jnp.int64) ** 2).sum(axis=1)


def begin(shared: Weights, spins: Array) -> Chains:
    """Return what is carried from spins (N, C): the numbers of agreeing sites, (C, F) int16, and their check."""
    counts = count_agreeing(shared.bits, shared.n_patterns, spins)
    return Chains(spins, counts, _sum_of_squares(counts))
