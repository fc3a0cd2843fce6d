"""Quadratic in the overlaps, p = 3: even = factor k^2 + constant, odd = slope k + shift.

A field is a signed sum of squares of the overlaps, and sum_a odd[c_a] changes by a known number at a flip.
"""

from typing import NamedTuple

import numpy as np

from densehop.kernels import implements
from densehop.kernels.forms.exact import LARGEST_INT32, Cost, Fit, Tables, fit_int64, line, same_fields
from densehop.kernels.forms.linear import linear_odd_sum, linear_update
from densehop.kernels.patterns import even_sum, four_even_sums, odd_sum, update
from densehop.kernels.signed_sums import four_signed_sums_of_squares, signed_sum_of_squares

COST = Cost("pattern", 0.027, 0.033)


class Square(NamedTuple):
    """The four integers above; chunk, how many blocks are summed before a lane could overflow."""

    factor: int
    constant: int
    slope: int
    shift: int
    chunk: int


def fit(tables: Tables) -> Fit | None:
    """Return the form that gives the same fields as the tables, if there is one."""
    n_spins, k = tables.n_spins, tables.overlaps
    if n_spins < 3:
        return None
    slope, shift = line(k, tables.odd)
    first = tables.even[0] - tables.odd[0] + slope * k[0] + shift  # even at c = 0, where only even - odd matters
    factor = (first - tables.even[1]) // (k[0] ** 2 - k[1] ** 2)
    constant = tables.even[1] - factor * k[1] ** 2
    even, odd = [factor * value**2 + constant for value in k], [slope * value + shift for value in k]
    if not (same_fields(tables, even, odd) and fit_int64(factor, constant, slope, shift)):
        return None
    return Fit(Square(factor, constant, slope, shift, LARGEST_INT32 // (2 * n_spins**2)), COST, in_step=True)


@implements(even_sum, Square)
def _even_sum(form, patterns, chain, site):
    total, n_blocks = np.int64(0), patterns.bits.shape[1]
    first = 0
    while first < n_blocks:  # a range with a step would divide
        last = min(first + form.chunk, n_blocks)
        total += signed_sum_of_squares(patterns.bits, site, first, last, chain.overlaps)
        first = last
    return form.factor * total + form.constant * patterns.sign_sums[site]


@implements(four_even_sums, Square)
def _four_even_sums(form, patterns, chains, site, first, sums):
    four_signed_sums_of_squares(patterns.bits, site, chains.overlaps, first, sums)
    constant = form.constant * patterns.sign_sums[site]
    for chain in range(first, first + 4):
        sums[chain] = form.factor * sums[chain] + constant


@implements(odd_sum, Square)
def _odd_sum(form, patterns, chain):
    return linear_odd_sum(form, patterns, chain)


@implements(update, Square)
def _update(form, patterns, chain, site, spin):
    return linear_update(form, patterns, chain, site, spin)
