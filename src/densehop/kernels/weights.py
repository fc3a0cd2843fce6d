"""Single-spin dynamics where the energy is a function of S = sum_a w(k_a) in floating point (`energies/weights.py`).

Layout as in `kernels/patterns.py` for `bits` (N, B) and overlaps (32 B,), and beside them the weights of each
pattern after a flip: `further` where the site agrees with the pattern, `nearer` where it does not, both (32 B,)
float64. All are found anew from the overlaps at each flip, in one order, so that they depend on the state and not on
how it was reached.
"""

from typing import Any, NamedTuple

import numpy as np

from densehop.kernels import allocation_free, implements
from densehop.kernels.from_overlaps import ROUNDING, SUM, TOP, energy_from, find_again
from densehop.kernels.signed_sums import add_signed
from densehop.kernels.sweeps import chain_of, energy_of, flip, flip_cost
from densehop.kernels.weighted_sums import selected_sum


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


@allocation_free
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
        entry = ((top - overlaps[a]) >> 1) + 1
        chain.further[a], chain.nearer[a] = weights[entry + 1], weights[entry - 1]
        total += weights[entry]
    chain.totals[SUM], chain.totals[TOP] = total, top


@implements(find_again, Weights)
def _find_again(energy, chain):
    find_weights(energy, chain)


@implements(energy_of, Weights)
def _energy_of(energy, chain):
    return energy_from(chain.totals[SUM], chain.totals[TOP], energy.sharpness)


@implements(flip_cost, Weights)
def _flip_cost(energy, chain, site):  # what rounding alone could make is 0, so that T = 0 dynamics ends
    agreeing, other = (chain.further, chain.nearer) if chain.states[site] > 0 else (chain.nearer, chain.further)
    total: float = selected_sum(energy.bits, site, agreeing, other)
    current = chain.totals[SUM]
    if abs(total - current) <= energy.n_patterns * ROUNDING * current:
        return 0.0
    return np.log(current / total) / energy.sharpness if energy.sharpness > 0 else current - total


@implements(flip, Weights)
def _flip(energy, chain, site, _cost):
    spin = chain.states[site]
    add_signed(energy.bits, site, 0, energy.bits.shape[1], np.int16(-2 * spin), chain.overlaps)
    chain.states[site] = -spin
    find_weights(energy, chain)
