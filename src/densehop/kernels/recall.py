"""One step of spins towards memories whose weights rise with their overlap, on bits and without a matrix product.

A free site goes to the sign of sum_a exp(logs[c_a]) xi_ia, c_a the number of sites where state and memory agree (in
units that the table knows). Weights fall fast from the nearest memory on, so the sum is taken from the largest weights
down, until what is left out cannot change a sign. If one weight exceeds all others together, the signs are its
memory's. A state at rest under such steps may still be no minimum: single flips are the finer moves.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from densehop.kernels import compiled, inlined
from densehop.kernels.levels import add_signs, add_where, below, first_bit, largest, within
from densehop.kernels.tiles import WIDTH

LEFT_OUT = 0.05  # of the largest weight: how much may be left out at first
FINER = 1e-4  # by how much less at each further pass
OUT_OF_BUDGET = -1
SAFE = 1e-9  # share of a weight by which it must be larger to be so beyond rounding
EPSILON, ROUNDED = 2.0**-52, 64  # sums of M weights are equal where they differ by M + 64 roundings or less


class Memories(NamedTuple):
    """M memories and their energy by count, logarithms up to one common constant, rising, -inf for none.

    words (G, W, 32) uint32, bits of their signs; number, M; logs, of the weights; gains and losses, of what the energy
    falls by when a site comes to agree and rises by when one ceases to; alone, the weight of all others together, in
    units of the largest, below which its memory is a minimum once its sites are taken (negative: there is no such).
    """

    words: Any
    number: int
    logs: Any
    gains: Any
    losses: Any
    alone: float


class Scratch(NamedTuple):
    """Weights by count, like `logs`; columns, indices (int64), shares (float64) of those found; two fields (32 W,)."""

    weights: Any
    columns: Any
    indices: Any
    shares: Any
    field: Any
    against: Any


class Listed(NamedTuple):
    """The memories that matter to S states, as in `kernels/listing.py`.

    counts (S or more, L) int16, L a multiple of 32, -1 behind the last; indices (S, L) int64 of these memories, or
    (0, 0) if all are there in order; floors (S,) int64, the counts from which on all are listed.
    """

    counts: Any
    indices: Any
    floors: Any


@compiled
def step(listed, memories, states, fixed, again, minimum, unclear, scratch, budget):
    """Set bits of `states` (S, W) to the signs of their fields and return how many memories were added up.

    Too many, as where weights hardly differ: OUT_OF_BUDGET, and states are of no use. fixed (S, W), bits of sites that
    stay; again (S,) bool, set where a bit changed, cleared where another step cannot change one (docs/design.md, "One
    step is enough"); minimum (S,) bool, set where neither a step nor a single flip lowers the energy, for sure; unclear
    (S,) bool, set where more memories matter than are listed, and the state is of no use.
    """
    counts = listed.counts
    spent = np.int64(0)
    at_first = min(LEFT_OUT, memories.alone / 2) if memories.alone > 0 else LEFT_OUT
    for state in range(len(again)):
        top: Any = largest(counts, state)
        if memories.logs[top] == -np.inf:  # no field anywhere
            continue
        scratch.weights[top] = 1.0
        low = lowest(memories.logs, memories.logs[top], memories.number, top, at_first, scratch.weights)
        if low < listed.floors[state]:
            unclear[state] = True
            continue
        n_found = find(listed, state, low, top, scratch)
        rest = left_out(memories.logs, memories.logs[top], memories.number, low)
        winner = nearest(scratch, n_found)
        others = beside(scratch, n_found, winner) + rest
        if others < 1:
            for word in range(states.shape[1]):
                bits = memories.words[scratch.indices[winner] // WIDTH, word, scratch.indices[winner] % WIDTH]
                again[state] |= put(states, fixed, state, word, bits)
            if others <= memories.alone:
                again[state], minimum[state] = False, True
            elif not again[state]:
                minimum[state] = is_minimum(listed, memories, state, top, states, fixed, unclear, scratch)
            continue
        balance = equal_within(memories.number) * (1 + others)
        spent = add_until_clear(
            listed, memories, state, top, low, at_first, balance, n_found, unclear, scratch, spent, budget
        )
        if spent == OUT_OF_BUDGET:
            return OUT_OF_BUDGET
        if unclear[state]:
            continue
        for word in range(states.shape[1]):
            down = below(scratch.field, word, -balance)
            none = at_most(scratch.field, word, balance) & ~down
            again[state] |= put(states, fixed, state, word, down | (none & states[state, word]))
        if not again[state]:
            minimum[state] = is_minimum(listed, memories, state, top, states, fixed, unclear, scratch)
    return spent


@inlined
def add_until_clear(listed, memories, state, top, low, left, balance, n_found, unclear, scratch, spent, budget):
    """Add up the field from the memories found on, until what is left out cannot change a sign; return what it took.

    Nor lift it above the rounding of the sum, `balance`. OUT_OF_BUDGET where that is too much; `unclear` is set where
    more matter than are listed.
    """
    scratch.field[:] = 0
    reference = memories.logs[top]
    rest = left_out(memories.logs, reference, memories.number, low)
    while True:
        spent += n_found
        if spent > budget:
            return np.int64(OUT_OF_BUDGET)
        open_bits = np.uint32(0)
        for word in range(len(scratch.field) // WIDTH):
            add_signs(memories.words, word, scratch.indices, scratch.shares, n_found, scratch.field)
            open_bits |= at_most(scratch.field, word, rest) & ~at_most(scratch.field, word, -rest)
        if rest < balance / 4 or not open_bits:
            return spent
        left *= FINER
        high = low - 1
        low = lowest(memories.logs, reference, memories.number, high, left, scratch.weights)
        if low < listed.floors[state]:
            unclear[state] = True
            return spent
        n_found = find(listed, state, low, high, scratch)
        rest = left_out(memories.logs, reference, memories.number, low)


@inlined
def at_most(field, word, bound):
    """Return as bits which numbers of a block of the field are at most a bound."""
    return below(field, word, np.nextafter(bound, np.inf))


@inlined
def is_minimum(listed, memories, state, top, states, fixed, unclear, scratch):
    """Tell whether no flip of a free site lowers the energy, but for rounding: for sure if so.

    By a flip, memories that agree with the state at the site lose l_a, the others gain g_a. These sums, of positive
    terms, are compared: what the nearest memory would gain, exp(2 beta) for the exponential, must not drown what it
    loses. What is left out gains less than `rest`.
    """
    reference: Any = memories.losses[top]
    low = lowest(memories.gains, reference, memories.number, top, LEFT_OUT, scratch.weights)
    if low < listed.floors[state]:
        unclear[state] = True
        return False
    n_found = find(listed, state, low, top, scratch)
    winner = nearest(scratch, n_found)
    if beside(scratch, n_found, winner) + left_out(memories.gains, reference, memories.number, low) <= 1 - SAFE:
        return True
    rounding = equal_within(memories.number)
    low = lowest(memories.gains, reference, memories.number, max(low - 1, 0), rounding / 4, scratch.weights)
    if low < listed.floors[state]:
        unclear[state] = True
        return False
    n_found = find(listed, state, low, top, scratch)
    rest = left_out(memories.gains, reference, memories.number, low)
    add_flips(listed, memories, state, reference, n_found, states, scratch)
    for site in range(len(scratch.field)):
        held = (fixed[state, site // WIDTH] >> np.uint32(site % WIDTH)) & np.uint32(1)
        if not held and scratch.against[site] + rest > scratch.field[site] * (1 + rounding):
            return False
    return True


@inlined
def add_flips(listed, memories, state, reference, n_found, states, scratch):
    """Add up by site what the memories found lose (field) and gain (against) by a flip; their shares are gains."""
    scratch.field[:] = 0
    scratch.against[:] = 0
    found, against, field = scratch.indices, scratch.against, scratch.field
    for word in range(states.shape[1]):
        add_where(memories.words, word, found, scratch.shares, n_found, against, ~states[state, word])
    for n in range(n_found):
        scratch.shares[n] = math.exp(memories.losses[listed.counts[state, scratch.columns[n]]] - reference)
    for word in range(states.shape[1]):
        add_where(memories.words, word, found, scratch.shares, n_found, field, states[state, word])


@inlined
def equal_within(number):
    """Return the share by which sums of so many positive weights may differ by rounding alone."""
    return (number + ROUNDED) * EPSILON


@inlined
def lowest(logs, reference, number, start, left, weights):
    """Return the count, at most `start`, below which all memories together weigh less than `left`.

    A weight is exp(log - reference). Those of all counts from there to `start` are set.
    """
    low, smallest = start, left / number
    weights[low] = math.exp(logs[low] - reference)
    while low > 0:
        weights[low - 1] = math.exp(logs[low - 1] - reference)
        if weights[low - 1] < smallest:
            break
        low -= 1
    return low


@inlined
def left_out(logs, reference, number, low):
    """Return a bound on the weights of all memories with counts below `low`."""
    return number * math.exp(logs[low - 1] - reference) if low > 0 else 0.0


@inlined
def find(listed, state, low, high, scratch):
    """Write which memories a state's counts low..high are, and their weights, and return how many there are."""
    n_found = 0
    for first in range(0, listed.counts.shape[1], WIDTH):
        bits: Any = within(listed.counts, state, first, low, high)
        while bits:
            column = first + first_bit(bits)
            scratch.columns[n_found] = column
            scratch.indices[n_found] = listed.indices[state, column] if len(listed.indices) else column
            scratch.shares[n_found] = scratch.weights[listed.counts[state, column]]
            n_found += 1
            bits &= bits - np.uint64(1)
    return n_found


@inlined
def nearest(scratch, n_found):
    """Return the place of the first memory with the largest weight."""
    place = np.int64(0)
    for n in range(n_found):
        if scratch.shares[n] > scratch.shares[place]:
            place = np.int64(n)
    return place


@inlined
def beside(scratch, n_found, place):
    """Return the sum of all weights but one, which may be beyond the digits that it leaves them."""
    result = 0.0
    for n in range(n_found):
        if n != place:
            result += scratch.shares[n]
    return result


@inlined
def put(states, fixed, state, word, bits):
    """Set the bits of a word that may move and tell whether one did."""
    old, stay = states[state, word], fixed[state, word]
    new = (old & stay) | (bits & ~stay)
    states[state, word] = new
    return new != old


@compiled
def keep(free, data, values):
    """Set values (B, N) to data where they are not free; a choice by masks has no branches to predict wrongly."""
    for row in range(len(values)):
        for site in range(values.shape[1]):
            values[row, site] = values[row, site] if free[row, site] else data[row, site]


@compiled
def known_ends(data, known, lows, highs):
    """Set lows and highs (B,) to the ends of the known values of rows (B, N): infinity and -infinity where none is."""
    for row in range(len(data)):
        low, high = data.dtype.type(np.inf), data.dtype.type(-np.inf)
        for site in range(data.shape[1]):
            value = data[row, site]
            low = value if known[row, site] and value < low else low
            high = value if known[row, site] and value > high else high
        lows[row], highs[row] = low, high
