"""Single-spin dynamics in the patterns representation: O(M) per attempt, all in integers.

Layout, for N spins and M patterns:

- `minus` (N, M) int8: a row per site, 0 where the pattern has +1 and -1 where it has -1. A signed sum then needs no
  multiplication, sum_a sigma_a x_a = sum_a (x_a XOR minus_a) + (how many are -1), and the compiler vectorises it.
- `agreements` (M,) int16: the number c_a of sites where the state agrees with pattern a.
- `amplitudes` (M,) int32 or int64: even[c_a], kept so that an attempt is one signed sum.
- `totals` (2,) int64: sum_a odd[c_a] and sum_a energy[c_a].
"""

import numpy as np

from densehop.kernels import compiled

ODD, ENERGY = 0, 1  # places in `totals`
IN_CACHE = 4096  # patterns handled at once when a flip updates them


@compiled
def signed_sum(minus_row, n_minus, amplitudes, chunk):
    """Return sum_a sigma_a amplitudes_a; a sum of `chunk` amplitudes must fit into their type."""
    narrow = amplitudes.dtype.type
    total = np.int64(n_minus)
    for first in range(0, len(amplitudes), chunk):
        row = minus_row[first : first + chunk]
        part = amplitudes[first : first + chunk]
        subtotal = narrow(0)
        for a in range(len(part)):
            subtotal = narrow(subtotal + narrow(part[a] ^ narrow(row[a])))
        total += subtotal
    return total


@compiled
def count_agreements(minus, state):
    """Return the number of sites where the state agrees with each pattern, (M,) int16."""
    count = np.zeros(minus.shape[1], dtype=np.int16)
    for site in range(len(state)):
        spin_minus = np.int8(-1 if state[site] < 0 else 0)
        row = minus[site]
        for a in range(len(row)):
            count[a] += np.int16(1) + np.int16(row[a] ^ spin_minus)  # XOR: 0 where they agree, -1 where not
    return count


@compiled
def flip(minus_row, spin, agreements, amplitudes, even, odd):
    """Bring agreements and amplitudes up to date after `spin` flipped; return the new sum_a odd[c_a]."""
    odd_total = np.int64(0)
    for first in range(0, len(agreements), IN_CACHE):
        row = minus_row[first : first + IN_CACHE]
        count = agreements[first : first + IN_CACHE]
        part = amplitudes[first : first + IN_CACHE]
        for a in range(len(count)):
            count[a] = np.int16(count[a] - np.int16(spin * np.int16(1 + 2 * np.int16(row[a]))))
        for a in range(len(count)):
            part[a] = even[np.uint16(count[a])]  # unsigned: no test for an index from the end
        for a in range(len(count)):
            odd_total += odd[np.uint16(count[a])]
    return odd_total


@compiled
def run_sweeps(
    minus,
    n_minus,
    chunk,
    even,
    odd,
    state,
    agreements,
    amplitudes,
    totals,
    sites,
    thresholds,
    first,
    references,
    trace,
    snapshots,
    every,
):
    """Run len(sites) sweeps on one chain; site i flips if and only if spin * (doubled field) < threshold.

    Parameters
    ----------
    minus : (N, M) int8; n_minus : (N,) int64, the number of -1 in each row
    chunk : int, how many amplitudes can be summed in their own type
    even, odd : (N + 1,) tables, `even` in the type of the amplitudes
    state : (N,) int8; agreements : (M,) int16; amplitudes : (M,); totals : (2,) int64; all changed in place
    sites : (n, N) int64, the order of the attempts; thresholds : (n, N) float64
    first : int, how many sweeps were done before: the row of `trace` that the first sweep fills
    references : (R, N) int8
    trace : (sweep, 2 + R) int64, filled after each sweep: energy sum, flips, overlap sum with each reference
    snapshots : (sweep // every, N) int8, filled after every `every`-th sweep; every = 0 for none
    """
    for block_sweep in range(len(sites)):
        flips = 0
        for attempt in range(sites.shape[1]):
            site = sites[block_sweep, attempt]
            spin = state[site]
            field = signed_sum(minus[site], n_minus[site], amplitudes, chunk) + spin * totals[ODD]
            if spin * field < thresholds[block_sweep, attempt]:
                state[site] = -spin
                totals[ODD] = flip(minus[site], spin, agreements, amplitudes, even, odd)
                totals[ENERGY] -= spin * field
                flips += 1
        sweep = first + block_sweep
        trace[sweep, 0] = totals[ENERGY]
        trace[sweep, 1] = flips
        for reference in range(len(references)):
            overlap = 0
            for site in range(len(state)):
                overlap += state[site] * references[reference, site]
            trace[sweep, 2 + reference] = overlap
        if every > 0 and (sweep + 1) % every == 0:
            snapshots[(sweep + 1) // every - 1] = state
