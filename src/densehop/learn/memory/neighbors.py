"""The stored rows nearest to questions: by counts of bits for signs, else by products; no (B, M) matrix is kept."""

import numpy as np

from densehop.base.arrays import Floats, Integers, Mask, Reals
from densehop.simulate.representations.bit_overlaps import PatternWords

DISTANCES_AT_ONCE = 2**22


def nearest_rows(
    memories: Reals, questions: Reals, present: Mask | None, count: int, words: PatternWords | None
) -> tuple[Floats, Integers]:
    """Return squared distances of questions (B, N) to their nearest memories (M, N), and their indices, (B, count).

    Questions are 0 where not present; `words` are the memories as bits, where questions are signs, all present.
    """
    if words is not None:
        overlaps, indices = words.largest(questions.astype(np.int8), count, None)
        return 2 * memories.shape[1] * (1 - overlaps), indices
    memories = memories.astype(questions.dtype, copy=False)
    squares = np.zeros((len(questions), count))
    places = np.zeros((len(questions), count), dtype=np.int64)
    at_once = max(1, DISTANCES_AT_ONCE // len(memories))
    for first in range(0, len(questions), at_once):
        part = slice(first, first + at_once)
        some = questions[part]
        own = np.ones(some.shape, dtype=some.dtype) if present is None else present[part].astype(some.dtype)
        distances = own @ (memories**2).T - 2 * some @ memories.T
        nearest = np.argpartition(distances, count - 1, axis=1)[:, :count]
        exact = ((some[:, None] - memories[nearest]) ** 2 * own[:, None]).sum(axis=2, dtype=np.float64)
        order = np.argsort(exact, axis=1, kind="stable")
        squares[part] = np.take_along_axis(exact, order, axis=1)
        places[part] = np.take_along_axis(nearest, order, axis=1)
    return squares, places
