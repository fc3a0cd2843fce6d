"""Examples of several planted patterns: sites on which the patterns relate in the same way are drawn as one group.

The energy depends on a state only through the number of sites in each group where it agrees with the first pattern. So
a chain keeps these counts alone, and an update draws the count of a whole group from its exact law given the others.
"""

import numpy as np

from densehop.kernels import compiled
from densehop.kernels.examples import below, keep, next_word, source_of, uniform_of

NEGLIGIBLE = -45.0  # logarithm of a weight, relative to the largest, that no random number can see


@compiled
def run_groups(state, sizes, same, log_choices, energies, factor, counts, n_sweeps):
    """Run `n_sweeps` updates of every group in every chain.

    Parameters
    ----------
    state : (4,) uint64, of the random numbers, see `kernels.examples`; changed
    sizes : (G,) int64, sites per group
    same : (P, G) bool, whether the pattern agrees with the first one there
    log_choices : (G, largest size + 1) float64, logarithm of the number of ways to choose that many sites of the group
    energies, factor : (N + 1,) int64 and float, -E/T of a pattern with c agreeing sites is factor * energies[c]
    counts : (C, G) int64, the chains; changed in place
    """
    source, n_patterns = source_of(state), len(same)
    log_law, law = np.empty((2, sizes.max() + 1))
    totals, agreements = np.empty(sizes.max() + 1, np.int64), np.empty(n_patterns, np.int64)
    for chain in range(len(counts)):
        for pattern in range(n_patterns):
            agreements[pattern] = 0
            for group in range(len(sizes)):
                count = counts[chain, group]
                agreements[pattern] += count if same[pattern, group] else sizes[group] - count
        for step in range(n_sweeps * len(sizes)):
            group = step % len(sizes)
            size, count = sizes[group], counts[chain, group]
            for n in range(size + 1):
                totals[n] = 0
            for pattern in range(n_patterns):
                if same[pattern, group]:
                    agreements[pattern] -= count
                    for n in range(size + 1):
                        totals[n] += energies[agreements[pattern] + n]
                else:
                    agreements[pattern] -= size - count
                    for n in range(size + 1):
                        totals[n] += energies[agreements[pattern] + size - n]
            largest = totals[: size + 1].max()
            for n in range(size + 1):  # in this order nothing is lost at low T
                log_law[n] = factor * (totals[n] - largest) + log_choices[group, n]
            source, word = next_word(source)
            count = draw(uniform_of(word), log_law, law, size)
            counts[chain, group] = count
            for pattern in range(n_patterns):
                agreements[pattern] += count if same[pattern, group] else size - count
    keep(source, state)


@compiled
def draw(uniform, log_law, law, largest):
    """Turn a uniform number into one of 0..largest, whose probabilities are proportional to exp(log_law)."""
    top = log_law[0]
    for n in range(1, largest + 1):
        top = max(top, log_law[n])
    total = 0.0
    for n in range(largest + 1):
        if log_law[n] - top > NEGLIGIBLE:
            total += np.exp(log_law[n] - top)
        law[n] = total
    n = 0
    while n < largest and law[n] <= uniform * total:
        n += 1
    return n


@compiled
def place_sites(state, sites, sizes, counts, pattern, either_sign, examples):
    """Fill examples (C, N): counts[c, g] sites of each group, all sets equally likely, agree with pattern (N,) int8.

    sites (N,) lists the sites group by group. `either_sign`: turn a whole example over with probability 1/2.
    """
    source = source_of(state)
    for example in range(len(counts)):
        source, word = next_word(source)
        sign = np.int8(-1) if either_sign and word >> np.uint64(63) else np.int8(1)
        first = 0
        for group in range(len(sizes)):
            wanted = np.uint64(counts[example, group])
            for passed in range(sizes[group]):  # each site in turn is taken with probability wanted/remaining
                source, word = next_word(source)
                site = sites[first + passed]
                taken = below(word, np.uint64(sizes[group] - passed)) < wanted
                wanted -= np.uint64(taken)
                examples[example, site] = sign * pattern[site] if taken else -sign * pattern[site]
            first += sizes[group]
    keep(source, state)
