"""How close a question comes to what is stored, and whether a stranger would come as close.

A stranger is a vector that has nothing to do with what is stored. Of codes drawn at random, the nearest of M comes to
within d of n known sites with probability 1 - (1 - P(Binomial(n, 1/2) <= d))^M. Vectors that resemble each other come
closer than that; how close is measured on the stored ones, each against all others.

That is a conformal test (Vovk, Gammerman & Shafer 2005). Let a stranger be drawn as the n stored vectors were. Among
all n + 1, how close the nearest other one comes is exchangeable, so that the stranger is one of the j closest with
probability j/(n + 1) at most, whatever the law. Beside itself, k stored ones are as close among themselves, and the one
that is nearest to it may be as close through it alone: p = (k + 2)/(n + 1), never less than 2/(n + 1).
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import binom

from densehop.base import checks
from densehop.base.arrays import Floats, Integers, Mask, Reals, Signs
from densehop.learn.blas_threads import one_blas_thread
from densehop.learn.memory.counting import Counting
from densehop.learn.memory.packing import Keys, Words, pack_bits, sums_of, words_at
from densehop.simulate.representations.bit_overlaps import PatternWords

SAMPLE = 1000  # stored vectors that are compared with all others
GROUPS = 4  # of questions whose masks differ
AT_ONCE = 4096  # of these at a time
PAIRED = 200  # vectors of signs whose pairs tell whether they are independent
UNLIKELY = 2.5  # standard deviations; more would let 20 rows in clusters pass for independent ones
USUAL_RATE, HIGHEST_RATE = 0.01, 0.05  # of false alarms, where nobody chooses one


@dataclass(frozen=True, eq=False)
class Familiarity:
    """What strangers are judged by.

    Attributes
    ----------
    n_memories, n_sites : int
    near : ascending squared distances per value of different stored vectors to their nearest other one
    signs : whether vectors are signs, for which there is a law
    independent : whether they are as far from each other as that law says; else it is a lower bound only
    """

    n_memories: int
    n_sites: int
    near: Floats
    signs: bool
    independent: bool

    def p_values(self, distances: Floats, present: Mask | None, nearest: Callable[[Mask], Floats]) -> Floats:
        """Return bounds on the probabilities (B,) that a stranger comes as close as this to the nearest stored vector.

        `distances` are mean squared ones over the values that are present. Over fewer values vectors that resemble each
        other come closer: `nearest` returns what `near` is where only the values of masks (G, N) are seen, in turn.
        """
        measured = self._empirical_bounds(self.near, distances)
        if present is not None:
            for rows in alike(present):
                measured[rows] = self._empirical_bounds(nearest(present[rows]), distances[rows])
        if not self.signs:
            return measured
        known = np.full(len(distances), self.n_sites) if present is None else present.sum(axis=1)
        single_probability = binom.cdf(np.rint(distances * known / 4), known, 0.5)
        law: Floats = np.maximum(
            measured, -np.expm1(self.n_memories * np.log1p(-np.minimum(single_probability, 1 - 1e-16)))
        )
        return law

    def rate(self, wanted: float | None) -> float:
        """Return the false-alarm rate to judge by, 0 where so few vectors are stored that nothing can be known.

        A rate that is wanted stays. None: 1%, or what so few vectors can tell, if that is at most 5%.
        """
        if wanted is None:
            least = max(USUAL_RATE, self._least)
            return least if least <= HIGHEST_RATE else 0.0
        if self._least > wanted > 0:
            warnings.warn(
                f"nothing is known at false_alarm_rate={wanted:g}, which takes {np.ceil(2 / wanted - 1):.0f} different "
                f"stored rows; the {len(self.near)} there are tell strangers at a rate of {self._least:.2g} or more",
                UserWarning,
                stacklevel=4,
            )
        return wanted

    @property
    def _least(self) -> float:
        """The smallest bound there is."""
        return 0.0 if self.independent else min(1.0, 2 / (len(self.near) + 1))

    def _empirical_bounds(self, near: Floats, distances: Floats) -> Floats:
        """Return the bounds that stored vectors give, from the ascending distances among them."""
        closer: Floats = np.searchsorted(near, distances * (1 + 1e-6) + 1e-12, side="right").astype(np.float64)
        return closer / max(len(near), 1) if self.independent else np.minimum((closer + 2) / (len(near) + 1), 1)


def independent_signs(vectors: Reals | Signs) -> bool:
    """Tell whether the pairs among vectors of signs (S, N) overlap no more than those of independent fair ones.

    Of these, the overlaps k of different pairs are uncorrelated, and so are their squares: k has mean 0 and variance N,
    k^2 has mean N and variance 2 N (N - 1).
    """
    rows = vectors[evenly(len(vectors), PAIRED)].astype(np.float32)
    number, n_sites = len(rows) * (len(rows) - 1) / 2, vectors.shape[1]
    if not number:
        return True
    overlaps = (rows @ rows.T)[np.triu_indices(len(rows), 1)].astype(np.float64)
    sums, squares = overlaps.sum() / np.sqrt(number * n_sites), (overlaps**2 - n_sites).sum()
    return bool(sums <= UNLIKELY and squares <= UNLIKELY * np.sqrt(number * 2 * n_sites * (n_sites - 1)))


def checked_rate(wanted: object) -> float | None:
    """Return a false-alarm rate within [0, 1], or None."""
    return None if wanted is None else checks.between("false_alarm_rate", wanted, 0, 1)


def nearest_values(memories: Reals | Signs, masks: Mask | None = None) -> Floats:
    """Return ascending squared distances per value of different vectors (M, N) to their nearest other one.

    Each is seen through one of some masks (G, N), in turn; None: all values are seen. A vector that is stored twice
    counts once: its copy says nothing about how close strangers come.
    """
    keys = keys_of(memories)
    rows = sample_rows(keys)
    seen = None if masks is None else visible(masks, len(rows))
    return ascending(values_to_others(memories, keys, memories[rows], keys[rows], seen))


def nearest_signs(memories: PatternWords, masks: Mask | None = None) -> Floats:
    """Return the same for vectors of signs, by counts of bits."""
    keys = sums_of(memories)
    rows = sample_rows(keys)
    seen = None if masks is None else visible(masks, len(rows))
    return ascending(signs_to_others(memories, keys, words_at(memories, rows), keys[rows], seen))


@one_blas_thread
def values_to_others(
    memories: Reals | Signs, keys: Keys, vectors: Reals | Signs, own: Keys, seen: Mask | None
) -> Floats:
    """Return the mean squared distances of vectors, whose keys are `own`, to the nearest memory that is no copy."""
    weights = None if seen is None else seen.astype(np.float32)
    vectors = vectors.astype(np.float32) if weights is None else vectors.astype(np.float32) * weights
    squares, nearest = np.einsum("mi,mi->m", vectors, vectors), np.full(len(vectors), np.inf, dtype=np.float32)
    for first in range(0, len(memories), AT_ONCE):
        part = slice(first, first + AT_ONCE)
        block = memories[part].astype(np.float32, copy=False)
        lengths = np.einsum("mi,mi->m", block, block) if weights is None else weights @ (block**2).T
        distances = squares[:, None] + lengths - 2 * vectors @ block.T
        distances[own[:, None] == keys[part]] = np.inf
        nearest = np.minimum(nearest, distances.min(axis=1))
    number = memories.shape[1] if seen is None else np.maximum(seen.sum(axis=1), 1)
    means: Floats = np.maximum(nearest.astype(np.float64), 0) / number
    return means


def signs_to_others(memories: PatternWords, keys: Keys, states: Words, own: Keys, seen: Mask | None) -> Floats:
    """Return the same for signs (B, W); inf: all memories are copies."""
    if seen is None:
        most = Counting(memories, states, None).nearest_others()
        return np.where(most < 0, np.inf, 4.0 * (memories.n_spins - most) / memories.n_spins)
    absent, number = pack_bits(~seen), seen.sum(axis=1)
    histogram = Counting(memories, states & ~absent, absent).tally()[2]
    ordered, rows = np.sort(keys), np.arange(len(states))
    copies = np.searchsorted(ordered, own, side="right") - np.searchsorted(ordered, own)
    histogram[rows, memories.n_spins + number] -= copies  # counts are doubled, and hidden sites count once
    most = 2 * memories.n_spins - (histogram[:, ::-1] > 0).argmax(axis=1)
    differ = memories.n_spins + number - most
    distances: Floats = np.where(histogram.any(axis=1), 2.0 * differ / np.maximum(number, 1), np.inf)
    return distances


def alike(present: Mask) -> list[Integers]:
    """Return rows of questions in some groups: those with the same mask if masks are few, else by how much is known."""
    masks, mask_index = np.unique(np.packbits(present, axis=1), axis=0, return_inverse=True)
    if len(masks) <= GROUPS:
        return [np.flatnonzero(mask_index.ravel() == mask) for mask in range(len(masks))]
    return np.array_split(np.argsort(present.sum(axis=1), kind="stable"), GROUPS)


def visible(masks: Mask, number: int) -> Mask:
    """Return so many masks, in turn."""
    return masks[np.arange(number) % len(masks)]


def keys_of(memories: Reals | Signs) -> Keys:
    """Return for each vector the sum of its bits under random weights: copies have the same, others do not."""
    weights: Keys = np.random.default_rng(0).integers(2**63, size=(memories.shape[1],), dtype=np.uint64)
    keys = np.empty(len(memories), dtype=np.uint64)
    for first in range(0, len(memories), AT_ONCE):
        block = memories[first : first + AT_ONCE].astype(np.float32) + np.float32(0)  # one zero, not two
        keys[first : first + AT_ONCE] = (block.view(np.uint32) * weights).sum(axis=1)
    return keys


def sample_rows(keys: Keys) -> Integers:
    """Return the indices of different vectors, some of them where they are many."""
    different = np.unique(keys, return_index=True)[1]
    return different[evenly(len(different), SAMPLE)]


def ascending(distances: Floats) -> Floats:
    """Return the finite ones of distances, rising."""
    finite: Floats = np.sort(distances[np.isfinite(distances)])
    return finite


def evenly(number: int, at_most: int) -> Integers:
    """Return evenly spread places among so many."""
    return np.arange(0, number, -(-number // at_most))
