"""Which memories are close enough to a state to matter, listed block by block, and what follows from such lists.

A list of a state holds counts of agreeing sites, -1 behind the last, and the memories' places. A list without places
holds the counts of all memories in order.
"""

from typing import Any

import numpy as np

from densehop.kernels import compiled, inlined
from densehop.kernels.levels import add_signs, add_where, first_bit, largest, within
from densehop.kernels.tiles import WIDTH

TOO_MANY = -1


@compiled
def collect(counts, n_states, first, floors, tops, listed, memories, n_listed):
    """Append to the lists of states (S, K) which memories of a block matter: first, first + 1, ... have counts (S, L).

    floors by count, the count from which on memories matter where the largest is this, rising; tops (S,), the largest
    count so far, or of all blocks where that is known; n_listed (S,), how many are listed, TOO_MANY where they did not
    fit.
    """
    for state in range(n_states):
        top: Any = largest(counts, state)
        tops[state] = max(tops[state], top)
        low = floors[tops[state]]
        if top < low or n_listed[state] == TOO_MANY:
            continue
        for start in range(0, counts.shape[1], WIDTH):
            bits: Any = within(counts, state, start, low, top)
            while bits:
                if n_listed[state] == listed.shape[1] and not shorten(listed, memories, n_listed, state, low):
                    break
                column = start + first_bit(bits)
                listed[state, n_listed[state]] = counts[state, column]
                memories[state, n_listed[state]] = first + column
                n_listed[state] += 1
                bits &= bits - np.uint64(1)
            if n_listed[state] == TOO_MANY:
                break


@inlined
def shorten(listed, memories, n_listed, state, low):
    """Strike from a full list what lies below `low`; where that is too little, say so and give it up."""
    kept = 0
    for n in range(n_listed[state]):
        if listed[state, n] >= low:
            listed[state, kept] = listed[state, n]
            memories[state, kept] = memories[state, n]
            kept += 1
    for n in range(kept, n_listed[state]):
        listed[state, n] = -1
    n_listed[state] = kept if kept <= listed.shape[1] // 2 else TOO_MANY
    return n_listed[state] != TOO_MANY


@compiled
def weigh(listed, memories, floors, logs, tops, nearest, totals):
    """Set what the lists of S states say: largest counts, first memories that have them, sums of exp(log - largest).

    floors by count, the count from which on to add where the largest is this; logs by count.
    """
    for state in range(len(tops)):
        top: Any = largest(listed, state)
        tops[state], nearest[state], totals[state] = top, -1, 0.0
        for start in range(0, listed.shape[1], WIDTH):
            bits: Any = within(listed, state, start, floors[top], top)
            while bits:
                column = start + first_bit(bits)
                count = listed[state, column]
                totals[state] += np.exp(logs[count] - logs[top])
                if count == top:
                    memory = memories[state, column] if len(memories) else column
                    nearest[state] = memory if nearest[state] < 0 else min(nearest[state], memory)
                bits &= bits - np.uint64(1)


@compiled
def add_all(listed, memories, floors, logs, words, field, means, sums):
    """Set means (S, N) to sum_a w_a xi_ia / sum_a w_a, w_a = exp(log of the count), and sums (S,) to log sum_a w_a.

    The sums are over each state's list: floors by count, the count from which on to add where the largest is this;
    words (G, W, 32) of the memories; field (32 W,), scratch.
    """
    chosen, weight = np.empty(listed.shape[1], dtype=np.int64), np.empty(listed.shape[1])
    for state in range(len(means)):
        top: Any = largest(listed, state)
        number, total = 0, 0.0
        for start in range(0, listed.shape[1], WIDTH):
            bits: Any = within(listed, state, start, floors[top], top)
            while bits:
                column = start + first_bit(bits)
                chosen[number] = memories[state, column] if len(memories) else column
                weight[number] = np.exp(logs[listed[state, column]] - logs[top])
                total += weight[number]
                number += 1
                bits &= bits - np.uint64(1)
        field[:] = 0
        for word in range(words.shape[1]):
            add_signs(words, word, chosen, weight, number, field)
        for site in range(means.shape[1]):
            means[state, site] = field[site] / total
        sums[state] = logs[top] + np.log(total)


@compiled
def flip_sums(listed, memories, floors, gains, losses, words, states, lost, gained):
    """Set what memories that agree with states (S, W) at a site lose by its flip, and what the others gain: (S, 32 W).

    In units of what one memory as near as the nearest loses. gains, losses: logarithms by count; the rest as above.
    """
    chosen, number = np.empty(listed.shape[1], dtype=np.int64), 0
    shares = np.empty((2, listed.shape[1]))
    for state in range(len(states)):
        top: Any = largest(listed, state)
        number = 0
        for start in range(0, listed.shape[1], WIDTH):
            bits: Any = within(listed, state, start, floors[top], top)
            while bits:
                column = start + first_bit(bits)
                count = listed[state, column]
                chosen[number] = memories[state, column] if len(memories) else column
                shares[0, number] = np.exp(losses[count] - losses[top])
                shares[1, number] = np.exp(gains[count] - losses[top])
                number += 1
                bits &= bits - np.uint64(1)
        lost[state], gained[state] = 0, 0
        for word in range(states.shape[1]):
            add_where(words, word, chosen, shares[0], number, lost[state], states[state, word])
            add_where(words, word, chosen, shares[1], number, gained[state], ~states[state, word])


@compiled
def tally(counts, n_states, n_memories, first, tops, nearest, histogram):
    """Add the counts (S, L) of a block of memories to the histogram (S, C); keep the largest and who has it first."""
    for state in range(n_states):
        for column in range(n_memories):
            count = counts[state, column]
            histogram[state, count] += 1
            if count > tops[state]:
                tops[state], nearest[state] = count, first + column


@compiled
def largest_below(counts, n_states, limit, tops):
    """Bring tops (S,) up to date with the largest of counts (S, L) that are below a limit."""
    for state in range(n_states):
        top: Any = largest(counts, state)
        if top >= limit:
            top = -1
            for count in counts[state]:
                top = max(top, count if count < limit else -1)
        tops[state] = max(tops[state], top)
