"""Real-valued memories near states: found by single-precision scores, then measured in double precision.

A score is x . xi - |xi|^2/2, so that |x - xi|^2 = |x|^2 - 2 score. Scores come from a product of matrices in single
precision, a block of memories at a time, and of each chunk of memories the largest is kept. The members of chunks
whose largest score may belong to one that matters are measured again, site by site.
"""

from functools import partial

import numpy as np

from densehop.kernels import compiled, inlined
from densehop.kernels.levels import largest_differences
from densehop.kernels.vectors import LANES

OUT_OF_BUDGET = -1
CHUNKS, MEMBERS = LANES, 16  # of a span of memories, and of a chunk: the memories c, c + CHUNKS, ... of a span
SPAN = CHUNKS * MEMBERS


@partial(inlined, fastmath={"reassoc"})  # so that several sums are kept, in vectors
def square_distance(state, seen, memory):
    """Return |x - xi|^2 over the sites that are seen; `seen` (N,), or (0,) for all."""
    total = 0.0
    if len(seen):
        for site in range(len(state)):
            difference = np.float64(state[site]) - np.float64(memory[site])
            total += difference * difference if seen[site] else 0.0
        return total
    for site in range(len(state)):
        difference = np.float64(state[site]) - np.float64(memory[site])
        total += difference * difference
    return total


@compiled
def keep_maxima(scores, halves, first, maxima):
    """Set maxima (B, C) from column `first` on to the largest of scores (B, L) - halves (L,) in each of their chunks.

    All in single precision; the first score is that of the first member of a chunk.
    """
    length, column = scores.shape[1], first
    for start in range(0, length, SPAN):
        n_rows = min(SPAN, length - start) // CHUNKS
        for state in range(len(scores)):
            if n_rows > 0:
                largest_differences(scores, state, halves, start, n_rows, maxima, column)
            for n in range(start + n_rows * CHUNKS, min(start + SPAN, length)):  # a row that is not full
                chunk = column + n % CHUNKS
                score = scores[state, n] - halves[n]
                maxima[state, chunk] = score if n_rows == 0 else max(score, maxima[state, chunk])
        column += CHUNKS


@inlined
def first_member(chunk):
    """Return the first memory of a chunk."""
    return chunk // CHUNKS * SPAN + chunk % CHUNKS


@compiled
def count_near(maxima, cuts):
    """Return how many chunks have a largest score (B, C) that is not below the cuts (B,)."""
    total = 0
    for state in range(len(maxima)):
        far = 0
        for chunk in range(maxima.shape[1]):
            far += maxima[state, chunk] < cuts[state]
        total += maxima.shape[1] - far
    return total


@inlined
def list_members(maxima, state, cut, n_memories, listed):
    """Write which memories lie in chunks whose largest score is not below `cut`, and return how many."""
    number = 0
    for chunk in range(maxima.shape[1]):
        if maxima[state, chunk] < cut:
            continue
        first = first_member(chunk)
        for memory in range(first, min(first + SPAN, n_memories), CHUNKS):
            listed[number] = memory
            number += 1
    return number


@compiled
def blend(maxima, cuts, memories, states, seen, beta, reach, budget, targets, nearest, squares, logs, heaviest):
    """Set what memories in chunks (B, C) not below cuts (B,) make of states (B, N); return how many counted.

    Only those whose weight is at least exp(-reach) of the largest are added, whatever the rounding of the scores.
    More than the budget, or none: OUT_OF_BUDGET. targets (B, N), sum w xi/sum w with w = exp(-beta |x - xi|^2/2);
    nearest (B,) memories and their squares |x - xi|^2; logs (B,), log sum w; heaviest (B,), the largest share of it.
    seen (B, N), or (B, 0) for all.
    """
    listed, distances = np.empty(len(memories), dtype=np.int64), np.empty(len(memories))
    spent = np.int64(0)
    for state in range(len(states)):
        number = list_members(maxima, state, cuts[state], len(memories), listed)
        if number == 0:
            return np.int64(OUT_OF_BUDGET)
        least, closest = np.inf, np.int64(len(memories))
        for n in range(number):
            distances[n] = square_distance(states[state], seen[state], memories[listed[n]])
            if is_nearer(distances[n], listed[n], least, closest):
                least, closest = distances[n], listed[n]
        total = 0.0
        targets[state, :] = 0
        for n in range(number):
            exponent = beta / 2 * (distances[n] - least)
            if exponent > reach:
                continue
            spent += 1
            if spent > budget:
                return np.int64(OUT_OF_BUDGET)
            weight = np.exp(-exponent)
            total += weight
            for site in range(targets.shape[1]):
                targets[state, site] += weight * memories[listed[n], site]
        for site in range(targets.shape[1]):
            targets[state, site] /= total
        nearest[state], squares[state] = closest, least
        logs[state], heaviest[state] = np.log(total) - beta / 2 * least, 1 / total
    return spent


@compiled
def nearest_of(maxima, cuts, memories, states, seen, nearest, squares):
    """Set the memories (B, k) nearest to states (B, N) and |x - xi|^2, rising; the smaller index first where equal.

    They lie in chunks whose maxima (B, C) are not below cuts (B,); seen (B, N), or (B, 0) for all.
    """
    n_memories, last = len(memories), nearest.shape[1] - 1
    for state in range(len(states)):
        squares[state, :], nearest[state, :] = np.inf, n_memories
        for chunk in range(maxima.shape[1]):
            if maxima[state, chunk] < cuts[state]:
                continue
            first = first_member(chunk)
            for memory in range(first, min(first + SPAN, n_memories), CHUNKS):
                square = square_distance(states[state], seen[state], memories[memory])
                if not is_nearer(square, memory, squares[state, last], nearest[state, last]):
                    continue
                n = last
                while n > 0 and is_nearer(square, memory, squares[state, n - 1], nearest[state, n - 1]):
                    squares[state, n], nearest[state, n] = squares[state, n - 1], nearest[state, n - 1]
                    n -= 1
                squares[state, n], nearest[state, n] = square, memory


@inlined
def is_nearer(square, memory, other_square, other):
    """Tell whether a memory comes before another one."""
    return square < other_square or (square == other_square and memory < other)
