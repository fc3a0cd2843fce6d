"""Cubic in the overlaps, p = 4 up to some hundred spins.

even = factor (k^3 + slope k)/divisor, odd = shift - square k^2; the divisor is 3 in the strict energy, 1 in the power
energy. The sum goes over k times (k^2 + slope)/2, both in 16 bits; the sum of k^2 changes by the signed sum of k at a
flip.
"""

from typing import NamedTuple

import numpy as np

from densehop.kernels import implements
from densehop.kernels.forms.exact import LARGEST_INT16, LARGEST_INT32, Cost, Fit, Tables, fit_int64, same_fields
from densehop.kernels.patterns import even_sum, odd_sum, update
from densehop.kernels.signed_sums import add_signed_and_sum, clear_end, signed_sum_of_cubes

COST = Cost("cube pattern", 0.05, 0.05)


class Cubic(NamedTuple):
    """The integers of a cubic polynomial that gives the same fields as the tables."""

    factor: int
    divisor: int
    slope: int
    shift: int
    square: int


class Cube(NamedTuple):
    """The integers above, half_slope = (slope + parity)/2 with the parity of N, 0 or 1; chunk as in `Linear`."""

    factor: int
    divisor: int
    half_slope: int
    parity: int
    shift: int
    square: int
    chunk: int


def cubic(tables: Tables) -> Cubic | None:
    """Return the cubic polynomial, if there is one, such that divisor divides k^3 + slope k for all overlaps."""
    if tables.n_spins < 4:
        return None
    k, even, odd = tables.overlaps, tables.even, tables.odd
    square = -(odd[3] - 2 * odd[2] + odd[1]) // 8
    factor, divisor = (square // 3, 1) if square % 3 == 0 else (square, 3)
    if factor == 0:
        return None
    slope, shift = divisor * even[1] // (factor * k[1]) - k[1] ** 2, odd[1] + square * k[1] ** 2
    cubes = [value**3 + slope * value for value in k]
    if any(value % divisor for value in cubes):
        return None
    same = same_fields(tables, [factor * value // divisor for value in cubes], [shift - square * x**2 for x in k])
    return Cubic(factor, divisor, slope, shift, square) if same and fit_int64(factor, shift, square) else None


def fit(tables: Tables) -> Fit | None:
    """Return the form that gives the same fields as the tables, if there is one and (k^2 + slope)/2 has 16 bits."""
    parameters, n_spins = cubic(tables), tables.n_spins
    if parameters is None or (parameters.slope - n_spins) % 2:
        return None
    largest = max(abs(value**2 + parameters.slope) // 2 for value in tables.overlaps)
    if largest > LARGEST_INT16:
        return None
    factor, divisor, slope, shift, square = parameters
    parity, chunk = n_spins % 2, LARGEST_INT32 // (2 * n_spins * LARGEST_INT16)
    return Fit(Cube(factor, divisor, (slope + parity) // 2, parity, shift, square, chunk), COST)


@implements(even_sum, Cube)
def _even_sum(form, patterns, chain, site):
    total, n_blocks = np.int64(0), patterns.bits.shape[1]
    first = 0
    while first < n_blocks:  # a range with a step would divide
        last = min(first + form.chunk, n_blocks)
        halves: int = signed_sum_of_cubes(
            patterns.bits, site, first, last, chain.overlaps, form.parity, form.half_slope
        )
        total += 2 * halves // form.divisor
        first = last
    return form.factor * total


@implements(odd_sum, Cube)
def _odd_sum(form, patterns, chain):
    total = np.int64(0)
    for a in range(patterns.n_patterns):
        total += np.int64(chain.overlaps[a]) * chain.overlaps[a]
    return form.shift * patterns.n_patterns - form.square * total


@implements(update, Cube)
def _update(form, patterns, chain, site, spin):
    step, n_blocks, signed = np.int16(-2 * spin), patterns.bits.shape[1], np.int64(0)
    first = 0
    while first < n_blocks:  # a range with a step would divide
        last = min(first + form.chunk, n_blocks)
        signed += add_signed_and_sum(patterns.bits, site, first, last, step, chain.overlaps)
        first = last
    clear_end(chain.overlaps, patterns.n_patterns)
    return chain.totals[0] + 4 * form.square * (spin * signed - patterns.n_patterns)
