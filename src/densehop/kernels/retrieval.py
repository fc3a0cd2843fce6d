"""Overlaps and fields of many states at once, all in integers: the work of synchronous dynamics.

Layout, for N spins and M patterns, W = ceil(N/32) words and G = ceil(M/32) groups of 32 patterns:

- `words` (G, W, 32) uint32: a bit per site, 1 where the pattern has -1, pattern after pattern inside a group.
- `state_words` (S, W) uint32: the same for states; S is a multiple of ROWS, the rows behind the last state are zero.

The doubled field of site i is sum_a sigma_ia even[c_a] + xi_i sum_a odd[c_a], c_a the number of agreeing sites. The
first sum is a product of matrices. `even` enters it as constant + factors[0] digits[0] + factors[1] digits[1] + ...,
digits of 16 bits, so that the products are those of small integers. Where c_a lies within low..high, as for nearly all
patterns of a random state, the first digit is all there is; the few others are added one by one.
"""

from typing import Any, NamedTuple

import numpy as np

from densehop.kernels import compiled
from densehop.kernels.tiles import COUNTED, ROWS, WIDTH, count_tile, interleave, multiply_tile

SPARSE = 32  # patterns are added one by one if at most 1/SPARSE of them needs it


class Stored(NamedTuple):
    """What all states share, as above.

    patterns (M, N) int8; offsets (N,) int64, constant * sum_a sigma_ia; digits (D, N + 1) int16; factors (D,) int64;
    rest (N + 1,) int64, what digits behind the first contribute; odd (N + 1,) int64.
    """

    words: Any
    patterns: Any
    offsets: Any
    digits: Any
    factors: Any
    rest: Any
    odd: Any
    low: int
    high: int


class Work(NamedTuple):
    """Arrays that a block of S states changes.

    counts, values (S, L) int16, L more than the patterns of one block; panel (L/2, 64) int16; totals (S, N or more, a
    multiple of 32) int64, the first sum; odd_totals (S,) int64, the second.
    """

    counts: Any
    values: Any
    panel: Any
    totals: Any
    odd_totals: Any


@compiled
def count_agreements(words, state_words, n_spins, first, last, counts):
    """Set counts[s, a - first] to the number of sites where state s agrees with pattern a, first <= a < last.

    `first` is a multiple of 32; counts (S, L) int16 with L a multiple of 32.
    """
    for state in range(0, len(state_words), COUNTED):
        for group in range(first // WIDTH, (last + WIDTH - 1) // WIDTH):
            count_tile(state_words, state, words, group, n_spins, counts, group * WIDTH - first)


@compiled
def add_fields(stored, state_words, n_states, first, last, work):
    """Add the patterns first..last to both sums of the doubled fields; `first` is a multiple of 32."""
    length = last - first
    count_agreements(stored.words, state_words, stored.patterns.shape[1], first, last, work.counts)
    look_up(stored.digits[0], work.counts, n_states, length, work.values)
    add_odd(stored.odd, work.counts, n_states, length, work.odd_totals)
    n_rows = len(state_words)
    multiply(stored, n_rows, first, last, stored.factors[0], work)
    n_far = count_far(stored, work.counts, n_states, length)
    if n_far * SPARSE <= n_states * length:
        if n_far > 0:
            add_far(stored, n_states, first, last, work)
        return
    for digit in range(1, len(stored.digits)):
        look_up(stored.digits[digit], work.counts, n_states, length, work.values)
        multiply(stored, n_rows, first, last, stored.factors[digit], work)


@compiled
def look_up(table, counts, n_states, length, values):
    """Set values (S, L) int16 to the table's entries, and to 0 behind the last pattern."""
    for state in range(n_states):
        for a in range(length):  # unsigned: no test for an index from the end
            values[state, a] = table[np.uint16(counts[state, a])]
        values[state, length] = 0


@compiled
def add_odd(odd, counts, n_states, length, odd_totals):
    """Add the table's entries to the second sum of each state."""
    for state in range(n_states):
        total = np.int64(0)
        for a in range(length):
            total += odd[np.uint16(counts[state, a])]
        odd_totals[state] += total


@compiled
def multiply(stored, n_rows, first, last, factor, work):
    """Add factor * values @ patterns[first:last] to the first n_rows totals."""
    n_pairs = (last - first + 1) // 2
    for site in range(0, work.totals.shape[1], WIDTH):
        fill_panel(stored.patterns, first, last, site, work.panel)
        for state in range(0, n_rows, ROWS):
            multiply_tile(work.values, state, n_pairs, work.panel, factor, work.totals, site)


@compiled
def fill_panel(patterns, first, last, site, panel):
    """Set panel[t] to the signs of patterns first + 2t and first + 2t + 1 at up to 32 sites from `site` on."""
    n_sites = min(WIDTH, patterns.shape[1] - site)
    for pair in range((last - first + 1) // 2):
        left = first + 2 * pair
        right = min(left + 1, last - 1)  # behind the last pattern values are 0: any sign will do
        if n_sites == WIDTH:
            interleave(patterns, left, right, site, panel, pair)
        else:
            for i in range(n_sites):
                panel[pair, 2 * i] = patterns[left, site + i]
                panel[pair, 2 * i + 1] = patterns[right, site + i]


@compiled
def count_far(stored, counts, n_states, length):
    """Return how many counts lie outside low..high."""
    total = np.int64(0)
    if len(stored.digits) == 1:
        return total
    for state in range(n_states):
        for a in range(length):
            total += (counts[state, a] < stored.low) | (counts[state, a] > stored.high)
    return total


@compiled
def add_far(stored, n_states, first, last, work):
    """Add what the digits behind the first contribute, pattern by pattern."""
    for state in range(n_states):
        for a in range(last - first):
            count = work.counts[state, a]
            if (count < stored.low) | (count > stored.high):
                rest = stored.rest[count]
                for site in range(stored.patterns.shape[1]):
                    work.totals[state, site] += rest * stored.patterns[first + a, site]


@compiled
def write_fields(stored, states, work, fields):
    """Set the doubled fields (B, N) int64 of states (B, N) from their sums over all patterns."""
    for state in range(len(states)):
        odd = work.odd_totals[state]
        for site in range(states.shape[1]):
            first = work.totals[state, site] + stored.offsets[site]
            fields[state, site] = first + odd if states[state, site] > 0 else first - odd


@compiled
def write_signs(stored, states, work, result):
    """Set result (B, N) int8 to the signs of the fields of states (B, N); a zero field keeps the spin."""
    for state in range(len(states)):
        odd = work.odd_totals[state]
        for site in range(states.shape[1]):
            spin = states[state, site]
            first = work.totals[state, site] + stored.offsets[site]
            field = first + odd if spin > 0 else first - odd
            sign = np.int8(1) if field > 0 else np.int8(-1)
            result[state, site] = spin if field == 0 else sign


@compiled
def keep_largest(counts, first, last, largest, indices):
    """Bring the largest counts (B, n) int64 and their patterns up to date with counts (S, L) of patterns first..last.

    Counts fall along a row; of equal ones the pattern that comes first stands first.
    """
    n_largest = largest.shape[1]
    for state in range(len(largest)):
        for a in range(last - first):
            count = counts[state, a]
            if count > largest[state, n_largest - 1]:
                rank = n_largest - 1
                while rank > 0 and largest[state, rank - 1] < count:
                    largest[state, rank] = largest[state, rank - 1]
                    indices[state, rank] = indices[state, rank - 1]
                    rank -= 1
                largest[state, rank], indices[state, rank] = count, first + a
