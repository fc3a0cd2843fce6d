"""Single-spin dynamics where the energy is a function of S = sum_a w(k_a) in floating point (`weights.py`).

Layout as in `kernels/patterns.py` for `bits` (N, B) and overlaps (32 B,), and beside them the weights of each
pattern after a flip: `further` where the site agrees with the pattern, `nearer` where it does not, both (32 B,)
float64. All are found anew from the overlaps at each flip, in one order, so that they depend on the state and not on
how it was reached.
"""

import numpy as np

from densehop.kernels import inlined, lean
from densehop.kernels.noise import flips
from densehop.kernels.record import record
from densehop.kernels.vectors import add_signed, selected_sum

SUM, TOP = 0, 1  # places in `totals`: S, and the overlap that weights are counted from
ROUNDING = 2.0**-52


@lean
def find_weights(weights, sharpness, n_patterns, overlaps, further, nearer, totals):
    """Set everything that follows from the overlaps; weights (N + 3,) as in `weights.WeightTable`."""
    top = np.int64(len(weights) - 3)
    if sharpness > 0:
        top = -top
        for a in range(n_patterns):
            top = np.int64(max(top, np.int64(overlaps[a])))
    total = 0.0
    for a in range(n_patterns):
        place = ((top - overlaps[a]) >> 1) + 1
        further[a], nearer[a] = weights[place + 1], weights[place - 1]
        total += weights[place]
    totals[SUM], totals[TOP] = total, top


@lean
def start(bits, weights, sharpness, n_patterns, states, overlaps, further, nearer, totals):
    """Place C chains at states (C, N): set everything else from them."""
    overlaps[:] = 0
    for chain in range(len(states)):
        for site in range(states.shape[1]):
            add_signed(bits, site, 0, bits.shape[1], np.int16(states[chain, site]), overlaps[chain])
        find_weights(weights, sharpness, n_patterns, overlaps[chain], further[chain], nearer[chain], totals[chain])


@inlined
def energy_of(total, top, sharpness):
    """Return the energy of S, weights counted from the overlap `top`."""
    return -np.log(total) / sharpness - top if sharpness > 0 else -total


@inlined
def flip_cost(bits, site, spin, sharpness, n_patterns, further, nearer, totals):
    """Return Delta E of a flip; what rounding alone could make is 0, so that T = 0 dynamics ends."""
    if_plus, if_minus = (further, nearer) if spin > 0 else (nearer, further)
    total: float = selected_sum(bits, site, if_plus, if_minus)
    if abs(total - totals[SUM]) <= n_patterns * ROUNDING * totals[SUM]:
        return 0.0
    return np.log(totals[SUM] / total) / sharpness if sharpness > 0 else totals[SUM] - total


@lean
def run_sweeps(
    bits,
    weights,
    sharpness,
    n_patterns,
    noise,
    states,
    overlaps,
    further,
    nearer,
    totals,
    sites,
    uniforms,
    units,
    first,
    references,
    trace,
    snapshots,
    every,
):
    """Run n sweeps of C chains, one after the other; arguments as in `kernels.patterns.run_sweeps`, trace in floats."""
    n_chains, n_sweeps, n_spins = uniforms.shape
    for chain in range(n_chains):
        state, total = states[chain], totals[chain]
        for block_sweep in range(n_sweeps):
            flipped = 0
            for attempt in range(n_spins):
                site = sites[chain, block_sweep, attempt] if sites.shape[2] > 0 else attempt
                cost = flip_cost(bits, site, state[site], sharpness, n_patterns, further[chain], nearer[chain], total)
                if flips(cost, units[chain, block_sweep], uniforms[chain, block_sweep, attempt], noise):
                    add_signed(bits, site, 0, bits.shape[1], np.int16(-2 * state[site]), overlaps[chain])
                    state[site] = -state[site]
                    find_weights(weights, sharpness, n_patterns, overlaps[chain], further[chain], nearer[chain], total)
                    flipped += 1
            energy = energy_of(total[SUM], total[TOP], sharpness)
            record(first + block_sweep, state, energy, flipped, references, trace[chain], snapshots[chain], every)
