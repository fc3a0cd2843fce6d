"""How far rounding can move the scores of exponential memories, so that a proof holds for what the computer decides.

With unit roundoff u, a product of N numbers in any order errs by at most N u |v| |xi| (Higham 2002, section 3.1). To it
come the roundings of sharpness, offset, exponentials, sum and logarithm; each is counted with some to spare.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from densehop.base.arrays import Floats

DOUBLE = float(np.finfo(np.float64).eps)  # twice the unit roundoff, so that higher orders are counted, too


@dataclass(frozen=True)
class Rounding:
    """A score at an input of length |v| errs by at most `fixed` + `per_length` |v|."""

    fixed: float
    per_length: float

    def at(self, lengths: Floats) -> Floats:
        """Return the bound at inputs of these lengths."""
        return self.fixed + self.per_length * lengths


def rounding_of_scores(
    dtype: npt.DTypeLike, shape: tuple[int, int], longest: float, largest_offset: float, sharpness: float, origin: float
) -> Rounding:
    """Return the rounding of scores of memories (K, N) no longer than `longest`; `origin`: |mean| of the scaling."""
    unit = float(np.finfo(np.dtype(dtype)).eps)
    n_memories, width = shape
    fixed = unit * ((width + 12) * largest_offset + 2 * n_memories + 20) + 4 * DOUBLE * origin * sharpness * longest
    return Rounding(fixed, unit * (width + 16) * sharpness * longest)
