"""How far from the training rows a row may be before training says nothing about its class.

A sample of training rows is kept. Its reach is a tenth more than the largest distance from one of them to the nearest
other one that is no copy: beyond that largest distance, rows of the same kind lie once in as many rows as are kept.
"""

from dataclasses import dataclass

import numpy as np

from densehop.base.arrays import Floats, Reals
from densehop.learn.classifier.inputs import FEW

KEPT, MOST_NUMBERS = 1000, 2**23  # rows, and numbers in them
FEWEST = 50  # rows, below which the largest distance says little
MARGIN = 1.1  # of the reach over the largest distance
FADING = 0.25  # of the reach, over which probabilities become even
SAME = 1e-6  # of a squared length: a row as close is a copy
AT_ONCE = 2**22  # numbers in one block


@dataclass(frozen=True, eq=False)
class Nearness:
    """Training rows (R, N), as inputs of the network, and the distance to the nearest of them at which the data end."""

    rows: Reals
    reach: float

    def strange(self, inputs: Reals) -> Floats:
        """Return how far inputs (B, N) are beyond the reach, from 0 (within) to 1 (by a quarter of it), (B,)."""
        if not np.isfinite(self.reach):
            return np.zeros(len(inputs))
        strangeness: Floats = np.clip((nearest(inputs, self.rows) / self.reach - 1) / FADING, 0, 1)
        return strangeness

    def wider(self, inputs: Reals) -> "Nearness":
        """Return what holds after further training rows (M, N), all of which the reach includes."""
        room = _room(inputs.shape[1]) - len(self.rows)
        combined = nearness_of(np.vstack([self.rows, _spread(inputs, room)]) if room > 0 else self.rows)
        return Nearness(combined.rows, max(combined.reach, MARGIN * float(nearest(inputs, combined.rows).max())))


def nearness_of(inputs: Reals) -> Nearness:
    """Return what training rows (M, N) say of distances; nothing where features or rows are few."""
    rows = _spread(inputs, _room(inputs.shape[1]))
    if inputs.shape[1] < FEW or len(rows) < FEWEST:
        return Nearness(rows, np.inf)
    distances = nearest(rows, rows, others=True)
    return Nearness(rows, MARGIN * float(distances[np.isfinite(distances)].max(initial=0.0)) or np.inf)


def nearest(inputs: Reals, rows: Reals, *, others: bool = False) -> Floats:
    """Return the distances of inputs (B, N) to the nearest of rows (R, N), (B,); `others`: that are no copies."""
    squares = (rows.astype(np.float64) ** 2).sum(axis=1)
    step, parts = max(1, AT_ONCE // max(rows.shape)), []
    for first in range(0, len(inputs), step):
        block = inputs[first : first + step]
        lengths = (block.astype(np.float64) ** 2).sum(axis=1)[:, None]
        across = lengths + squares - 2 * (block @ rows.T).astype(np.float64)
        if others:
            across[across <= SAME * np.maximum(lengths, squares)] = np.inf
        parts.append(np.sqrt(np.maximum(across.min(axis=1), 0)))
    return np.concatenate(parts)


def _room(width: int) -> int:
    """Return how many rows of a width are kept."""
    return max(1, min(KEPT, MOST_NUMBERS // width))


def _spread(rows: Reals, most: int) -> Reals:
    """Return every so manieth row, so that at most `most` are left."""
    return rows[:: -(-len(rows) // most)]
