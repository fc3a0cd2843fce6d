"""How close a question comes to what is stored, and whether a stranger would come as close.

A stranger is a vector that has nothing to do with what is stored. Of codes drawn at random, the nearest of M comes to
within d of n known sites with probability 1 - (1 - P(Binomial(n, 1/2) <= d))^M. Vectors that resemble each other come
closer than that; how close is measured on the stored ones, each against all others.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import binom

from densehop.base.arrays import Floats, Integers, Mask, Reals, Signs
from densehop.learn.blas_threads import one_blas_thread
from densehop.learn.memory.counting import Counting
from densehop.learn.memory.packing import Keys, Words, sums_of, words_at
from densehop.simulate.representations.bit_overlaps import PatternWords

SAMPLE = 1000  # stored vectors that are compared with all others
AT_ONCE = 4096  # of these at a time


@dataclass(frozen=True, eq=False)
class Familiarity:
    """What strangers are judged by.

    Attributes
    ----------
    n_memories, n_sites : int
    near : ascending squared distances per value of different stored vectors to their nearest other one
    signs : whether vectors are signs, for which there is a law
    """

    n_memories: int
    n_sites: int
    near: Floats
    signs: bool

    def p_values(self, distances: Floats, present: Mask | None) -> Floats:
        """Return the probabilities (B,) that a stranger comes as close as this to the nearest stored vector.

        `distances` are mean squared ones over the values that are present.
        """
        near = self.near
        measured: Floats = np.searchsorted(near, distances * (1 + 1e-6) + 1e-12, side="right") / max(len(near), 1)
        if not self.signs:
            return measured if len(near) else np.ones(len(distances))
        known = np.full(len(distances), self.n_sites) if present is None else present.sum(axis=1)
        one = binom.cdf(np.rint(distances * known / 4), known, 0.5)
        law: Floats = np.maximum(measured, -np.expm1(self.n_memories * np.log1p(-np.minimum(one, 1 - 1e-16))))
        return law


def nearest_values(memories: Reals | Signs) -> Floats:
    """Return ascending squared distances per value of different vectors (M, N) to their nearest other one.

    A vector that is stored twice counts once: its copy says nothing about how close strangers come.
    """
    keys = keys_of(memories)
    rows = sampled(keys)
    return ascending(values_to_others(memories, keys, memories[rows], keys[rows]))


def nearest_signs(memories: PatternWords) -> Floats:
    """Return the same for vectors of signs, by counts of bits."""
    return ascending(signs_to_others(memories, words_at(memories, sampled(sums_of(memories)))))


@one_blas_thread
def values_to_others(memories: Reals | Signs, keys: Keys, some: Reals | Signs, own: Keys) -> Floats:
    """Return the mean squared distances of vectors, whose keys are `own`, to the nearest memory that is no copy."""
    some = some.astype(np.float32)
    squares, nearest = np.einsum("mi,mi->m", some, some), np.full(len(some), np.inf, dtype=np.float32)
    for first in range(0, len(memories), AT_ONCE):
        part = slice(first, first + AT_ONCE)
        block = memories[part].astype(np.float32, copy=False)
        distances = squares[:, None] + np.einsum("mi,mi->m", block, block) - 2 * some @ block.T
        distances[own[:, None] == keys[part]] = np.inf
        nearest = np.minimum(nearest, distances.min(axis=1))
    return np.maximum(nearest.astype(np.float64), 0) / memories.shape[1]


def signs_to_others(memories: PatternWords, states: Words) -> Floats:
    """Return the mean squared distances of signs (B, W) to the nearest memory that is no copy; inf: there is none."""
    most = Counting(memories, states, None).nearest_others()
    return np.where(most < 0, np.inf, 4.0 * (memories.n_spins - most) / memories.n_spins)


def keys_of(memories: Reals | Signs) -> Keys:
    """Return for each vector the sum of its bits under random weights: copies have the same, others do not."""
    weights: Keys = np.random.default_rng(0).integers(2**63, size=memories.shape[1], dtype=np.uint64)
    keys = np.empty(len(memories), dtype=np.uint64)
    for first in range(0, len(memories), AT_ONCE):
        block = memories[first : first + AT_ONCE].astype(np.float32) + np.float32(0)  # one zero, not two
        keys[first : first + AT_ONCE] = (block.view(np.uint32) * weights).sum(axis=1)
    return keys


def sampled(keys: Keys) -> Integers:
    """Return the places of different vectors, some of them where they are many."""
    different = np.unique(keys, return_index=True)[1]
    places: Integers = different[_some(len(different))]
    return places


def ascending(distances: Floats) -> Floats:
    """Return the finite ones of distances, rising."""
    found: Floats = np.sort(distances[np.isfinite(distances)])
    return found


def _some(number: int) -> Integers:
    """Return evenly spread places among so many."""
    return np.arange(0, number, -(-number // SAMPLE))
