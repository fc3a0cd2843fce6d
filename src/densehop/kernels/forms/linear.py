"""Linear in the overlaps, p = 2: even = factor k + constant, odd = slope k + shift.

A field is a signed sum of the overlaps, and sum_a odd[c_a] changes by a known number at a flip.
"""

from typing import NamedTuple

import numpy as np

from densehop.kernels import implements, inlined
from densehop.kernels.forms.exact import LARGEST_INT32, Cost, Fit, Tables, fit_int64, line, same_fields
from densehop.kernels.patterns import even_sum, four_even_sums, move_overlaps, odd_sum, update
from densehop.kernels.signed_sums import four_signed_sums, signed_sum

COST = Cost("pattern", 0.027, 0.033)


class Linear(NamedTuple):
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
    factor, constant = line(k, tables.even)
    slope, shift = line(k, tables.odd)
    even, odd = [factor * value + constant for value in k], [slope * value + shift for value in k]
    if not (same_fields(tables, even, odd) and fit_int64(factor, constant, slope, shift)):
        return None
    return Fit(Linear(factor, constant, slope, shift, LARGEST_INT32 // (2 * n_spins)), COST, in_step=True)


@implements(even_sum, Linear)
def _even_sum(form, patterns, chain, site):
    total, n_blocks = np.int64(0), patterns.bits.shape[1]
    first = 0
    while first < n_blocks:  # a range with a step would divide
        last = min(first + form.chunk, n_blocks)
        total += signed_sum(patterns.bits, site, first, last, chain.overlaps)
        first = last
    return form.factor * total + form.constant * patterns.sign_sums[site]


@implements(four_even_sums, Linear)
def _four_even_sums(form, patterns, chains, site, first, sums):
    four_signed_sums(patterns.bits, site, chains.overlaps, first, sums)
    constant = form.constant * patterns.sign_sums[site]
    for chain in range(first, first + 4):
        sums[chain] = form.factor * sums[chain] + constant


@inlined
def linear_odd_sum(form, patterns, chain):
    """Return slope sum_a k_a + shift M."""
    total = np.int64(0)
    for a in range(patterns.n_patterns):
        total += chain.overlaps[a]
    return form.slope * total + form.shift * patterns.n_patterns


@inlined
def linear_update(form, patterns, chain, site, spin):
    """Move the overlaps; sum_a k_a changes by twice the spin times the sum of the site's signs."""
    move_overlaps(patterns, chain, site, spin)
    return chain.totals[0] - 2 * spin * form.slope * patterns.sign_sums[site]


@implements(odd_sum, Linear)
def _odd_sum(form, patterns, chain):
    return linear_odd_sum(form, patterns, chain)


@implements(update, Linear)
def _update(form, patterns, chain, site, spin):
    return linear_update(form, patterns, chain, site, spin)
