"""Cubic in the overlaps where (k^2 + slope)/2 is no integer of 16 bits: the cubes are amplitudes, found anew at a flip.

Each amplitude is (k^3 + slope k)/divisor. The kernel works modulo 2^32, in which 3 has an inverse, so the amplitudes
themselves must fit into 32 bits, not what they are made of.
"""

from typing import NamedTuple

import numpy as np

from densehop.kernels import implements
from densehop.kernels.forms.cube import cubic
from densehop.kernels.forms.exact import LARGEST_INT32, Cost, Fit, Tables, blocks_at_once
from densehop.kernels.patterns import even_sum, move_overlaps, odd_sum, sum_of_amplitudes, update
from densehop.kernels.signed_sums import THIRD, cube
from densehop.kernels.vectors import LANES

BLOCKS_AT_ONCE = 4096 // LANES  # patterns whose overlaps and amplitudes stay in the cache

COST = Cost("wide cube pattern", 0.05, 0.2, once=18.0)


class WideCube(NamedTuple):
    """The integers of `Cubic`; inverse, that of the divisor modulo 2^32; chunk, how many blocks are summed at once."""

    factor: int
    inverse: int
    slope: int
    shift: int
    square: int
    chunk: int


def fit(tables: Tables) -> Fit | None:
    """Return the form that gives the same fields as the tables, if there is one and its cubes have 32 bits."""
    parameters, n_spins = cubic(tables), tables.n_spins
    if parameters is None or 2 * n_spins**2 * BLOCKS_AT_ONCE > LARGEST_INT32:  # a lane's sum of squares
        return None
    factor, divisor, slope, shift, square = parameters
    largest = max(abs(value**3 + slope * value) // divisor for value in tables.overlaps)
    if largest > LARGEST_INT32:
        return None
    low_bits = (slope + 2**31) % 2**32 - 2**31
    chunk, kind = blocks_at_once(largest)
    return Fit(WideCube(factor, {1: 1, 3: THIRD}[divisor], low_bits, shift, square, chunk), COST, kind)


@implements(even_sum, WideCube)
def _even_sum(form, patterns, chain, site):
    return form.factor * sum_of_amplitudes(form, patterns, chain, site)


@implements(odd_sum, WideCube)
def _odd_sum(form, patterns, chain):
    squares, n_blocks = np.int64(0), patterns.bits.shape[1]
    for first in range(0, n_blocks, BLOCKS_AT_ONCE):
        last = min(first + BLOCKS_AT_ONCE, n_blocks)
        squares += cube(chain.overlaps, form.slope, form.inverse, first, last, chain.amplitudes)
    return form.shift * patterns.n_patterns - form.square * squares


@implements(update, WideCube)
def _update(form, patterns, chain, site, spin):
    move_overlaps(patterns, chain, site, spin)
    return odd_sum(form, patterns, chain)
