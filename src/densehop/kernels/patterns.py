"""Single-spin dynamics in the patterns representation: O(M) per attempt, all in integers.

Layout, for N spins and M patterns, B = ceil(M/32) blocks of 32; the places behind the M-th pattern hold zeros:

- `bits` (N, B) uint32: a row per site, 1 where the pattern has -1.
- `overlaps` (32 B,) int16: k_a, the overlap of the state with pattern a.
- `amplitudes` (32 B,): even[c_a]/factor, kept where it is no simple polynomial, so that an attempt is one signed sum.
- `totals` (2,) int64: sum_a odd[c_a] and sum_a energy[c_a].

The doubled field of site i is sum_a sigma_ia even[c_a] + xi_i sum_a odd[c_a]. Five forms of `even` and `odd`:
powers 1 and 2 are even = factor k^power + constant with odd = slope k + constant (p = 2 and 3), where the second sum
changes by a known number per flip. Power 3 is even = factor (k^3 + slope k)/divisor with odd = shift - square k^2
(p = 4; divisor 3 in the strict energy, 1 in the power energy), summed from (k^2 + slope)/2, which fits into 16 bits;
the sum of k^2 changes by the signed sum of k at a flip. Where that is too large or no integer (form 4) the cubes are
amplitudes, found anew at each flip. Form 0 is any other table, looked up at each flip.
"""

from typing import Any, NamedTuple

import numpy as np

from densehop.kernels import inlined, lean
from densehop.kernels.noise import flips
from densehop.kernels.record import record
from densehop.kernels.vectors import (
    LANES,
    THIRD,
    add_signed,
    add_signed_and_sum,
    cube,
    signed_sum,
    signed_sum_of_cubes,
    signed_sum_of_squares,
)

ODD, ENERGY = 0, 1  # places in `totals`
TABLE, LINEAR, SQUARE, CUBE, WIDE_CUBE = 0, 1, 2, 3, 4  # forms
IN_CACHE = 4096  # patterns handled at once when a flip updates them
BLOCKS_IN_CACHE = IN_CACHE // LANES


class Stored(NamedTuple):
    """What all chains share: `form`, `factor`, `slope`, `shift` (the constant of `odd`), `divisor`, `square` as above.

    bits (N, B); sign_sums (N,) int64, sum_a sigma_ia; offsets (N,) int64, the constant of `even` times sign_sums;
    even, odd (N + 1,) tables, `even` in the type of the amplitudes; n_patterns; chunk, how many blocks can be summed
    without overflow of a lane.
    """

    bits: Any
    sign_sums: Any
    offsets: Any
    even: Any
    odd: Any
    n_patterns: int
    form: int
    factor: int
    slope: int
    shift: int
    divisor: int
    square: int
    chunk: int


@inlined
def sum_signed(stored, site, overlaps, amplitudes):
    """Return sum_a sigma_a even[c_a] of a site."""
    total, n_blocks = np.int64(0), stored.bits.shape[1]
    for first in range(0, n_blocks, stored.chunk):
        last = min(first + stored.chunk, n_blocks)
        if stored.form == SQUARE:
            total += signed_sum_of_squares(stored.bits, site, first, last, overlaps)
        elif stored.form == LINEAR:
            total += signed_sum(stored.bits, site, first, last, overlaps)
        elif stored.form == CUBE:
            odd = np.int64((len(stored.even) - 1) & 1)
            shift = (stored.slope + odd) // 2
            total += 2 * signed_sum_of_cubes(stored.bits, site, first, last, overlaps, odd, shift) // stored.divisor
        else:
            total += signed_sum(stored.bits, site, first, last, amplitudes)
    return stored.factor * total + stored.offsets[site]


@lean
def find_overlaps(stored, state, overlaps):
    """Set the overlaps (32 B,) of a state (N,) with all patterns."""
    overlaps[:] = 0
    for site in range(len(state)):
        add_signed(stored.bits, site, 0, stored.bits.shape[1], np.int16(state[site]), overlaps)
    overlaps[stored.n_patterns :] = 0


@lean
def look_up(stored, overlaps, amplitudes):
    """Set the amplitudes of the overlaps; return sum_a odd[c_a]."""
    n_spins = np.int16(len(stored.even) - 1)
    odd_total = np.int64(0)
    for first in range(0, stored.n_patterns, IN_CACHE):
        last = min(first + IN_CACHE, stored.n_patterns)
        part, target = overlaps[first:last], amplitudes[first:last]
        for a in range(len(part)):  # unsigned: no test for an index from the end
            target[a] = stored.even[np.uint16(np.int32(part[a]) + n_spins) >> np.uint16(1)]
        for a in range(len(part)):
            odd_total += stored.odd[np.uint16(np.int32(part[a]) + n_spins) >> np.uint16(1)]
    return odd_total


@inlined
def find_amplitudes(stored, overlaps, amplitudes):
    """Set the amplitudes of the overlaps, where the form has any; return sum_a odd[c_a]."""
    if stored.form == WIDE_CUBE:
        inverse = THIRD if stored.divisor == 3 else 1
        squares, n_blocks = np.int64(0), stored.bits.shape[1]
        for first in range(0, n_blocks, BLOCKS_IN_CACHE):
            last = min(first + BLOCKS_IN_CACHE, n_blocks)
            squares += cube(overlaps, stored.slope, inverse, first, last, amplitudes)
        return stored.shift * stored.n_patterns - stored.square * squares
    if stored.form == TABLE:
        return look_up(stored, overlaps, amplitudes)
    total = np.int64(0)
    if stored.form == CUBE:
        for a in range(stored.n_patterns):
            total += np.int64(overlaps[a]) * overlaps[a]
        return stored.shift * stored.n_patterns - stored.square * total
    for a in range(stored.n_patterns):
        total += overlaps[a]
    return stored.slope * total + stored.shift * stored.n_patterns


@inlined
def flip(stored, site, spin, overlaps, amplitudes, odd_total):
    """Bring overlaps and amplitudes up to date after `spin` flipped; return the new sum_a odd[c_a]."""
    step, n_blocks, signed = np.int16(-2 * spin), stored.bits.shape[1], np.int64(0)
    if stored.form == CUBE:
        for first in range(0, n_blocks, stored.chunk):
            last = min(first + stored.chunk, n_blocks)
            signed += add_signed_and_sum(stored.bits, site, first, last, step, overlaps)
        overlaps[stored.n_patterns :] = 0
        return odd_total + 4 * stored.square * (spin * signed - stored.n_patterns)
    add_signed(stored.bits, site, 0, n_blocks, step, overlaps)
    overlaps[stored.n_patterns :] = 0
    if stored.form in (TABLE, WIDE_CUBE):
        return find_amplitudes(stored, overlaps, amplitudes)
    return odd_total - 2 * spin * stored.slope * stored.sign_sums[site]


@lean
def start(stored, energy, states, overlaps, amplitudes, totals):
    """Place C chains at states (C, N): set everything else from them; energy (N + 1,)."""
    n_spins = states.shape[1]
    for chain in range(len(states)):
        find_overlaps(stored, states[chain], overlaps[chain])
        totals[chain, ODD] = find_amplitudes(stored, overlaps[chain], amplitudes[chain])
        totals[chain, ENERGY] = 0
        for a in range(stored.n_patterns):
            totals[chain, ENERGY] += energy[(np.int64(overlaps[chain, a]) + n_spins) >> 1]


@lean
def find_fields(stored, states, overlaps, amplitudes, totals, fields):
    """Set the doubled fields (C, N) int64 of all sites of all chains."""
    for chain in range(len(states)):
        for site in range(states.shape[1]):
            field = sum_signed(stored, site, overlaps[chain], amplitudes[chain])
            fields[chain, site] = field + states[chain, site] * totals[chain, ODD]


@lean
def run_sweeps(
    stored,
    noise,
    states,
    overlaps,
    amplitudes,
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
    """Run n sweeps of C chains, one after the other; a spin flips where `kernels.noise.flips` says so.

    Parameters
    ----------
    stored : Stored; noise : kernels.noise.Noise
    states (C, N) int8; overlaps, amplitudes, totals : as above with chains in front; all changed in place
    sites : (C, n, N) int64, the order of the attempts, or (C, n, 0): one site after the other
    uniforms : (C, n, N) float64; units : (C, n) float64, the temperature in units of the integer fields
    first : int, how many sweeps were done before: the row of `trace` that the first sweep fills
    references : (R, N) int8
    trace, snapshots, every : as in `kernels.record.record`, with chains in front
    """
    for chain in range(len(states)):
        run_chain(
            stored, noise, states[chain], overlaps[chain], amplitudes[chain], totals[chain], sites[chain],
            uniforms[chain], units[chain], first, references, trace[chain], snapshots[chain], every,
        )  # fmt: skip


@lean
def run_chain(
    stored,
    noise,
    state,
    overlaps,
    amplitudes,
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
    """Run the sweeps of one chain."""
    for block_sweep in range(len(uniforms)):
        flipped = 0
        for attempt in range(uniforms.shape[1]):
            site = sites[block_sweep, attempt] if sites.shape[1] > 0 else attempt
            spin = state[site]
            cost = spin * sum_signed(stored, site, overlaps, amplitudes) + totals[ODD]
            if flips(cost, units[block_sweep], uniforms[block_sweep, attempt], noise):
                state[site] = -spin
                totals[ODD] = flip(stored, site, spin, overlaps, amplitudes, totals[ODD])
                totals[ENERGY] -= cost
                flipped += 1
        record(first + block_sweep, state, totals[ENERGY], flipped, references, trace, snapshots, every)
