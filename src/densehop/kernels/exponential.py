"""Single-spin dynamics of E = -(1/b) log sum_a exp(b k_a), in floating point (`energies/weights.py`).

Layout as in `kernels/patterns.py` for `bits` (N, B) and overlaps (32 B,), and beside them the weights w_a =
exp(b (k_a - K)) (32 B,) float64, K the largest overlap when they were found; zeros behind the M-th. A flip multiplies
the weights of the patterns that agree at the site by exp(-2 b) and the others by exp(2 b), so an attempt needs the sums
of both. At the end of each sweep, and after so many flips that no weight can have left the range of its type, weights
are found anew from the overlaps: exp(-2 b d), d = (K - k)/2, is a product over the bits of d. So a sweep depends on the
state in which it begins, not on how that was reached.
"""

from typing import Any, NamedTuple

import numpy as np

from densehop.kernels import allocation_free, implements, inlined
from densehop.kernels.from_overlaps import ROUNDING, SUM, TOP, energy_from, find_again
from densehop.kernels.signed_sums import add_signed
from densehop.kernels.sweeps import chain_of, energy_of, flip, flip_cost
from densehop.kernels.weighted_sums import find_powers, multiply_both, sum_of_both

FLIPS = 2  # place in `totals`: flips since the weights were found
ROUNDED = 64  # at most so many times a weight is rounded when it is found, and its sum beyond M


class Exponential(NamedTuple):
    """What all chains share: bits (N, B); sign_sums (N,) int64; powers (J,), exp(-2 b 2^j); b.

    `kept` flips multiply the weights before they are found anew.
    """

    bits: Any
    sign_sums: Any
    powers: Any
    sharpness: float
    kept: int
    n_patterns: int


class ExponentialArrays(NamedTuple):
    """What chains keep, as above with chains in front, or what one of them keeps; states (C, N), totals (C, 3)."""

    states: Any
    overlaps: Any
    weights: Any
    totals: Any


@implements(chain_of, Exponential)
def _chain_of(_energy, chains, index):
    return ExponentialArrays(chains.states[index], chains.overlaps[index], chains.weights[index], chains.totals[index])


@allocation_free
def find_weights(energy, chain):
    """Set everything that follows from the overlaps of a chain."""
    top = chain.overlaps[0]
    for a in range(energy.n_patterns):
        top = max(top, chain.overlaps[a])
    find_powers(chain.overlaps, top, energy.powers, chain.weights)
    for a in range(energy.n_patterns, len(chain.weights)):
        chain.weights[a] = 0.0
    chain.totals[SUM] = sum_of_both(energy.bits, 0, chain.weights, 1.0, 1.0)
    chain.totals[TOP], chain.totals[FLIPS] = top, 0


@implements(find_again, Exponential)
def _find_again(energy, chain):
    find_weights(energy, chain)


@implements(energy_of, Exponential)
def _energy_of(energy, chain):
    if chain.totals[FLIPS] > 0:
        find_weights(energy, chain)
    return energy_from(chain.totals[SUM], chain.totals[TOP], energy.sharpness)


@inlined
def factors(energy, spin):
    """Return by what a flip of `spin` multiplies the weights of patterns with +1 and of those with -1 at its site."""
    further = energy.powers[0]
    return (further, 1 / further) if spin > 0 else (1 / further, further)


@implements(flip_cost, Exponential)
def _flip_cost(energy, chain, site):  # what rounding alone could make is 0, so that T = 0 dynamics ends
    for_plus, for_minus = factors(energy, chain.states[site])
    total: float = sum_of_both(energy.bits, site, chain.weights, for_plus, for_minus)
    current = chain.totals[SUM]
    if abs(total - current) <= (energy.n_patterns + ROUNDED + 2 * chain.totals[FLIPS]) * ROUNDING * current:
        return 0.0
    return np.log(current / total) / energy.sharpness


@implements(flip, Exponential)
def _flip(energy, chain, site, _cost):
    spin = chain.states[site]
    add_signed(energy.bits, site, 0, energy.bits.shape[1], np.int16(-2 * spin), chain.overlaps)
    chain.states[site] = -spin
    chain.totals[FLIPS] += 1
    if chain.totals[FLIPS] > energy.kept:
        find_weights(energy, chain)
    else:
        for_plus, for_minus = factors(energy, spin)
        chain.totals[SUM] = multiply_both(energy.bits, site, chain.weights, for_plus, for_minus)
