"""Single-spin dynamics where the energy is a function of S = sum_a w(k_a) in floating point (`energies/weights.py`).

Layout as in `kernels/patterns.py` for `bits` (N, B) and overlaps (32 B,), and beside them the weights of each
pattern after a flip: `further` where the site agrees with the pattern, `nearer` where it does not, both (32 B,)
float64. All are found anew from the overlaps at each flip, in one order, so that they depend on the state and not on
how it was reached.
"""

from typing import Any, NamedTuple

import numpy as np

from densehop.kernels import implements, lean
from densehop.kernels.patterns import fit_together
from densehop.kernels.signed_sums import add_signed, selected_sum
from densehop.kernels.sweeps import chain_of, energy_of, flip, flip_cost

SUM, TOP = 0, 1  # places in `totals`: S, and the overlap that weights are counted from
ROUNDING = 2.0**-52


class Weights(NamedTuple):
    """What all chains share: bits (N, B); sign_sums (N,) int64; the table and sharpness of a `WeightTable`."""

    bits: Any
    sign_sums: Any
    weights: Any
    sharpness: float
    n_patterns: int


class WeightArrays(NamedTuple):
    """What chains keep, as above with chains in front, or what one of them keeps; states (C, N), totals (C, 3)."""

    states: Any
    overlaps: Any
    further: Any
    nearer: Any
    totals: Any


@implements(chain_of, Weights)
def _chain_of(_energy, chains, index):
    return WeightArrays(
        chains.states[index], chains.overlaps[index], chains.further[index], chains.nearer[index], chains.totals[index]
    )


@lean
def find_weights(energy, chain):
    """Set everything that follows from the overlaps of a chain."""
    weights, overlaps = energy.weights, chain.overlaps
    top = np.int64(len(weights) - 3)
    if energy.sharpness > 0:
        top = -top
        for a in range(energy.n_patterns):
            top = np.int64(max(top, np.int64(overlaps[a])))
    total = 0.0
    for a in range(energy.n_patterns):
        place = ((top - overlaps[a]) >> 1) + 1
        chain.further[a], chain.nearer[a] = weights[place + 1], weights[place - 1]
        total += weights[place]
    chain.totals[SUM], chain.totals[TOP] = total, top


@lean
def start(energy, chains):
    """Set all that chains keep from their states."""
    chains.overlaps[:] = 0
    for index in range(len(chains.states)):
        chain = chain_of(energy, chains, index)
        for site in range(len(chain.states)):
            add_signed(energy.bits, site, 0, energy.bits.shape[1], np.int16(chain.states[site]), chain.overlaps)
        find_weights(energy, chain)


@lean
def first_wrong(energy, chains):
    """Return the first chain whose S, overlaps and state contradict each other, -1 if there is none."""
    for index in range(len(chains.states)):
        chain = chain_of(energy, chains, index)
        total, top = chain.totals[SUM], chain.totals[TOP]
        find_weights(energy, chain)
        same = chain.totals[SUM] == total and chain.totals[TOP] == top
        if not same or not fit_together(energy.sign_sums, energy.n_patterns, chain.states, chain.overlaps):
            return index
    return -1


@implements(energy_of, Weights)
def _energy_of(energy, chain):
    total, top = chain.totals[SUM], chain.totals[TOP]
    return -np.log(total) / energy.sharpness - top if energy.sharpness > 0 else -total


@implements(flip_cost, Weights)
def _flip_cost(energy, chain, site):  # what rounding alone could make is 0, so that T = 0 dynamics ends
    agreeing, other = (chain.further, chain.nearer) if chain.states[site] > 0 else (chain.nearer, chain.further)
    total: float = selected_sum(energy.bits, site, agreeing, other)
    here = chain.totals[SUM]
    if abs(total - here) <= energy.n_patterns * ROUNDING * here:
        return 0.0
    return np.log(here / total) / energy.sharpness if energy.sharpness > 0 else here - total


@implements(flip, Weights)
def _flip(energy, chain, site, _cost):
    spin = chain.states[site]
    add_signed(energy.bits, site, 0, energy.bits.shape[1], np.int16(-2 * spin), chain.overlaps)
    chain.states[site] = -spin
    find_weights(energy, chain)
