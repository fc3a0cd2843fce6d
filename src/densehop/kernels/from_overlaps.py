"""Chains that keep overlaps, and weights in floating point that follow from these: how they start, and their check.

`kernels/exponential.py` and `kernels/weights.py` say which weights. Both keep their sum and the overlap that they are
counted from in the places SUM and TOP of `totals`.
"""

import numpy as np

from densehop.kernels import allocation_free, generic, inlined
from densehop.kernels.patterns import fit_together
from densehop.kernels.signed_sums import add_signed
from densehop.kernels.sweeps import chain_of

SUM, TOP = 0, 1  # indices into `totals`
ROUNDING = 2.0**-52  # distance of the double that follows 1


@generic
def find_again(energy, chain):
    """Set everything that follows from the overlaps of a chain."""
    raise NotImplementedError(type(energy))


@inlined
def energy_from(total, top, sharpness):
    """Return the energy of a sum of weights; sharpness is 0 where that is -S."""
    return -np.log(total) / sharpness - top if sharpness > 0 else -total


@allocation_free
def energies_from(totals, tops, sharpness, energies):
    """Set energies (n,) of sums of weights and the overlaps that they are counted from, totals and tops (n,)."""
    for place in range(len(totals)):
        energies[place] = energy_from(totals[place], tops[place], sharpness)


@allocation_free
def start(energy, chains):
    """Set all that chains keep from their states."""
    chains.overlaps[:] = 0
    for index in range(len(chains.states)):
        chain = chain_of(energy, chains, index)
        for site in range(len(chain.states)):
            add_signed(energy.bits, site, 0, energy.bits.shape[1], np.int16(chain.states[site]), chain.overlaps)
        find_again(energy, chain)


@allocation_free
def first_wrong(energy, chains):
    """Return the first chain whose sum, overlaps and state contradict each other, -1 if there is none."""
    for index in range(len(chains.states)):
        chain = chain_of(energy, chains, index)
        total, top = chain.totals[SUM], chain.totals[TOP]
        find_again(energy, chain)
        same = chain.totals[SUM] == total and chain.totals[TOP] == top
        if not same or not fit_together(energy.sign_sums, energy.n_patterns, chain.states, chain.overlaps):
            return index
    return -1
