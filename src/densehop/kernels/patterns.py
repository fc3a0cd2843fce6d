"""Single-spin dynamics in the patterns representation: O(M) per attempt, all in integers.

Layout, for N spins and M patterns, B = ceil(M/32) blocks of 32; the places behind the M-th pattern hold zeros:

- `bits` (N, B) uint32: a row per site, 1 where the pattern has -1.
- `overlaps` (32 B,) int16: k_a, the overlap of the state with pattern a.
- `amplitudes` (32 B,): (even[c_a] - constant)/factor, kept if that is no square or cube: an attempt is a signed sum.
- `totals` (2,) int64: sum_a odd[c_a] and sum_a energy[c_a].

The doubled field of site i is sum_a sigma_ia even[c_a] + xi_i sum_a odd[c_a]. How the two sums are found depends on the
tables `even` and `odd`: each file in `kernels/forms/` has one form of them, a NamedTuple that implements the three
functions below, and a fourth if its chains may go in step. All 64-bit sums are exact modulo 2^64, and the fields are
known to lie within 64 bits (`EnergyTable.require_exact`); what a form keeps or adds up in fewer bits, it proves to fit.
"""

from typing import Any, NamedTuple

import numpy as np

from densehop.kernels import allocation_free, generic, implements, inlined
from densehop.kernels.signed_sums import add_signed, clear_end, signed_sum
from densehop.kernels.sweeps import chain_of, energy_of, flip, flip_cost

ODD, ENERGY = 0, 1  # places in `totals`


class Patterns(NamedTuple):
    """What all chains share: bits (N, B); sign_sums (N,) int64, sum_a sigma_ia; energy (N + 1,) int64; the form."""

    bits: Any
    sign_sums: Any
    energy: Any
    n_patterns: int
    form: Any


class PatternArrays(NamedTuple):
    """What chains keep, as above with chains in front, or what one of them keeps; states (C, N) int8."""

    states: Any
    overlaps: Any
    amplitudes: Any
    totals: Any


@generic
def even_sum(form, patterns, chain, site):
    """Return sum_a sigma_a even[c_a] of a site."""
    raise NotImplementedError(type(form))


@generic
def four_even_sums(form, patterns, chains, site, first, sums):
    """Set sums[c], (C,) int64, to `even_sum` for the four chains c from `first` on; for forms that say `in_step`."""
    raise NotImplementedError(type(form))


@generic
def odd_sum(form, patterns, chain):
    """Return sum_a odd[c_a], found anew from the overlaps, and so set the amplitudes where the form has any."""
    raise NotImplementedError(type(form))


@generic
def update(form, patterns, chain, site, spin):
    """Bring overlaps and amplitudes up to date after `spin` was flipped; return the new sum_a odd[c_a]."""
    raise NotImplementedError(type(form))


@implements(chain_of, Patterns)
def _chain_of(_patterns, chains, index):
    return PatternArrays(chains.states[index], chains.overlaps[index], chains.amplitudes[index], chains.totals[index])


@implements(flip_cost, Patterns)
def _flip_cost(patterns, chain, site):
    return chain.states[site] * even_sum(patterns.form, patterns, chain, site) + chain.totals[ODD]


@implements(flip, Patterns)
def _flip(patterns, chain, site, cost):
    spin = chain.states[site]
    chain.states[site] = -spin
    chain.totals[ODD] = update(patterns.form, patterns, chain, site, spin)
    chain.totals[ENERGY] -= cost


@implements(energy_of, Patterns)
def _energy_of(_patterns, chain):
    return chain.totals[ENERGY]


@inlined
def move_overlaps(patterns, chain, site, spin):
    """Bring the overlaps up to date after `spin` was flipped."""
    add_signed(patterns.bits, site, 0, patterns.bits.shape[1], np.int16(-2 * spin), chain.overlaps)
    clear_end(chain.overlaps, patterns.n_patterns)


@inlined
def sum_of_amplitudes(form, patterns, chain, site):
    """Return sum_a sigma_a amplitude_a of a site, for a form that says how many blocks are summed at once: `chunk`."""
    total, n_blocks = np.int64(0), patterns.bits.shape[1]
    first = 0
    while first < n_blocks:  # a range with a step would divide
        last = min(first + form.chunk, n_blocks)
        total += signed_sum(patterns.bits, site, first, last, chain.amplitudes)
        first = last
    return total


@allocation_free
def find_overlaps(bits, n_patterns, state, overlaps):
    """Set the overlaps of a state with all patterns."""
    overlaps[:] = 0
    for site in range(len(state)):
        add_signed(bits, site, 0, bits.shape[1], np.int16(state[site]), overlaps)
    clear_end(overlaps, n_patterns)


@allocation_free
def sum_of_energies(energy, n_patterns, overlaps):
    """Return sum_a energy[c_a]."""
    n_spins, total = np.int16(len(energy) - 1), np.int64(0)
    for a in range(n_patterns):  # unsigned: no test for an index from the end
        total += energy[np.uint16(np.int32(overlaps[a]) + n_spins) >> np.uint16(1)]
    return total


@allocation_free
def fit_together(sign_sums, n_patterns, state, overlaps):
    """Tell whether sum_a k_a is that of a state, sum_i xi_i sum_a sigma_ia."""
    by_pattern, by_site = np.int64(0), np.int64(0)
    for a in range(n_patterns):
        by_pattern += overlaps[a]
    for site in range(len(state)):
        by_site += state[site] * sign_sums[site]
    return by_pattern == by_site


@allocation_free
def first_wrong(sign_sums, energy, n_patterns, states, overlaps, totals):
    """Return the first chain whose energy, overlaps and state contradict each other, -1 if there is none."""
    for index in range(len(states)):
        own = sum_of_energies(energy, n_patterns, overlaps[index])
        if totals[index, ENERGY] != own or not fit_together(sign_sums, n_patterns, states[index], overlaps[index]):
            return index
    return -1


@allocation_free
def start(patterns, chains):
    """Set all that chains keep from their states."""
    for index in range(len(chains.states)):
        chain = chain_of(patterns, chains, index)
        find_overlaps(patterns.bits, patterns.n_patterns, chain.states, chain.overlaps)
        chain.totals[ODD] = odd_sum(patterns.form, patterns, chain)
        chain.totals[ENERGY] = sum_of_energies(patterns.energy, patterns.n_patterns, chain.overlaps)


@allocation_free
def find_fields(patterns, chains, fields):
    """Set the doubled fields (C, N) int64 of all sites of all chains."""
    for index in range(len(chains.states)):
        chain = chain_of(patterns, chains, index)
        for site in range(len(chain.states)):
            first = even_sum(patterns.form, patterns, chain, site)
            fields[index, site] = first + chain.states[site] * chain.totals[ODD]
