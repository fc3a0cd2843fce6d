"""How close a question comes to what is stored, and whether a stranger would come as close.

A stranger is a vector that has nothing to do with what is stored. Of codes drawn at random, the nearest of M comes to
within d of n known sites with probability 1 - (1 - P(Binomial(n, 1/2) <= d))^M. Vectors that resemble each other come
closer than that; how close is measured on the stored ones, each against all others.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.stats import binom

from densehop.base.arrays import Floats, Integers, Mask, Reals

SAMPLE = 1000  # stored vectors that are compared with all others
ROWS = 100  # of them at once


@dataclass(frozen=True, eq=False)
class Familiarity:
    """Stored vectors (M, N), encoded, and whether they are signs."""

    memories: Reals
    signs: bool

    @cached_property
    def between_memories(self) -> Floats:
        """Squared distances per value of different stored vectors to their nearest other one, ascending.

        A vector that is stored twice counts once: its copy says nothing about how close strangers come.
        """
        memories = np.unique(self.memories.astype(np.float32), axis=0)
        if len(memories) < 2:
            return np.empty(0)
        rows = np.arange(0, len(memories), -(-len(memories) // SAMPLE))
        squares, nearest = np.einsum("mi,mi->m", memories, memories), []
        for first in range(0, len(rows), ROWS):
            some = rows[first : first + ROWS]
            distances = squares[some, None] + squares - 2 * memories[some] @ memories.T
            distances[np.arange(len(some)), some] = np.inf
            nearest.append(distances.min(axis=1))
        found: Floats = np.sort(np.maximum(np.concatenate(nearest).astype(np.float64), 0))
        found /= memories.shape[1]
        return found

    def distances(self, questions: Reals, present: Mask | None, nearest: Integers) -> Floats:
        """Return the mean squared distance (B,) of questions to stored vectors over the values that are present."""
        squares = (questions.astype(np.float64) - self.memories[nearest]) ** 2
        counted = np.ones(squares.shape, dtype=bool) if present is None else present
        means: Floats = (squares * counted).sum(axis=1) / np.maximum(counted.sum(axis=1), 1)
        return means

    def p_values(self, distances: Floats, present: Mask | None) -> Floats:
        """Return the probabilities (B,) that a stranger comes as close as this to the nearest stored vector."""
        near = self.between_memories
        measured: Floats = np.searchsorted(near, distances * (1 + 1e-6) + 1e-12, side="right") / max(len(near), 1)
        if not self.signs:
            return measured if len(near) else np.ones(len(distances))
        n_sites = self.memories.shape[1]
        known = np.full(len(distances), n_sites) if present is None else present.sum(axis=1)
        one = binom.cdf(np.rint(distances * known / 4), known, 0.5)
        law: Floats = np.maximum(measured, -np.expm1(len(self.memories) * np.log1p(-np.minimum(one, 1 - 1e-16))))
        return law
