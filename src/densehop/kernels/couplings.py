"""Single-spin dynamics in the couplings representation: O(1) per attempt, O(N^(p-1)) per accepted flip.

Layout, for N spins, C chains and K = C(N, p - 2) products of the other spins:

- `couplings` (N, N K) int16 or int32: slab i, (N, K), holds J_ij.. = sum_a sigma_ia sigma_ja ...; where a site repeats,
  zero. K counts nothing (p = 2), one site k (p = 3) or the pairs k < l in lexical order (p = 4); for p > 2 zeros fill
  it up to a multiple of the vectors' length. For p = 2 couplings are (N, F), zeros behind the N-th.
- `states` (C, N) int8; `weights` (C, K) int16: 1, xi_k or xi_k xi_l; at p = 3 also `bits` (C, K/32) uint32, 1 for -1.
- `fields` (C, F) int32, or int64 where 32 bits could be too few, F the next multiple of the vectors' length: the
  doubled local fields, the same integers as in the patterns representation. A flip of site i changes 2 h_j by
  -4 xi_i sum_K J_i[j, K] weights[K]: one product of the slab i, contiguous in memory.
- `energies` (C,) int64: sum_a energy[c_a].

Chains that flip at the same site share one passage through its slab.
"""

from typing import Any, NamedTuple

import numpy as np

from densehop.kernels import allocation_free, compiled, generic, implements, inlined
from densehop.kernels.in_step import choose
from densehop.kernels.noise import flips
from densehop.kernels.record import draw, record_of, write
from densehop.kernels.scans import lowest_bit, may_flip
from densehop.kernels.slabs import add_products, add_row, add_rows, add_shared_rows
from densehop.kernels.tabled_slabs import add_rows_by_tables
from densehop.kernels.vectors import LANES

MANY = 16  # chains that flip at a site, for which tables pay
OFTEN = 8  # one attempt in so many flips: then all are looked at, one after the other
FLIPPED, UPCOMING, MOVING, CHOSEN, FACTORS = range(5)  # rows of `work`


class Couplings(NamedTuple):
    """What all chains share: n_others = p - 2 spins make a weight; factor is that of the couplings in the fields.

    `tabled` tells whether sums of couplings are small enough for `add_rows_by_tables`. Each class below has code of its
    own, so that none waits for that of another to be compiled.
    """

    couplings: Any
    n_others: int
    factor: int
    tabled: bool


class PairCouplings(Couplings):
    """p = 2."""


class TripleCouplings(Couplings):
    """p = 3, few chains."""


class SharedTripleCouplings(Couplings):
    """p = 3, chains that share what a slab takes."""


class QuadrupleCouplings(Couplings):
    """p = 4."""


class CoupledArrays(NamedTuple):
    """What chains keep, as above, and work (5, C) int64 and tables (ROOM,) int16, overwritten."""

    states: Any
    weights: Any
    bits: Any
    fields: Any
    energies: Any
    work: Any
    tables: Any


@inlined
def pair_index(k, other, n_spins):
    """Return the place of the pair k < other among all pairs in lexical order."""
    return k * n_spins - k * (k + 1) // 2 + other - k - 1


@compiled
def set_weights(states, n_others, weights, bits):
    """Set the weights of states (C, N), products of `n_others` = p - 2 spins, and for p = 3 their bits."""
    n_chains, n_spins = states.shape
    for chain in range(n_chains):
        if n_others == 0:
            weights[chain, 0] = 1
        elif n_others == 1:
            for k in range(n_spins):  # a slice would compile numba's message on unequal lengths, for seconds
                weights[chain, k] = states[chain, k]
                if states[chain, k] < 0:
                    bits[chain, k // 32] ^= np.uint32(1) << np.uint32(k % 32)
        else:
            for k in range(n_spins):
                for other in range(k + 1, n_spins):
                    weights[chain, pair_index(k, other, n_spins)] = states[chain, k] * states[chain, other]


@inlined
def flip_weights(site, n_spins, n_others, weights, bits, chain):
    """Bring the weights of a chain and their bits up to date after a flip of `site`."""
    if n_others == 1:
        weights[chain, site] = -weights[chain, site]
        bits[chain, site // 32] ^= np.uint32(1) << np.uint32(site % 32)
    elif n_others == 2:
        for k in range(site):
            column = pair_index(k, site, n_spins)
            weights[chain, column] = -weights[chain, column]
        behind = pair_index(site, site + 1, n_spins)
        for column in range(behind, behind + n_spins - 1 - site):
            weights[chain, column] = -weights[chain, column]


@generic
def add_slab(energy, chains, site, factors, moving, begin, end):
    """Add factors[n] * slab @ weights[c] to fields[c], c = moving[n], for begin <= n < end."""
    raise NotImplementedError(type(energy))


@implements(add_slab, PairCouplings)
def _add_row(energy, chains, site, factors, moving, begin, end):
    for n in range(begin, end):
        add_row(energy.couplings, site, factors[n], moving[n], chains.fields)


@implements(add_slab, TripleCouplings)
def _add_rows(energy, chains, site, factors, moving, begin, end):
    n_spins = chains.states.shape[1]  # a slab is symmetric: its rows are its columns
    add_rows(energy.couplings, site, n_spins, chains.weights, factors, moving, begin, end, chains.fields)


@implements(add_slab, SharedTripleCouplings)
def _add_shared_rows(energy, chains, site, factors, moving, begin, end):
    couplings, n_spins, fields = energy.couplings, chains.states.shape[1], chains.fields
    if energy.tabled and end - begin >= MANY:
        add_rows_by_tables(couplings, site, n_spins, chains.bits, factors, moving, begin, end, fields, chains.tables)
    else:
        add_shared_rows(couplings, site, n_spins, chains.weights, factors, moving, begin, end, fields)


@implements(add_slab, QuadrupleCouplings)
def _add_products(energy, chains, site, factors, moving, begin, end):
    n_spins = chains.states.shape[1]
    add_products(energy.couplings, site, n_spins, chains.weights, factors, moving, begin, end, chains.fields)


@inlined
def flip_all(energy, chains, sites, moving, factors, n_moving):
    """Flip site sites[n] of chain moving[n], n < n_moving; neighbours in the list with the same site share its slab."""
    states = chains.states
    for n in range(n_moving):
        spin = states[moving[n], sites[n]]
        factors[n] = -4 * energy.factor * spin
        states[moving[n], sites[n]] = -spin
    begin = 0
    while begin < n_moving:
        end = begin + 1
        while end < n_moving and sites[end] == sites[begin]:
            end += 1
        add_slab(energy, chains, sites[begin], factors, moving, begin, end)
        begin = end
    for n in range(n_moving):  # after: the weights of slab i that hold site i meet couplings that are zero
        flip_weights(sites[n], states.shape[1], energy.n_others, chains.weights, chains.bits, moving[n])


@inlined
def next_flip(chains, attempts, chain, sweep, begin):
    """Return the next attempt of a chain, from `begin` on, that flips its spin; their number (N) if none does."""
    n_spins, sites, unit = chains.states.shape[1], attempts.sites, attempts.units[chain, sweep]
    uniforms, bounds = attempts.uniforms, attempts.bounds
    if sites.shape[1] > 0 or n_spins < LANES:
        for attempt in range(begin, n_spins):
            site = sites[chain, attempt] if sites.shape[1] > 0 else attempt
            cost = chains.states[chain, site] * chains.fields[chain, site]
            if cost < bounds[chain, attempt] and flips(cost, unit, uniforms[chain, attempt], attempts.noise):
                return attempt
        return n_spins
    while begin < n_spins:
        first = min(begin // LANES * LANES, n_spins - LANES)
        left = may_flip(chains.states, chains.fields, bounds, chain, first) >> (begin - first)
        while left != 0:
            site = begin + lowest_bit(left)
            if flips(
                chains.states[chain, site] * chains.fields[chain, site], unit, uniforms[chain, site], attempts.noise
            ):
                return site
            left &= left - 1
        begin = first + LANES
    return n_spins


@inlined
def advance(chains, attempts, sweep, attempt, n_moving, work):
    """Return the next attempt at which some chain flips (N: none), and how many do, listed in `moving`.

    Of the others than the n_moving chains that have just flipped it is known when they will.
    """
    n_chains, n_spins = chains.states.shape
    upcoming, moving = work[UPCOMING], work[MOVING]
    for n in range(n_moving):
        chain = moving[n]
        upcoming[chain] = next_flip(chains, attempts, chain, sweep, attempt + 1)
    attempt, n_moving = n_spins, 0
    for chain in range(n_chains):
        attempt = min(attempt, upcoming[chain])
    for chain in range(n_chains):
        if upcoming[chain] == attempt < n_spins:
            moving[n_moving] = chain
            n_moving += 1
    return attempt, n_moving


@inlined
def all_that_flip(chains, attempts, sweep, site, work):
    """List the chains that flip at a site, where at most sites some do; return how many."""
    costs = work[UPCOMING]
    for chain in range(len(chains.states)):
        costs[chain] = chains.states[chain, site] * chains.fields[chain, site]
    return choose(attempts, sweep, site, costs, work[MOVING])


@allocation_free
def run_sweeps(energy, chains, attempts, record):
    """Run n sweeps of C chains; a spin flips where `kernels.noise.flips` says so.

    All chains go in step from an attempt at which some of them flip to the next such attempt.

    Parameters
    ----------
    energy : Couplings
    chains : CoupledArrays, changed in place
    attempts, record : as in `kernels.sweeps.run_sweeps`
    """
    (n_chains, n_spins), n_sweeps = chains.states.shape, attempts.units.shape[1]
    states, fields, sites, work = chains.states, chains.fields, attempts.sites, chains.work
    flipped, moving, chosen, factors = work[FLIPPED], work[MOVING], work[CHOSEN], work[FACTORS]
    often = False
    for sweep in range(n_sweeps):
        for chain in range(n_chains):
            draw(attempts, chain, sweep)
            flipped[chain], moving[chain] = 0, chain
        attempt, n_moving = -1, n_chains
        while attempt < n_spins:
            if not often:
                attempt, n_moving = advance(chains, attempts, sweep, attempt, n_moving, work)
            else:
                attempt, n_moving = attempt + 1, 0
                if attempt < n_spins:
                    n_moving = all_that_flip(chains, attempts, sweep, attempt, work)
            for n in range(n_moving):
                chain = moving[n]
                chosen[n] = sites[chain, attempt] if sites.shape[1] > 0 else attempt
                chains.energies[chain] -= states[chain, chosen[n]] * fields[chain, chosen[n]]
                flipped[chain] += 1
            flip_all(energy, chains, chosen, moving, factors, n_moving)
        n_flips = 0
        for chain in range(n_chains):
            row = attempts.first + sweep
            write(record_of(record, chain), row, states[chain], chains.energies[chain], flipped[chain])
            n_flips += flipped[chain]
        often = sites.shape[1] == 0 and OFTEN * n_flips > n_chains * n_spins


@allocation_free
def first_wrong(chains, bodies, slope, constant):
    """Return the first chain whose energy and fields contradict each other, -1 if there is none.

    A p-body energy obeys sum_i xi_i h_i = 2 p E with the doubled fields h; what fewer bodies contribute adds
    sum_i slope_i xi_i + constant to the left, slope (N,) int64.
    """
    for chain in range(len(chains.states)):
        state, fields = chains.states[chain], chains.fields[chain]
        total = np.int64(constant) - 2 * bodies * chains.energies[chain]
        for site in range(len(state)):
            total += state[site] * (np.int64(fields[site]) + slope[site])
        if total != 0:
            return chain
    return -1
