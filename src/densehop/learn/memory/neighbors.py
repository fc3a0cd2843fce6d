"""The stored rows nearest to questions: by counts of bits for signs, else by distances."""

import numpy as np

from densehop.base.arrays import Floats, Integers, Mask, Reals
from densehop.learn.memory.stored import Stored


def nearest_rows(stored: Stored, questions: Reals, present: Mask | None, count: int) -> tuple[Floats, Integers]:
    """Return squared distances of encoded questions to their nearest memories (M, N), and their indices, (B, count).

    Questions are 0 where not present.
    """
    if stored.words is not None and stored.encoding.kind == "binary" and present is None:
        overlaps, indices = stored.words.largest(questions.astype(np.int8), count, None)
        return 2 * stored.interaction.n_sites * (1 - overlaps), indices
    return stored.nearby.nearest(questions, present, count)
