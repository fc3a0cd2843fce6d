"""Real-valued memories near states: found by single-precision scores, then judged in double precision.

A score is x . xi - |xi|^2/2, so that |x - xi|^2 = |x|^2 - 2 score. Scores come from a product of matrices in single
precision; memories whose score lies within the rounding of what matters are measured again, site by site.
"""

from typing import Any

import numpy as np

from densehop.kernels import compiled, inlined

OUT_OF_BUDGET = -1


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
def blend(scores, cuts, memories, states, seen, beta, budget, targets, nearest, squares, logs, heaviest):
    """Set what memories with scores (B, M) of at least `cuts` (B,) make of states (B, N); return how many there were.

    More than the budget, or none: OUT_OF_BUDGET. targets (B, N), sum w xi/sum w with w = exp(-beta |x - xi|^2/2);
    nearest (B,) memories and their squares |x - xi|^2; logs (B,), log sum w; heaviest (B,), the largest share of it.
    seen (B, N), or (B, 0) for all.
    """
    places, distances = np.empty(scores.shape[1], dtype=np.int64), np.empty(scores.shape[1])
    spent = np.int64(0)
    for state in range(len(states)):
        number = 0
        for place in range(scores.shape[1]):
            if scores[state, place] >= cuts[state]:
                places[number] = place
                number += 1
        spent += number
        if spent > budget or number == 0:
            return np.int64(OUT_OF_BUDGET)
        least: Any = np.inf
        for n in range(number):
            distances[n] = square_distance(states[state], seen[state], memories[places[n]])
            if distances[n] < least:
                least = distances[n]
                nearest[state] = places[n]
        total = 0.0
        targets[state, :] = 0
        for n in range(number):
            weight = np.exp(-beta / 2 * (distances[n] - least))
            total += weight
            if weight > 0:
                for site in range(targets.shape[1]):
                    targets[state, site] += weight * memories[places[n], site]
        for site in range(targets.shape[1]):
            targets[state, site] /= total
        squares[state], logs[state], heaviest[state] = least, np.log(total) - beta / 2 * least, 1 / total
    return spent


@compiled
def nearest_of(scores, slack, memories, states, seen, places, squares):
    """Set the memories (B, k) nearest to states (B, N) and |x - xi|^2, rising; the smaller place first where equal.

    slack (B,), by how much scores (B, M) may be wrong; seen (B, N), or (B, 0) for all.
    """
    count = places.shape[1]
    best = np.empty(count)
    for state in range(len(states)):
        best[:] = -np.inf
        for place in range(scores.shape[1]):
            if scores[state, place] > best[count - 1]:
                n = count - 1
                while n > 0 and best[n - 1] < scores[state, place]:
                    best[n] = best[n - 1]
                    n -= 1
                best[n] = scores[state, place]
        cut = best[count - 1] - 2 * slack[state]
        squares[state, :] = np.inf
        for place in range(scores.shape[1]):
            if scores[state, place] < cut:
                continue
            square = square_distance(states[state], seen[state], memories[place])
            if square < squares[state, count - 1]:
                n = count - 1
                while n > 0 and squares[state, n - 1] > square:
                    squares[state, n], places[state, n] = squares[state, n - 1], places[state, n - 1]
                    n -= 1
                squares[state, n], places[state, n] = square, place
