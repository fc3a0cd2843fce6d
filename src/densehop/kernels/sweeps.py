"""Sweeps of single-spin dynamics over chains that run one after the other, whatever the energy.

An energy is a NamedTuple of what all chains share; beside it is a NamedTuple of what each chain keeps, `states` (C, N)
int8 first. It implements the four functions below (`kernels.implements`): `kernels/patterns.py` does for tables of
integers, `kernels/weights.py` for weights in floating point.
"""

import numpy as np

from densehop.kernels import allocation_free, generic
from densehop.kernels.noise import flips
from densehop.kernels.record import draw, record_of, write


@generic
def chain_of(energy, chains, index):
    """Return what one of the chains keeps, with one dimension less."""
    raise NotImplementedError(type(energy))


@generic
def flip_cost(energy, chain, site):
    """Return what it costs to flip the spin at `site`, in units of the energy."""
    raise NotImplementedError(type(energy))


@generic
def flip(energy, chain, site, cost):
    """Flip the spin at `site`, at a known cost, and bring up to date what the chain keeps."""
    raise NotImplementedError(type(energy))


@generic
def energy_of(energy, chain):
    """Return the energy that is recorded for the state of the chain."""
    raise NotImplementedError(type(energy))


@allocation_free
def run_sweeps(energy, chains, attempts, record):
    """Run n sweeps of C chains, one after the other; a spin flips where `kernels.noise.flips` says so.

    Parameters
    ----------
    energy : what all chains share
    chains : what each keeps, changed in place
    attempts : kernels.record.Attempts
    record : kernels.record.Record, filled from row `attempts.first` on
    """
    sites, uniforms, bounds, units = attempts.sites, attempts.uniforms, attempts.bounds, attempts.units
    for index in range(len(chains.states)):
        chain, own = chain_of(energy, chains, index), record_of(record, index)
        for sweep in range(units.shape[1]):
            flipped = np.int64(0)  # not a literal: `write` is compiled once
            draw(attempts, index, sweep)
            for attempt in range(len(chain.states)):
                site = sites[index, attempt] if sites.shape[1] > 0 else attempt
                cost = flip_cost(energy, chain, site)
                if cost < bounds[index, attempt] and flips(
                    cost, units[index, sweep], uniforms[index, attempt], attempts.noise
                ):
                    flip(energy, chain, site, cost)
                    flipped += 1
            write(own, attempts.first + sweep, chain.states, energy_of(energy, chain), flipped)
