"""Real-valued memories near states: found by single-precision scores, then judged in double precision.

A score is x . xi - |xi|^2/2, so that |x - xi|^2 = |x|^2 - 2 score. Scores come from a product of matrices in single
precision; memories whose score lies within the rounding of what matters are measured again, site by site.
"""

from typing import Any

import numpy as np

from densehop.kernels import compiled, inlined

OUT_OF_BUDGET, TOO_MANY = -1, -1
CHUNK = 64  # memories that are passed over together where none is close


@inlined
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
def screen(scores, first, windows, best, memories, values, number):
    """Append to the lists of states (B, K) which of a block's memories are close; first, ... have scores (B, L).

    Close is a score of at least the worst of the `best` so far (B, k), falling, less `windows` (B,), both single;
    number (B,), how many are listed, TOO_MANY where they did not fit.
    """
    length, count = scores.shape[1], best.shape[1]
    for state in range(len(scores)):
        cut = np.float32(best[state, count - 1] - windows[state])
        for start in range(0, length, CHUNK):
            end = min(start + CHUNK, length)
            hits = np.int32(0)
            for column in range(start, end):  # one comparison for each memory, in vectors
                hits += np.int32(scores[state, column] >= cut)
            if hits == 0:
                continue
            for column in range(start, end):
                score = scores[state, column]
                if score < cut:
                    continue
                if score > best[state, count - 1]:
                    n = count - 1
                    while n > 0 and best[state, n - 1] < score:
                        best[state, n] = best[state, n - 1]
                        n -= 1
                    best[state, n] = score
                    cut = np.float32(best[state, count - 1] - windows[state])
                if number[state] == memories.shape[1]:
                    shorten(memories, values, number, state, cut)
                if number[state] != TOO_MANY:
                    memories[state, number[state]], values[state, number[state]] = first + column, score
                    number[state] += 1


@compiled
def tidy(best, windows, memories, values, number):
    """Strike from the lists that `screen` made what is close no more now that the best scores are known."""
    for state in range(len(best)):
        kept = 0
        cut = np.float32(best[state, best.shape[1] - 1] - windows[state])
        for n in range(number[state]):
            if values[state, n] >= cut:
                memories[state, kept] = memories[state, n]
                kept += 1
        if number[state] != TOO_MANY:
            number[state] = kept


@inlined
def shorten(memories, values, number, state, cut):
    """Strike from a full list what lies below `cut`; where that is too little, say so and give it up."""
    kept = 0
    for n in range(number[state]):
        if values[state, n] >= cut:
            memories[state, kept], values[state, kept] = memories[state, n], values[state, n]
            kept += 1
    number[state] = kept if 4 * kept <= 3 * memories.shape[1] else TOO_MANY


@compiled
def blend(listed, number, memories, states, seen, beta, reach, budget, targets, nearest, squares, logs, heaviest):
    """Set what listed memories (B, K), the first `number` (B,) of each, make of states (B, N); return how many counted.

    Only those whose weight is at least exp(-reach) of the largest are added, whatever the rounding of the scores.
    More than the budget, or none: OUT_OF_BUDGET. targets (B, N), sum w xi/sum w with w = exp(-beta |x - xi|^2/2);
    nearest (B,) memories and their squares |x - xi|^2; logs (B,), log sum w; heaviest (B,), the largest share of it.
    seen (B, N), or (B, 0) for all.
    """
    distances = np.empty(listed.shape[1])
    spent = np.int64(0)
    for state in range(len(states)):
        if number[state] <= 0:
            return np.int64(OUT_OF_BUDGET)
        least: Any = np.inf
        for n in range(number[state]):
            distances[n] = square_distance(states[state], seen[state], memories[listed[state, n]])
            if distances[n] < least:
                least = distances[n]
                nearest[state] = listed[state, n]
        total = 0.0
        targets[state, :] = 0
        for n in range(number[state]):
            exponent = beta / 2 * (distances[n] - least)
            if exponent > reach:
                continue
            spent += 1
            if spent > budget:
                return np.int64(OUT_OF_BUDGET)
            weight = np.exp(-exponent)
            total += weight
            for site in range(targets.shape[1]):
                targets[state, site] += weight * memories[listed[state, n], site]
        for site in range(targets.shape[1]):
            targets[state, site] /= total
        squares[state], logs[state], heaviest[state] = least, np.log(total) - beta / 2 * least, 1 / total
    return spent


@compiled
def nearest_of(listed, number, memories, states, seen, nearest, squares):
    """Set the memories (B, k) nearest to states (B, N) and |x - xi|^2, rising; the smaller index first where equal.

    listed (B, K), rising, of which the first `number` (B,) count: all that may be so near; seen (B, N), or (B, 0) for
    all.
    """
    count = nearest.shape[1]
    for state in range(len(states)):
        squares[state, :] = np.inf
        for m in range(number[state]):
            memory = listed[state, m]
            square = square_distance(states[state], seen[state], memories[memory])
            if square < squares[state, count - 1]:
                n = count - 1
                while n > 0 and squares[state, n - 1] > square:
                    squares[state, n], nearest[state, n] = squares[state, n - 1], nearest[state, n - 1]
                    n -= 1
                squares[state, n], nearest[state, n] = square, memory
