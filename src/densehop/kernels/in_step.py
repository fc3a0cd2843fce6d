"""Sweeps of chains on few patterns that visit one site after the other together: what they share is read once.

For one chain alone, most of the time goes by between a sum over patterns and the decision that waits for it. So the
costs of all chains are found first, four at a time, then it is decided which of them flip, then these flip. Each chain
does the same as in `kernels/sweeps.py`.
"""

import numpy as np

from densehop.kernels import allocation_free, inlined
from densehop.kernels.noise import flips
from densehop.kernels.patterns import ODD, four_even_sums
from densehop.kernels.record import draw, record_of, write
from densehop.kernels.sweeps import chain_of, energy_of, flip, flip_cost

FOUR = 4


@inlined
def find_costs(patterns, chains, site, costs):
    """Set costs (C,) of a flip of `site`."""
    n_chains = len(chains.states)
    whole = n_chains // FOUR * FOUR
    for first in range(0, whole, FOUR):
        four_even_sums(patterns.form, patterns, chains, site, first, costs)
    for c in range(whole):
        costs[c] = chains.states[c, site] * costs[c] + chains.totals[c, ODD]
    for c in range(whole, n_chains):
        costs[c] = flip_cost(patterns, chain_of(patterns, chains, c), site)


@inlined
def choose(attempts, sweep, attempt, costs, moving):
    """List in `moving` the chains that flip, of costs (C,); return how many. Bounds drop most others without a branch.

    Indices are unsigned: no test for an index from the end.
    """
    n_candidates, n_moving = np.uint64(0), 0
    for c in range(len(attempts.bounds)):
        moving[n_candidates] = c
        n_candidates += np.uint64(costs[c] < attempts.bounds[c, attempt])
    for n in range(n_candidates):
        candidate = np.uint64(moving[n])
        unit, uniform = attempts.units[candidate, sweep], attempts.uniforms[candidate, attempt]
        if flips(costs[candidate], unit, uniform, attempts.noise):
            moving[n_moving] = candidate
            n_moving += 1
    return n_moving


@allocation_free
def run_sweeps(patterns, chains, attempts, record, work):
    """Run n sweeps of C chains in step.

    Parameters
    ----------
    patterns : Patterns, of a form that implements `four_even_sums`
    chains : PatternArrays, changed in place
    attempts, record : as in `kernels.sweeps.run_sweeps`; sites one after the other
    work : (3, C) int64, overwritten
    """
    n_chains, n_spins = chains.states.shape
    costs, moving, flipped = work[0], work[1], work[2]
    for sweep in range(attempts.units.shape[1]):
        for c in range(n_chains):
            draw(attempts, c, sweep)
            flipped[c] = 0
        for site in range(n_spins):
            find_costs(patterns, chains, site, costs)
            for n in range(choose(attempts, sweep, site, costs, moving)):
                mover = np.uint64(moving[n])
                flip(patterns, chain_of(patterns, chains, mover), site, costs[mover])
                flipped[mover] += 1
        for c in range(n_chains):
            chain, row = chain_of(patterns, chains, c), attempts.first + sweep
            write(record_of(record, c), row, chain.states, energy_of(patterns, chain), flipped[c])
