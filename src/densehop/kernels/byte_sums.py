"""Sums over signs with real weights, eight signs at a time: fields of a p-body energy at real magnetisations.

Layout, for M examples of N spins, W = ceil(N/32) words and B = 4W bytes:

- `codes` (W, M) uint32: bit b of codes[w, a] is 1 where example a has -1 at site 32w + b.
- a table (B, 256) holds a number for each byte and each of its values. Sums over an example's sites look up B numbers;
  sums over examples first add up what belongs to each value of a byte, and are expanded to sites at the end. So each
  byte costs one addition; the four tables of a word, 8 KiB, stay next to the processor, and a word is loaded once.

With x_i = sigma_ai m_i and e_k the elementary symmetric polynomials of x, the field of site i is proportional to
sum_r (-m_i)^r sum_a sigma_ai^(r+1) e_{p-1-r}(a) (docs/theory.md, eq. 110): odd r are numbers, even r vectors.
"""

import numpy as np

from densehop.kernels import allocation_free, compiled

STRIP = 1024  # examples whose sums stay in the fastest cache


@allocation_free
def fill_tables(values, tables):
    """Set tables (B, 256) to the sums of values (8B,), each with the sign that the byte's bit says."""
    for w in range(len(tables)):
        total = 0.0
        for bit in range(8):
            total += values[8 * w + bit]
        tables[w, 0] = total
        for bit in range(8):
            for code in range(1 << bit):
                tables[w, code + (1 << bit)] = tables[w, code] - 2 * values[8 * w + bit]


@allocation_free
def expand_tables(tables, values):
    """Set values (8B,) to the sums over examples, from tables (B, 256) of what belongs to each value; they are lost.

    The highest bit first: its values are half the table less the other half, whose sum is the table of the other bits.
    """
    for w in range(len(tables)):
        for bit in range(7, -1, -1):
            total, half = 0.0, 1 << bit
            for code in range(half):
                total += tables[w, code] - tables[w, half + code]
                tables[w, code] += tables[w, half + code]
            values[8 * w + bit] = total


@allocation_free
def sum_sites(codes, first, last, tables, sums):
    """Set sums[a - first] to sum_i sigma_ai times the values of the tables, for examples first..last."""
    for a in range(last - first):
        sums[a] = 0.0
    for w in range(len(codes)):
        for a in range(last - first):
            word, total = codes[w, first + a], sums[a]
            total += tables[4 * w, word & 255]
            total += tables[4 * w + 1, (word >> 8) & 255]
            total += tables[4 * w + 2, (word >> 16) & 255]
            total += tables[4 * w + 3, (word >> 24) & 255]
            sums[a] = total


@allocation_free
def add_examples(codes, first, last, weights, tables):
    """Add to tables (B, 256) the weights[a - first] of examples first..last, each at its bytes' values."""
    for w in range(len(codes)):
        for a in range(last - first):
            word, weight = codes[w, first + a], weights[a]
            tables[4 * w, word & 255] += weight
            tables[4 * w + 1, (word >> 8) & 255] += weight
            tables[4 * w + 2, (word >> 16) & 255] += weight
            tables[4 * w + 3, (word >> 24) & 255] += weight


@allocation_free
def elementary(odd, even, length, polynomials):
    """Set polynomials (p, L) to e_0..e_{p-1} by Newton's identities: k e_k = sum_j (-1)^(j-1) e_{k-j} P_j.

    odd (F, L) are the power sums P_1, P_3, ... of each example, even (p,) those with even index, shared by all.
    """
    for a in range(length):
        polynomials[0, a] = 1.0
    for k in range(1, len(polynomials)):
        for a in range(length):
            polynomials[k, a] = 0.0
        for j in range(1, k + 1):
            if j % 2 == 1:
                for a in range(length):
                    polynomials[k, a] += polynomials[k - j, a] * odd[j // 2, a]
            else:
                for a in range(length):
                    polynomials[k, a] -= polynomials[k - j, a] * even[j]
        for a in range(length):
            polynomials[k, a] /= k


@compiled
def add_fields(codes, first, last, powers, even, vectors, numbers):
    """Add to the sums of the field over examples first..last.

    powers (F, B, 256): tables of m, m^3, ...; even (p,): power sums of even index. vectors (V, B, 256) gets, for
    r = 0, 2, ... < p - 1, what belongs to e_{p-1-r}; numbers (p,) gets sum_a e_{p-1-r}(a) for odd r.
    """
    p = len(even)
    odd = np.empty((len(powers), STRIP))
    polynomials = np.empty((p, STRIP))
    for start in range(first, last, STRIP):
        stop = min(start + STRIP, last)
        for f in range(len(powers)):
            sum_sites(codes, start, stop, powers[f], odd[f])
        elementary(odd, even, stop - start, polynomials)
        for r in range(p):
            degree = p - 1 - r
            if r % 2 == 1:
                total = 0.0
                for a in range(stop - start):
                    total += polynomials[degree, a]
                numbers[r] += total
            elif degree > 0:
                add_examples(codes, start, stop, polynomials[degree], vectors[r // 2])
