"""Sums over patterns of products of three signs, of which one is given: what couplings are made of.

Layout, for M patterns of N sites, bits that are 1 where a pattern has -1, in C chunks of L words of 32 bits:

- `words` (N, C L) uint32: a row per site; bits beyond the M-th are 0.
- `groups` (C, G, L, 32) uint32: the same for each chunk, 32 sites side by side; sites beyond the N-th do not count.

A tile counts where 6 rows and 32 sites agree (`tiles.py`), so that each vector that is loaded serves several rows.
"""

import numpy as np

from densehop.kernels import compiled
from densehop.kernels.tiles import COUNTED, count_tile

BITS = 32  # of a word
MOST_WORDS = 256  # of a chunk: a group stays in the fastest cache, all rows in the next, and counts fit into 16 bits


@compiled
def pair_products(row, words, groups, first, n_patterns, products):
    """Fill products[k, l], first <= k, l < N, with sum_a row_a sigma_ka sigma_la (0 where k = l).

    row (C L,) uint32 are the given signs; products (N, N) int64.
    """
    n_spins = len(words)
    n_chunks, n_groups, length, width = groups.shape
    mixed = np.zeros((n_spins + COUNTED, length), dtype=np.uint32)
    counts = np.empty((n_spins + COUNTED, n_groups * width), dtype=np.int16)
    products[first:, first:] = 0
    for chunk in range(n_chunks):
        begin = chunk * length
        size = min(BITS * length, n_patterns - BITS * begin)
        for k in range(first, n_spins):
            for word in range(length):
                mixed[k, word] = row[begin + word] ^ words[k, begin + word]
        for k in range(first, n_spins, COUNTED):
            for group in range(k // width, n_groups):
                count_tile(mixed, k, groups[chunk], group, size, counts, group * width)
        for k in range(first, n_spins):
            for other in range(k + 1, n_spins):
                products[k, other] += 2 * np.int64(counts[k, other]) - size
    for k in range(first, n_spins):
        for other in range(k + 1, n_spins):
            products[other, k] = products[k, other]
