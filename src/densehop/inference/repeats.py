"""Rows that are copies of other rows: evidence takes examples as independent, so that a copy must not count twice."""

import math
from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

from densehop.base.arrays import Integers
from densehop.inference.byte_codes import ByteCodes
from densehop.teacher.law import teacher_law

EXCESS = 2.0  # times the expected number of equal pairs
SLACK = 10.0  # pairs: what a few expected ones may fluctuate by
HASH_SEED = 0  # of the multipliers: two different rows have the same key with a probability of about 2^-57


class Repeats(NamedTuple):
    """Equal pairs among M examples, and how many a teacher makes.

    first: rising indices of the rows that equal no earlier one;  pairs, expected: numbers of equal pairs.
    """

    first: Integers
    pairs: float
    expected: float

    @property
    def copied(self) -> bool:
        """Whether there are more than independent draws of this teacher have."""
        return self.pairs > EXCESS * self.expected + SLACK


def repeats(codes: ByteCodes, teacher_p: int, teacher_temperature: float) -> Repeats:
    """Count equal pairs of examples; two draws of a teacher are equal with probability sum_k P(k)^2/C(N, n_k)."""
    keys = _keys(codes)
    _, first, counts = np.unique(keys, return_index=True, return_counts=True)
    pairs = float((counts * (counts - 1.0)).sum() / 2)
    n_spins, n_examples = codes.n_spins, codes.n_examples
    log_states = [math.log(math.comb(n_spins, k)) for k in range(n_spins + 1)]
    law = teacher_law(n_spins, teacher_p, teacher_temperature)
    equal = math.exp(logsumexp(2 * law.log_probability - np.array(log_states)))
    return Repeats(np.sort(first), pairs, n_examples * (n_examples - 1) / 2 * equal)


def _keys(codes: ByteCodes) -> Integers:
    """Return a number for each example, (M,), equal where examples are: random multiples of its bytes, modulo 2^64."""
    multipliers = np.random.default_rng(HASH_SEED).integers(0, 2**63, (len(codes.codes), 4), dtype=np.int64) * 2 + 1
    keys = np.zeros(codes.n_examples, dtype=np.int64)
    for words, factors in zip(codes.codes, multipliers, strict=True):
        for column, factor in zip(words.view(np.uint8).reshape(-1, 4).T, factors, strict=True):
            keys += column * factor
    return keys
